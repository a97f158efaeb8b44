use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cause, IcmpError, Outcome, StepName};

/// The candidates that were gathered, and what went wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Gather {
    /// In the order in which they were found.
    pub candidates: Vec<Candidate>,
    /// As `RTCPeerConnectionIceErrorEvent`: what a browser would report.
    pub errors: Vec<IceError>,
    /// Every attempt from one local address to one server address, successful or not.
    pub attempts: Vec<Attempt>,
    /// When the last answer was in or given up; `null` when interrupted.
    #[schemars(extend("unit" = "ms"))]
    pub complete_ms: Option<f64>,
}

/// A candidate, as `RTCIceCandidate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// When it was found, from the start of the run.
    #[schemars(extend("unit" = "ms"))]
    pub elapsed_ms: f64,
    /// The candidate line.
    pub candidate: String,
    /// `rtp` or `rtcp`.
    pub component: String,
    pub foundation: String,
    pub protocol: Protocol,
    /// IPv6 without brackets.
    pub address: String,
    pub port: u16,
    pub priority: u32,
    #[serde(rename = "type")]
    pub kind: CandidateKind,
    pub tcp_type: Option<TcpKind>,
    pub related_address: Option<String>,
    pub related_port: Option<u16>,
    /// How the TURN server is talked to; relay candidates only.
    pub relay_protocol: Option<RelayProtocol>,
    /// The server that gave it.
    pub url: Option<String>,
    pub interface: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CandidateKind {
    Host,
    Srflx,
    Prflx,
    Relay,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    Udp,
    Tcp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TcpKind {
    Active,
    Passive,
    So,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RelayProtocol {
    Udp,
    Tcp,
    Tls,
    Dtls,
}

/// `RTCPeerConnectionIceErrorEvent`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IceError {
    #[schemars(extend("unit" = "ms"))]
    pub elapsed_ms: f64,
    pub url: String,
    /// The local address that was used.
    pub address: Option<String>,
    pub port: Option<u16>,
    /// 300 to 699 from the server; 701 when no local address reached it.
    pub error_code: u16,
    /// The server's own phrase, or what happened.
    pub error_text: String,
}

/// One attempt from one local address to one server address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    pub url: String,
    /// `binding` or `allocate`.
    pub request: String,
    /// The local transport address, once it is known.
    pub local: Option<String>,
    pub interface: Option<String>,
    /// The server's transport address; `null` when its name did not resolve.
    pub server: Option<String>,
    pub outcome: Outcome,
    /// Where it failed, in the steps of `turn`; or where something else is remarkable.
    #[serde(default)]
    pub step: Option<StepName>,
    /// Why, in one word that rules can go by.
    #[serde(default)]
    pub cause: Option<Cause>,
    /// Round-trip time of the first request that was answered without retransmission.
    #[schemars(extend("unit" = "ms"))]
    pub rtt_ms: Option<f64>,
    /// When the attempt began and ended, from the start of the run.
    #[schemars(extend("unit" = "ms"))]
    pub began_ms: f64,
    #[schemars(extend("unit" = "ms"))]
    pub ended_ms: Option<f64>,
    /// How many copies of its last request were sent.
    pub copies: u32,
    /// The server's error code, 300 to 699.
    pub error_code: Option<u16>,
    /// The server's own phrase.
    pub error_text: Option<String>,
    /// One sentence: what happened, after how long.
    pub detail: Option<String>,
    /// Answers that did not count, and why: wrong source, wrong transaction, failed integrity.
    pub strays: Vec<String>,
    /// The ICMP error that ended it.
    #[serde(default)]
    pub icmp: Option<IcmpError>,
}

mod beside;

pub use beside::{OtherView, PathForecast, RefusedMessage, SideNat};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Candidate, CandidateKind, IcmpError, Protocol};

/// What became of connecting to another ICE agent.
/// Times are from the start of the run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Connect {
    /// How the two sides told one another of themselves: `paste`, `exec`, `pipe`, `tcp`, `whip`, `whep`, `browser`,
    /// `self`.
    pub signalling: String,
    pub role: Option<IceRole>,
    /// The state when the run ended, in the words of `RTCIceTransportState`: `closed` only where it was ended before a
    /// pair was in use.
    pub state: ConnectState,
    /// Every state that was entered, in order.
    pub states: Vec<StateChange>,
    /// This side, and the other.
    pub local: Side,
    pub remote: Side,
    /// Every pair of candidates that was, or might have been, checked, the most preferred first.
    pub pairs: Vec<Pair>,
    /// Pairs beyond the limit of the checklist (RFC 8445 §6.1.2.5).
    #[serde(default)]
    pub pairs_left_out: u32,
    /// The pair in use at the end, or when it was last connected.
    pub selected: Option<SelectedPair>,
    /// The other side was known, and checks could begin.
    #[schemars(extend("unit" = "ms"))]
    pub checking_ms: Option<f64>,
    /// The first pair was valid.
    #[schemars(extend("unit" = "ms"))]
    pub first_valid_ms: Option<f64>,
    /// A pair was nominated and valid: data could flow.
    #[schemars(extend("unit" = "ms"))]
    pub connected_ms: Option<f64>,
    /// What was sent over the selected pair afterwards, and what came back.
    #[serde(default)]
    pub echo: Option<PathQuality>,
    /// Questions for the peer's consent to be sent to (RFC 7675).
    #[serde(default)]
    pub consent: Option<Consent>,
    /// Times at which the path was gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cuts: Vec<Cut>,
    /// ICE restarts (RFC 8445 §9).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restarts: Vec<Restart>,
    /// Messages that counted for nothing, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedMessage>,
    /// What should have worked by what is known of the NATs, against what did.
    #[serde(default)]
    pub forecast: Option<PathForecast>,
    /// What the other side says of the same connection: its report, or a browser's `getStats`.
    #[serde(default)]
    pub other_view: Option<OtherView>,
}

/// Who decides on the pair (RFC 8445 §6.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IceRole {
    Controlling,
    Controlled,
}

/// As `RTCIceTransportState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectState {
    /// The other side has not said anything.
    #[default]
    New,
    Checking,
    Connected,
    /// Consent was not answered lately.
    Disconnected,
    /// No pair is left that could work, or consent has expired.
    Failed,
    /// Ended on purpose.
    Closed,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StateChange {
    #[schemars(extend("unit" = "ms"))]
    pub elapsed_ms: f64,
    pub state: ConnectState,
}

/// One of the two agents.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Side {
    /// Name and version of the program, where it says so.
    pub agent: Option<String>,
    pub ufrag: Option<String>,
    /// It answers checks and makes none (RFC 8445 §2.5).
    #[serde(default)]
    pub lite: bool,
    /// Candidates came one by one after the description (RFC 8838).
    #[serde(default)]
    pub trickle: bool,
    pub candidates: Vec<Candidate>,
    /// It said that there are no more.
    #[serde(default)]
    pub complete: bool,
    /// The NAT in front of it, where it was looked at and told.
    #[serde(default)]
    pub nat: Option<SideNat>,
    /// Candidates that could not be used, and why: a name that does not resolve, another component, a transport that
    /// is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unused: Vec<UnusedCandidate>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnusedCandidate {
    pub candidate: String,
    pub reason: String,
}

/// A local and a remote candidate, and the checks between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pair {
    /// Transport address from which this side sends: the host's or the relayed one.
    pub local: String,
    /// Transport address of the other side's candidate.
    pub remote: String,
    pub local_type: CandidateKind,
    pub remote_type: CandidateKind,
    pub protocol: Protocol,
    /// The address that the other side saw, where it is another than `local` (RFC 8445 §7.2.5.3.2).
    #[serde(default)]
    pub seen_as: Option<String>,
    #[serde(default)]
    pub interface: Option<String>,
    /// The TURN server of a local relay candidate.
    #[serde(default)]
    pub url: Option<String>,
    pub state: PairState,
    pub nominated: bool,
    pub selected: bool,
    pub priority: u64,
    /// Datagrams, retransmissions included.
    pub requests_sent: u32,
    pub retransmissions: u32,
    pub responses_received: u32,
    pub requests_received: u32,
    pub responses_sent: u32,
    pub consent_requests_sent: u32,
    /// Of the last request that was sent once and answered.
    #[schemars(extend("unit" = "ms"))]
    pub rtt_ms: Option<f64>,
    #[schemars(extend("unit" = "ms"))]
    pub first_sent_ms: Option<f64>,
    #[schemars(extend("unit" = "ms"))]
    pub first_valid_ms: Option<f64>,
    /// Why it failed; null when it did not, or is not known to have.
    pub failure: Option<PairFailure>,
    /// Each transaction, in order; the first and the last of many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
}

impl Pair {
    /// Nothing was sent on it, and nothing came.
    #[must_use]
    pub fn is_untried(&self) -> bool {
        let silent = self.requests_sent == 0 && self.requests_received == 0;
        silent && matches!(self.state, PairState::Frozen | PairState::Waiting)
    }
}

/// The state of a pair (RFC 8445 §6.1.2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PairState {
    Frozen,
    Waiting,
    InProgress,
    Succeeded,
    Failed,
}

/// Why a pair failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PairFailure {
    pub cause: FailureReason,
    /// The code in the peer's error response, or in the relay's.
    pub code: Option<u16>,
    /// One sentence.
    pub detail: String,
    #[serde(default)]
    pub icmp: Option<IcmpError>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FailureReason {
    /// No answer to any copy of the check.
    NoAnswer,
    /// Nothing that was sent was answered, but the other side's checks arrive: the path works one way only, or the
    /// other side knows another password and is silent about it.
    OneWay,
    /// The answer came from another address than was asked.
    WrongSource,
    /// The peer knows other credentials (401).
    WrongCredentials,
    /// Both sides took the same role, and it did not resolve (487).
    RoleConflict,
    /// The peer refused the check with another code.
    Refused,
    /// The relay does not send to that peer (403 to CreatePermission or ChannelBind).
    RelayRefused,
    /// The network said so (ICMP), or the relay passed it on.
    Unreachable,
    /// The connection of a TCP candidate could not be had, or ended.
    NoConnection,
    /// It could not be sent from here.
    NotSent,
}

/// One transaction: a check, or a question for consent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// True for one that came from the other side.
    #[serde(default)]
    pub received: bool,
    /// 24 hexadecimal digits.
    pub transaction: String,
    #[schemars(extend("unit" = "ms"))]
    pub elapsed_ms: f64,
    /// Copies that were sent, or that came.
    pub copies: u32,
    /// USE-CANDIDATE was in it.
    #[serde(default)]
    pub nominating: bool,
    /// RFC 7675: sent once.
    #[serde(default)]
    pub consent: bool,
    /// When the answer came, or was given.
    #[schemars(extend("unit" = "ms"))]
    pub answered_ms: Option<f64>,
    /// The code of an error response.
    #[serde(default)]
    pub code: Option<u16>,
    /// Where the answer came from, where that is not where the request went.
    #[serde(default)]
    pub answered_from: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SelectedPair {
    /// Transport addresses.
    pub local: String,
    pub remote: String,
    pub local_type: CandidateKind,
    pub remote_type: CandidateKind,
    pub protocol: Protocol,
    /// Place in `pairs`.
    pub pair: u32,
    /// `direct`, or `relay` when either side's candidate is one.
    pub path: ConnectPath,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectPath {
    Direct,
    Relay,
    None,
}

/// What a path did to packets that were sent over it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PathQuality {
    /// Whether the other side sends back what it gets (another rtcprobe does); otherwise only checks were measured.
    pub echoed: bool,
    #[schemars(extend("unit" = "ms"))]
    pub duration_ms: f64,
    pub sent: u64,
    pub received: u64,
    /// From 0 to 1, there and back.
    pub loss: Option<f64>,
    /// One way each, where the other side counts, too.
    #[serde(default)]
    pub loss_out: Option<f64>,
    #[serde(default)]
    pub loss_in: Option<f64>,
    #[schemars(extend("unit" = "ms"))]
    pub rtt_min_ms: Option<f64>,
    #[schemars(extend("unit" = "ms"))]
    pub rtt_median_ms: Option<f64>,
    #[schemars(extend("unit" = "ms"))]
    pub rtt_p95_ms: Option<f64>,
    #[schemars(extend("unit" = "ms"))]
    pub rtt_max_ms: Option<f64>,
    /// RFC 3550 §6.4.1, of packets that came in.
    #[schemars(extend("unit" = "ms"))]
    pub jitter_ms: Option<f64>,
    pub reordered: u64,
    pub duplicates: u64,
    /// What arrived at the other side, and here, in bits of payload per second.
    #[serde(default)]
    #[schemars(extend("unit" = "bit/s"))]
    pub bitrate_out: Option<f64>,
    #[serde(default)]
    #[schemars(extend("unit" = "bit/s"))]
    pub bitrate_in: Option<f64>,
    /// Round-trip times in order, thinned out: time of sending and RTT, both in milliseconds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<(f64, f64)>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Consent {
    pub requests: u32,
    pub responses: u32,
    #[schemars(extend("unit" = "ms"))]
    pub last_ms: Option<f64>,
}

/// The path was gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cut {
    /// The last thing heard before it.
    #[schemars(extend("unit" = "ms"))]
    pub last_heard_ms: f64,
    #[schemars(extend("unit" = "ms"))]
    pub disconnected_ms: Option<f64>,
    /// Consent had expired.
    #[schemars(extend("unit" = "ms"))]
    pub failed_ms: Option<f64>,
    #[schemars(extend("unit" = "ms"))]
    pub restored_ms: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Restart {
    #[schemars(extend("unit" = "ms"))]
    pub elapsed_ms: f64,
    /// By this side, or the other.
    pub local: bool,
    /// A pair of the new generation was selected.
    #[schemars(extend("unit" = "ms"))]
    pub connected_ms: Option<f64>,
    /// Longest time without data across it; null when nothing was sent.
    #[schemars(extend("unit" = "ms"))]
    pub gap_ms: Option<f64>,
}

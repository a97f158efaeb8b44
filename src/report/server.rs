use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Cause;

/// What came of a server: one for each URL and resolved address family that was probed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Server {
    /// The URL with its transport and, where it was written or defaulted, its port.
    pub url: String,
    /// The user name that was used; never a password.
    pub username: Option<String>,
    /// The transport addresses that were tried, in order; the last one is the one that counts.
    pub resolved: Vec<String>,
    pub outcome: Outcome,
    /// Round-trip time of the first request that was answered without retransmission.
    #[schemars(extend("unit" = "ms"))]
    pub rtt_ms: Option<f64>,
    /// The server's SOFTWARE.
    pub software: Option<String>,
    /// One sentence: what was tried, what happened, after how long. `null` when all is well.
    pub error: Option<String>,
    /// Why, in one word that rules can go by, where no attempt was made.
    #[serde(default)]
    pub cause: Option<Cause>,
    /// Facts of the TLS or DTLS handshake.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// What the server gave: `srflx`, `relay`.
    #[serde(default)]
    pub gave: Vec<String>,
    /// What it was expected to give.
    #[serde(default)]
    pub wanted: Vec<String>,
}

/// What came of asking a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Ok,
    /// Silence, in spite of retransmission.
    Timeout,
    /// TCP RST or ICMP port unreachable.
    Refused,
    /// No route, or a router or firewall said no.
    Unreachable,
    DnsError,
    TlsError,
    /// The server does not accept the credentials.
    Unauthorized,
    /// Any other error, from the server or of its protocol.
    Error,
    /// Not tried; `error` says why.
    Skipped,
}

impl Outcome {
    /// As it stands in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Timeout => "timeout",
            Outcome::Refused => "refused",
            Outcome::Unreachable => "unreachable",
            Outcome::DnsError => "dns-error",
            Outcome::TlsError => "tls-error",
            Outcome::Unauthorized => "unauthorized",
            Outcome::Error => "error",
            Outcome::Skipped => "skipped",
        }
    }
}

/// A TLS or DTLS handshake and the server's certificate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tls {
    /// `TLSv1.2`, `TLSv1.3`, `DTLSv1.2`.
    pub version: Option<String>,
    pub cipher_suite: Option<String>,
    pub alpn: Option<String>,
    /// The leaf's end of validity, RFC 3339 in UTC.
    pub not_after: Option<String>,
    pub not_before: Option<String>,
    pub subject_alt_names: Vec<String>,
    pub issuer: Option<String>,
    /// Whether the chain leads to a trusted root, is in date and names the host.
    pub trusted: bool,
    /// Why not.
    pub distrust: Option<String>,
    /// Leaf first.
    pub chain: Vec<CertificateFacts>,
    #[schemars(extend("unit" = "ms"))]
    pub handshake_ms: Option<f64>,
}

/// One certificate of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CertificateFacts {
    pub subject: String,
    pub issuer: String,
    pub not_before: String,
    pub not_after: String,
    /// SHA-256 over the DER form, lower-case hex.
    pub fingerprint: String,
    pub key: String,
}

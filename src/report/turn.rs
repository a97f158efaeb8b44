use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Audited, Clues, Exposure, IcmpError, RelayProtocol, Tls};

/// A TURN server checked step by step: one for each URL and resolved address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Turn {
    pub url: String,
    /// The server's transport address; `null` when its name did not resolve.
    pub address: Option<String>,
    /// How the server is talked to.
    pub transport: RelayProtocol,
    /// The user name that was used; never a password.
    pub username: Option<String>,
    /// What the password looks like, where its form tells something; never the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_form: Option<CredentialForm>,
    /// The local transport address of the main connection.
    pub local: Option<String>,
    /// The server's SOFTWARE.
    pub software: Option<String>,
    /// Every step that a browser needs works: `true`, does not: `false`, was not found out: `null`.
    pub works: Option<bool>,
    /// In order; steps that were not reached are `skipped`.
    pub steps: Vec<Step>,
    pub tls: Option<Tls>,
    /// With an untrusted certificate: whether TURN works when the certificate is ignored.
    pub works_untrusted: Option<bool>,
    /// Where the server sees us from (Binding on the main connection).
    pub mapped: Option<String>,
    /// RESPONSE-ORIGIN of the Binding answer: where the server believes that it is.
    pub response_origin: Option<String>,
    pub challenge: Option<Challenge>,
    pub allocation: Option<Allocation>,
    /// The ways in which data was sent through the relay.
    pub proofs: Vec<Proof>,
    /// Quality through the relay.
    pub echo: Option<Echo>,
    /// Attempts with credentials that must not work.
    pub controls: Vec<Control>,
    /// Options of the protocol that were tried.
    pub options: Vec<OptionTried>,
    /// Which peers the server would relay to.
    pub audit: Vec<Audited>,
    /// The peers that were named as those that calls need, and whether the server would relay to them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needed_peers: Vec<Audited>,
    /// What else the server offers to strangers; asked with the audit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposure: Option<Exposure>,
    /// What else was seen, and asked to tell look-alikes apart.
    #[serde(default)]
    pub clues: Clues,
}

/// A step of the check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    pub name: StepName,
    pub outcome: StepOutcome,
    #[schemars(extend("unit" = "ms"))]
    pub duration_ms: Option<f64>,
    /// The server's error code, 300 to 699.
    pub error_code: Option<u16>,
    /// The server's own phrase.
    pub error_text: Option<String>,
    /// What was sent and seen, in a sentence.
    pub detail: Option<String>,
    /// Why it failed, in one word that rules can go by.
    pub cause: Option<Cause>,
    /// The ICMP error that ended it.
    #[serde(default)]
    pub icmp: Option<IcmpError>,
}

/// The steps, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepName {
    Resolve,
    Connect,
    Tls,
    Binding,
    Challenge,
    Allocate,
    Permission,
    Channel,
    RelaySend,
    RelayReceive,
    Refresh,
    Release,
    TcpRelay,
    Ipv6Relay,
    Mobility,
    Audit,
}

impl StepName {
    /// As the report writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            StepName::Resolve => "resolve",
            StepName::Connect => "connect",
            StepName::Tls => "tls",
            StepName::Binding => "binding",
            StepName::Challenge => "challenge",
            StepName::Allocate => "allocate",
            StepName::Permission => "permission",
            StepName::Channel => "channel",
            StepName::RelaySend => "relay-send",
            StepName::RelayReceive => "relay-receive",
            StepName::Refresh => "refresh",
            StepName::Release => "release",
            StepName::TcpRelay => "tcp-relay",
            StepName::Ipv6Relay => "ipv6-relay",
            StepName::Mobility => "mobility",
            StepName::Audit => "audit",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepOutcome {
    Ok,
    Failed,
    /// Silence, in spite of retransmission.
    Timeout,
    Skipped,
}

/// Why a step failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    NoSuchName,
    DnsFailed,
    /// This machine could not ask: no socket, no descriptors, not compiled in.
    CannotAsk,
    /// The answer came from another address than the one asked.
    WrongSource,
    /// Silence.
    NoAnswer,
    /// TCP RST or ICMP port unreachable.
    Refused,
    /// A router or this machine says that there is no way.
    Unreachable,
    /// A firewall says no (ICMP administratively prohibited).
    Prohibited,
    /// The connection ended in the middle.
    ConnectionClosed,
    /// Something that is not STUN answered.
    NotStun,
    CertificateExpired,
    CertificateNotYetValid,
    CertificateWrongName,
    CertificateSelfSigned,
    CertificateIncompleteChain,
    CertificateUntrusted,
    HandshakeFailed,
    HandshakeTimeout,
    /// Success without credentials.
    OpenRelay,
    /// The challenge has no realm or nonce, or an empty realm.
    BadChallenge,
    /// Binding is answered, Allocate is not.
    StunOnly,
    NoCredentials,
    /// 401 to the authenticated request, or what servers send in its place.
    Unauthorized,
    NonceLoop,
    IntegrityFailed,
    Redirected,
    AllocationMismatch,
    QuotaReached,
    /// 508 at once: no port is left.
    PortsExhausted,
    /// 508 after a second: the relay address is not the server's own.
    RelayAddressNotLocal,
    /// 403 to Allocate.
    Forbidden,
    /// 403 to a peer.
    PeerForbidden,
    TransportForbidden,
    FamilyUnsupported,
    Unsupported,
    OtherError,
    ProtocolError,
    /// The relayed address is private while the server's own is not.
    RelayAddressPrivate,
    /// The world sees another address than the relayed one.
    RelayAddressWrong,
    /// The world sees another port than the relayed one.
    RelayPortRewritten,
    /// Nothing gets from outside to the relayed address.
    RelayPortsUnreachable,
    /// Nothing gets from the relayed address to the outside.
    RelayEgressBlocked,
    PayloadDamaged,
    AllocationLost,
    NotReleased,
    Stopped,
}

/// The answer to an Allocate request without credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Challenge {
    pub error_code: Option<u16>,
    pub realm: Option<String>,
    pub nonce_length: Option<u32>,
    /// Password algorithms that were offered (RFC 8489 §14.11).
    pub password_algorithms: Vec<String>,
    /// THIRD-PARTY-AUTHORIZATION: the server takes OAuth tokens (RFC 7635).
    pub third_party: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Allocation {
    pub relayed: String,
    /// The second address of a dual allocation.
    pub relayed_additional: Option<String>,
    pub mapped: Option<String>,
    #[schemars(extend("unit" = "ms"))]
    pub lifetime_ms: f64,
    pub realm: Option<String>,
    /// The limit in kilobits a second that the server announced (NEW-BANDWIDTH of coturn, 0x8010).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth_kbps: Option<u32>,
}

/// What a password looks like: those of the TURN REST API are made one way, and are often made wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialForm {
    /// base64 of 20 bytes, as it should be.
    HmacSha1,
    /// The same without the `=` at its end.
    HmacSha1Unpadded,
    /// base64 with `-` and `_`.
    HmacSha1UrlSafe,
    /// 20 bytes in hexadecimal digits.
    HmacSha1Hex,
    /// base64 of 32 bytes.
    HmacSha256,
    /// 32 bytes in hexadecimal digits.
    HmacSha256Hex,
    /// The same as the user name, or a pair that stands in many tutorials.
    WellKnown,
}

/// One way of sending data through the relay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Proof {
    pub way: Way,
    /// `send` (Send and Data indications) or `channel` (ChannelData).
    pub form: Form,
    pub outcome: StepOutcome,
    pub sent: u32,
    pub received: u32,
    #[schemars(extend("unit" = "ms"))]
    pub rtt_ms: Option<f64>,
    /// The address that the receiver saw as the sender's.
    pub seen_as: Option<String>,
    pub detail: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// A second socket of ours to the relayed address, unasked for.
    Inbound,
    /// The relayed address to a second socket of ours.
    Outbound,
    /// The relayed address to a STUN server, and back.
    Reflection,
    /// The relayed address to that of a second allocation.
    RelayToRelay,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    Send,
    Channel,
}

/// Datagrams to and fro through the relay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Echo {
    pub way: Way,
    pub sent: u64,
    pub received: u64,
    pub duplicates: u64,
    /// Datagrams that came after one that was sent later.
    pub reordered: u64,
    /// Datagrams whose payload was damaged.
    pub damaged: u64,
    pub size_bytes: u32,
    pub rate_per_second: f64,
    pub loss_ratio: f64,
    pub rtt_ms: Option<Spread>,
    /// Interarrival jitter (RFC 3550 §6.4.1).
    #[schemars(extend("unit" = "ms"))]
    pub jitter_ms: Option<f64>,
    /// Round-trip times in the order of sending, at most 60, each the mean of its part of the run;
    /// `null` where everything of that part was lost.
    pub course_ms: Vec<Option<f64>>,
}

/// A distribution, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Spread {
    pub min: f64,
    pub mean: f64,
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    pub max: f64,
}

/// An attempt that must be refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Control {
    /// `no-credentials`, `wrong-password`, `wrong-realm`, `unknown-user`.
    pub name: String,
    pub refused: Option<bool>,
    pub error_code: Option<u16>,
    pub error_text: Option<String>,
}

/// An option of the protocol that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OptionTried {
    /// `ipv6-relay`, `dual-allocation`, `tcp-relay`, `even-port`, `reservation-token`,
    /// `dont-fragment`, `mobility`, `lifetime`.
    pub name: String,
    /// `null` when it could not be found out.
    pub supported: Option<bool>,
    pub error_code: Option<u16>,
    pub error_text: Option<String>,
    pub detail: Option<String>,
}

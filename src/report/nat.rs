use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the network between here and the Internet treats packets, in the words of RFC 4787.
///
/// The results hold for the ports that were tried at the moment when they were tried; RFC 5780 §4
/// calls them an upper bound. What stands here at the top is the path that a call would take: the
/// interface of the default route, IPv4 before IPv6. `others` has the rest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Nat {
    /// The address that was probed from.
    pub local: Option<String>,
    pub interface: Option<String>,
    pub family: Option<Family>,
    pub udp: Udp,
    /// Addresses or ports are rewritten on the way: by comparison of the routed local address with
    /// what servers see, and by nothing else.
    pub nat: Option<bool>,
    /// A stateful firewall drops what was not asked for, with or without a NAT.
    #[serde(default)]
    pub firewall: Option<bool>,
    pub mapping: Behaviour,
    pub filtering: Behaviour,
    pub mapping_method: Option<Method>,
    pub filtering_method: Option<Method>,
    /// The probability that the word is right, from 0 to 1: it grows with independent copies of what
    /// was silent, and shrinks with the loss that was seen.
    #[serde(default)]
    pub mapping_confidence: Option<f64>,
    #[serde(default)]
    pub filtering_confidence: Option<f64>,
    /// What it may be where the word is `unknown`, as far as something was excluded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mapping_possible: Vec<Behaviour>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filtering_possible: Vec<Behaviour>,
    /// The closest name of RFC 3489; an alias, since it cannot say all of the above.
    pub legacy_type: LegacyType,
    /// How servers see this host, without ports.
    pub public_addresses: Vec<String>,
    /// Packets to an own public address come back in.
    pub hairpinning: Option<bool>,
    /// What the source of such a packet looks like (RFC 4787 REQ-9a wants `external`).
    #[serde(default)]
    pub hairpinning_source: Option<HairpinSource>,
    pub port_preservation: Option<bool>,
    pub port_allocation: Option<PortAllocation>,
    /// The step from one new mapping's port to the next, where it is constant.
    pub port_delta: Option<i32>,
    /// Even ports become even ones, and odd ones odd (RFC 4787 §4.2.2).
    #[serde(default)]
    pub port_parity: Option<bool>,
    /// Neighbours stay neighbours (RFC 4787 §4.2.3).
    #[serde(default)]
    pub port_contiguity: Option<bool>,
    /// Repeated with other sockets, the behaviour was the same (RFC 4787 §8).
    #[serde(default)]
    pub deterministic: Option<bool>,
    pub address_pooling: Option<Pooling>,
    /// Something on the way rewrites addresses inside packets.
    pub alg: Option<bool>,
    /// Packets in fragments arrive, there and back.
    pub fragments: Option<bool>,
    /// The largest IP packet that passes unfragmented towards the first server, in bytes.
    #[serde(default)]
    #[schemars(extend("unit" = "bytes"))]
    pub path_mtu: Option<u32>,
    /// Larger packets vanish without an ICMP message (RFC 2923 §2.1); null when none was too large.
    #[serde(default)]
    pub path_mtu_black_hole: Option<bool>,
    /// Middle of the range below.
    #[schemars(extend("unit" = "ms"))]
    pub mapping_lifetime_ms: Option<f64>,
    /// An idle mapping was alive after the first, gone after the second; the second is null when it
    /// was alive to the end.
    #[schemars(extend("unit" = "ms"))]
    pub mapping_lifetime_range_ms: Option<(f64, Option<f64>)>,
    #[serde(default)]
    pub mapping_lifetime_method: Option<LifetimeMethod>,
    /// Packets from outside keep a mapping alive, too (RFC 4787 REQ-6 leaves that open).
    #[serde(default)]
    pub mapping_refresh_inbound: Option<bool>,
    /// More than one NAT in a row.
    #[serde(default)]
    pub double_nat: Option<bool>,
    /// The outer one is the provider's (RFC 6888): an address of 100.64.0.0/10 was seen.
    #[serde(default)]
    pub carrier_grade_nat: Option<bool>,
    /// What the router said of itself, when it was asked (`--gateway`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Gateway>,
    /// The same for TCP, which a NAT may treat otherwise (RFC 7857 §5).
    #[serde(default)]
    pub tcp_mapping: Option<Behaviour>,
    /// With whom a direct path can be made: one entry for each behaviour of the other side.
    pub direct: Vec<Reach>,
    /// The same for every kind of NAT with every other, whoever is behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Forecast>,
    /// The tests, in the order in which they ended.
    pub tests: Vec<NatTest>,
    /// What does not fit together, one sentence each.
    #[serde(default)]
    pub contradictions: Vec<String>,
    /// What servers claim of themselves and is not so; none of it was believed.
    #[serde(default)]
    pub disbelieved: Vec<String>,
    /// Further interfaces and address families; theirs are empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Nat>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    Ipv4,
    Ipv6,
}

/// Whether UDP gets out and answers get in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Udp {
    Open,
    /// Nothing came back over UDP from several servers, or from one that answers over TCP.
    Blocked,
    Unknown,
}

/// Mapping (RFC 4787 §4.1) or filtering (§5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Behaviour {
    EndpointIndependent,
    AddressDependent,
    AddressAndPortDependent,
    /// No mapping, as there is no NAT; no filtering, as nothing is dropped and there is no NAT.
    None,
    Unknown,
}

impl Behaviour {
    /// As it stands in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Behaviour::EndpointIndependent => "endpoint-independent",
            Behaviour::AddressDependent => "address-dependent",
            Behaviour::AddressAndPortDependent => "address-and-port-dependent",
            Behaviour::None => "none",
            Behaviour::Unknown => "unknown",
        }
    }
}

/// How a behaviour was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Method {
    /// One server with two addresses (RFC 5780 §4).
    #[serde(rename = "rfc5780")]
    Rfc5780,
    /// Several STUN servers asked from one socket.
    #[serde(rename = "several-servers")]
    SeveralServers,
    /// A relayed address as the second vantage point.
    #[serde(rename = "turn")]
    Turn,
}

/// How it was seen that an idle mapping is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LifetimeMethod {
    /// A server answered to it at the request of another socket (RFC 5780 §4.6).
    ResponsePort,
    /// A relay sent to it.
    Turn,
    /// Its owner was seen under another port when it was gone: weaker, since a new mapping may look like
    /// the old one.
    Remap,
}

/// The types of RFC 3489.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LegacyType {
    OpenInternet,
    SymmetricUdpFirewall,
    FullCone,
    RestrictedCone,
    PortRestrictedCone,
    Symmetric,
    UdpBlocked,
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HairpinSource {
    External,
    Internal,
}

/// How the port of a new mapping is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PortAllocation {
    Preserving,
    Sequential,
    Random,
}

/// Whether one host always gets the same public address (RFC 4787 §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    Paired,
    Arbitrary,
}

/// A router that speaks one of the protocols for opening ports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Gateway {
    pub address: String,
    /// Its public address by its own account.
    pub external: Option<String>,
    /// `pcp`, `nat-pmp` or `upnp`.
    pub protocol: String,
}

/// Whether a direct path can be made with somebody behind such a NAT.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reach {
    /// The other side's mapping; `none` for no NAT.
    pub mapping: Behaviour,
    /// The other side's filtering; `none` for no firewall either.
    pub filtering: Behaviour,
    pub outcome: Path,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Path {
    Direct,
    /// Only when a port is guessed or happens to be kept; ICE does not guess.
    DirectIfLucky,
    Relay,
    Unknown,
}

impl Path {
    /// As it stands in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Path::Direct => "direct",
            Path::DirectIfLucky => "direct-if-lucky",
            Path::Relay => "relay",
            Path::Unknown => "unknown",
        }
    }
}

/// What becomes of a call between any two kinds of NAT. It does not depend on this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Forecast {
    /// `none` for no NAT, or mapping and filtering with a slash between.
    pub kinds: Vec<String>,
    /// A line for each kind on this side, in it a word for each kind on the other, in the order of `kinds`:
    /// `direct` or `relay`, with spaces between.
    pub outcomes: Vec<String>,
}

/// One test, as it went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NatTest {
    /// Such as `mapping-2`.
    pub name: String,
    /// What was asked, `address:port`.
    pub server: String,
    /// The socket that asked.
    pub local: Option<String>,
    /// How the answer says that it was seen.
    pub mapped: Option<String>,
    /// Where the answer came from, when that is not whom was asked.
    #[serde(default)]
    pub from: Option<String>,
    pub outcome: TestOutcome,
    /// Copies that were sent.
    #[serde(default)]
    pub sent: u32,
    #[schemars(extend("unit" = "ms"))]
    pub elapsed_ms: f64,
    /// What the test showed, or why it shows nothing.
    #[serde(default)]
    pub detail: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TestOutcome {
    /// The answer that was waited for came, from where it should.
    Answered,
    /// No answer to any copy.
    Silent,
    /// An answer from a place that proves nothing.
    WrongSource,
    /// The server said no, or ignored what was asked.
    Refused,
    Unreachable,
    /// Not run to its end.
    Skipped,
}

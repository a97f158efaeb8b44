use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::StepOutcome;

/// What was seen beside the steps of a check, and what was asked to tell look-alikes apart. Everything
/// is `null` or empty that was not seen, or not asked because it could not change the verdict.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Clues {
    /// Addresses that answered in the server's place.
    pub strays: Vec<String>,
    /// OTHER-ADDRESS of the Binding answer (RFC 5780): the server's second address.
    pub other_address: Option<String>,
    /// MAPPED-ADDRESS of the Binding answer, which something on the way may have rewritten; `mapped`
    /// is XOR-MAPPED-ADDRESS.
    pub mapped_plain: Option<String>,
    /// Where 300 Try Alternate sent us, in order.
    pub redirects: Vec<Redirect>,
    /// A Binding request without TLS to the same port, where the TLS handshake was not answered.
    pub plain: Option<Asked>,
    /// `GET /` on a connection of its own, where STUN was not answered on one.
    pub http: Option<Asked>,
    /// Another Allocate request after one that was refused for want of room (486, 508).
    pub second_try: Option<SecondTry>,
    /// Peers of our own that the server does not permit.
    pub denied_peers: Vec<DeniedPeer>,
    /// Something was lost on the way and sent again.
    pub lossy: Option<bool>,
    /// What the server showed of itself on one connection; of several, the one where it changed most.
    pub affinity: Option<Affinity>,
    /// Which sizes of payload get through the relay, where small ones do.
    pub relay_sizes: Option<RelaySizes>,
    /// Whether relaying goes on after a datagram to where there is no way.
    pub poison: Option<Poison>,
    /// Data to a peer that no permission was asked for, with an audit.
    pub unpermitted: Option<Unpermitted>,
    /// Binding requests in a burst, where something was lost after a first answer.
    pub burst: Option<Burst>,
}

/// Data from one relayed address of ours to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Unpermitted {
    /// Whether it arrived without a permission, as it must not.
    pub without_permission: StepOutcome,
    /// Whether it did with one; `failed` where that was refused, `null` where it was not tried.
    pub with_permission: Option<StepOutcome>,
}

/// Binding requests sent at once, each one once, and then one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Burst {
    pub sent: u32,
    pub answered: u32,
    /// Of these, those that were sent last.
    pub tail_sent: u32,
    pub tail_answered: u32,
    /// Those at a slow pace; none where the last ones of the burst were answered.
    pub paced_sent: u32,
    pub paced_answered: u32,
}

impl Burst {
    /// Next to nothing of the last ones was answered: no loss by chance does that.
    #[must_use]
    pub fn tail_is_lost(&self) -> bool {
        self.tail_answered * 10 <= self.tail_sent
    }
}

/// Datagrams of several sizes, sent to the relayed address at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RelaySizes {
    /// The largest payload that arrived.
    pub largest_bytes: Option<u32>,
    /// The smallest payload from which on nothing arrived, while all smaller ones did; `null` where there is none.
    pub lost_from_bytes: Option<u32>,
    /// How often those were sent that did not arrive.
    pub copies: u32,
}

/// Data through an allocation, a datagram to nowhere, data again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Poison {
    /// Where the datagram in between was sent.
    pub peer: String,
    /// What the server refused that peer with; then nothing was sent to it.
    pub error_code: Option<u16>,
    pub before: StepOutcome,
    pub after: Option<StepOutcome>,
}

/// How many servers seem to answer on one connection. Facts of the requests that are made anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Affinity {
    /// How often a nonce came back after another one, which no server does by itself.
    pub nonce_returns: u32,
    /// Different RESPONSE-ORIGINs.
    pub origins: u32,
    /// Different values of SOFTWARE.
    pub software: u32,
    /// Different nonces; one server may give several.
    pub nonces: u32,
}

/// A server that sent us elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Redirect {
    pub from: String,
    /// ALTERNATE-SERVER.
    pub to: String,
}

/// Something that was asked beside the steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// `ok` where what was asked for came, `timeout` for silence, `failed` for everything else.
    pub outcome: StepOutcome,
    /// The first line of what came, or what happened, in a sentence.
    pub detail: Option<String>,
}

/// A request that was repeated later from another port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecondTry {
    /// What the first one was refused with.
    pub first_code: u16,
    #[schemars(extend("unit" = "ms"))]
    pub first_ms: f64,
    pub outcome: StepOutcome,
    pub error_code: Option<u16>,
    #[schemars(extend("unit" = "ms"))]
    pub duration_ms: f64,
}

/// A peer that is refused a permission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeniedPeer {
    pub peer: String,
    /// `own` (our address), `relay` (a relayed address of the same server), `stun` (a STUN server).
    pub class: String,
    pub error_code: u16,
    pub error_text: String,
}

/// An ICMP error, as far as the system tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IcmpError {
    /// ICMP type; `null` where the system says no more than "refused" or "unreachable".
    #[serde(rename = "type")]
    pub kind: Option<u8>,
    pub code: Option<u8>,
    pub v6: bool,
    /// Who sent it.
    pub offender: Option<String>,
    /// The next-hop MTU of "fragmentation needed" and "packet too big".
    pub mtu: Option<u32>,
}

/// A STUN server that was asked over UDP only to tell this network's trouble from the servers'.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reference {
    pub url: String,
    /// Its transport address; `null` when its name did not resolve.
    pub address: Option<String>,
    /// Whether its Binding answer came.
    pub outcome: StepOutcome,
    /// Where it sees us from.
    pub mapped: Option<String>,
    #[schemars(extend("unit" = "ms"))]
    pub rtt_ms: Option<f64>,
    pub icmp: Option<IcmpError>,
}

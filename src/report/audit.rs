use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A peer that the server was asked to permit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Audited {
    pub peer: String,
    /// `loopback`, `private`, `cgnat`, `link-local`, `metadata`, `multicast`, `broadcast`,
    /// `server`, `relay`, `unspecified`, `unique-local`, `ipv4-mapped`, `nat64`, `6to4`, `teredo`, `public`;
    /// `needed` for one that was named.
    pub class: String,
    /// `udp` or `tcp` (RFC 6062).
    pub relay: String,
    /// `denied`, `allowed`, `unknown`.
    pub outcome: String,
    pub error_code: Option<u16>,
}

/// What a server offers to strangers beside STUN and TURN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Exposure {
    /// Services of the TURN server's own that answered.
    pub services: Vec<Service>,
    /// How long answers to short requests over UDP are.
    pub answers: Vec<SizedAnswer>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    pub port: u16,
    /// `cli` or `web-admin`.
    pub kind: String,
    /// The first line of what it said.
    pub said: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SizedAnswer {
    /// `binding`, `classic-binding` (RFC 3489) or `allocate`.
    pub request: String,
    pub sent_bytes: u32,
    /// Null when it was not answered.
    pub received_bytes: Option<u32>,
}

//! What stands beside a connection: the NATs, what was to be expected of them, what was not believed, and what the other
//! side sees.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ConnectPath;
use crate::report::nat::{Behaviour, Udp};

/// How the NAT in front of a side behaves (RFC 4787): what it may be, one word where that is known, none where nothing is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SideNat {
    pub udp: Udp,
    pub mapping: Vec<Behaviour>,
    pub filtering: Vec<Behaviour>,
}

/// Messages of one kind from one place that were not believed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefusedMessage {
    pub from: String,
    pub reason: String,
    pub count: u32,
    #[schemars(extend("unit" = "ms"))]
    pub first_ms: f64,
}

/// What should have worked, against what did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PathForecast {
    /// By the behaviour of the NATs, as far as both are known.
    pub expected: Option<ConnectPath>,
    pub got: ConnectPath,
    /// One sentence: which direct path should have worked and did not, or why nothing can be said.
    pub detail: String,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OtherView {
    /// `rtcprobe`, or what the browser calls itself.
    pub agent: Option<String>,
    pub ice_state: Option<String>,
    /// Transport addresses as the other side names them.
    pub selected: Option<(String, String)>,
    #[schemars(extend("unit" = "ms"))]
    pub rtt_ms: Option<f64>,
    /// Its statistics as it gave them: objects of `getStats`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stats: Vec<serde_json::Value>,
}

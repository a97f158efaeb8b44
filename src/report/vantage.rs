use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cause, RelayProtocol, StepName};

/// The check of a TURN server from another interface than the one that [`super::Turn`] tells of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Vantage {
    pub interface: String,
    /// The interface's address.
    pub local: String,
    pub url: String,
    /// The server's transport address; `null` when its name did not resolve.
    pub address: Option<String>,
    pub transport: RelayProtocol,
    /// Every step that a browser needs works: `true`, does not: `false`, was not found out: `null`.
    pub works: Option<bool>,
    /// The step that failed, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Where the server sees this interface from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapped: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relayed: Option<String>,
}

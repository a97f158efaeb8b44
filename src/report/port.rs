use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cause, RelayProtocol, StepOutcome};

/// A port that no URL names: of a server that did not answer where it should, or of a server that others are
/// measured by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OtherPort {
    /// The URL that would name it; `null` where only a connection was asked for.
    pub url: Option<String>,
    pub address: String,
    pub transport: RelayProtocol,
    /// `ok` where TURN answers (or, without a URL, where the connection stands), `timeout` for silence, `failed`
    /// for everything else.
    pub outcome: StepOutcome,
    /// The TCP connection stood.
    pub connected: bool,
    pub cause: Option<Cause>,
    /// What the server said to an Allocate request without credentials; 401 is what it should say.
    pub error_code: Option<u16>,
}

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that the run was expected to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Expectation {
    /// As it was written, such as `rtt<80ms`.
    pub expect: String,
    /// Null when the run could not decide it.
    pub met: Option<bool>,
    /// What decided it, or why nothing could.
    pub detail: String,
    /// The facts that decided it, as JSON pointers into this report.
    #[serde(default)]
    pub facts: Vec<String>,
}

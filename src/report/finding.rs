use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A diagnosis: what is wrong, how it is known, what to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The name of the trouble, for `rtcprobe explain`.
    pub code: String,
    pub severity: Severity,
    pub title: String,
    /// In the user's own addresses.
    pub detail: String,
    pub evidence: Vec<Evidence>,
    /// What to change.
    pub fix: Option<String>,
    /// The URLs that it is about.
    pub servers: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    Info,
    Warning,
    Error,
}

/// A fact of this report that a finding rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// JSON pointer into this report.
    pub fact: String,
    pub says: String,
}

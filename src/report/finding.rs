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
    /// The facts make it likely and do not prove it; `confirm` says what would.
    #[serde(default, skip_serializing_if = "is_false")]
    pub suspected: bool,
    /// What would confirm it, or tell it from its alternatives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
    /// Troubles that look the same from here, likelier ones first; the finding itself is the likeliest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Alternative>,
    /// Standards and options of servers to read on in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
}

/// A trouble that looks like the one that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Alternative {
    /// The name of the trouble, for `rtcprobe explain`.
    pub code: String,
    pub title: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
pub(super) fn is_false(value: &bool) -> bool {
    !value
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

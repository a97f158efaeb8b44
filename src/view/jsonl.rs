//! Events as they happen, one JSON object a line; the last one carries the report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::escape;
use crate::report::{Event, Report};

/// The last line of a stream of events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Last {
    /// Always `report`.
    pub event: LastKind,
    #[schemars(extend("unit" = "ms"))]
    pub elapsed_ms: f64,
    pub report: Report,
}

/// The name of the last line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LastKind {
    Report,
}

/// The line of an event.
#[must_use]
pub fn event(event: &Event) -> String {
    line(event)
}

/// The last line.
#[must_use]
pub fn last(report: &Report) -> String {
    line(&Last { event: LastKind::Report, elapsed_ms: report.duration_ms, report: report.clone() })
}

fn line(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).unwrap_or_default();
    format!("{}\n", escape::json(&text))
}

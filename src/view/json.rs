//! The report as one JSON document.

use super::escape;
use crate::report::Report;

/// Pretty, with a newline at the end. Characters that a terminal would act upon are escaped.
#[must_use]
pub fn document(report: &Report) -> String {
    // A report is plain data with text for keys; there is nothing in it that JSON cannot say.
    let text = serde_json::to_string_pretty(report).unwrap_or_default();
    format!("{}\n", escape::json(&text))
}

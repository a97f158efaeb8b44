//! What the facts mean, for people: errors first, each with what to do about it.

use super::escape::visible;
use super::style::{Ink, Style};
use super::table::wrap;
use crate::report::{Finding, Severity};

/// The findings, and an empty line when there are any. One that is `told` elsewhere already is only
/// named.
#[must_use]
pub fn text(findings: &[Finding], style: &Style, told: impl Fn(&Finding) -> bool) -> String {
    let mut out = String::new();
    for finding in findings {
        let (ink, word) = match finding.severity {
            Severity::Error => (Ink::Bad, "error"),
            Severity::Warning => (Ink::Doubtful, "warning"),
            Severity::Info => (Ink::Dim, "info"),
        };
        let mut say = |ink, indent, text: String| {
            for line in wrap(style.width, indent, &text) {
                out.push_str(&(style.paint(ink, &line) + "\n"));
            }
        };
        say(ink, 0, format!("{word}: {} [{}]", visible(&finding.title), visible(&finding.code)));
        if told(finding) {
            continue;
        }
        say(Ink::Plain, 2, visible(&finding.detail));
        if let Some(fix) = &finding.fix {
            say(Ink::Bold, 2, format!("To do: {}", visible(fix)));
        }
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

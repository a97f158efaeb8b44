//! The diagnosis, for people: the verdict in one line, then the findings with their reasons and
//! remedies, then what works and what does not.

mod findings;
mod here;
mod interfaces;
mod verdict;
mod words;
mod works;

use super::escape::visible;
use super::style::{Ink, Style};
use super::table::wrap;
use crate::report::Report;

/// The whole answer.
#[must_use]
pub fn text(report: &Report, style: &Style, verbose: bool) -> String {
    super::demo::notice(report.demo.as_deref(), style) + &closing(report, style, verbose)
}

/// Everything that there is to say at the end.
#[must_use]
pub fn closing(report: &Report, style: &Style, verbose: bool) -> String {
    let parts = [
        verdict::line(report, style),
        findings::text(report, style, verbose),
        works::table(report, style),
        interfaces::table(report, style),
        here::table(report, style),
        expectations(report, style),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

/// What it all amounts to, in a sentence or two.
#[must_use]
pub fn summary(report: &Report) -> String {
    verdict::sentence(report)
}

/// The codes of the findings, most severe first, one on each line.
#[must_use]
pub fn codes(report: &Report) -> String {
    report.findings.iter().map(|finding| visible(&finding.code) + "\n").collect()
}

/// What was expected, and what decided it.
fn expectations(report: &Report, style: &Style) -> String {
    let mut out = String::new();
    if !report.expectations.is_empty() {
        out.push_str(&(style.paint(Ink::Bold, "Expected") + "\n"));
    }
    for one in &report.expectations {
        let (ink, mark) = match one.met {
            Some(true) => (Ink::Good, "✓ met      "),
            Some(false) => (Ink::Bad, "✗ unmet    "),
            None => (Ink::Doubtful, "? undecided"),
        };
        let text = format!("{}: {}", visible(&one.expect), visible(&one.detail));
        for (number, line) in wrap(style.width, 15, &text).into_iter().enumerate() {
            let line = line.trim_start();
            match number {
                0 => out.push_str(&format!("  {}  {line}\n", style.paint(ink, mark))),
                _ => out.push_str(&format!("{}{line}\n", " ".repeat(15))),
            }
        }
    }
    out
}

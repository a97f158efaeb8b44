//! Workflow commands of GitHub Actions: each finding and each expectation that was not met becomes
//! an annotation. The page for the job's summary is [`super::markdown`].

use super::escape::visible;
use super::format::{self, word};
use crate::report::{Finding, Report, Severity, Verdict};

/// GitHub takes a megabyte for the summary of a step.
const SUMMARY: usize = 1024 * 1024 - 4096;

/// A line for each, errors first, and the verdict at the end.
#[must_use]
pub fn annotations(report: &Report) -> String {
    let mut out = String::new();
    for expectation in report.expectations.iter().filter(|expectation| expectation.met != Some(true)) {
        let (command, what) = match expectation.met {
            Some(false) => ("error", "not met"),
            _ => ("warning", "not found out"),
        };
        out.push_str(&line(command, &format!("Expectation {what}: {}", expectation.expect), &expectation.detail));
    }
    out.extend(report.findings.iter().map(finding));
    let command = match report.verdict {
        Verdict::Pass => "notice",
        Verdict::Warn => "warning",
        Verdict::Fail => "error",
    };
    let title = format!("rtcprobe {}: {}", report.command, word(report.verdict));
    out.push_str(&line(command, &title, &format::summary(report)));
    out
}

/// The page for the job's summary, cut where GitHub would refuse it.
#[must_use]
pub fn summary(report: &Report) -> String {
    let mut page = super::markdown::document(report);
    if page.len() > SUMMARY {
        let mut end = SUMMARY;
        while !page.is_char_boundary(end) {
            end -= 1;
        }
        page.truncate(page[..end].rfind('\n').map_or(0, |newline| newline + 1));
        page.push_str("\nThe rest is left out: GitHub takes no more than a megabyte.\n");
    }
    page
}

fn finding(finding: &Finding) -> String {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let fix = finding.fix.as_ref().map(|fix| format!("\nTo do: {fix}")).unwrap_or_default();
    line(command, &format!("{} [{}]", finding.title, finding.code), &format!("{}{fix}", finding.detail))
}

/// A workflow command. Nothing in it can begin another one: every end of line is escaped.
fn line(command: &str, title: &str, message: &str) -> String {
    let message: Vec<String> = message.lines().map(visible).collect();
    format!("::{command} title={}::{}\n", property(&visible(title)), data(&message.join("\n")))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_an_annotation_or_begins_one() {
        let out = line("error", "a,b: 100 %\r\n::error::x", "50 % \x1b[31m\n::warning::y");
        assert_eq!(out.lines().count(), 1, "{out}");
        assert_eq!(
            out,
            "::error title=a%2Cb%3A 100 %25\\u{d}\\u{a}%3A%3Aerror%3A%3Ax::50 %25 \\u{1b}[31m%0A\\u{3a}:warning::y\n"
        );
    }
}

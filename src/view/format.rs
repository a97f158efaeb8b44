//! The shapes in which a report is handed over, and the one place that draws each of them.

use clap::ValueEnum;

use super::style::Style;
use super::{github, html, json, jsonl, junit, markdown, nagios, prometheus};
use crate::report::{Event, Report, Severity, Verdict};

/// The shape of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// One JSON document at the end; its schema is printed by rtcprobe schema
    Json,
    /// One JSON object a line for each event as it happens, the report last
    Jsonl,
    /// JUnit's XML for CI: a test case for each server and step, each expectation, each finding
    Junit,
    /// Annotations of GitHub Actions, and a page in the job's summary
    Github,
    /// A page to paste into a ticket
    Markdown,
    /// One page with drawings that needs nothing but a browser
    Html,
    /// Metrics for the textfile collector of node_exporter
    Prometheus,
    /// One line with performance data; see --nagios for the exit codes
    Nagios,
}

impl Format {
    /// As it is written on the command line.
    #[must_use]
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_string()).unwrap_or_default()
    }
}

/// The whole answer. What a live run shows piece by piece is in it, too, but for the events of
/// `jsonl`, which a report does not hold.
#[must_use]
pub fn render(report: &Report, format: Format, style: &Style, verbose: bool) -> String {
    match format {
        Format::Text => text(report, style, verbose),
        Format::Json => json::document(report),
        Format::Jsonl => jsonl::last(report),
        Format::Junit => junit::document(report),
        Format::Github => github::annotations(report),
        Format::Markdown => markdown::document(report),
        Format::Html => html::document(report),
        Format::Prometheus => prometheus::text(report, None),
        Format::Nagios => nagios::line(report),
    }
}

/// The text that the command prints that the report is of: what it shows live, and its closing.
#[must_use]
pub fn text(report: &Report, style: &Style, verbose: bool) -> String {
    match report.command.as_str() {
        "nat" => super::nat::text(report, style, verbose),
        "turn" => super::turn::text(report, style, verbose),
        "check" => super::check::text(report, style, verbose),
        "connect" => super::connect::text(report, style, verbose),
        _ => super::gather::text(report, style),
    }
}

/// What stands above everything else, before anything is known.
#[must_use]
pub fn opening(command: &str, demo: Option<&str>, style: &Style) -> String {
    match command {
        "gather" => super::gather::opening(demo, style),
        _ => super::demo::notice(demo, style),
    }
}

/// What an event adds to the text at once; most add nothing.
#[must_use]
pub fn live(command: &str, event: &Event, style: &Style) -> String {
    match command {
        "gather" => super::gather::live(event, style),
        _ => String::new(),
    }
}

/// What is left to say when all is known: the text without its opening and without what was live.
#[must_use]
pub fn closing(report: &Report, style: &Style, verbose: bool) -> String {
    match report.command.as_str() {
        "nat" => super::nat::closing(report, style, verbose),
        "turn" => super::turn::closing(report, style, verbose),
        "check" => super::check::closing(report, style, verbose),
        "connect" => super::connect::closing(report, style, verbose),
        _ => super::servers::closing(report, style),
    }
}

/// What it all amounts to, in a few sentences, without the verdict's word.
#[must_use]
pub fn summary(report: &Report) -> String {
    match report.command.as_str() {
        "turn" => super::turn::summary(report),
        "gather" => super::servers::summary(report),
        "check" => super::check::summary(report),
        "nat" => super::nat::summary(report),
        "connect" => super::connect::summary(report),
        _ => counted(report),
    }
}

/// The verdict's word.
#[must_use]
pub fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "PASS",
        Verdict::Warn => "WARN",
        Verdict::Fail => "FAIL",
    }
}

/// How much there is to read, of a command that has no words of its own.
fn counted(report: &Report) -> String {
    let mut sentences = Vec::new();
    if report.interrupted {
        sentences.push("Interrupted before the end.".to_string());
    }
    let unmet = report.expectations.iter().filter(|expectation| expectation.met != Some(true)).count();
    match (unmet, report.expectations.len()) {
        (_, 0) => {}
        (0, all) => sentences.push(format!("Expected and found: {all} of {all}.")),
        (unmet, all) => sentences.push(format!("Expected and not found: {unmet} of {all}.")),
    }
    let of = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    sentences.push(match (of(Severity::Error), of(Severity::Warning)) {
        (0, 0) => "No findings.".into(),
        (errors, warnings) => format!("Errors: {errors}. Warnings: {warnings}."),
    });
    sentences.join(" ")
}

/// The codes of the findings, one on each line: the text for who wants nothing else.
#[must_use]
pub fn codes(report: &Report) -> String {
    super::check::codes(report)
}

//! The shapes in which a report is handed over, and the one place that draws each of them.

use clap::ValueEnum;

use super::style::Style;
use super::{json, jsonl};
use crate::report::{Event, Report};

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
    }
}

/// The text that the command prints that the report is of: what it shows live, and its closing.
#[must_use]
pub fn text(report: &Report, style: &Style, verbose: bool) -> String {
    match report.command.as_str() {
        "turn" | "check" => super::turn::text(report, style, verbose),
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
        "turn" | "check" => super::turn::closing(report, style, verbose),
        _ => super::servers::closing(report, style),
    }
}

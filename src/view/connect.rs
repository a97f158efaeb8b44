//! Connecting, for people: whether it worked and over which path, every pair and why it failed, what the path is like.

mod board;
mod pairs;
mod path;
mod words;

use super::escape::visible;
use super::style::{Ink, Style};
use super::table::wrap;
use crate::report::connect::{ConnectState, PairState};
use crate::report::{Event, Outcome, Report, Severity, Verdict};

pub use board::Board;
pub use words::{failure, pair_state, side};

/// The whole answer.
#[must_use]
pub fn text(report: &Report, style: &Style, verbose: bool) -> String {
    super::demo::notice(report.demo.as_deref(), style) + &closing(report, style, verbose)
}

/// Everything that there is to say at the end; with `verbose` every pair, and every check of it.
#[must_use]
pub fn closing(report: &Report, style: &Style, verbose: bool) -> String {
    let mut blocks = Vec::new();
    if let Some(connect) = &report.connect {
        blocks.push(path::facts(connect, style));
        blocks.push(pairs::table(connect, style, verbose));
    }
    // Who is stopped because there is a path already is in no trouble.
    let trouble = report.servers.iter().any(|server| !matches!(server.outcome, Outcome::Ok | Outcome::Skipped));
    if trouble || verbose {
        blocks.push(super::servers::servers(&report.servers, style));
    }
    let weighty = report.findings.iter().filter(|finding| verbose || finding.severity != Severity::Info);
    blocks.push(super::findings::text(&weighty.cloned().collect::<Vec<_>>(), style, |_| false));
    blocks.push(line(report, style));
    blocks.retain(|block| !block.trim().is_empty());
    let blocks: Vec<&str> = blocks.iter().map(|block| block.trim_end_matches('\n')).collect();
    blocks.join("\n\n") + "\n"
}

/// What it all amounts to, in a few sentences.
#[must_use]
pub fn summary(report: &Report) -> String {
    sentences(report).join(" ")
}

/// What an event adds to the conversation under `-v`.
#[must_use]
pub fn live(event: &Event) -> Option<String> {
    match event {
        Event::Connection { elapsed_ms, state } => Some(format!("{elapsed_ms:7.1}  {}", words::state(*state))),
        Event::Pair { elapsed_ms, pair, .. } if matches!(pair.state, PairState::Succeeded | PairState::Failed) => {
            let how = pairs::outcome(pair);
            Some(format!("{elapsed_ms:7.1}  {} to {}: {how}", visible(&pair.local), visible(&pair.remote)))
        }
        _ => None,
    }
}

fn line(report: &Report, style: &Style) -> String {
    let ink = match report.verdict {
        Verdict::Pass => Ink::Good,
        Verdict::Warn => Ink::Doubtful,
        Verdict::Fail => Ink::Bad,
    };
    let mut out = String::new();
    let mut before = format!("{}  ", style.paint(ink, super::format::word(report.verdict)));
    for line in wrap(style.width, 6, &summary(report)) {
        out.push_str(&format!("{before}{}\n", line.trim_start()));
        before = " ".repeat(6);
    }
    out
}

fn sentences(report: &Report) -> Vec<String> {
    let mut sentences = Vec::new();
    let Some(connect) = &report.connect else {
        return vec!["It did not come to a connection.".to_string()];
    };
    if report.interrupted && connect.selected.is_none() {
        sentences.push("Interrupted before the end.".to_string());
    }
    sentences.push(path::headline(connect));
    sentences.extend(path::quality(connect));
    match connect.state {
        ConnectState::Failed if connect.selected.is_some() => sentences.push("The path was lost for good.".into()),
        ConnectState::Disconnected => sentences.push("At the end the other side did not answer any more.".into()),
        _ => {}
    }
    let of = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    let word =
        |count: usize, one: &str| (count > 0).then(|| format!("{count} {one}{}", if count == 1 { "" } else { "s" }));
    let counted: Vec<String> =
        [word(of(Severity::Error), "error"), word(of(Severity::Warning), "warning")].into_iter().flatten().collect();
    if !counted.is_empty() && connect.selected.is_some() {
        sentences.push(format!("{}.", counted.join(", ")));
    }
    sentences
}

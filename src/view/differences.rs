//! What got better or worse between two reports, for people and for tickets.

use super::escape::{self, visible};
use super::format::word;
use super::markdown;
use super::style::{Ink, Style};
use super::table::wrap;
use crate::archive::compare::{Change, Comparison, Meaning};
use crate::report::Report;

/// The two reports, by name.
pub type Named<'a> = (&'a str, &'a Report);

/// Worst first, each with the area that it is about; the sum at the end.
#[must_use]
pub fn text(comparison: &Comparison, before: Named<'_>, after: Named<'_>, style: &Style) -> String {
    let mut out = String::new();
    for (label, (name, report)) in [("before", before), ("now", after)] {
        let line = format!("{label:<6}  {}", about(name, report));
        out.push_str(&hanging(&line, 8, Ink::Dim, style));
    }
    out.push('\n');
    for change in &comparison.changes {
        let (ink, sign) = match change.meaning {
            Meaning::Worse => (Ink::Bad, "✗ worse"),
            Meaning::Better => (Ink::Good, "✓ better"),
            Meaning::Other => (Ink::Plain, "· changed"),
        };
        let line = format!("{sign:<9}  {:<12}  {}", change.area, visible(&change.text));
        out.push_str(&hanging(&line, 25, ink, style));
    }
    if !comparison.changes.is_empty() {
        out.push('\n');
    }
    for note in &comparison.notes {
        out.push_str(&hanging(&format!("not compared: {}", visible(note)), 14, Ink::Dim, style));
    }
    if !comparison.notes.is_empty() {
        out.push('\n');
    }
    let (ink, sentence) = sum(comparison);
    out + &style.paint(ink, &sentence) + "\n"
}

/// The same as a page.
#[must_use]
pub fn page(comparison: &Comparison, before: Named<'_>, after: Named<'_>) -> String {
    let mut out = format!("## {}\n\n", sum(comparison).1);
    for (label, (name, report)) in [("before", before), ("now", after)] {
        out.push_str(&format!("- {label}: {}\n", markdown::prose(&about(name, report))));
    }
    out.push('\n');
    if !comparison.changes.is_empty() {
        out.push_str("| | about | |\n|---|---|---|\n");
        for Change { meaning, area, text } in &comparison.changes {
            let sign = match meaning {
                Meaning::Worse => "❌ worse",
                Meaning::Better => "✅ better",
                Meaning::Other => "changed",
            };
            out.push_str(&format!("| {sign} | {area} | {} |\n", markdown::prose(text)));
        }
        out.push('\n');
    }
    for note in &comparison.notes {
        out.push_str(&format!("- not compared: {}\n", markdown::prose(note)));
    }
    out
}

/// The same for programs.
#[must_use]
pub fn json(comparison: &Comparison) -> String {
    let text = serde_json::to_string_pretty(comparison).unwrap_or_default();
    format!("{}\n", escape::json(&text))
}

fn about(name: &str, report: &Report) -> String {
    format!(
        "{}  {} of {}  {}",
        visible(name),
        visible(&report.command),
        visible(&report.started_at),
        word(report.verdict)
    )
}

fn sum(comparison: &Comparison) -> (Ink, String) {
    let of = |meaning| comparison.count(meaning);
    let (worse, better, other) = (of(Meaning::Worse), of(Meaning::Better), of(Meaning::Other));
    let (ink, word) = match (worse, better) {
        (0, 0) => (Ink::Good, "SAME"),
        (0, _) => (Ink::Good, "BETTER"),
        _ => (Ink::Bad, "WORSE"),
    };
    (ink, format!("{word}  {worse} worse, {better} better, {other} changed otherwise."))
}

fn hanging(line: &str, indent: usize, ink: Ink, style: &Style) -> String {
    let indent = indent.min(style.width / 3);
    let head: String = line.chars().take_while(|c| *c == ' ').collect();
    let mut out = String::new();
    let mut rest = head + line.trim_start();
    // The columns of the first line stay as they are; what does not fit goes on below.
    if super::table::width(&rest) <= style.width {
        return style.paint(ink, &rest) + "\n";
    }
    let cut = rest.char_indices().nth(indent).map_or(rest.len(), |(at, _)| at);
    let tail = rest.split_off(cut);
    for (number, part) in wrap(style.width, indent, &tail).iter().enumerate() {
        let part = if number == 0 { format!("{rest}{}", part.trim_start()) } else { part.clone() };
        out.push_str(&(style.paint(ink, &part) + "\n"));
    }
    out
}

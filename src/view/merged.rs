//! Several reports side by side, for people and for tickets.

use super::escape::{self, visible};
use super::markdown;
use super::style::{Ink, Style};
use super::table::{self, flow, wrap};
use crate::archive::merge::{Merged, Says, Went};

/// Narrower columns than this are no table any more.
const NARROWEST: usize = 8;
const GAP: usize = 2;

/// A table with a column for each report where that fits, else a block for each row.
#[must_use]
pub fn text(merged: &Merged, style: &Style) -> String {
    let mut out = String::new();
    let letters: Vec<String> = (0..merged.reports.len()).map(letter).collect();
    for (letter, column) in letters.iter().zip(&merged.reports) {
        let pieces =
            [visible(&column.name), format!("{} of {}", visible(&column.command), visible(&column.started_at))];
        let lines = flow(style.width.saturating_sub(3), 0, &pieces).join("\n   ");
        out.push_str(&format!("{}  {lines}\n", style.paint(Ink::Bold, letter)));
    }
    let columns: Vec<usize> = (0..merged.reports.len()).map(|at| width(merged, at)).collect();
    let all: usize = columns.iter().map(|width| width + GAP).sum();
    let mut area = "";
    for row in &merged.rows {
        if row.area != area {
            area = row.area;
            out.push_str(&format!("\n{}\n", style.paint(Ink::Dim, area)));
        }
        let wraps = all + NARROWEST + GAP > style.width;
        if wraps {
            wrap(style.width, 0, &visible(&row.name)).iter().for_each(|line| out.push_str(&format!("{line}\n")));
            for (letter, says) in letters.iter().zip(&row.says) {
                let line = wrap(style.width, 4, &drawn(says));
                out.push_str(&format!("  {letter} {}\n", style.paint(ink(says), line.join("\n").trim_start())));
            }
            continue;
        }
        let room = style.width - all - GAP;
        let name = visible(&row.name);
        let cells: Vec<String> = row
            .says
            .iter()
            .zip(&columns)
            .map(|(says, width)| {
                let text = drawn(says);
                let fill = " ".repeat(width.saturating_sub(table::width(&text)) + GAP);
                format!("{}{fill}", style.paint(ink(says), &text))
            })
            .collect();
        if table::width(&name) <= room {
            let fill = " ".repeat(room - table::width(&name) + GAP);
            out.push_str(&format!("{name}{fill}{}\n", cells.concat().trim_end()));
        } else {
            out.push_str(&format!("{name}\n{}{}\n", " ".repeat(room + GAP), cells.concat().trim_end()));
        }
    }
    out
}

/// The same as a page.
#[must_use]
pub fn page(merged: &Merged) -> String {
    let names: Vec<String> = merged.reports.iter().map(|column| markdown::code(&column.name)).collect();
    let mut out = format!("| | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(names.len()));
    for row in &merged.rows {
        let cells: Vec<String> = row.says.iter().map(|says| markdown::prose(&drawn(says))).collect();
        out.push_str(&format!("| {} | {} |\n", markdown::code(&row.name), cells.join(" | ")));
    }
    out
}

/// The same for programs.
#[must_use]
pub fn json(merged: &Merged) -> String {
    let text = serde_json::to_string_pretty(merged).unwrap_or_default();
    format!("{}\n", escape::json(&text))
}

fn width(merged: &Merged, at: usize) -> usize {
    let cells = merged.rows.iter().filter_map(|row| row.says.get(at));
    cells.map(|says| table::width(&drawn(says))).max().unwrap_or(0).max(1)
}

/// `A`, `B` … `Z`, `27` …
fn letter(at: usize) -> String {
    match u8::try_from(at) {
        Ok(at @ 0..=25) => char::from(b'A' + at).to_string(),
        _ => (at + 1).to_string(),
    }
}

fn drawn(says: &Says) -> String {
    let text = visible(&says.text);
    let sign = match says.went {
        Went::Well => "✓",
        Went::Badly => "✗",
        Went::Partly => "!",
        Went::Fact => return text,
        Went::Open => "–",
    };
    format!("{sign} {text}").trim_end().to_string()
}

fn ink(says: &Says) -> Ink {
    match says.went {
        Went::Well => Ink::Good,
        Went::Badly => Ink::Bad,
        Went::Partly => Ink::Doubtful,
        Went::Fact => Ink::Plain,
        Went::Open => Ink::Dim,
    }
}

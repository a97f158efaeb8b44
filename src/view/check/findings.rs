//! The findings: what is wrong, how that is known, what to change; each in at most a third of a
//! screen.

use crate::report::{Finding, Report, Severity};
use crate::view::escape::visible;
use crate::view::style::{Ink, Style};
use crate::view::table::wrap;

/// A third of the smallest screen that people use, without the empty line below.
const LINES: usize = 8;
/// Where the text behind `Why:` and `Fix:` begins.
const INDENT: usize = 11;

/// All of them. Those that change nothing are named, and told in full when more is asked for.
pub fn text(report: &Report, style: &Style, verbose: bool) -> String {
    let mut parts = Vec::new();
    let (heavy, light): (Vec<&Finding>, Vec<&Finding>) =
        report.findings.iter().partition(|finding| verbose || finding.severity != Severity::Info);
    parts.extend(heavy.into_iter().map(|finding| one(finding, style, verbose)));
    if !light.is_empty() {
        parts.push(light.into_iter().map(|finding| named(finding, style)).collect());
    }
    if !report.findings.is_empty() {
        let hint = wrap(style.width, 0, "More about any of them: rtcprobe explain CODE");
        parts.push(hint.iter().map(|line| style.paint(Ink::Dim, line) + "\n").collect());
    }
    parts.join("\n")
}

fn one(finding: &Finding, style: &Style, verbose: bool) -> String {
    let mut head = heading(finding, style);
    let most = LINES.saturating_sub(head.len());
    let fix = finding.fix.as_ref().map_or(Vec::new(), |fix| part("Fix:", fix, style));
    let confirm = finding.confirm.as_ref().map_or(Vec::new(), |text| part("Confirm:", text, style));
    let likes: Vec<String> = finding.alternatives.iter().map(|other| visible(&other.title)).collect();
    let likes = if likes.is_empty() { Vec::new() } else { part("Or:", &(likes.join("; ") + "."), style) };
    let mut why = part("Why:", &finding.detail, style);
    let mut shown = Vec::new();
    let mut said: Vec<&str> = Vec::new();
    for evidence in &finding.evidence {
        // Of several servers the same may be true.
        if !verbose && said.contains(&evidence.says.as_str()) {
            continue;
        }
        said.push(&evidence.says);
        let says = if verbose { format!("{}  [{}]", evidence.says, evidence.fact) } else { evidence.says.clone() };
        if !finding.detail.contains(&evidence.says) {
            shown.push(part("", &format!("- {says}"), style));
        }
    }
    if verbose {
        why.extend(shown.into_iter().flatten());
    } else {
        // What to do is never cut; what looks the same and what shows it give way first.
        let room = most.saturating_sub(fix.len() + confirm.len());
        if why.len() > room {
            why = shortened(&finding.detail, room.max(1), style);
        }
        let mut room = room.saturating_sub(why.len());
        if likes.len() <= room {
            room -= likes.len();
        }
        for lines in shown {
            if lines.len() <= room {
                room -= lines.len();
                why.extend(lines);
            }
        }
    }
    head.extend(why);
    head.extend(fix.into_iter().map(|line| style.paint(Ink::Bold, &line)));
    head.extend(confirm);
    if verbose || head.len() + likes.len() <= LINES {
        head.extend(likes);
    }
    head.iter().map(|line| line.clone() + "\n").collect()
}

fn heading(finding: &Finding, style: &Style) -> Vec<String> {
    let (ink, word) = match finding.severity {
        Severity::Error => (Ink::Bad, "error"),
        Severity::Warning => (Ink::Doubtful, "warning"),
        Severity::Info => (Ink::Dim, "info"),
    };
    let doubt = if finding.suspected { ", suspected" } else { "" };
    let text = format!("{word}{doubt}: {} [{}]", visible(&finding.title), visible(&finding.code));
    wrap(style.width, 0, &text).iter().map(|line| style.paint(ink, line)).collect()
}

/// A remark in one line or two.
fn named(finding: &Finding, style: &Style) -> String {
    heading(finding, style).iter().map(|line| line.clone() + "\n").collect()
}

fn part(name: &str, text: &str, style: &Style) -> Vec<String> {
    let mut lines = wrap(style.width, INDENT, &visible(text));
    if let Some(first) = lines.first_mut() {
        *first = format!("  {name:<width$}{}", first.trim_start(), width = INDENT - 2);
    }
    lines
}

/// As many whole sentences as there is room for, but never less than the first.
fn shortened(detail: &str, room: usize, style: &Style) -> Vec<String> {
    let mut best = Vec::new();
    let ends = detail.match_indices(". ").map(|(at, _)| at + 1).chain([detail.len()]);
    for end in ends {
        let lines = part("Why:", &detail[..end], style);
        if best.is_empty() || lines.len() <= room {
            best = lines;
        }
    }
    best
}

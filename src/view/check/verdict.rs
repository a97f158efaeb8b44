//! What it amounts to, in one line where that is possible.

use super::words;
use crate::report::{Report, Severity, Turn, Verdict};
use crate::view::escape::visible;
use crate::view::style::{Ink, Style};
use crate::view::table::wrap;

pub fn line(report: &Report, style: &Style) -> String {
    let (ink, word) = match report.verdict {
        Verdict::Pass => (Ink::Good, "PASS"),
        Verdict::Warn => (Ink::Doubtful, "WARN"),
        Verdict::Fail => (Ink::Bad, "FAIL"),
    };
    let mut out = String::new();
    let mut before = format!("{}  ", style.paint(ink, word));
    for line in wrap(style.width, 6, &sentence(report)) {
        out.push_str(&format!("{before}{}\n", style.paint(Ink::Bold, line.trim_start())));
        before = " ".repeat(6);
    }
    out
}

pub fn sentence(report: &Report) -> String {
    let mut sentences = Vec::new();
    let count = |weight| report.findings.iter().filter(|finding| finding.severity == weight).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let unmet = report.expectations.iter().filter(|one| one.met == Some(false)).count();
    let worst = report.findings.first().filter(|finding| finding.severity != Severity::Info);
    match (worst, report.verdict) {
        (Some(worst), Verdict::Fail) if worst.severity == Severity::Error => {
            sentences.push(format!("{}{}.", visible(&worst.title), beside(errors - 1, warnings)));
        }
        (Some(worst), _) => {
            sentences.push(gist(report));
            sentences.push(format!("But: {}{}.", lowered(&worst.title), beside(0, warnings.saturating_sub(1))));
        }
        (None, _) => sentences.push(gist(report)),
    }
    match unmet {
        0 => {}
        1 => sentences.push("One expectation is not met.".into()),
        many => sentences.push(format!("{many} expectations are not met.")),
    }
    if report.interrupted {
        sentences.push("Interrupted before the end.".into());
    } else if report.unknown.values().any(|why| why == "time-limit") {
        sentences.push("Stopped at the time limit (--budget).".into());
    }
    sentences.join(" ")
}

/// ` (and 1 more error, 2 warnings)`
fn beside(errors: usize, warnings: usize) -> String {
    let word = |count: usize, word: &str| match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        many => Some(format!("{many} {word}s")),
    };
    let more = if errors > 0 { "more " } else { "" };
    let parts: Vec<String> =
        word(errors, &format!("{more}error")).into_iter().chain(word(warnings, "warning")).collect();
    if parts.is_empty() { String::new() } else { format!(" (and {})", parts.join(", ")) }
}

/// The title in the middle of a sentence; names keep their capital.
fn lowered(title: &str) -> String {
    let title = visible(title);
    let (first, rest) = title.split_at(title.chars().next().map_or(0, char::len_utf8));
    let articles = ["The ", "A ", "An ", "This ", "Nothing ", "Something ", "Credentials ", "Packets "];
    if articles.iter().any(|article| title.starts_with(article)) { first.to_lowercase() + rest } else { title }
}

/// What works, as far as the facts carry it.
fn gist(report: &Report) -> String {
    let well = |turn: &&Turn| turn.works == Some(true);
    let mut over: Vec<&str> = Vec::new();
    for turn in report.turn.iter().filter(well) {
        let word = words::transport(turn.transport);
        if !over.contains(&word) {
            over.push(word);
        }
    }
    let public = report.servers.iter().any(|server| server.gave.iter().any(|kind| kind == "srflx"));
    match (over.is_empty(), report.turn.is_empty(), public) {
        (false, _, _) => format!("Relayed calls work from here, over {}.", listed(&over)),
        (true, false, _) => "No relay works from here.".into(),
        (true, true, true) => "Other hosts can be told where we are; no TURN server was checked.".into(),
        (true, true, false) => "No server told us our public address, and no TURN server was checked.".into(),
    }
}

fn listed(words: &[&str]) -> String {
    match words {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_fit_into_sentences() {
        assert_eq!(lowered("The realm is empty"), "the realm is empty");
        assert_eq!(lowered("Chrome refuses it"), "Chrome refuses it");
        assert_eq!(beside(1, 2), " (and 1 more error, 2 warnings)");
        assert_eq!(beside(0, 1), " (and 1 warning)");
        assert_eq!(listed(&["udp", "tcp", "tls"]), "udp, tcp and tls");
    }
}

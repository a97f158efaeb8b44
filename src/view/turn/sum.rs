//! What it all amounts to, in one line if it can be.

use super::words;
use crate::report::{Outcome, Report, Severity, StepOutcome, Turn, Verdict};
use crate::view::escape::visible;
use crate::view::style::{Ink, Style};
use crate::view::table::wrap;

/// A URL over all its addresses.
struct Sum<'a> {
    name: String,
    entries: Vec<&'a Turn>,
}

/// PASS, WARN or FAIL, and how many transports work.
pub fn line(report: &Report, style: &Style) -> String {
    let (ink, word) = match report.verdict {
        Verdict::Pass => (Ink::Good, "PASS"),
        Verdict::Warn => (Ink::Doubtful, "WARN"),
        Verdict::Fail => (Ink::Bad, "FAIL"),
    };
    let mut out = String::new();
    let mut before = format!("{}  ", style.paint(ink, word));
    for line in wrap(style.width, 6, &sentences(report).join(" ")) {
        out.push_str(&format!("{before}{}\n", line.trim_start()));
        before = " ".repeat(6);
    }
    out
}

pub fn sentences(report: &Report) -> Vec<String> {
    let mut sentences = Vec::new();
    if report.interrupted {
        sentences.push("Interrupted before the end.".to_string());
    } else if report.unknown.values().any(|why| why == "time-limit") {
        sentences.push("Stopped at the time limit (--timeout).".to_string());
    }
    let sums = sums(report);
    let is = |sum: &&Sum<'_>, wanted: Option<bool>| sum.works() == wanted && !sum.refuses();
    let works: Vec<&Sum<'_>> = sums.iter().filter(|sum| is(sum, Some(true))).collect();
    let fails: Vec<&Sum<'_>> = sums.iter().filter(|sum| is(sum, Some(false))).collect();
    let refuses = sums.iter().filter(|sum| sum.refuses()).count();
    let skipped = report.servers.iter().filter(|server| server.outcome == Outcome::Skipped).count();
    let names = |sums: &[&Sum<'_>]| sums.iter().map(|sum| sum.name.clone()).collect::<Vec<_>>().join(", ");
    let all = sums.len();
    sentences.push(match (works.len(), all) {
        (_, 0) => "Nothing was checked.".into(),
        (0, _) if refuses == all => "It refuses who comes without credentials, as it should.".into(),
        (0, 1) if !fails.is_empty() => format!("{} does not work: it fails {}.", fails[0].name, fails[0].why()),
        (0, 1) => format!("Whether {} works was not found out.", sums[0].name),
        (0, all) => format!("None of {all} transports works."),
        (1, 1) => format!("{} works.", works[0].name),
        (some, all) if some == all => format!("All {all} transports work: {}.", names(&works)),
        (some, all) => {
            format!("{some} of {all} transports {}: {}.", if some == 1 { "works" } else { "work" }, names(&works))
        }
    });
    if all > 1 && !fails.is_empty() {
        let fails: Vec<String> = fails.iter().map(|sum| format!("{} ({})", sum.name, sum.why())).collect();
        sentences.push(format!("Failing: {}.", fails.join(", ")));
    }
    let unknown = sums.iter().filter(|sum| is(sum, None)).count();
    if all > 1 && unknown > 0 {
        sentences.push(format!("{unknown} not found out."));
    } else if skipped > 0 && all > 0 && unknown == 0 {
        sentences.push(format!("{skipped} not checked."));
    }
    if report.turn.iter().any(Turn::is_open_relay) {
        sentences.push("It is an open relay.".into());
    }
    if report.turn.iter().any(Turn::accepts_anything) {
        sentences.push("It accepts a wrong password.".into());
    }
    if report.turn.iter().any(|turn| turn.works == Some(true) && turn.tls.as_ref().is_some_and(|tls| !tls.trusted)) {
        sentences.push("A certificate is not trusted; a browser would refuse it.".into());
    }
    if !works.is_empty() && works.len() == all {
        sentences.extend(counted(report));
    }
    sentences
}

/// How much more there is above.
fn counted(report: &Report) -> Option<String> {
    let of = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    let word = |count, one: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        many => Some(format!("{many} {one}s")),
    };
    let (errors, warnings) = (word(of(Severity::Error), "error"), word(of(Severity::Warning), "warning"));
    let counted: Vec<String> = errors.into_iter().chain(warnings).collect();
    (!counted.is_empty()).then(|| format!("{}.", counted.join(", ")))
}

/// A transport is named by its short name where only one URL has it.
fn sums(report: &Report) -> Vec<Sum<'_>> {
    let mut sums: Vec<Sum<'_>> = Vec::new();
    // Two users of one URL have a verdict each.
    let mut urls: Vec<(&str, Option<&str>)> = Vec::new();
    for turn in &report.turn {
        let key = (turn.url.as_str(), turn.username.as_deref());
        match urls.iter().position(|known| *known == key) {
            Some(place) => sums[place].entries.push(turn),
            None => {
                urls.push(key);
                sums.push(Sum { name: words::transport(turn.transport).into(), entries: vec![turn] });
            }
        }
    }
    let one_of_each = sums.iter().enumerate().all(|(i, sum)| sums[..i].iter().all(|other| other.name != sum.name));
    if sums.len() == 1 || !one_of_each {
        let several = |url| urls.iter().filter(|(other, _)| *other == url).count() > 1;
        for (sum, (url, user)) in sums.iter_mut().zip(&urls) {
            sum.name = match user.filter(|_| several(*url)) {
                Some(user) => format!("{} as {}", visible(url), visible(user)),
                None => visible(url),
            };
        }
    }
    sums
}

impl Sum<'_> {
    fn works(&self) -> Option<bool> {
        if self.entries.iter().any(|turn| turn.works == Some(false)) {
            Some(false)
        } else if self.entries.iter().all(|turn| turn.works == Some(true)) {
            Some(true)
        } else {
            None
        }
    }

    fn refuses(&self) -> bool {
        self.entries.iter().all(|turn| turn.refuses_strangers())
    }

    /// The step that failed, and where if that is not everywhere.
    fn why(&self) -> String {
        let failing = self.entries.iter().filter(|turn| turn.works == Some(false));
        let failing: Vec<&&Turn> = failing.collect();
        let Some((_, step)) = failing.first().and_then(|turn| turn.failing()) else { return "unknown".into() };
        let how = if step.outcome == StepOutcome::Timeout { ", without an answer" } else { "" };
        let mut why = format!("at {}{how}", step.name.as_str());
        if failing.len() < self.entries.len() {
            let address = failing.first().and_then(|turn| turn.address.as_deref()).unwrap_or("one address");
            why.push_str(&format!(" of {}", visible(address)));
        }
        why
    }
}

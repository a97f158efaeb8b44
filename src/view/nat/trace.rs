//! For `-v`: the tests one by one, and what RFC 4787 asks of a NAT.

use super::words;
use crate::report::nat::{Nat, NatTest, TestOutcome};
use crate::rules::requirements::requirements;
use crate::view::escape::visible;
use crate::view::style::{Ink, Style};
use crate::view::table::flow;

/// Where what belongs to a test begins.
const INDENT: usize = 4;

/// Every test in the order in which they ended.
#[must_use]
pub fn tests(nat: &Nat, style: &Style) -> String {
    if nat.tests.is_empty() {
        return String::new();
    }
    let mut out = style.paint(Ink::Bold, "Tests") + "\n";
    for test in &nat.tests {
        let (ink, mark) = mark(test.outcome);
        let took = if test.elapsed_ms > 0.0 { words::ms(test.elapsed_ms) } else { String::new() };
        // What the mark says already needs no word.
        let word = if test.outcome == TestOutcome::Answered { "" } else { words::outcome(test.outcome) };
        let head = format!("{mark} {:<22} {took:>8}  {word}", visible(&test.name));
        out.push_str(&(style.paint(ink, head.trim_end()) + "\n"));
        let parts: Vec<String> = [Some(asked(test)), seen(test), test.detail.clone()]
            .into_iter()
            .flatten()
            .map(|text| visible(&text))
            .collect();
        flow(style.width, INDENT, &parts).into_iter().for_each(|line| out.push_str(&(line + "\n")));
    }
    out
}

/// The line of a test the moment it ended.
#[must_use]
pub fn line(elapsed_ms: f64, test: &NatTest) -> String {
    let mut parts = vec![asked(test), words::outcome(test.outcome).to_string()];
    parts.extend(seen(test));
    parts.extend(test.detail.clone());
    visible(&format!("{elapsed_ms:7.1}  {}: {}", test.name, parts.join(", ")))
}

fn asked(test: &NatTest) -> String {
    let from = test.local.as_ref().map(|local| format!("{local} ")).unwrap_or_default();
    let copies = match test.sent {
        0 | 1 => String::new(),
        n => format!(", {n} copies"),
    };
    format!("{from}to {}{copies}", test.server)
}

fn seen(test: &NatTest) -> Option<String> {
    match (&test.mapped, &test.from) {
        (Some(mapped), Some(from)) => Some(format!("seen as {mapped}, answered from {from}")),
        (Some(mapped), None) => Some(format!("seen as {mapped}")),
        (None, Some(from)) => Some(format!("answered from {from}")),
        (None, None) => None,
    }
}

fn mark(outcome: TestOutcome) -> (Ink, &'static str) {
    match outcome {
        TestOutcome::Answered => (Ink::Good, "✓"),
        TestOutcome::Silent => (Ink::Plain, "·"),
        TestOutcome::WrongSource | TestOutcome::Refused | TestOutcome::Unreachable => (Ink::Doubtful, "!"),
        TestOutcome::Skipped => (Ink::Dim, "–"),
    }
}

/// The requirements of RFC 4787, each kept, broken or not tested.
#[must_use]
pub fn asked_of_a_nat(nat: &Nat, style: &Style) -> String {
    let requirements = requirements(nat);
    if requirements.is_empty() {
        return String::new();
    }
    let mut out = style.paint(Ink::Bold, "What RFC 4787 asks of a NAT") + "\n";
    for requirement in requirements {
        let (ink, word) = match (requirement.kept, requirement.must) {
            (Some(true), _) => (Ink::Good, "pass"),
            (Some(false), true) => (Ink::Bad, "FAIL"),
            (Some(false), false) => (Ink::Doubtful, "fail"),
            (None, _) => (Ink::Dim, "untested"),
        };
        let strength = if requirement.must { "must" } else { "should" };
        let line = format!("  {:<6}  {word:<8}  {strength:<6}  {}", requirement.name, requirement.asks);
        out.push_str(&(style.paint(ink, &line) + "\n"));
    }
    out
}

//! What is not known, why, and what would settle it.

use std::collections::BTreeMap;

use crate::report::Report;
use crate::view::escape::visible;
use crate::view::style::{Ink, Style};
use crate::view::table::wrap;

/// A fact, what it is called here, and what would settle it where nothing else is known to.
const FACTS: [(&str, &str, &str); 17] = [
    ("nat", "whether there is a NAT", "name a STUN server that answers"),
    ("firewall", "whether there is a firewall", "name a TURN server, or a STUN server with two addresses (RFC 5780)"),
    ("mapping", "mapping", "name a second STUN server, or a TURN server"),
    ("filtering", "filtering", "name a TURN server, or a STUN server with two addresses (RFC 5780)"),
    ("hairpinning", "hairpinning", "try again"),
    ("portPreservation", "ports", "try again"),
    ("portAllocation", "how ports are chosen", "try again"),
    ("addressPooling", "addresses", "try again"),
    ("deterministic", "whether it is the same again", "try again"),
    ("alg", "rewriting", "name a STUN server that sends MAPPED-ADDRESS, too"),
    ("fragments", "fragments", "name a STUN server that knows PADDING (RFC 5780)"),
    ("pathMtu", "path MTU", "name a STUN server that knows PADDING (RFC 5780)"),
    ("mappingLifetimeMs", "lifetime of idle mappings", "--lifetime"),
    ("doubleNat", "how many NATs there are in a row", "--gateway"),
    ("carrierGradeNat", "whether the provider has a NAT", "--gateway"),
    ("gateway", "what the router says of itself", "--gateway"),
    ("tcpMapping", "TCP mapping", "name STUN servers that answer over TCP"),
];

/// Facts that stand for others here: the same reason would be given twice.
const WITH: [(&str, &str); 8] = [
    ("mappingLifetimeRangeMs", "mappingLifetimeMs"),
    ("portParity", "portAllocation"),
    ("portContiguity", "portAllocation"),
    ("portDelta", "portAllocation"),
    ("portAllocation", "portPreservation"),
    ("hairpinningSource", "hairpinning"),
    ("mappingConfidence", "mapping"),
    ("filteringConfidence", "filtering"),
];

/// Reasons under which a fact simply was not wanted.
const NOT_ASKED: &str = "not-asked";

/// What is not known of the NAT whose facts stand at `place` in the report. What was not asked for is
/// named in one line; the rest stands below, reason by reason.
#[must_use]
pub fn gaps(report: &Report, place: &str, style: &Style, verbose: bool) -> String {
    let mut by_reason: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    let reason = |field: &str| report.unknown.get(&format!("{place}/{field}")).map(String::as_str);
    for (field, name, settles) in FACTS {
        let Some(why) = reason(field) else { continue };
        let covered = WITH.iter().any(|(one, other)| *one == field && reason(other) == Some(why));
        if !covered && !is_idle(why) {
            by_reason.entry(why).or_default().push((name, settles));
        }
    }
    let not_asked = by_reason.remove(NOT_ASKED).unwrap_or_default();
    let mut out = String::new();
    let mut say = |ink, indent, text: &str| {
        for line in wrap(style.width, indent, &visible(text)) {
            out.push_str(&(style.paint(ink, &line) + "\n"));
        }
    };
    for (why, facts) in &by_reason {
        let names: Vec<&str> = facts.iter().map(|(name, _)| *name).collect();
        say(Ink::Doubtful, 0, &format!("Not known: {} ({}).", names.join(", "), reason_in_words(why)));
        let settles = settles(why, facts);
        if !settles.is_empty() {
            say(Ink::Bold, 2, &format!("To find out: {}.", settles.join("; or ")));
        }
    }
    if !not_asked.is_empty() && (verbose || by_reason.is_empty()) {
        let asked: Vec<String> = not_asked.iter().map(|(name, option)| format!("{name} ({option})")).collect();
        say(Ink::Dim, 0, &format!("Not asked for: {}.", asked.join(", ")));
    }
    out
}

/// Says nothing about what might be found out.
fn is_idle(why: &str) -> bool {
    matches!(why, "not-applicable" | "no-nat")
}

fn settles(why: &str, facts: &[(&str, &str)]) -> Vec<String> {
    match why {
        "interrupted" => return vec!["let it run to its end".into()],
        "time-limit" => return vec!["give it more time with --timeout".into()],
        _ => {}
    }
    let mut settles: Vec<String> = Vec::new();
    for (_, settle) in facts {
        let settle = if settle.starts_with("--") { format!("add {settle}") } else { (*settle).to_string() };
        if !settles.contains(&settle) {
            settles.push(settle);
        }
    }
    settles
}

fn reason_in_words(why: &str) -> String {
    match why {
        "interrupted" => "interrupted".into(),
        "time-limit" => "the time was up".into(),
        "not-supported-by-server" => "no server supports the test".into(),
        "no-answer" => "no answer".into(),
        other => other.replace('-', " "),
    }
}

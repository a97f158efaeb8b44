//! What is not known, why, and what would settle it.

use crate::report::Report;
use crate::view::escape::visible;
use crate::view::style::{Ink, Style};
use crate::view::table::wrap;

const VANTAGE: &str = "name a TURN server, or a STUN server with two addresses (RFC 5780)";

/// A fact, what it is called here, and what would settle it where nothing else is known to.
type Fact = (&'static str, &'static str, &'static str);

const FACTS: [Fact; 18] = [
    ("nat", "whether there is a NAT", "name a STUN server that answers"),
    ("firewall", "whether there is a firewall", VANTAGE),
    ("mapping", "mapping", "name a second STUN server, or a TURN server"),
    ("filtering", "filtering", VANTAGE),
    ("hairpinning", "hairpinning", "try again"),
    ("portPreservation", "ports", "try again"),
    ("portAllocation", "how ports are chosen", "try again"),
    ("addressPooling", "addresses", "try again"),
    ("deterministic", "whether it is the same again", "try again"),
    ("alg", "rewriting", ""),
    ("fragments", "fragments", ""),
    ("pathMtu", "path MTU", ""),
    ("mappingLifetimeMs", "lifetime of idle mappings", "--lifetime"),
    ("mappingRefreshInbound", "what keeps mappings alive", "--lifetime"),
    ("doubleNat", "NATs in a row", "--gateway"),
    ("carrierGradeNat", "the provider's NAT", "--gateway"),
    ("gateway", "the router", "--gateway"),
    ("tcpMapping", "TCP mapping", ""),
];

/// Facts that stand for others here: the same reason would be given twice.
const WITH: [(&str, &str); 10] = [
    ("mappingLifetimeRangeMs", "mappingLifetimeMs"),
    ("mappingRefreshInbound", "mappingLifetimeMs"),
    ("portParity", "portAllocation"),
    ("portContiguity", "portAllocation"),
    ("portDelta", "portAllocation"),
    ("portAllocation", "portPreservation"),
    ("hairpinningSource", "hairpinning"),
    ("mappingConfidence", "mapping"),
    ("filteringConfidence", "filtering"),
    ("firewall", "filtering"),
];

/// Of so many facts it is said what would settle them.
const MATTER: usize = 3;

/// Reasons under which a fact simply was not wanted.
const NOT_ASKED: &str = "not-asked";

/// What matters less; why it is not known is told under `-v` only.
const MINOR: [&str; 5] = ["alg", "fragments", "pathMtu", "tcpMapping", "deterministic"];

/// What is not known of the NAT whose facts stand at `place` in the report, reason by reason. What
/// was not asked for, and what matters less, is named in one line each.
#[must_use]
pub fn gaps(report: &Report, place: &str, style: &Style, verbose: bool) -> String {
    let mut by_reason: Vec<(&str, Vec<Fact>)> = Vec::new();
    let mut minor: Vec<&str> = Vec::new();
    let reason = |field: &str| report.unknown.get(&format!("{place}/{field}")).map(String::as_str);
    for fact in FACTS {
        let (field, name, _) = fact;
        let Some(why) = reason(field) else { continue };
        let covered = WITH.iter().any(|(one, other)| *one == field && reason(other) == Some(why));
        if covered || IDLE.contains(&why) {
            continue;
        }
        match by_reason.iter_mut().find(|(known, _)| *known == why) {
            Some((_, facts)) => facts.push(fact),
            None if MINOR.contains(&field) && !verbose => minor.push(name),
            None => by_reason.push((why, vec![fact])),
        }
    }
    let asked = by_reason.iter().position(|(why, _)| *why == NOT_ASKED).map(|place| by_reason.remove(place));
    let mut out = String::new();
    let mut say = |ink, indent, text: &str| {
        for line in wrap(style.width, indent, &visible(text)) {
            out.push_str(&(style.paint(ink, &line) + "\n"));
        }
    };
    for (why, facts) in &by_reason {
        let names: Vec<&str> = facts.iter().map(|(_, name, _)| *name).collect();
        say(Ink::Doubtful, 0, &format!("Not known: {} ({}).", names.join(", "), reason_in_words(why)));
        let settles = settles(why, facts);
        if !settles.is_empty() {
            say(Ink::Bold, 2, &format!("To find out: {}.", settles.join("; or ")));
        }
    }
    if !minor.is_empty() {
        say(Ink::Dim, 0, &format!("Not known, either (-v says why): {}.", minor.join(", ")));
    }
    if let Some((_, facts)) = asked.filter(|_| verbose || by_reason.is_empty()) {
        say(Ink::Dim, 0, &format!("Not asked for: {}.", by_option(&facts).join("; ")));
    }
    out
}

/// What was not asked for, by the option that asks for it.
fn by_option(facts: &[Fact]) -> Vec<String> {
    let mut options: Vec<(&str, Vec<&str>)> = Vec::new();
    for (_, name, option) in facts {
        match options.iter_mut().find(|(known, _)| known == option) {
            Some((_, names)) => names.push(name),
            None => options.push((option, vec![name])),
        }
    }
    options.iter().map(|(option, names)| format!("{} ({option})", names.join(", "))).collect()
}

/// Reasons that say nothing about what might be found out.
const IDLE: [&str; 6] =
    ["not-applicable", "no-nat", "not-constant", "no-hairpinning", "no-shared-address-seen", "not-known"];

/// Reasons that say themselves what would settle it.
const REASONS: [(&str, &str, &str); 16] = [
    ("interrupted", "interrupted", "let it run to its end"),
    ("time-limit", "the time was up", "give it more time with --timeout"),
    ("not-supported-by-server", "no server supports the test", ""),
    ("not-told-by-server", "no server tells our address twice", ""),
    ("no-answer", "no answer", "name a STUN server that answers"),
    ("no-server-answered", "no server answered", "name a STUN server that answers"),
    ("needs-another-server", "that takes another server", "name a second STUN server, or a TURN server"),
    ("needs-server-at-another-address", "that takes a server at another address", "name one, STUN or TURN"),
    ("needs-server-at-another-port", "that takes a server at another port of the same address", VANTAGE),
    ("needs-vantage-at-another-port", "that takes an answer from another port of the same address", VANTAGE),
    ("needs-turn-or-rfc5780-server", "no server can send from another address", VANTAGE),
    ("server-does-not-do-what-it-says", "the server does not send from where it should", "name another server"),
    ("contradiction", "the tests contradict each other", "name one server at a time"),
    ("cannot-open-filter", "the NAT's filter keeps the test out", ""),
    ("gateway-silent", "no router answered", ""),
    ("not-possible-in-demo", "a NAT that is only simulated cannot show it", ""),
];

fn settles(why: &str, facts: &[Fact]) -> Vec<String> {
    if let Some((.., settles)) = REASONS.iter().find(|(reason, ..)| *reason == why) {
        return Some(*settles).filter(|settles| !settles.is_empty()).map(String::from).into_iter().collect();
    }
    let mut settles: Vec<String> = Vec::new();
    // Where much is missing, the rest comes with what matters most; a sentence needs nothing more.
    for (.., settle) in facts.iter().take(MATTER).filter(|_| !why.contains(' ')) {
        let settle = if settle.starts_with("--") { format!("add {settle}") } else { (*settle).to_string() };
        if !settle.is_empty() && !settles.contains(&settle) {
            settles.push(settle);
        }
    }
    settles
}

fn reason_in_words(why: &str) -> String {
    let known = REASONS.iter().find(|(reason, ..)| *reason == why);
    known.map_or_else(|| why.replace('-', " "), |(_, words, _)| (*words).to_string())
}

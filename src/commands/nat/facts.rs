//! What is not known about a NAT, and why.

use std::time::Duration;

use serde_json::Value;

use crate::drive::Ended;
use crate::report::Report;
use crate::report::nat::{Nat, Udp};

/// Facts that are `null`, or a word that says nothing, when they were not learned.
const FACTS: &[&str] = &[
    "local",
    "interface",
    "family",
    "udp",
    "nat",
    "firewall",
    "mapping",
    "filtering",
    "mappingMethod",
    "filteringMethod",
    "mappingConfidence",
    "filteringConfidence",
    "legacyType",
    "hairpinning",
    "hairpinningSource",
    "portPreservation",
    "portAllocation",
    "portDelta",
    "portParity",
    "portContiguity",
    "deterministic",
    "addressPooling",
    "alg",
    "fragments",
    "pathMtu",
    "mappingLifetimeMs",
    "mappingLifetimeRangeMs",
    "doubleNat",
    "carrierGradeNat",
    "gateway",
    "tcpMapping",
];

/// Where a fact without a reason of its own takes it from.
const WITH: &[(&str, &str)] = &[
    ("mappingMethod", "mapping"),
    ("mappingConfidence", "mapping"),
    ("filteringMethod", "filtering"),
    ("filteringConfidence", "filtering"),
    ("legacyType", "filtering"),
    ("legacyType", "mapping"),
    ("hairpinningSource", "hairpinning"),
    ("portParity", "portAllocation"),
    ("portContiguity", "portAllocation"),
    ("mappingLifetimeMs", "mappingLifetimeRangeMs"),
    ("mappingLifetimeRangeMs", "mappingLifetimeMs"),
    ("firewall", "filtering"),
];

/// What is waited for, in a few words.
pub fn awaited(lifetime: Option<Duration>) -> String {
    match lifetime {
        None => "mapping, filtering, hairpinning, ports".into(),
        Some(most) => format!("the lifetime of idle mappings, up to {} s", most.as_secs()),
    }
}

/// Says of what is not known why; and of the whole, when it was cut short.
pub fn explain(report: &mut Report, ended: Ended) {
    crate::commands::judge::explain_servers(report);
    explain_nat(report, ended);
}

/// The same, of the NAT alone.
pub fn explain_nat(report: &mut Report, ended: Ended) {
    let cut_short = match ended {
        Ended::Interrupted => Some("interrupted"),
        Ended::TimedOut => Some("time-limit"),
        Ended::Done => None,
    };
    let Some(nat) = report.nat.clone() else {
        report.unknown.entry("/nat".into()).or_insert_with(|| cut_short.unwrap_or("not-reached").into());
        return;
    };
    if ended == Ended::TimedOut {
        // Whoever is stopped does not know by whom.
        for (_, why) in
            report.unknown.iter_mut().filter(|(fact, why)| fact.starts_with("/nat") && *why == "interrupted")
        {
            *why = "time-limit".into();
        }
    }
    if report.demo.is_some() && nat.hairpinning.is_none() {
        report.unknown.insert("/nat/hairpinning".into(), "not-possible-in-demo".into());
    }
    one(report, &nat, "/nat", cut_short);
    for (number, other) in nat.others.iter().enumerate() {
        one(report, other, &format!("/nat/others/{number}"), cut_short);
    }
}

fn one(report: &mut Report, nat: &Nat, place: &str, cut_short: Option<&'static str>) {
    // A report is plain data; it can be looked at as what it will be printed as.
    let facts = serde_json::to_value(nat).unwrap_or_default();
    let unknown = |fact: &str| match facts.get(fact) {
        None | Some(Value::Null) => true,
        Some(Value::String(word)) => word == "unknown",
        Some(_) => false,
    };
    for fact in FACTS.iter().filter(|fact| unknown(fact)) {
        let pointer = format!("{place}/{fact}");
        if report.unknown.contains_key(&pointer) {
            continue;
        }
        let told = |other: &str| report.unknown.get(&format!("{place}/{other}")).cloned();
        let with = WITH.iter().filter(|(one, _)| one == fact).find_map(|(_, other)| told(other));
        let why = with.unwrap_or_else(|| otherwise(nat, fact, cut_short).into());
        report.unknown.insert(pointer, why);
    }
}

/// Why a fact is not known of which nobody gave a reason.
fn otherwise(nat: &Nat, fact: &str, cut_short: Option<&'static str>) -> &'static str {
    match (fact, cut_short) {
        ("portDelta", _) if nat.port_allocation.is_some() => "not-constant",
        ("hairpinningSource", _) if nat.hairpinning == Some(false) => "not-applicable",
        // No NAT has a say in these.
        (
            "portPreservation" | "portAllocation" | "portDelta" | "portParity" | "portContiguity" | "addressPooling"
            | "hairpinning" | "hairpinningSource" | "doubleNat" | "carrierGradeNat",
            None,
        ) if nat.nat == Some(false) => "no-nat",
        (_, Some(why)) => why,
        (_, None) if nat.udp != Udp::Open => "no-answer",
        ("mappingLifetimeMs" | "mappingLifetimeRangeMs" | "gateway" | "doubleNat" | "carrierGradeNat", None) => {
            "not-asked"
        }
        (_, None) => "not-found-out",
    }
}

//! The facts about a NAT: each with how it was found, and how sure that is.

use super::words;
use crate::report::nat::{Behaviour, HairpinSource, Nat, Pooling, PortAllocation};
use crate::view::escape::visible;
use crate::view::style::{Ink, Style};
use crate::view::table::{self, Column, wrap};

const COLUMNS: [Column; 4] = [
    Column { title: "", width: 16, right: false },
    Column { title: "found", width: 36, right: false },
    Column { title: "by", width: 15, right: false },
    Column { title: "sure", width: 7, right: true },
];
/// Where what was found begins.
const INDENT: usize = 18;

/// A row: what it is about, what was found, and how.
struct Fact {
    name: &'static str,
    found: String,
    by: &'static str,
    sure: String,
}

/// The table; only what is known stands in it.
#[must_use]
pub fn table(nat: &Nat, style: &Style) -> String {
    let facts = facts(nat);
    if facts.is_empty() {
        return String::new();
    }
    let methods = facts.iter().any(|fact| !fact.by.is_empty());
    let mut out = if methods { table::headings(style, &COLUMNS) } else { String::new() };
    for fact in &facts {
        out.push_str(&row(fact, style));
    }
    out
}

fn row(fact: &Fact, style: &Style) -> String {
    let indent = INDENT.min(style.width / 3);
    // Two more columns stand behind what is short enough for them.
    let room = if fact.by.is_empty() { style.width } else { style.width.min(INDENT + COLUMNS[1].width) };
    let mut lines = wrap(room, indent, &visible(&fact.found)).into_iter();
    let first = lines.next().unwrap_or_default().trim_start().to_string();
    let cells = [
        (Ink::Dim, fact.name.to_string()),
        (Ink::Plain, first),
        (Ink::Dim, fact.by.to_string()),
        (Ink::Dim, fact.sure.clone()),
    ];
    let mut out = table::row(style, &COLUMNS, &cells);
    lines.for_each(|line| out.push_str(&(line + "\n")));
    out
}

fn facts(nat: &Nat) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut add = |name, found: Option<String>| {
        facts.extend(found.map(|found| Fact { name, found, by: "", sure: String::new() }));
    };
    add("this host", here(nat));
    add("seen as", Some(nat.public_addresses.join(", ")).filter(|text| !text.is_empty()));
    add("mapping", known(nat.mapping).or_else(|| one_of(&nat.mapping_possible)));
    add("filtering", known(nat.filtering).or_else(|| one_of(&nat.filtering_possible)));
    add("hairpinning", nat.hairpinning.map(|works| hairpinning(works, nat.hairpinning_source)));
    add("ports", ports(nat));
    add("addresses", nat.address_pooling.map(pooling));
    add("the same again", nat.deterministic.map(|same| yes(same, "with other sockets, too", "with other sockets")));
    add("idle mappings", nat.mapping_lifetime_range_ms.map(|(alive, gone)| idle(nat, alive, gone)));
    add("NATs in a row", in_a_row(nat));
    add("router", nat.gateway.as_ref().map(gateway));
    add("rewriting", nat.alg.map(|alg| yes(alg, "addresses inside packets are changed (ALG)", "")));
    add("fragments", nat.fragments.map(|pass| if pass { "arrive" } else { "are lost on the way" }.to_string()));
    add("path MTU", path_mtu(nat));
    add("TCP mapping", nat.tcp_mapping.and_then(known));
    let lifetime = nat.mapping_lifetime_method.map_or("", words::lifetime_method);
    let how = |method: Option<_>, confidence: Option<f64>| {
        (method.map_or("", words::method), confidence.map(words::sure).unwrap_or_default())
    };
    for fact in &mut facts {
        (fact.by, fact.sure) = match fact.name {
            "mapping" => how(nat.mapping_method, nat.mapping_confidence),
            "filtering" => how(nat.filtering_method, nat.filtering_confidence),
            "idle mappings" => (lifetime, String::new()),
            _ => continue,
        };
    }
    facts
}

/// `192.168.1.20 on eth0`
fn here(nat: &Nat) -> Option<String> {
    let local = nat.local.as_ref()?;
    Some(nat.interface.as_ref().map_or_else(|| local.clone(), |interface| format!("{local} on {interface}")))
}

fn known(behaviour: Behaviour) -> Option<String> {
    (behaviour != Behaviour::Unknown).then(|| words::behaviour(behaviour).to_string())
}

/// What is left of an unknown behaviour when something was excluded.
fn one_of(possible: &[Behaviour]) -> Option<String> {
    let words: Vec<&str> = possible.iter().map(|behaviour| words::behaviour(*behaviour)).collect();
    (!words.is_empty()).then(|| words.join(", or "))
}

fn yes(is: bool, how: &str, not: &str) -> String {
    match (is, if is { how } else { not }) {
        (true, "") => "yes".into(),
        (false, "") => "no".into(),
        (true, how) => format!("yes, {how}"),
        (false, not) => format!("no, not {not}"),
    }
}

fn hairpinning(works: bool, source: Option<HairpinSource>) -> String {
    match (works, source) {
        (false, _) => "does not work".into(),
        (true, None) => "works".into(),
        (true, Some(HairpinSource::External)) => "works, with the external source".into(),
        (true, Some(HairpinSource::Internal)) => "works, but with the internal source".into(),
    }
}

fn ports(nat: &Nat) -> Option<String> {
    let mut parts = Vec::new();
    match (nat.port_allocation, nat.port_preservation) {
        (Some(PortAllocation::Preserving), _) | (None, Some(true)) => parts.push("kept".to_string()),
        (Some(PortAllocation::Sequential), _) => parts.push(match nat.port_delta {
            Some(delta) => format!("one after another, in steps of {delta}"),
            None => "one after another".into(),
        }),
        (Some(PortAllocation::Random), _) => parts.push("at random".into()),
        (None, Some(false)) => parts.push("not kept".into()),
        (None, None) => {}
    }
    // Of ports that are kept both go without saying.
    if parts.first().is_none_or(|part| part != "kept") {
        parts.extend(
            nat.port_parity.map(|parity| if parity { "even stays even" } else { "even may become odd" }.into()),
        );
        parts.extend(nat.port_contiguity.filter(|neighbours| *neighbours).map(|_| "neighbours stay neighbours".into()));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn pooling(pooling: Pooling) -> String {
    match pooling {
        Pooling::Paired => "paired: always the same public address".into(),
        Pooling::Arbitrary => "arbitrary: sockets get different public addresses".into(),
    }
}

/// How long a mapping lives without traffic.
pub fn lifetime(alive_ms: f64, gone_ms: Option<f64>) -> String {
    let seconds = |ms: f64| format!("{:.0} s", ms / 1e3);
    match gone_ms {
        None => format!("alive after {}, when the test ended", seconds(alive_ms)),
        Some(gone) if alive_ms <= 0.0 => format!("gone within {}", seconds(gone)),
        Some(gone) => format!("alive after {}, gone after {}", seconds(alive_ms), seconds(gone)),
    }
}

/// The same, and what keeps one alive.
fn idle(nat: &Nat, alive_ms: f64, gone_ms: Option<f64>) -> String {
    let kept = match nat.mapping_refresh_inbound {
        Some(true) => "; packets from outside keep them alive, too",
        Some(false) => "; packets from outside do not keep them alive",
        None => "",
    };
    lifetime(alive_ms, gone_ms) + kept
}

fn path_mtu(nat: &Nat) -> Option<String> {
    let vanish = match nat.path_mtu_black_hole {
        Some(true) => "; what is larger vanishes without a word",
        _ => "",
    };
    nat.path_mtu.map(|mtu| format!("{mtu} bytes towards the first server{vanish}"))
}

fn in_a_row(nat: &Nat) -> Option<String> {
    match (nat.double_nat, nat.carrier_grade_nat) {
        (Some(true), Some(true)) => Some("several, the outer one the provider's (carrier-grade)".into()),
        (_, Some(true)) => Some("the provider's (carrier-grade)".into()),
        (Some(true), _) => Some("several".into()),
        (Some(false), _) => Some("one".into()),
        (None, _) => None,
    }
}

fn gateway(gateway: &crate::report::nat::Gateway) -> String {
    let protocol = match gateway.protocol.as_str() {
        "pcp" => "PCP",
        "nat-pmp" => "NAT-PMP",
        "upnp" => "UPnP",
        other => other,
    };
    match &gateway.external {
        Some(external) => format!("{} ({protocol}) says that its public address is {external}", gateway.address),
        None => format!("{} ({protocol}) does not say its public address", gateway.address),
    }
}

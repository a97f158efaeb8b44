//! The NAT, fact by fact, with the reason where a fact is not known.

use super::{Cell, Table, ms, name};
use crate::report::Report;
use crate::report::nat::{Behaviour, Nat, Udp};

/// What the tables are called: the one of the way that a call would take, and those of others.
pub const TITLES: [&str; 2] = ["NAT", "NAT, by another way out"];

/// One for each way out of this machine.
pub fn tables(report: &Report) -> Vec<Table> {
    let Some(nat) = &report.nat else { return Vec::new() };
    let mut tables = vec![table(report, nat, TITLES[0], "/nat")];
    for (number, other) in nat.others.iter().enumerate() {
        tables.push(table(report, other, TITLES[1], &format!("/nat/others/{number}")));
    }
    tables
}

/// One row for each fact, but for those of which not even the reason is known.
fn table(report: &Report, nat: &Nat, title: &'static str, place: &str) -> Table {
    let row = |(label, fact, value): (&str, &str, Option<String>)| {
        let reason = report.unknown.get(&format!("{place}/{fact}"));
        let answer = match (value, reason) {
            (Some(value), _) => Cell::Word(value),
            (None, Some(reason)) => Cell::Prose(format!("unknown: {reason}")),
            (None, None) if LATER.contains(&fact) => return None,
            (None, None) => Cell::Prose("unknown".into()),
        };
        Some(vec![Cell::Prose(label.into()), answer])
    };
    let rows = facts(nat).into_iter().filter_map(row).collect();
    Table { title, columns: vec!["question", "answer"], rows }
}

/// Facts that reports of earlier days do not speak of.
const LATER: [&str; 3] = ["local", "pathMtuBlackHole", "mappingRefreshInbound"];

/// What is asked, the field that answers it, and the answer.
pub fn facts(nat: &Nat) -> Vec<(&'static str, &'static str, Option<String>)> {
    let yes = |answer: Option<bool>| answer.map(|yes| if yes { "yes".to_string() } else { "no".into() });
    let behaviour = |behaviour: Behaviour| (behaviour != Behaviour::Unknown).then(|| name(&behaviour));
    let method = nat.mapping_lifetime_method.as_ref().map(|method| format!(" (by {})", name(method)));
    let lifetime = nat.mapping_lifetime_range_ms.map(|(alive, gone)| {
        let range = match gone {
            Some(gone) => format!("more than {}, less than {}", ms(alive), ms(gone)),
            None => format!("more than {}", ms(alive)),
        };
        range + &method.unwrap_or_default()
    });
    let public = (!nat.public_addresses.is_empty()).then(|| nat.public_addresses.join(", "));
    let from = |local: &String| match &nat.interface {
        Some(interface) => format!("{local} on {interface}"),
        None => local.clone(),
    };
    vec![
        ("Probed from", "local", nat.local.as_ref().map(from)),
        ("UDP", "udp", (nat.udp != Udp::Unknown).then(|| name(&nat.udp))),
        ("NAT", "nat", yes(nat.nat)),
        ("Firewall", "firewall", yes(nat.firewall)),
        ("Public addresses", "publicAddresses", public),
        ("Mapping", "mapping", behaviour(nat.mapping)),
        ("Filtering", "filtering", behaviour(nat.filtering)),
        ("Name of RFC 3489", "legacyType", Some(name(&nat.legacy_type)).filter(|name| name != "unknown")),
        ("Hairpinning", "hairpinning", yes(nat.hairpinning)),
        ("Ports are kept", "portPreservation", yes(nat.port_preservation)),
        ("New ports are", "portAllocation", nat.port_allocation.as_ref().map(name)),
        ("Address pooling", "addressPooling", nat.address_pooling.as_ref().map(name)),
        ("An ALG rewrites packets", "alg", yes(nat.alg)),
        ("Fragments pass", "fragments", yes(nat.fragments)),
        ("Path MTU", "pathMtu", nat.path_mtu.map(|mtu| format!("{mtu} bytes"))),
        ("Larger packets vanish", "pathMtuBlackHole", yes(nat.path_mtu_black_hole)),
        ("An idle mapping lives", "mappingLifetimeMs", lifetime),
        ("Packets from outside keep it alive", "mappingRefreshInbound", yes(nat.mapping_refresh_inbound)),
        ("More than one NAT", "doubleNat", yes(nat.double_nat)),
        ("The provider's NAT", "carrierGradeNat", yes(nat.carrier_grade_nat)),
    ]
}

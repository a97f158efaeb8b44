//! The NAT, fact by fact, with the reason where a fact is not known.

use super::{Cell, Table, ms, name};
use crate::report::Report;
use crate::report::nat::{Behaviour, Nat, Udp};

/// One row for each fact.
pub fn table(report: &Report) -> Option<Table> {
    let nat = report.nat.as_ref()?;
    let why = |fact: &str| {
        let reason = report.unknown.get(&format!("/nat/{fact}"));
        format!("unknown{}", reason.map(|reason| format!(": {reason}")).unwrap_or_default())
    };
    let rows = facts(nat).into_iter().map(|(label, fact, value)| {
        vec![Cell::Prose(label.into()), value.map_or_else(|| Cell::Prose(why(fact)), Cell::Word)]
    });
    Some(Table { title: "NAT", columns: vec!["question", "answer"], rows: rows.collect() })
}

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
    vec![
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

//! What RFC 4787 asks of a NAT, and how far the facts show that it is kept.

use crate::report::nat::{Behaviour, HairpinSource, Nat, Pooling};

/// One of the requirements of RFC 4787.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requirement {
    /// `REQ-1` to `REQ-14`.
    pub name: &'static str,
    /// What it asks for, in a few words.
    pub asks: &'static str,
    /// A recommendation may be left out for a good reason.
    pub must: bool,
    /// `None` where no test decides it.
    pub kept: Option<bool>,
}

/// REQ-5: a mapping lives for two minutes at least.
const LIFETIME_MS: f64 = 120_000.0;

/// All fourteen, in order; nothing where no NAT is known to be there.
#[must_use]
pub fn requirements(nat: &Nat) -> Vec<Requirement> {
    if nat.nat != Some(true) {
        return Vec::new();
    }
    let must = |name, asks, kept| Requirement { name, asks, must: true, kept };
    let should = |name, asks, kept| Requirement { name, asks, must: false, kept };
    let known = |behaviour: Behaviour| Some(behaviour).filter(|behaviour| *behaviour != Behaviour::Unknown);
    vec![
        must(
            "REQ-1",
            "endpoint-independent mapping",
            known(nat.mapping).map(|mapping| mapping == Behaviour::EndpointIndependent),
        ),
        should(
            "REQ-2",
            "always the same public address for a host",
            nat.address_pooling.map(|pooling| pooling == Pooling::Paired),
        ),
        must("REQ-3", "no public port for two hosts at once", None),
        should("REQ-4", "even ports stay even", nat.port_parity),
        must("REQ-5", "idle mappings live for two minutes", lives_long(nat)),
        must("REQ-6", "packets to the outside keep a mapping alive", None),
        must("REQ-7", "the same addresses inside and outside do no harm", None),
        should(
            "REQ-8",
            "filtering by nothing, or by address only",
            known(nat.filtering).map(|filtering| filtering != Behaviour::AddressAndPortDependent),
        ),
        must("REQ-9", "hairpinning, with the external source", hairpins(nat)),
        should("REQ-10", "addresses inside packets are left alone", nat.alg.map(|alg| !alg)),
        must("REQ-11", "the same behaviour each time", nat.deterministic),
        must("REQ-12", "ICMP does not end a mapping", None),
        must("REQ-13", "too large packets are refused or fragmented", None),
        // Lost they may be elsewhere, and those that pass came in order.
        must("REQ-14", "fragments pass, out of order too", None),
    ]
}

fn lives_long(nat: &Nat) -> Option<bool> {
    match nat.mapping_lifetime_range_ms? {
        (alive, _) if alive >= LIFETIME_MS => Some(true),
        (_, Some(gone)) if gone < LIFETIME_MS => Some(false),
        _ => None,
    }
}

fn hairpins(nat: &Nat) -> Option<bool> {
    match (nat.hairpinning?, nat.hairpinning_source) {
        (false, _) => Some(false),
        (true, Some(source)) => Some(source == HairpinSource::External),
        (true, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nat(more: serde_json::Value) -> Nat {
        let mut value = serde_json::json!({
            "udp": "open", "nat": true, "mapping": "endpoint-independent", "filtering": "unknown",
            "legacyType": "unknown", "publicAddresses": [], "direct": [], "tests": [],
        });
        value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(value).unwrap()
    }

    fn kept(nat: &Nat, name: &str) -> Option<bool> {
        requirements(nat).into_iter().find(|requirement| requirement.name == name).unwrap().kept
    }

    #[test]
    fn what_no_test_decided_is_neither_kept_nor_broken() {
        let nat = nat(serde_json::json!({}));
        assert_eq!(requirements(&nat).len(), 14);
        assert_eq!(kept(&nat, "REQ-1"), Some(true));
        for name in ["REQ-3", "REQ-5", "REQ-8", "REQ-9", "REQ-10", "REQ-14"] {
            assert_eq!(kept(&nat, name), None, "{name}");
        }
    }

    #[test]
    fn two_minutes_are_asked_for() {
        for (range, expected) in [
            (serde_json::json!([120_000.0, 130_000.0]), Some(true)),
            (serde_json::json!([180_000.0, null]), Some(true)),
            (serde_json::json!([29_000.0, 31_000.0]), Some(false)),
            (serde_json::json!([115_000.0, 125_000.0]), None),
            (serde_json::json!([60_000.0, null]), None),
        ] {
            assert_eq!(kept(&nat(serde_json::json!({ "mappingLifetimeRangeMs": range })), "REQ-5"), expected);
        }
    }

    #[test]
    fn a_hairpin_is_judged_by_its_source_too() {
        for (facts, expected) in [
            (serde_json::json!({"hairpinning": false}), Some(false)),
            (serde_json::json!({"hairpinning": true}), None),
            (serde_json::json!({"hairpinning": true, "hairpinningSource": "internal"}), Some(false)),
            (serde_json::json!({"hairpinning": true, "hairpinningSource": "external"}), Some(true)),
        ] {
            assert_eq!(kept(&nat(facts), "REQ-9"), expected);
        }
    }

    #[test]
    fn nothing_is_asked_where_there_is_no_nat() {
        assert_eq!(requirements(&nat(serde_json::json!({ "nat": false }))), Vec::new());
    }
}

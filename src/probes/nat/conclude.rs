//! From the facts to the report.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Config;
use super::ground::Ground;
use super::study::Found;
use crate::machine::script::Hands;
use crate::report::Event;
use crate::report::nat::{Behaviour, Family, LegacyType, Nat, Udp};

/// Tells what came of the servers, and of the whole.
pub(super) fn tell(hands: &Hands<Event>, _config: &Config, _found: &Found, grounds: &[Rc<Ground>]) {
    let mut nats: Vec<Nat> = grounds.iter().map(|ground| nat(ground)).collect();
    if nats.is_empty() {
        return;
    }
    let mut top = nats.remove(0);
    top.others = nats;
    hands.tell(Event::Nat { elapsed_ms: hands.now().millis(), nat: Box::new(top), unknown: BTreeMap::new() });
}

fn nat(ground: &Ground) -> Nat {
    let facts = ground.facts.borrow();
    let answered = facts.servers.iter().any(|server| server.answered == Some(true));
    let mut nat = empty();
    nat.local = Some(ground.place.address.to_string());
    nat.interface.clone_from(&ground.place.interface);
    nat.family = Some(if ground.place.address.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 });
    nat.udp = if answered { Udp::Open } else { Udp::Unknown };
    nat.tests.clone_from(&facts.tests);
    nat
}

/// Nothing is known.
fn empty() -> Nat {
    Nat {
        local: None,
        interface: None,
        family: None,
        udp: Udp::Unknown,
        nat: None,
        firewall: None,
        mapping: Behaviour::Unknown,
        filtering: Behaviour::Unknown,
        mapping_method: None,
        filtering_method: None,
        mapping_confidence: None,
        filtering_confidence: None,
        mapping_possible: Vec::new(),
        filtering_possible: Vec::new(),
        legacy_type: LegacyType::Unknown,
        public_addresses: Vec::new(),
        hairpinning: None,
        hairpinning_source: None,
        port_preservation: None,
        port_allocation: None,
        port_delta: None,
        port_parity: None,
        port_contiguity: None,
        deterministic: None,
        address_pooling: None,
        alg: None,
        fragments: None,
        path_mtu: None,
        mapping_lifetime_ms: None,
        mapping_lifetime_range_ms: None,
        double_nat: None,
        carrier_grade_nat: None,
        gateway: None,
        tcp_mapping: None,
        direct: Vec::new(),
        tests: Vec::new(),
        contradictions: Vec::new(),
        others: Vec::new(),
    }
}

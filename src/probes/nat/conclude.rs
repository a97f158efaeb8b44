//! From the facts to the report.

mod behaviour;
mod ports;
mod reasons;
mod servers;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::rc::Rc;

use super::Config;
use super::alg;
use super::facts::{Facts, Sighting};
use super::ground::Ground;
use super::mapping::is_public;
use super::study::Found;
use crate::machine::Unreachability;
use crate::machine::script::Hands;
use crate::report::Event;
use crate::report::nat::{Behaviour, Family, LegacyType, Nat, Udp};
use behaviour::Judged;
use reasons::Reasons;

/// Tells what came of the servers, and of the whole.
pub(super) fn tell(hands: &Hands<Event>, config: &Config, found: &Found, grounds: &[Rc<Ground>]) {
    servers::tell(hands, config, found, grounds);
    let mut nats: Vec<(Nat, Reasons)> = grounds.iter().map(|ground| nat(ground)).collect();
    if nats.is_empty() {
        return;
    }
    // The first place that reaches anything, as the places are in order of preference.
    let top = nats.iter().position(|(nat, _)| nat.udp == Udp::Open).unwrap_or(0);
    let (mut top, reasons) = nats.remove(top);
    let mut unknown = BTreeMap::new();
    let mut say = |prefix: &str, reasons: Reasons| {
        unknown.extend(reasons.into_iter().map(|(fact, why)| (format!("{prefix}/{fact}"), why)));
    };
    say("/nat", reasons);
    for (n, (nat, reasons)) in nats.into_iter().enumerate() {
        say(&format!("/nat/others/{n}"), reasons);
        top.others.push(nat);
    }
    hands.tell(Event::Nat { elapsed_ms: hands.now().millis(), nat: Box::new(top), unknown });
}

fn nat(ground: &Ground) -> (Nat, Reasons) {
    let facts = ground.facts.borrow();
    let mut nat = empty();
    nat.local = Some(ground.place.address.to_string());
    nat.interface.clone_from(&ground.place.interface);
    nat.family = Some(if ground.place.address.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 });
    nat.tests.clone_from(&facts.tests);
    nat.contradictions.clone_from(&facts.contradictions);
    nat.disbelieved.clone_from(&facts.disbelieved);
    nat.udp = udp(&facts);
    let sightings = honest(&facts.sightings, &mut nat.contradictions);
    addresses(&mut nat, &sightings, ground.place.address);
    behaviours(&mut nat, &facts, &sightings);
    let ports = ports::ports(&facts);
    if nat.nat == Some(true) {
        nat.port_preservation = ports.preservation;
        nat.port_allocation = ports.allocation;
        nat.port_delta = ports.delta;
        nat.port_parity = ports.parity;
        nat.port_contiguity = ports.contiguity;
        nat.address_pooling = ports.pooling;
    }
    hairpinning(&mut nat, &facts);
    match alg::judge(sightings.iter().chain(&facts.more.tcp)) {
        Ok(rewrites) => nat.alg = rewrites,
        Err(why) => nat.contradictions.push(why.into()),
    }
    more(&mut nat, &facts);
    nat.legacy_type = legacy(&nat);
    let reasons = reasons::reasons(&nat, &facts, ground);
    (nat, reasons)
}

/// Whether UDP gets out and back.
fn udp(facts: &Facts) -> Udp {
    if facts.servers.iter().any(|server| server.answered == Some(true) || server.heard) {
        return Udp::Open;
    }
    let silent: Vec<_> = facts.servers.iter().filter(|server| server.answered == Some(false)).collect();
    let mut addresses: Vec<IpAddr> = silent.iter().map(|server| server.address.ip()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    let forbidden = silent
        .iter()
        .filter(|server| server.icmp.is_some_and(|icmp| icmp.meaning == Unreachability::Prohibited))
        .count();
    let refused = silent.iter().filter(|server| server.icmp.is_some()).count();
    let over_tcp = silent.iter().any(|server| server.tcp == Some(true));
    // One port that is closed is no firewall.
    if over_tcp && refused < silent.len() || addresses.len() > 1 && refused == 0 || forbidden > 0 {
        Udp::Blocked
    } else {
        Udp::Unknown
    }
}

/// Without what only a server inside some other network could see.
fn honest(sightings: &[Sighting], contradictions: &mut Vec<String>) -> Vec<Sighting> {
    if !sightings.iter().any(|sighting| is_public(sighting.mapped.ip())) {
        return sightings.to_vec();
    }
    let (honest, odd): (Vec<Sighting>, Vec<Sighting>) =
        sightings.iter().partition(|sighting| is_public(sighting.mapped.ip()));
    if let Some(sighting) = odd.first() {
        let Sighting { to, mapped, .. } = sighting;
        contradictions.push(format!("{to} sees us as {mapped}, from inside some network; others see us from outside"));
    }
    honest
}

/// Whether addresses are rewritten, and into which.
fn addresses(nat: &mut Nat, sightings: &[Sighting], local: IpAddr) {
    for sighting in sightings {
        let address = sighting.mapped.ip().to_string();
        if !nat.public_addresses.contains(&address) {
            nat.public_addresses.push(address);
        }
    }
    if !sightings.is_empty() {
        nat.nat = Some(sightings.iter().any(|sighting| sighting.mapped != sighting.local));
    }
    if is_shared(local) || sightings.iter().any(|sighting| is_shared(sighting.mapped.ip())) {
        nat.carrier_grade_nat = Some(true);
    }
}

/// Between a provider's NAT and its customers' (RFC 6598).
fn is_shared(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.octets()[0] == 100 && (64..128).contains(&ip.octets()[1]),
        IpAddr::V6(_) => false,
    }
}

fn behaviours(nat: &mut Nat, facts: &Facts, sightings: &[Sighting]) {
    let mapping = behaviour::mapping(sightings);
    let filtering = behaviour::filtering(&facts.filters, &facts.controls);
    nat.contradictions.extend(mapping.contradictions.iter().chain(&filtering.contradictions).cloned());
    nat.deterministic = match (mapping.steady, filtering.steady) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), _) => Some(true),
        _ => None,
    };
    if !mapping.contradictions.is_empty() {
        nat.deterministic = Some(false);
    }
    let none = nat.nat == Some(false);
    let (word, possible) = words(&mapping);
    (nat.mapping, nat.mapping_possible) = if none { (Behaviour::None, Vec::new()) } else { (word, possible) };
    (nat.mapping_method, nat.mapping_confidence) = (mapping.method, mapping.confidence);
    let (word, possible) = words(&filtering);
    let open = none && word == Behaviour::EndpointIndependent;
    (nat.filtering, nat.filtering_possible) = if open { (Behaviour::None, Vec::new()) } else { (word, possible) };
    (nat.filtering_method, nat.filtering_confidence) = (filtering.method, filtering.confidence);
    nat.firewall = match nat.filtering {
        Behaviour::None | Behaviour::EndpointIndependent => Some(false),
        Behaviour::AddressDependent | Behaviour::AddressAndPortDependent => Some(true),
        Behaviour::Unknown if filtering.possible.contains(&Behaviour::EndpointIndependent) => None,
        Behaviour::Unknown => Some(true),
    };
}

/// The word, or what is left of it.
fn words(judged: &Judged) -> (Behaviour, Vec<Behaviour>) {
    match judged.word() {
        Some(word) => (word, Vec::new()),
        None if judged.possible.len() == 2 => (Behaviour::Unknown, judged.possible.clone()),
        None => (Behaviour::Unknown, Vec::new()),
    }
}

/// That nothing came back means something only where no filter had a reason to drop it.
fn hairpinning(nat: &mut Nat, facts: &Facts) {
    let Some(hairpin) = facts.hairpin.filter(|_| nat.nat == Some(true)) else { return };
    let open = nat.mapping == Behaviour::EndpointIndependent || nat.filtering == Behaviour::EndpointIndependent;
    match hairpin.arrived {
        Some(source) => (nat.hairpinning, nat.hairpinning_source) = (Some(true), Some(source)),
        None if open => nat.hairpinning = Some(false),
        None => {}
    }
}

fn more(nat: &mut Nat, facts: &Facts) {
    let more = &facts.more;
    let millis = super::pace::millis;
    nat.fragments = more.fragments;
    (nat.path_mtu, nat.path_mtu_black_hole) = (more.path_mtu, more.black_hole);
    nat.gateway.clone_from(&more.gateway);
    nat.tcp_mapping = more.tcp_mapping;
    if let Some((alive, gone)) = more.lifetime {
        nat.mapping_lifetime_range_ms = Some((millis(alive), gone.map(millis)));
        nat.mapping_lifetime_ms = gone.map(|gone| millis((alive + gone) / 2));
        nat.mapping_lifetime_method = more.lifetime_method;
    }
    nat.mapping_refresh_inbound = more.refresh_inbound;
    let external = nat.gateway.as_ref().and_then(|gateway| gateway.external.clone());
    if let Some(external) = external.filter(|_| !nat.public_addresses.is_empty()) {
        nat.double_nat = Some(!nat.public_addresses.contains(&external));
        if external.parse().is_ok_and(is_shared) {
            nat.carrier_grade_nat = Some(true);
        }
    }
    let outside = nat.public_addresses.iter().filter_map(|address| address.parse::<IpAddr>().ok());
    if nat.nat == Some(true) && nat.carrier_grade_nat == Some(true) && outside.clone().all(is_public) {
        // The shared address stands on our own interface: the provider's NAT is the only one.
        nat.double_nat = nat.double_nat.or(Some(false));
    }
}

/// The closest name of RFC 3489, from the words of RFC 4787 and never the other way round.
fn legacy(nat: &Nat) -> LegacyType {
    use Behaviour::{AddressAndPortDependent, AddressDependent, EndpointIndependent, None, Unknown};
    if nat.udp == Udp::Blocked {
        return LegacyType::UdpBlocked;
    }
    match (nat.mapping, nat.filtering) {
        (None, None | EndpointIndependent) => LegacyType::OpenInternet,
        (None, AddressDependent | AddressAndPortDependent) => LegacyType::SymmetricUdpFirewall,
        (None, Unknown) if nat.firewall == Some(true) => LegacyType::SymmetricUdpFirewall,
        (EndpointIndependent, EndpointIndependent) => LegacyType::FullCone,
        (EndpointIndependent, AddressDependent) => LegacyType::RestrictedCone,
        (EndpointIndependent, AddressAndPortDependent) => LegacyType::PortRestrictedCone,
        (AddressDependent | AddressAndPortDependent, _) => LegacyType::Symmetric,
        (Unknown, _) if !nat.mapping_possible.is_empty() && !nat.mapping_possible.contains(&EndpointIndependent) => {
            LegacyType::Symmetric
        }
        _ => LegacyType::Unknown,
    }
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
        path_mtu_black_hole: None,
        mapping_lifetime_ms: None,
        mapping_lifetime_range_ms: None,
        mapping_lifetime_method: None,
        mapping_refresh_inbound: None,
        double_nat: None,
        carrier_grade_nat: None,
        gateway: None,
        tcp_mapping: None,
        direct: Vec::new(),
        forecast: None,
        tests: Vec::new(),
        contradictions: Vec::new(),
        disbelieved: Vec::new(),
        others: Vec::new(),
    }
}

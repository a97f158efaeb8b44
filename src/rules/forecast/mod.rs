//! With whom a direct path can be made: worked out from the behaviours of both NATs by playing ICE
//! between them, not looked up in a table that somebody remembered.
//!
//! It predicts for one socket at one moment, and RFC 5780 §4 calls what it rests on an upper bound:
//! ICE decides.

mod path;
mod play;

pub use path::path;

use crate::report::nat::{Behaviour, Forecast, Nat, Path, PortAllocation, Reach, Udp};
use play::{Side, meet};

/// The behaviours that a forecast tells apart: no NAT, then mapping by mapping with each filtering.
pub const PAIRS: [(Behaviour, Behaviour); 10] = {
    use Behaviour::{AddressAndPortDependent, AddressDependent, EndpointIndependent, None};
    [
        (None, None),
        (EndpointIndependent, EndpointIndependent),
        (EndpointIndependent, AddressDependent),
        (EndpointIndependent, AddressAndPortDependent),
        (AddressDependent, EndpointIndependent),
        (AddressDependent, AddressDependent),
        (AddressDependent, AddressAndPortDependent),
        (AddressAndPortDependent, EndpointIndependent),
        (AddressAndPortDependent, AddressDependent),
        (AddressAndPortDependent, AddressAndPortDependent),
    ]
};

/// One entry for each of [`PAIRS`] on the other side.
///
/// Where a behaviour is not known, everything that it may be is tried, and the outcome is known only
/// if that makes no difference.
#[must_use]
pub fn forecast(nat: &Nat) -> Vec<Reach> {
    PAIRS
        .into_iter()
        .map(|(mapping, filtering)| Reach { mapping, filtering, outcome: with(nat, (mapping, filtering)) })
        .collect()
}

/// Writes the forecast of a NAT, and of those on other ways out, where it belongs.
pub fn fill(nat: &mut Nat) {
    nat.direct = forecast(nat);
    nat.others.iter_mut().for_each(fill);
    nat.others.iter_mut().for_each(|other| other.forecast = None);
    nat.forecast = Some(matrix());
}

/// Every kind of NAT with every other.
#[must_use]
pub fn matrix() -> Forecast {
    let kind = |(mapping, filtering): (Behaviour, Behaviour)| match mapping {
        Behaviour::None => mapping.as_str().to_string(),
        _ => format!("{}/{}", mapping.as_str(), filtering.as_str()),
    };
    let line = |one| PAIRS.map(|other| outcome(one, other).as_str()).join(" ");
    Forecast { kinds: PAIRS.map(kind).into(), outcomes: PAIRS.map(line).into() }
}

/// What comes of two sides of which everything is known, no port being guessed.
#[must_use]
pub fn outcome(one: (Behaviour, Behaviour), other: (Behaviour, Behaviour)) -> Path {
    match Side::new(one).zip(Side::new(other)).map(|(one, other)| meet(one, other)) {
        Some(true) => Path::Direct,
        Some(false) => Path::Relay,
        None => Path::Unknown,
    }
}

fn with(nat: &Nat, other: (Behaviour, Behaviour)) -> Path {
    match nat.udp {
        Udp::Blocked => return Path::Relay,
        Udp::Unknown => return Path::Unknown,
        Udp::Open => {}
    }
    let may_be = may_be(nat);
    let mut outcomes = may_be.iter().map(|own| between(nat, *own, other));
    let Some(first) = outcomes.next() else { return Path::Unknown };
    if outcomes.all(|outcome| outcome == first) { first } else { Path::Unknown }
}

/// Every pair of behaviours that the facts leave open.
fn may_be(nat: &Nat) -> Vec<(Behaviour, Behaviour)> {
    use Behaviour::{AddressAndPortDependent, AddressDependent, EndpointIndependent, None, Unknown};
    const ALL: &[Behaviour] = &[EndpointIndependent, AddressDependent, AddressAndPortDependent];
    let mappings: &[Behaviour] = match nat.mapping {
        Unknown if !nat.mapping_possible.is_empty() => &nat.mapping_possible,
        Unknown if nat.nat == Some(false) => &[None],
        Unknown => ALL,
        ref known => std::slice::from_ref(known),
    };
    let filterings: &[Behaviour] = match nat.filtering {
        Unknown if !nat.filtering_possible.is_empty() => &nat.filtering_possible,
        Unknown if nat.nat == Some(false) && nat.firewall == Some(false) => &[None],
        Unknown => ALL,
        ref known => std::slice::from_ref(known),
    };
    mappings.iter().flat_map(|mapping| filterings.iter().map(|filtering| (*mapping, *filtering))).collect()
}

fn between(nat: &Nat, own: (Behaviour, Behaviour), other: (Behaviour, Behaviour)) -> Path {
    match outcome(own, other) {
        // Next time the mapping may be another one.
        Path::Direct if nat.deterministic == Some(false) && outcome(at_worst(own), other) != Path::Direct => {
            Path::DirectIfLucky
        }
        Path::Relay if is_guessable(nat) && guessed(own, other) => Path::DirectIfLucky,
        path => path,
    }
}

fn at_worst((mapping, filtering): (Behaviour, Behaviour)) -> (Behaviour, Behaviour) {
    match mapping {
        Behaviour::None => (mapping, filtering),
        _ => (Behaviour::AddressAndPortDependent, filtering),
    }
}

/// The next port of this NAT can be told from those before. Of the other side's NAT nobody knows.
fn is_guessable(nat: &Nat) -> bool {
    let in_order = matches!(nat.port_allocation, Some(PortAllocation::Preserving | PortAllocation::Sequential));
    in_order || nat.port_delta.is_some() || nat.port_preservation == Some(true)
}

/// Whether it would work if the other side knew from which port each packet of ours will come.
fn guessed(own: (Behaviour, Behaviour), other: (Behaviour, Behaviour)) -> bool {
    Side::new(own).zip(Side::new(other)).is_some_and(|(own, other)| meet(own.guessed(), other))
}

#[cfg(test)]
mod tests;

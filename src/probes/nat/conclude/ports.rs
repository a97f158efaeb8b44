//! Port allocation and address pooling, from many ports seen by one server: pure functions.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use crate::probes::nat::facts::{Facts, Sighting};
use crate::report::nat::{Pooling, PortAllocation};

/// Fewer ports say nothing about order.
const FEW: usize = 4;
/// Fewer ports keep parity by chance, once in a thousand times.
const PARITY: usize = 10;
/// RFC 4787 leaves it open how many; fewer than so many see one address of a pool by chance.
const POOL: usize = 8;
/// Mappings of a sequence lie so near to each other, for each one.
const NEAR: u32 = 64;

/// What the numbers of new mappings tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Ports {
    pub preservation: Option<bool>,
    pub allocation: Option<PortAllocation>,
    pub delta: Option<i32>,
    pub parity: Option<bool>,
    pub contiguity: Option<bool>,
    pub pooling: Option<Pooling>,
}

pub(super) fn ports(facts: &Facts) -> Ports {
    let mut ports = Ports { pooling: pooling(&facts.sightings), ..Ports::default() };
    // The first mapping of each port, towards one server, in the order in which they were made.
    let seen: HashMap<SocketAddr, SocketAddr> = facts
        .sightings
        .iter()
        .rev()
        .filter(|sighting| Some(sighting.to) == facts.main)
        .map(|sighting| (sighting.local, sighting.mapped))
        .collect();
    let made: Vec<(u16, u16)> =
        facts.sequence.iter().filter_map(|local| Some((local.port(), seen.get(local)?.port()))).collect();
    if made.len() < FEW {
        return ports;
    }
    let kept = made.iter().filter(|(inside, outside)| inside == outside).count();
    // One or two may have met somebody else's.
    let preserving = kept * 4 >= made.len() * 3;
    ports.preservation = Some(preserving);
    let step = if preserving { None } else { sequence(&made) };
    ports.allocation = Some(match (preserving, step) {
        (true, _) => PortAllocation::Preserving,
        (false, Some(_)) => PortAllocation::Sequential,
        (false, None) => PortAllocation::Random,
    });
    ports.delta = step.flatten();
    let same_parity = made.iter().all(|(inside, outside)| inside % 2 == outside % 2);
    ports.parity = (!same_parity || preserving || made.len() >= PARITY).then_some(same_parity);
    let pairs: Vec<bool> = facts
        .neighbours
        .iter()
        .filter_map(|(one, two)| Some((seen.get(one)?.port(), seen.get(two)?.port())))
        .map(|(one, two)| one.checked_add(1) == Some(two))
        .collect();
    ports.contiguity = (pairs.len() > 1).then(|| pairs.iter().all(|neighbours| *neighbours));
    ports
}

/// The step of a sequence: the inner is `None` when it is not always the same; the outer when it is
/// no sequence at all.
#[allow(clippy::option_option, reason = "no sequence and no constant step are two things")]
fn sequence(made: &[(u16, u16)]) -> Option<Option<i32>> {
    let steps: Vec<i32> = made.windows(2).map(|pair| i32::from(pair[1].1) - i32::from(pair[0].1)).collect();
    let mut count: HashMap<i32, usize> = HashMap::new();
    for step in &steps {
        *count.entry(*step).or_default() += 1;
    }
    let (step, often) = count.into_iter().max_by_key(|(step, often)| (*often, -step.abs()))?;
    let near = |step: i32| step != 0 && step.unsigned_abs() <= NEAR;
    // Others make mappings, too; and where the range ends it begins again.
    if near(step) && often * 2 > steps.len() {
        return Some(Some(step));
    }
    let close = steps.iter().filter(|step| near(**step)).count();
    (close * 4 >= steps.len() * 3).then_some(None)
}

/// Whether new mappings get one public address or several (RFC 4787 §4.1).
fn pooling(sightings: &[Sighting]) -> Option<Pooling> {
    let mut addresses: Vec<IpAddr> = sightings.iter().map(|sighting| sighting.mapped.ip()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    let mut ports: Vec<SocketAddr> = sightings.iter().map(|sighting| sighting.local).collect();
    ports.sort_unstable();
    ports.dedup();
    match addresses.len() {
        0 => None,
        1 => (ports.len() >= POOL).then_some(Pooling::Paired),
        _ => Some(Pooling::Arbitrary),
    }
}

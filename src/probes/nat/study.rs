//! The course of the experiment for one local address.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use super::facts::ServerFacts;
use super::ground::Ground;
use super::port::Port;
use super::relay::Relays;
use super::{Config, Place, beside, burst, conclude, filtering, lifetime, mapping, reach, vantage};
use crate::machine::Chance;
use crate::machine::script::{Hands, Part, all as side_by_side, both, either};
use crate::probes::resolve::resolve;
use crate::proto::resolution::{Target, Unresolved};
use crate::report::Event;
use crate::wire::attribute::Family;
use crate::wire::uri::Transport;

/// Addresses of one name and family that are asked.
const ADDRESSES: usize = 2;

/// What the names led to: for each server of the configuration, each family.
pub(super) type Found = Vec<Vec<(Family, Result<Vec<Target>, Unresolved>)>>;

/// All places side by side, and the one result.
pub(super) async fn all(hands: Hands<Event>, config: Rc<Config>, mut chance: Chance) {
    let mut names: Vec<Part<'_, _>> = Vec::new();
    for server in &config.servers {
        names.push(Box::pin(resolve(&hands, &server.uri, chance.split())));
    }
    let found: Found = side_by_side(names).await;
    let grounds: Vec<Rc<Ground>> =
        config.places.iter().map(|place| Ground::new(&hands, &config, place, chance.split())).collect();
    let studies = grounds.iter().map(|ground| Box::pin(study(ground, &found)) as Part<'_, ()>).collect();
    side_by_side(studies).await;
    conclude::tell(&hands, &config, &found, &grounds);
}

/// One place: ends early when the run is stopped.
async fn study(ground: &Rc<Ground>, found: &Found) {
    let targets = targets(&ground.place, found);
    for (spec, target) in &targets {
        let udp = target.transport == Transport::Udp;
        let mut facts = ground.facts.borrow_mut();
        let turn = |spec: &usize| ground.config.servers.get(*spec).is_some_and(|server| server.uri.scheme.is_turn());
        let same = facts.at(target.address, udp).find(|server| !(turn(spec) && server.specs.iter().any(turn)));
        if let Some(same) = same {
            same.specs.push(*spec);
            continue;
        }
        facts.servers.push(ServerFacts {
            specs: vec![*spec],
            address: target.address,
            udp,
            answered: None,
            heard: false,
            tcp: None,
            round_trip: None,
            software: None,
            icmp: None,
            error: None,
            no_relay: None,
            other: None,
            explored: false,
            relayed: Vec::new(),
        });
    }
    let relays = Rc::<Relays>::default();
    let all = async {
        work(ground, &targets, &relays).await;
        // After the rest, as a hundred mappings at once would disturb it.
        lifetime::measure(ground, &relays).await;
    };
    let _ = either(all, ground.hands.stopped()).await;
    // Whatever happened, nothing is kept that costs somebody else.
    relays.settle().await;
}

/// What is in reach from there.
fn targets(place: &Place, found: &Found) -> Vec<(usize, Target)> {
    let family = Family::of(SocketAddr::new(place.address, 0));
    let mut targets: Vec<(usize, Target)> = Vec::new();
    for (spec, results) in found.iter().enumerate() {
        let of_family = results.iter().filter(|(other, _)| *other == family);
        let addresses = of_family.filter_map(|(_, result)| result.as_ref().ok()).flatten();
        targets.extend(addresses.take(ADDRESSES).map(|target| (spec, *target)));
    }
    targets
}

async fn work(ground: &Rc<Ground>, targets: &[(usize, Target)], relays: &Rc<Relays>) {
    let port = match ground.port().await {
        Ok(port) => Rc::new(port),
        Err(why) => return ground.note(format!("no socket on {}: {why:?}", ground.place.address)),
    };
    // The second port that all servers are asked from, once it is open.
    let second: RefCell<Option<Rc<Port>>> = RefCell::new(None);
    let servers = ground.facts.borrow().servers.len();
    let mapping = async {
        let contacts = (0..servers).map(|index| Box::pin(mapping::contact(ground, &port, index)) as Part<'_, ()>);
        let relayed = vantage::seen_from(ground, relays, &port);
        both(side_by_side(contacts.collect()), relayed).await;
        mapping::reassure(ground, &port).await;
    };
    let repeated = async {
        let known = ground.hands.until(|| second.borrow().clone().map(Some).or(nobody(ground).then_some(None)));
        if let Some(port) = known.await {
            both(mapping::again(ground, &port), vantage::seen_from(ground, relays, &port)).await;
            mapping::reassure(ground, &port).await;
        }
    };
    let mut parts: Vec<Part<'_, ()>> = vec![
        Box::pin(mapping),
        Box::pin(relays.open(ground, targets)),
        Box::pin(burst::run(ground, &second)),
        Box::pin(repeated),
        Box::pin(vantage::filters(ground, relays)),
        Box::pin(reach::test(ground)),
        Box::pin(beside::all(ground)),
    ];
    for index in 0..servers {
        parts.push(Box::pin(filtering::elsewhere(ground, index)));
    }
    side_by_side(parts).await;
}

/// All servers were given up.
fn nobody(ground: &Ground) -> bool {
    let facts = ground.facts.borrow();
    facts.servers.iter().all(|server| !server.udp || server.answered == Some(false))
}

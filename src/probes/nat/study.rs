//! The course of the experiment for one local address.

use std::net::SocketAddr;
use std::rc::Rc;

use super::facts::{ServerFacts, Sighting};
use super::ground::Ground;
use super::port::{Ask, Port, Said};
use super::{Config, Place, beside, conclude};
use crate::machine::Chance;
use crate::machine::script::{Hands, Part, all as side_by_side, either};
use crate::probes::resolve::resolve;
use crate::proto::resolution::{Target, Unresolved};
use crate::report::Event;
use crate::report::nat::Method;
use crate::wire::attribute::{self, Family};

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
        ground.facts.borrow_mut().servers.push(ServerFacts {
            spec: *spec,
            address: target.address,
            udp: target.transport == crate::wire::uri::Transport::Udp,
            answered: None,
            tcp: None,
            round_trip: None,
            software: None,
            icmp: None,
            error: None,
            other: None,
            relayed: Vec::new(),
        });
    }
    let _ = either(work(ground), ground.hands.stopped()).await;
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

async fn work(ground: &Rc<Ground>) {
    let port = match ground.port().await {
        Ok(port) => port,
        Err(why) => return ground.note(format!("no socket on {}: {why:?}", ground.place.address)),
    };
    let count = ground.facts.borrow().servers.len();
    let mut parts: Vec<Part<'_, ()>> = Vec::new();
    for index in 0..count {
        parts.push(Box::pin(contact(ground, &port, index)));
    }
    parts.push(Box::pin(beside::all(ground)));
    side_by_side(parts).await;
}

/// The first word to a server.
async fn contact(ground: &Rc<Ground>, port: &Port, index: usize) {
    let Some(server) = ground.facts.borrow().servers.get(index).cloned() else { return };
    if !server.udp {
        return;
    }
    let said = port.ask(&Ask::binding(server.address)).await;
    ground.tested("binding", port, server.address, &said, None);
    seen(ground, port, server.address, &said, Method::SeveralServers);
    if let Some(server) = ground.facts.borrow_mut().servers.get_mut(index) {
        server.answered = Some(said.is_answered());
        server.round_trip = said.round_trip;
        server.icmp = said.icmp;
        let message = said.message.as_ref();
        server.software = message.and_then(|message| message.text(attribute::SOFTWARE));
        server.other = message.and_then(|message| message.address(attribute::OTHER_ADDRESS));
    }
    ground.hands.changed();
}

/// Writes down how a port was seen.
pub(super) fn seen(ground: &Ground, port: &Port, to: SocketAddr, said: &Said, by: Method) {
    if let Some(mapped) = said.mapped() {
        let sighting = Sighting { local: port.local(), to, mapped, plain: said.mapped_plain(), by };
        ground.facts.borrow_mut().sightings.push(sighting);
    }
}

//! Mapping: how one port is seen from many places (RFC 5780 §4.3, RFC 4787 §4.1).

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use super::facts::Sighting;
use super::ground::Ground;
use super::port::{Ask, Port, Said};
use crate::machine::script::{Part, all as side_by_side};
use crate::probes::explain::is_possible;
use crate::report::nat::{Method, TestOutcome};
use crate::wire::attribute;

/// The first word to a server, and what follows from it: its second address, or the lie about it.
pub(super) async fn contact(ground: &Rc<Ground>, port: &Port, index: usize) {
    let Some(server) = ground.facts.borrow().servers.get(index).cloned() else { return };
    if !server.udp {
        return;
    }
    let said = port.ask(&Ask::binding(server.address)).await;
    ground.tested("binding", port, server.address, &said, None);
    seen(ground, port, server.address, &said, Method::SeveralServers);
    let other = said.message.as_ref().filter(|_| said.is_answered()).and_then(|message| {
        let other = message.address(attribute::OTHER_ADDRESS)?;
        let origin = message.address(attribute::RESPONSE_ORIGIN);
        believable(ground, server.address, other, origin).then_some(other)
    });
    if let Some(server) = ground.facts.borrow_mut().servers.get_mut(index) {
        server.answered = Some(said.is_answered());
        server.heard = said.message.is_some();
        server.round_trip = said.round_trip;
        server.icmp = said.icmp;
        server.software = said.message.as_ref().and_then(|message| message.text(attribute::SOFTWARE));
        server.other = other;
        server.error = complaint(&said, server.address);
    }
    ground.hands.changed();
    if let Some(other) = other {
        further(ground, port, server.address, other).await;
    }
    if let Some(server) = ground.facts.borrow_mut().servers.get_mut(index) {
        server.explored = true;
    }
    ground.hands.changed();
}

/// Why a server that was asked is of no use.
fn complaint(said: &Said, address: SocketAddr) -> Option<String> {
    match said.outcome {
        TestOutcome::WrongSource => {
            let from = said.from.map(|from| from.to_string()).unwrap_or_default();
            Some(format!("{address} was asked, and {from} answered"))
        }
        TestOutcome::Refused => {
            let (code, reason) = said.error()?;
            Some(format!("Binding was refused: {code} {reason}"))
        }
        TestOutcome::Answered if said.mapped().is_none() => {
            Some("the Binding success has no address in it (XOR-MAPPED-ADDRESS)".into())
        }
        _ => None,
    }
}

/// Whether OTHER-ADDRESS can be what it should be: another address that can be reached from here.
fn believable(ground: &Ground, asked: SocketAddr, other: SocketAddr, origin: Option<SocketAddr>) -> bool {
    let mut facts = ground.facts.borrow_mut();
    if let Some(origin) = origin.filter(|origin| *origin != asked) {
        facts.disbelieve(format!("{asked} was asked, and says that it answered as {origin} (RESPONSE-ORIGIN)"));
    }
    let nowhere = !is_possible(other)
        || other.is_ipv4() != asked.is_ipv4()
        || is_public(asked.ip()) && !is_public(other.ip())
        || other.ip().is_loopback() != asked.ip().is_loopback();
    if nowhere {
        facts.disbelieve(format!("{asked} names {other} as its other address, which cannot be reached from here"));
        return false;
    }
    if other == asked {
        facts.disbelieve(format!("{asked} names itself as its other address"));
        return false;
    }
    if other.ip() == asked.ip() {
        facts.disbelieve(format!("{asked} names {other} as its other address, which is the same one"));
    }
    true
}

/// Not one of those that mean something else in every network.
pub(super) fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            let shared = a == 100 && (64..128).contains(&b);
            !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified() || shared)
        }
        IpAddr::V6(ip) => {
            let first = ip.segments()[0];
            !(ip.is_loopback() || ip.is_unspecified() || first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80)
        }
    }
}

/// The server's other address and port, one by one (RFC 5780 §4.3, tests II and III, and the fourth
/// combination, which tells address from port dependence once more).
pub(super) async fn further(ground: &Rc<Ground>, port: &Port, first: SocketAddr, other: SocketAddr) {
    let parts = corners(first, other).into_iter().map(|(name, to)| {
        Box::pin(async move {
            let said = port.ask(&Ask::binding(to)).await;
            ground.tested(name, port, to, &said, None);
            seen(ground, port, to, &said, Method::Rfc5780);
            if said.outcome == TestOutcome::Silent || said.outcome == TestOutcome::Unreachable {
                let text = format!("{first} names {other} as its other address, but nobody answers at {to}");
                ground.facts.borrow_mut().disbelieve(text);
            }
        }) as Part<'_, ()>
    });
    side_by_side(parts.collect()).await;
}

/// The places of a server beside the one that was asked.
pub(super) fn corners(first: SocketAddr, other: SocketAddr) -> Vec<(&'static str, SocketAddr)> {
    let mut places = Vec::new();
    if other.ip() != first.ip() {
        places.push(("mapping-2", SocketAddr::new(other.ip(), first.port())));
        if other.port() != first.port() {
            places.push(("mapping-3", other));
        }
    }
    if other.port() != first.port() {
        places.push(("mapping-4", SocketAddr::new(first.ip(), other.port())));
    }
    places
}

/// The same once more from another port: every server that answered, and its other places.
pub(super) async fn again(ground: &Rc<Ground>, port: &Port) {
    let servers = ground.facts.borrow().servers.clone();
    let alive = servers.iter().enumerate().filter(|(_, server)| server.answered == Some(true));
    let parts = alive.map(|(index, server)| {
        Box::pin(async move {
            let said = port.ask(&Ask::binding(server.address)).await;
            ground.tested("mapping-again", port, server.address, &said, None);
            seen(ground, port, server.address, &said, Method::SeveralServers);
            let Some(other) = server.other else { return };
            explored(ground, index).await;
            for (_, to) in corners(server.address, other) {
                if answers(ground, to) {
                    let said = port.ask(&Ask::binding(to)).await;
                    ground.tested("mapping-again", port, to, &said, None);
                    seen(ground, port, to, &said, Method::Rfc5780);
                }
            }
        }) as Part<'_, ()>
    });
    side_by_side(parts.collect()).await;
}

/// Waits until it is known which of a server's places answer.
pub(super) async fn explored(ground: &Ground, index: usize) {
    let known = || ground.facts.borrow().servers.get(index).is_none_or(|server| server.explored).then_some(());
    ground.hands.until(known).await;
}

/// Whether that place has answered already.
pub(super) fn answers(ground: &Ground, place: SocketAddr) -> bool {
    ground.facts.borrow().sightings.iter().any(|sighting| sighting.to == place)
}

/// Writes down how a port was seen.
pub(super) fn seen(ground: &Ground, port: &Port, to: SocketAddr, said: &Said, by: Method) {
    if let Some(mapped) = said.mapped() {
        sighted(ground, Sighting { local: port.local(), to, mapped, plain: said.mapped_plain(), by });
    }
}

pub(super) fn sighted(ground: &Ground, sighting: Sighting) {
    ground.facts.borrow_mut().sightings.push(sighting);
    ground.hands.changed();
}

/// Where mappings differ, asks the first server again: a mapping that is another one now says
/// nothing about destinations, it has expired.
pub(super) async fn reassure(ground: &Rc<Ground>, port: &Port) {
    let local = port.local();
    let own: Vec<Sighting> = {
        let facts = ground.facts.borrow();
        facts.sightings.iter().filter(|sighting| sighting.local == local).copied().collect()
    };
    let Some(first) = own.iter().find(|sighting| sighting.by != Method::Turn) else { return };
    if own.iter().all(|sighting| sighting.mapped == first.mapped) {
        return;
    }
    let said = port.ask(&Ask::binding(first.to)).await;
    ground.tested("mapping-check", port, first.to, &said, None);
    seen(ground, port, first.to, &said, first.by);
}

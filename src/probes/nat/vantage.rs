//! Tests by way of a relayed address: how a port is seen from there, and what from there gets in.

use std::net::SocketAddr;
use std::rc::Rc;

use super::facts::{Control, Filter, Proof, Sighting};
use super::ground::Ground;
use super::mapping::{is_public, seen, sighted};
use super::pace::millis;
use super::port::{Ask, Port};
use super::relay::{Relay, Relays};
use crate::machine::script::{Part, all as side_by_side, both};
use crate::report::nat::{Method, NatTest, TestOutcome};
use crate::wire::message::{Builder, Class, Message, Method as Request, TransactionId};

/// Whom a port talks to before somebody else tries to get in.
#[derive(Clone)]
enum Talk {
    Stun(SocketAddr),
    Relay(Rc<Relay>),
}

/// How a port is seen from all relays.
pub(super) async fn seen_from(ground: &Rc<Ground>, relays: &Rc<Relays>, port: &Port) {
    let held = had(ground, relays).await;
    let parts = held.iter().map(|relay| {
        Box::pin(async move {
            exchange(ground, port, relay, true).await;
        }) as Part<'_, ()>
    });
    side_by_side(parts.collect()).await;
}

/// What gets in from relays.
pub(super) async fn filters(ground: &Rc<Ground>, relays: &Rc<Relays>) {
    let held = had(ground, relays).await;
    let parts = plans(&held).into_iter().map(|(relay, second)| Box::pin(from(ground, relay, second)) as Part<'_, ()>);
    side_by_side(parts.collect()).await;
}

/// The relays, once they are had and it is known whom to permit.
async fn had(ground: &Rc<Ground>, relays: &Rc<Relays>) -> Vec<Rc<Relay>> {
    relays.settled(ground).await;
    let held = relays.held.borrow().clone();
    if held.is_empty() || ground.first_answer().await.is_none() { Vec::new() } else { held }
}

/// One relay of each address, and another at the same address.
fn plans(held: &[Rc<Relay>]) -> Vec<(Rc<Relay>, Option<Rc<Relay>>)> {
    let mut plans: Vec<(Rc<Relay>, Option<Rc<Relay>>)> = Vec::new();
    for relay in held {
        match plans.iter_mut().find(|(first, _)| first.relayed.ip() == relay.relayed.ip()) {
            Some((_, second)) => {
                second.get_or_insert_with(|| Rc::clone(relay));
            }
            None => plans.push((Rc::clone(relay), None)),
        }
    }
    plans
}

/// Filtering: towards ports that talked to another address, and to another port of the same address.
async fn from(ground: &Rc<Ground>, relay: Rc<Relay>, second: Option<Rc<Relay>>) {
    let here = relay.relayed.ip();
    let elsewhere = async {
        let server = ground.server(|server| server.address.ip() != here).await;
        twice(ground, "filtering-2", &relay, server.map(Talk::Stun)).await;
    };
    let beside = async {
        let server = ground.server(|server| server.address.ip() == here && server.address != relay.relayed).await;
        twice(ground, "filtering-3", &relay, server.map(Talk::Stun).or(second.map(Talk::Relay))).await;
    };
    both(elsewhere, beside).await;
}

/// On two ports: a NAT that is not the same to both is not deterministic.
async fn twice(ground: &Rc<Ground>, name: &'static str, relay: &Rc<Relay>, talk: Option<Talk>) {
    let Some(talk) = talk else { return };
    both(filter(ground, name, relay, &talk), filter(ground, name, relay, &talk)).await;
}

/// A port of ours sends to the relayed address, which shows its mapping there (in XOR-PEER-ADDRESS),
/// and is answered from there, which shows that the relayed address is what it says.
async fn exchange(ground: &Rc<Ground>, port: &Port, relay: &Relay, told: bool) -> Option<Sighting> {
    let began = ground.hands.now();
    permit_all(ground, relay).await;
    let payload = payload(ground);
    let mut sent = 0;
    let mut came = None;
    while came.is_none() && sent < ground.pace.borrow().copies().max(12) {
        port.send(relay.relayed, payload.clone());
        sent += 1;
        let wait = ground.pace.borrow().again(relay.server().ip(), sent);
        came = relay.data(ground.hands.now() + wait, &payload).await;
    }
    let mapped = came.as_ref().map(|data| data.peer);
    let proof = match mapped {
        Some(mapped) => answered(ground, port, relay, mapped).await,
        None => Proof::Refuted,
    };
    ground.facts.borrow_mut().controls.push(Control { vantage: relay.relayed, proof });
    ground.hands.changed();
    if told {
        ground.test(NatTest {
            name: "mapping-relay".into(),
            server: relay.relayed.to_string(),
            local: Some(port.local().to_string()),
            mapped: mapped.map(|mapped| mapped.to_string()),
            from: None,
            outcome: if mapped.is_some() { TestOutcome::Answered } else { TestOutcome::Silent },
            sent,
            elapsed_ms: millis(ground.hands.now() - began),
            detail: match (mapped, proof) {
                (None, _) => Some("nothing that was sent to the relayed address came out of the relay".into()),
                (_, Proof::Proven) => None,
                _ => Some("what the relay sent back did not come from the relayed address".into()),
            },
        });
    }
    let sighting = Sighting { local: port.local(), to: relay.relayed, mapped: mapped?, plain: None, by: Method::Turn };
    // What goes through another NAT on the way to its own relay is not what others see.
    if is_public(sighting.mapped.ip()) || !is_public(relay.relayed.ip()) {
        sighted(ground, sighting);
    }
    Some(sighting)
}

/// Whether what the relay sends back comes from the relayed address. The port has talked to it, so no
/// filter has a reason to drop that.
async fn answered(ground: &Ground, port: &Port, relay: &Relay, mapped: SocketAddr) -> Proof {
    let payload = payload(ground);
    let mut sent = 0;
    while sent < ground.pace.borrow().copies().max(12) {
        relay.send(mapped, &payload);
        sent += 1;
        let wait = ground.pace.borrow().again(relay.server().ip(), sent);
        if let Some(heard) = port.heard(ground.hands.now() + wait, |heard| heard.bytes == payload).await {
            if heard.from == relay.relayed {
                return Proof::Proven;
            }
            let text = format!("what is relayed at {} is sent from {}", relay.relayed, heard.from);
            ground.facts.borrow_mut().contradict(text);
            return Proof::Refuted;
        }
    }
    Proof::Refuted
}

async fn permit_all(ground: &Rc<Ground>, relay: &Relay) {
    let public = ground.facts.borrow().public();
    let parts = public.into_iter().filter(|ip| ip.is_ipv4() == relay.relayed.is_ipv4()).map(|ip| {
        Box::pin(async move {
            relay.permit(ground, ip).await;
        }) as Part<'_, ()>
    });
    side_by_side(parts.collect()).await;
}

/// A fresh port talks to one place; then copies are sent to its mapping from the relayed address.
async fn filter(ground: &Rc<Ground>, name: &'static str, relay: &Rc<Relay>, talk: &Talk) {
    let towards = match talk {
        Talk::Stun(server) => server.ip(),
        Talk::Relay(other) => other.relayed.ip(),
    };
    let Ok(port) = ground.port_towards(towards).await else { return };
    let began = ground.hands.now();
    let (talked, mapped) = match talk {
        Talk::Stun(server) => {
            let said = port.ask(&Ask::binding(*server)).await;
            seen(ground, &port, *server, &said, Method::SeveralServers);
            (*server, said.mapped())
        }
        Talk::Relay(other) => {
            (other.relayed, exchange(ground, &port, other, false).await.map(|sighting| sighting.mapped))
        }
    };
    let Some(mapped) = mapped else { return };
    if !relay.permit(ground, mapped.ip()).await {
        return;
    }
    let payload = payload(ground);
    let (id, keep) = keep_alive(ground);
    let mut sent = 0;
    let mut came = None;
    while came.is_none() {
        let copies = ground.pace.borrow().copies();
        if sent >= copies {
            break;
        }
        // What is dropped does not refresh the mapping, but this does, and contaminates nothing.
        port.send(talked, keep.clone());
        relay.send(mapped, &payload);
        sent += 1;
        let wait = ground.pace.borrow().after(sent, relay.server().ip());
        came = port.heard(ground.hands.now() + wait, |heard| heard.bytes == payload).await;
    }
    let from = came.as_ref().map(|heard| heard.from);
    let stable = came.is_some() || still(ground, &port, talk, id, mapped).await;
    let test = NatTest {
        name: name.into(),
        server: relay.relayed.to_string(),
        local: Some(port.local().to_string()),
        mapped: Some(mapped.to_string()),
        from: from.filter(|from| *from != relay.relayed).map(|from| from.to_string()),
        outcome: match from {
            Some(from) if from == relay.relayed => TestOutcome::Answered,
            Some(_) => TestOutcome::WrongSource,
            None => TestOutcome::Silent,
        },
        sent,
        elapsed_ms: millis(came.map_or(ground.hands.now(), |heard| heard.at) - began),
        detail: (!stable).then(|| "the mapping changed during the test, so that it shows nothing".into()),
    };
    ground.test(test);
    if stable {
        let doubt = ground.pace.borrow().doubt(sent);
        let vantage = from.unwrap_or(relay.relayed);
        let filter = Filter { method: Method::Turn, talked, vantage, arrived: from.is_some(), doubt };
        ground.facts.borrow_mut().filters.push(filter);
    }
}

/// Whether the mapping is still the same one, by the answers to what kept it alive.
async fn still(ground: &Rc<Ground>, port: &Port, talk: &Talk, id: TransactionId, mapped: SocketAddr) -> bool {
    let server = match talk {
        Talk::Stun(server) => server,
        Talk::Relay(other) => {
            return exchange(ground, port, other, false).await.is_some_and(|again| again.mapped == mapped);
        }
    };
    let mut now = None;
    while let Some(heard) = port.heard(ground.hands.now(), |heard| heard.from == *server).await {
        let message = Message::decode(&heard.bytes).ok().filter(|message| message.transaction == id);
        now = message.as_ref().and_then(Message::mapped).or(now);
    }
    if now.is_none() {
        now = port.ask(&Ask::binding(*server)).await.mapped();
    }
    if now.is_some_and(|now| now != mapped) {
        let text = format!("the mapping of port {} changed from {mapped} while it was in use", port.local().port());
        ground.facts.borrow_mut().contradict(text);
    }
    now == Some(mapped)
}

/// A Binding request to be sent again and again.
fn keep_alive(ground: &Ground) -> (TransactionId, Vec<u8>) {
    let id = TransactionId(ground.random());
    (id, Builder::new(Class::Request, Request::BINDING, id).build())
}

/// Bytes that are neither STUN nor ChannelData and that nobody else sends.
fn payload(ground: &Ground) -> Vec<u8> {
    [b"rtcprobe".as_slice(), &ground.random::<16>()].concat()
}

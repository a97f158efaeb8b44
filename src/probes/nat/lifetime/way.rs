//! How it is seen whether a mapping is still there.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use crate::machine::Time;
use crate::probes::nat::ground::Ground;
use crate::probes::nat::port::{Ask, Port};
use crate::probes::nat::relay::{Relay, Relays};
use crate::report::nat::{LifetimeMethod, TestOutcome};
use crate::wire::attribute::Value;
use crate::wire::message::{Builder, Class, Message, Method, TransactionId};

/// Between copies.
const GAP: Duration = Duration::from_millis(40);
/// Sockets that are tried for one with the same public address.
pub(super) const PARTNERS: usize = 6;

pub(super) enum Way {
    /// The server is asked, from another socket, to answer to the mapping (RFC 5780 §4.6).
    ResponsePort(SocketAddr),
    /// A relay that the mapping leads to sends to it.
    Relay(Rc<Relay>),
    /// The socket asks again, and is seen under another port when its mapping was gone. It shows only
    /// where the NAT does not keep ports.
    Remap(SocketAddr),
}

/// An idle mapping.
pub(super) struct Mapping {
    pub port: Port,
    pub mapped: SocketAddr,
    /// Before the first packet left.
    pub began: Time,
    /// When the last packet came in.
    pub answered: Time,
}

/// What a trial showed.
pub(super) enum Tried {
    /// There at that time.
    Alive { since: Time },
    /// No longer there at that time.
    Gone { by: Time },
    /// It shows nothing; why, for the report and in words.
    Invalid(&'static str, String),
}

impl Way {
    /// The strongest way that works here, tried on fresh mappings.
    pub(super) async fn choose(ground: &Rc<Ground>, server: SocketAddr, relays: &Relays) -> Result<Way, &'static str> {
        let mut ways = vec![Way::ResponsePort(server)];
        ways.extend(relays.held.borrow().iter().map(|relay| Way::Relay(Rc::clone(relay))));
        let mut why = "no-answer";
        for way in ways {
            let Some(mapping) = way.make(ground).await else { continue };
            match way.try_once(ground, &mapping).await {
                Tried::Alive { .. } => return Ok(way),
                Tried::Invalid(slug, words) => {
                    ground.note(words);
                    why = slug;
                }
                Tried::Gone { .. } => why = "not-supported-by-server",
            }
        }
        let way = Way::Remap(server);
        match way.make(ground).await {
            // A new mapping would look like the old one.
            Some(mapping) if mapping.mapped.port() == mapping.port.local().port() => Err(why),
            Some(_) => Ok(way),
            None => Err(why),
        }
    }

    pub(super) fn method(&self) -> LifetimeMethod {
        match self {
            Way::ResponsePort(_) => LifetimeMethod::ResponsePort,
            Way::Relay(_) => LifetimeMethod::Turn,
            Way::Remap(_) => LifetimeMethod::Remap,
        }
    }

    /// Whom the mapping leads to.
    pub(super) fn through(&self) -> SocketAddr {
        match self {
            Way::ResponsePort(server) | Way::Remap(server) => *server,
            Way::Relay(relay) => relay.relayed,
        }
    }

    /// A fresh mapping.
    pub(super) async fn make(&self, ground: &Rc<Ground>) -> Option<Mapping> {
        let port = ground.port().await.ok()?;
        let began = ground.hands.now();
        if let Way::Relay(relay) = self {
            let mapped = introduce(ground, &port, relay).await?;
            return Some(Mapping { mapped, port, began, answered: ground.hands.now() });
        }
        let said = port.ask(&Ask::binding(self.through())).await;
        Some(Mapping { mapped: said.mapped()?, port, began, answered: ground.hands.now() })
    }

    pub(super) async fn try_once(&self, ground: &Rc<Ground>, mapping: &Mapping) -> Tried {
        match self {
            Way::ResponsePort(server) => response_port(ground, *server, mapping).await,
            Way::Relay(relay) => from_relay(ground, relay, mapping).await,
            Way::Remap(server) => remap(ground, *server, mapping).await,
        }
    }
}

/// Copies before silence means something.
fn copies(ground: &Ground) -> u32 {
    ground.pace.borrow().copies()
}

async fn response_port(ground: &Rc<Ground>, server: SocketAddr, mapping: &Mapping) -> Tried {
    let partner = match partner(ground, server, mapping.mapped).await {
        Ok(partner) => partner,
        Err((why, words)) => return Tried::Invalid(why, words),
    };
    let id = TransactionId(ground.random());
    let request = Builder::new(Class::Request, Method::BINDING, id).with(Value::ResponsePort(mapping.mapped.port()));
    let request = request.build();
    let answers = |bytes: &[u8]| Message::decode(bytes).is_ok_and(|message| message.transaction == id);
    let (since, copies) = (ground.hands.now(), copies(ground));
    let last = ground.pace.borrow().last_wait(server.ip());
    for copy in 1..=copies {
        partner.send(server, request.clone());
        let until = ground.hands.now() + if copy == copies { last } else { GAP };
        let heard = mapping.port.heard(until, |heard| heard.from == server && answers(&heard.bytes)).await;
        if heard.is_some() {
            return Tried::Alive { since };
        }
        // The answer to whoever asked: the server refuses, or has no idea of the attribute.
        if let Some(heard) = partner.heard(ground.hands.now(), |heard| answers(&heard.bytes)).await {
            let error = Message::decode(&heard.bytes).ok().and_then(|message| message.error());
            let words = match error {
                Some(error) => format!("{server} refuses RESPONSE-PORT with {}", error.code),
                None => format!("{server} ignores RESPONSE-PORT"),
            };
            return Tried::Invalid("not-supported-by-server", words);
        }
    }
    Tried::Gone { by: ground.hands.now() }
}

/// A socket that the server sees at the same address: the answer goes to the port asked for, but to the
/// address that the request came from.
async fn partner(ground: &Rc<Ground>, server: SocketAddr, mapped: SocketAddr) -> Result<Port, (&'static str, String)> {
    let mut elsewhere = false;
    for _ in 0..PARTNERS {
        let Ok(port) = ground.port().await else {
            return Err(("not-supported-by-system", "no further socket could be had".into()));
        };
        let said = port.ask(&Ask::binding(server)).await;
        match said.mapped() {
            Some(own) if own.ip() == mapped.ip() => return Ok(port),
            Some(_) => elsewhere = true,
            None => {}
        }
    }
    Err(match elsewhere {
        true => ("arbitrary-pooling", "no other socket is seen at the same public address".into()),
        false => ("no-answer", format!("{server} stopped answering")),
    })
}

async fn remap(ground: &Rc<Ground>, server: SocketAddr, mapping: &Mapping) -> Tried {
    let since = ground.hands.now();
    let said = mapping.port.ask(&Ask::binding(server)).await;
    match (said.outcome, said.mapped()) {
        (TestOutcome::Answered, Some(mapped)) if mapped == mapping.mapped => Tried::Alive { since },
        (TestOutcome::Answered, Some(_)) => Tried::Gone { by: ground.hands.now() },
        _ => Tried::Invalid("no-answer", format!("{server} stopped answering")),
    }
}

/// Sends to the relayed address until it arrives: how the relay sees the socket.
async fn introduce(ground: &Rc<Ground>, port: &Port, relay: &Relay) -> Option<SocketAddr> {
    // Whatever address the socket is seen at must be permitted before (RFC 8656 §9).
    let seen: Vec<SocketAddr> = ground.facts.borrow().sightings.iter().map(|sighting| sighting.mapped).collect();
    for mapped in seen {
        relay.permit(ground, mapped.ip()).await;
    }
    let payload = payload(ground);
    for sent in 1..=copies(ground).max(12) {
        port.send(relay.relayed, payload.clone());
        let wait = ground.pace.borrow().again(relay.server().ip(), sent);
        if let Some(data) = relay.data(ground.hands.now() + wait, &payload).await {
            return Some(data.peer);
        }
    }
    None
}

async fn from_relay(ground: &Rc<Ground>, relay: &Relay, mapping: &Mapping) -> Tried {
    let payload = payload(ground);
    let (since, copies) = (ground.hands.now(), copies(ground));
    let last = ground.pace.borrow().last_wait(relay.server().ip());
    for copy in 1..=copies {
        relay.send(mapping.mapped, &payload);
        let until = ground.hands.now() + if copy == copies { last } else { GAP };
        if mapping.port.heard(until, |heard| heard.from == relay.relayed && heard.bytes == payload).await.is_some() {
            return Tried::Alive { since };
        }
    }
    Tried::Gone { by: ground.hands.now() }
}

/// Bytes that are no STUN and that nobody else sends.
fn payload(ground: &Ground) -> Vec<u8> {
    [&b"rtcprobe"[..], &ground.random::<16>()].concat()
}

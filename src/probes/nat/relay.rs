//! Relayed addresses as vantage points: any TURN server lets packets be sent from a second place, and
//! shows where packets that arrive there come from.

use std::cell::RefCell;
use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use super::ground::Ground;
use crate::machine::script::{Part, all as side_by_side, both};
use crate::machine::{Peer, Refusal, Time, Trust, Want};
use crate::probes::explain::{self, Asker, Told};
use crate::probes::station::{Data, End, Manner, Reply, Station};
use crate::proto::auth::{Credentials, Session};
use crate::proto::exchange::{Answer, Request};
use crate::proto::resolution::Target;
use crate::proto::schedule::Schedule;
use crate::report::Cause;
use crate::wire::attribute::{self, Value};
use crate::wire::message::Method;
use crate::wire::uri::{Host, Transport};

/// Ports that are tried.
const ATTEMPTS: u32 = 16;
/// TURN servers that are stood on.
const SERVERS: usize = 2;
/// A permission lives five minutes (RFC 8656 §9), an allocation ten.
const PERMISSION_REFRESH: Duration = Duration::from_secs(200);
/// For requests of which an answer is expected: on a network that loses every third exchange, one in
/// thirty thousand fails.
const STEADY: Schedule = Schedule {
    rto: Duration::from_millis(200),
    cap: Some(Duration::from_millis(300)),
    sends: 10,
    last_wait: Duration::from_millis(500),
};

/// An allocation, and the connection that holds it.
pub(super) struct Relay {
    station: Rc<Station>,
    /// The relayed transport address.
    pub relayed: SocketAddr,
    permitted: RefCell<HashSet<IpAddr>>,
    asked: RefCell<HashSet<IpAddr>>,
}

/// The allocations of a study. Whatever happens, they are given back.
#[derive(Default)]
pub(super) struct Relays {
    pub held: RefCell<Vec<Rc<Relay>>>,
    settled: RefCell<bool>,
    owed: RefCell<Vec<Rc<Station>>>,
}

impl Relay {
    /// Lets that address send to us, and be sent to (RFC 8656 §9). False when the server refuses.
    pub(super) async fn permit(&self, ground: &Ground, ip: IpAddr) -> bool {
        if !self.asked.borrow_mut().insert(ip) {
            return ground
                .hands
                .until(|| {
                    let permitted = self.permitted.borrow().contains(&ip);
                    (permitted || !self.asked.borrow().contains(&ip)).then_some(permitted)
                })
                .await;
        }
        let peer = SocketAddr::new(ip, 0);
        let request = Request::new(Method::CREATE_PERMISSION).with(Value::XorPeerAddress(peer));
        let granted = self.station.ask(request).await.success().is_some();
        if granted {
            self.permitted.borrow_mut().insert(ip);
        } else {
            self.asked.borrow_mut().remove(&ip);
        }
        ground.hands.changed();
        granted
    }

    /// Keeps the allocation and its permissions alive, until it is dropped (RFC 8656 §8, §9).
    pub(super) async fn keep(&self, ground: &Ground) {
        loop {
            ground.hands.sleep(PERMISSION_REFRESH).await;
            self.station.ask(Request::new(Method::REFRESH)).await;
            let peers: Vec<IpAddr> = self.permitted.borrow().iter().copied().collect();
            for ip in peers {
                let peer = Value::XorPeerAddress(SocketAddr::new(ip, 0));
                self.station.ask(Request::new(Method::CREATE_PERMISSION).with(peer)).await;
            }
        }
    }

    pub(super) fn send(&self, to: SocketAddr, payload: &[u8]) {
        self.station.send(to, payload, false);
    }

    /// The next datagram with that payload; `peer` is where it came from.
    pub(super) async fn data(&self, deadline: Time, payload: &[u8]) -> Option<Data> {
        self.station.data(deadline, |data| data.bytes == payload).await
    }

    pub(super) fn server(&self) -> SocketAddr {
        self.station.server()
    }
}

impl Relays {
    /// Gets two relayed addresses on each of the first servers that give some.
    pub(super) async fn open(&self, ground: &Rc<Ground>, targets: &[(usize, Target)]) {
        let mut hosts: Vec<Vec<(usize, Target)>> = Vec::new();
        for (spec, target) in targets {
            let turn = ground.config.servers.get(*spec).is_some_and(|server| server.uri.scheme.is_turn());
            if !turn {
                continue;
            }
            let same = hosts.iter_mut().find(|host| host[0].1.address.ip() == target.address.ip());
            match same {
                Some(host) => host.push((*spec, *target)),
                None => hosts.push(vec![(*spec, *target)]),
            }
        }
        for host in &mut hosts {
            host.sort_by_key(|(.., target)| order(target.transport));
        }
        let parts = hosts.iter().take(SERVERS).map(|host| {
            Box::pin(async move {
                for (spec, target) in host {
                    if self.open_two(ground, *spec, *target).await {
                        return;
                    }
                }
            }) as Part<'_, ()>
        });
        side_by_side(parts.collect()).await;
        *self.settled.borrow_mut() = true;
        ground.hands.changed();
    }

    /// Waits until it is known what is had.
    pub(super) async fn settled(&self, ground: &Ground) {
        ground.hands.until(|| self.settled.borrow().then_some(())).await;
    }

    /// Gives back whatever is held.
    pub(super) async fn settle(&self) {
        let owed = std::mem::take(&mut *self.owed.borrow_mut());
        let parts = owed.iter().map(|station| {
            Box::pin(async move {
                station.ask_briefly(Request::new(Method::REFRESH).with(Value::Lifetime(0))).await;
            }) as Part<'_, ()>
        });
        side_by_side(parts.collect()).await;
    }

    async fn open_two(&self, ground: &Rc<Ground>, spec: usize, target: Target) -> bool {
        let (first, second) = both(self.allocate(ground, spec, target), self.allocate(ground, spec, target)).await;
        let mut facts = ground.facts.borrow_mut();
        let mut same = facts.at(target.address, target.transport == Transport::Udp);
        let Some(server) = same.find(|server| server.specs.contains(&spec)) else { return false };
        let mut had = false;
        let mut failure = None;
        for relay in [first, second] {
            match relay {
                Ok(relay) => {
                    had = true;
                    server.relayed.push(relay.relayed);
                    self.held.borrow_mut().push(Rc::new(relay));
                }
                Err(told) => failure = Some(told),
            }
        }
        if let Some(told) = failure.filter(|_| !had) {
            server.no_relay = Some((told.text, told.cause));
        }
        had
    }

    async fn allocate(&self, ground: &Rc<Ground>, spec: usize, target: Target) -> Result<Relay, Told> {
        let Some(server) = ground.config.servers.get(spec) else {
            return Err(Told::new(Cause::Stopped, "not asked"));
        };
        let began = ground.hands.now();
        let local = ground.place.address;
        let mut attempts = 0;
        let line = loop {
            // Not the system's choice: it talks to the relay's host, and must never have been, or become,
            // a port that a filtering test takes for fresh.
            let number = if target.transport == Transport::Udp { ground.number().unwrap_or(0) } else { 0 };
            match ground.hands.open(want(&server.uri.host, target, SocketAddr::new(local, number))).await {
                Err(Refusal::Bind { .. }) if attempts < ATTEMPTS => attempts += 1,
                other => break other,
            }
        };
        let line = line.map_err(|why| explain::refusal(&why, target, local, ground.hands.now() - began))?;
        let patience = ground.config.schedule;
        let schedule = if patience.total() > STEADY.total() * 2 { patience } else { STEADY };
        let credentials = server.credentials.clone();
        let manner = Manner { schedule, trace: ground.config.trace, weather: Rc::default() };
        let station = Station::new(&ground.hands, line, target.address, manner, credentials.clone(), ground.chance());
        let station = Rc::new(station);
        let bare = station.ask_bare(allocation(ground)).await;
        let reply = match bare.error() {
            Some((401, _, message)) => {
                let Some(credentials) = &credentials else {
                    return Err(Told::new(Cause::NoCredentials, "401: it wants credentials, and none were given"));
                };
                let session = Session::answer(credentials, message)
                    .map_err(|bad| Told::new(Cause::BadChallenge, bad.to_string()))?;
                station.sign_with(session);
                self.owed.borrow_mut().push(Rc::clone(&station));
                let reply = station.ask(allocation(ground)).await;
                if refused(&reply) {
                    self.owed.borrow_mut().retain(|owed| !Rc::ptr_eq(owed, &station));
                }
                reply
            }
            _ => {
                if bare.success().is_some() {
                    self.owed.borrow_mut().push(Rc::clone(&station));
                }
                bare
            }
        };
        match reply.success().and_then(|message| message.address(attribute::XOR_RELAYED_ADDRESS)) {
            Some(relayed) => Ok(Relay { station, relayed, permitted: RefCell::default(), asked: RefCell::default() }),
            None => Err(why(&reply, target, credentials.as_ref(), &station, ground.config.unix_time)),
        }
    }
}

/// Nothing is held for what was refused.
fn refused(reply: &Reply) -> bool {
    matches!(
        &reply.end,
        End::Answer(Answer::Failure { .. } | Answer::BadChallenge(_) | Answer::NonceLoop | Answer::Unreachable(_))
            | End::Closed(_)
            | End::Garbage(_)
    )
}

fn why(reply: &Reply, target: Target, credentials: Option<&Credentials>, station: &Station, unix_time: u64) -> Told {
    let End::Answer(Answer::Failure { error, message, .. }) = &reply.end else {
        return reply.explain("Allocate", target);
    };
    let realm = station.session().map(|session| session.realm());
    let asker = Asker { credentials, realm: realm.as_deref(), unix_time: Some(unix_time), round_trip: None };
    explain::allocate_error(error, message, &reply.seen, reply.took, asker)
}

fn allocation(ground: &Ground) -> Request {
    let request = Request::new(Method::ALLOCATE).with(Value::RequestedTransport(17));
    match &ground.config.software {
        Some(software) => request.with(Value::Software(software.clone())),
        None => request,
    }
}

/// UDP is nearest to what is probed; of the rest, what needs the fewest round trips.
fn order(transport: Transport) -> u8 {
    match transport {
        Transport::Udp => 0,
        Transport::Tcp => 1,
        Transport::Tls => 2,
        Transport::Dtls => 3,
    }
}

fn want(host: &Host, target: Target, local: SocketAddr) -> Want {
    let to = target.address;
    let name = match host {
        Host::Ip(ip) => ip.to_string(),
        Host::Name(name) => name.clone(),
    };
    let peer = Peer { name, trust: Trust::Verify, alpn: Vec::new() };
    match target.transport {
        Transport::Udp => Want::udp(local),
        Transport::Tcp => Want::Tcp { local: Some(local), to },
        Transport::Tls => Want::Tls { local: Some(local), to, peer },
        Transport::Dtls => Want::Dtls { local: Some(local), to, peer },
    }
}

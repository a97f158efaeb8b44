//! A TURN allocation from Allocate to its release (RFC 8656).
//!
//! Lives on a 5-tuple that somebody else owns: messages from the server are handed in, bytes for
//! the server come out. Permissions, channels and the allocation itself are refreshed in time, and
//! whatever was or may have been allocated is released.

mod held;

pub use held::{Grant, Lifetimes};

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use crate::machine::{Chance, Icmp, Time};
use crate::proto::auth::Credentials;
use crate::proto::exchange::{Answer, Exchange, Next, Request, Route, Seen};
use crate::proto::schedule::Schedule;
use crate::wire::attribute::{self, Family, Value};
use crate::wire::channel_data::{self, ChannelData};
use crate::wire::message::{Class, Message, Method};
use held::Held;

/// Copies of the request that releases: nobody waits long for its answer.
const RELEASE: Schedule =
    Schedule { rto: Duration::from_millis(250), cap: None, sends: 3, last_wait: Duration::from_millis(500) };

/// What to ask for.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// REQUESTED-ADDRESS-FAMILY; `None` leaves it out, which means IPv4.
    pub family: Option<Family>,
    /// Seconds; `None` leaves it to the server.
    pub lifetime: Option<u32>,
    pub software: Option<String>,
    /// Further attributes (EVEN-PORT, DONT-FRAGMENT, MOBILITY-TICKET …).
    pub more: Vec<Value>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The server granted it. Everything before this was [`Event::Failed`] or nothing.
    Allocated(Grant),
    /// Allocate failed, or was granted in a way that cannot be used; the latter is released.
    Failed(Failure),
    /// CreatePermission ended; `None` is success.
    Permitted { peers: Vec<SocketAddr>, failure: Option<Answer> },
    /// ChannelBind ended; `None` is success.
    Bound { channel: u16, peer: SocketAddr, failure: Option<Answer> },
    /// A refresh that was asked for or due ended.
    Refreshed { lifetime: Option<Duration>, failure: Option<Answer> },
    /// Data from a peer.
    Data { peer: SocketAddr, data: Vec<u8>, channel: Option<u16> },
    /// The relay met an ICMP error on the way to the peer (RFC 8656 §11.5).
    PeerUnreachable { peer: SocketAddr, icmp: attribute::IcmpError },
    /// The server has forgotten the allocation (437), or refuses to keep it.
    Lost(Answer),
    /// Refresh with lifetime 0 was answered (`true`), or not (`false`: it may live on until its
    /// lifetime ends).
    Released(bool),
}

/// Why there is no allocation.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// How the Allocate request ended.
    Answer(Answer),
    /// Granted, but unusable: says what is wrong with it.
    Unusable(String),
}

/// What to do next.
#[derive(Debug)]
pub enum Todo {
    Send(Vec<u8>),
    Event(Event),
    Wait(Time),
    /// Nothing any more.
    Over,
}

/// An allocation on its way, in use, or on its way out.
pub struct Allocation {
    route: Route,
    credentials: Option<Credentials>,
    wish: Wish,
    chance: Chance,
    allocate: Exchange,
    held: Option<Held>,
    release: Option<Exchange>,
    over: bool,
    reported: bool,
    out: VecDeque<Vec<u8>>,
    events: VecDeque<Event>,
}

impl Allocation {
    #[must_use]
    pub fn new(route: Route, credentials: Option<Credentials>, wish: Wish, mut chance: Chance) -> Allocation {
        let allocate = Exchange::new(allocate(&wish), route, credentials.clone(), None, &mut chance);
        Allocation {
            route,
            credentials,
            wish,
            chance,
            allocate,
            held: None,
            release: None,
            over: false,
            reported: false,
            out: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// The next thing to do.
    pub fn next(&mut self, now: Time) -> Todo {
        self.advance(now);
        if let Some(bytes) = self.out.pop_front() {
            return Todo::Send(bytes);
        }
        if let Some(event) = self.events.pop_front() {
            return Todo::Event(event);
        }
        if self.over {
            return Todo::Over;
        }
        Todo::Wait(self.wake())
    }

    /// When there is something to do again; a time that has passed when there is something now.
    #[must_use]
    pub fn wake(&self) -> Time {
        if !self.out.is_empty() || !self.events.is_empty() || self.over {
            return Time::ZERO;
        }
        match (&self.release, &self.held) {
            (Some(release), _) => release.wake(),
            (None, Some(held)) => held.wake(),
            (None, None) if self.reported => Time::NEVER,
            (None, None) => self.allocate.wake(),
        }
    }

    /// Takes in a STUN message; true when it belongs to this allocation.
    pub fn receive(&mut self, now: Time, from: SocketAddr, message: &Message) -> bool {
        if self.allocate.receive(now, from, message) {
            return true;
        }
        if self.release.as_mut().is_some_and(|release| release.receive(now, from, message)) {
            return true;
        }
        let Some(held) = &mut self.held else { return false };
        if held.receive(now, from, message) {
            return true;
        }
        if from == self.route.server && message.class == Class::Indication && message.method == Method::DATA {
            if let Some(event) = held.indication(now, message) {
                self.events.push_back(event);
            }
            return true;
        }
        false
    }

    /// Takes in a ChannelData message; true when its channel belongs to this allocation.
    pub fn receive_channel(&mut self, from: SocketAddr, message: ChannelData<'_>) -> bool {
        if from != self.route.server {
            return false;
        }
        let Some(peer) = self.held.as_ref().and_then(|held| held.peer_of(message.channel)) else { return false };
        let data = message.data.to_vec();
        self.events.push_back(Event::Data { peer, data, channel: Some(message.channel) });
        true
    }

    /// An ICMP error came back from the server's address.
    pub fn unreachable(&mut self, now: Time, icmp: Icmp) {
        self.allocate.unreachable(now, icmp);
        if let Some(release) = &mut self.release {
            release.unreachable(now, icmp);
        }
    }

    /// Asks for permissions (RFC 8656 §10), kept until the allocation ends.
    pub fn permit(&mut self, peers: &[SocketAddr]) {
        if let Some(held) = &mut self.held {
            held.permit(peers);
        }
    }

    /// Binds a channel (RFC 8656 §12); `None` without an allocation or when all 4096 are taken.
    pub fn bind(&mut self, peer: SocketAddr) -> Option<u16> {
        self.held.as_mut()?.bind(peer)
    }

    /// Sends to a peer: through its channel when one is bound, else as a Send indication. False when
    /// there is no allocation or the data does not fit a message.
    pub fn send(&mut self, peer: SocketAddr, data: &[u8]) -> bool {
        let Some(held) = &self.held else { return false };
        let bytes = match held.channel_of(peer) {
            Some(channel) => channel_data::encode(channel, data, self.route.stream),
            None => held::send_indication(peer, data, &mut self.chance),
        };
        bytes.is_some_and(|bytes| {
            self.out.push_back(bytes);
            true
        })
    }

    /// Sends as a Send indication even where a channel is bound.
    pub fn send_indication(&mut self, peer: SocketAddr, data: &[u8]) -> bool {
        let bytes = self.held.as_ref().and_then(|_| held::send_indication(peer, data, &mut self.chance));
        bytes.is_some_and(|bytes| {
            self.out.push_back(bytes);
            true
        })
    }

    /// Refreshes now, with that lifetime in seconds or the server's own.
    pub fn refresh(&mut self, lifetime: Option<u32>) {
        if let Some(held) = &mut self.held {
            held.refresh(lifetime);
        }
    }

    /// Releases what was, or may have been, allocated: the answer to a signed Allocate may have been
    /// lost. Ends in [`Event::Released`] when there was something to release, then [`Todo::Over`].
    pub fn release(&mut self) {
        if self.release.is_some() || self.over {
            return;
        }
        let session = self.allocate.session().cloned();
        let maybe = self.held.is_some() || self.allocated_in_vain();
        self.held = None;
        self.reported = true;
        if !maybe {
            self.over = true;
            return;
        }
        let mut request = Request::new(Method::REFRESH).with(Value::Lifetime(0));
        if let Some(software) = &self.wish.software {
            request = request.with(Value::Software(software.clone()));
        }
        let route = Route { schedule: RELEASE, ..self.route };
        self.release = Some(Exchange::new(request, route, self.credentials.clone(), session, &mut self.chance));
    }

    /// The connection is gone: nothing can be sent any more. The server ends the allocation itself.
    pub fn cut(&mut self) {
        self.over = true;
        self.out.clear();
    }

    /// What the Allocate exchange has seen.
    #[must_use]
    pub fn seen(&self, now: Time) -> Seen {
        self.allocate.seen(now)
    }

    /// The server's realm, once it challenged.
    #[must_use]
    pub fn realm(&self) -> Option<String> {
        self.allocate.session().map(super::auth::Session::realm)
    }

    /// The server is known to be alive through another path: wait for fewer copies.
    pub fn hurry(&mut self, copies: u32, last_wait: Duration) {
        self.allocate.hurry(copies, last_wait);
    }

    /// A signed Allocate went out and no error came back: the server may hold an allocation.
    fn allocated_in_vain(&self) -> bool {
        match self.allocate.ended() {
            Some(answer) => {
                let unanswered = matches!(
                    answer,
                    Answer::Success { .. } | Answer::IntegrityFailed { .. } | Answer::Malformed(_) | Answer::Silence
                );
                unanswered && self.allocate.session().is_some()
            }
            None => self.allocate.session().is_some(),
        }
    }

    fn advance(&mut self, now: Time) {
        if self.over {
            return;
        }
        if let Some(release) = &mut self.release {
            match release.next(now) {
                Next::Send(bytes) => self.out.push_back(bytes),
                Next::Wait(_) => {}
                Next::Ended(answer) => {
                    // 437 means that it is gone, which is what was wanted (RFC 8656 §8.3).
                    let gone = match &answer {
                        Answer::Success { .. } => true,
                        Answer::Failure { error, .. } => error.code == 437,
                        _ => false,
                    };
                    self.over = true;
                    self.events.push_back(Event::Released(gone));
                }
            }
            return;
        }
        match &mut self.held {
            Some(held) => {
                held.advance(now, &mut self.out, &mut self.events);
                if held.lost {
                    self.over = true;
                }
            }
            None if !self.reported => match self.allocate.next(now) {
                Next::Send(bytes) => self.out.push_back(bytes),
                Next::Wait(_) => {}
                Next::Ended(answer) => self.allocate_ended(now, answer),
            },
            None => {}
        }
    }

    fn allocate_ended(&mut self, now: Time, answer: Answer) {
        self.reported = true;
        let Answer::Success { message, signed } = &answer else {
            self.events.push_back(Event::Failed(Failure::Answer(answer)));
            return;
        };
        match Grant::read(message, *signed, &self.wish) {
            Ok(grant) => {
                let session = self.allocate.session().cloned();
                let parts = (self.credentials.clone(), session, self.wish.software.clone());
                self.held = Some(Held::new(now, self.route, parts, grant.lifetime, self.chance.split()));
                self.events.push_back(Event::Allocated(grant));
            }
            Err(text) => {
                // RFC 8656 §7.3: what cannot be used is deleted.
                self.events.push_back(Event::Failed(Failure::Unusable(text)));
                self.release();
            }
        }
    }
}

fn allocate(wish: &Wish) -> Request {
    let mut request = Request::new(Method::ALLOCATE).with(Value::RequestedTransport(17));
    if let Some(family) = wish.family {
        request = request.with(Value::RequestedAddressFamily(family));
    }
    if let Some(lifetime) = wish.lifetime {
        request = request.with(Value::Lifetime(lifetime));
    }
    for value in &wish.more {
        request = request.with(value.clone());
    }
    if let Some(software) = &wish.software {
        request = request.with(Value::Software(software.clone()));
    }
    request
}

#[cfg(test)]
mod tests;

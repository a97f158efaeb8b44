//! One fresh local port: asks, listens, and knows who answered.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::ground::Ground;
use crate::machine::script::{Incoming, Line, either};
use crate::machine::{Icmp, Time};
use crate::report::Event;
use crate::report::nat::TestOutcome;
use crate::wire::attribute::{self, Value};
use crate::wire::describe;
use crate::wire::message::{Builder, Class, Message, Method, TransactionId};

/// Datagrams that nobody has asked for yet; the oldest give way.
const UNREAD: usize = 512;

/// A UDP socket of the probe on a random port that it never used before (RFC 5780 §4.1). Several
/// parts of the story may ask through it at once.
pub(super) struct Port {
    ground: Rc<Ground>,
    line: Line<Event>,
    heard: RefCell<Inbox>,
}

#[derive(Default)]
struct Inbox {
    unread: VecDeque<Heard>,
    errors: Vec<(SocketAddr, Icmp, Time)>,
    /// Rises with everything that comes in.
    count: u64,
}

/// A datagram that came in, from anybody.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub from: SocketAddr,
    pub bytes: Vec<u8>,
    pub at: Time,
}

/// A Binding request, and what is expected of its answer.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub to: SocketAddr,
    /// Where a success response must come from. An error response may come from `to`, too.
    pub from: SocketAddr,
    pub values: Vec<Value>,
    pub persistence: Persistence,
}

/// How long to go on asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Persistence {
    /// An answer is expected: copies a round-trip time apart, and many of them.
    Answer,
    /// Silence is a result: copies spread over a window, enough for the loss that was seen.
    Silence,
}

/// What came of a request.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub outcome: TestOutcome,
    /// The answer: from where it should be, or, when the outcome says so, an error or one from a
    /// place that proves nothing.
    pub message: Option<Message>,
    pub from: Option<SocketAddr>,
    /// Copies that were sent.
    pub sent: u32,
    pub took: Duration,
    /// Only where one copy was sent.
    pub round_trip: Option<Duration>,
    pub icmp: Option<Icmp>,
}

impl Ask {
    /// A plain Binding request.
    pub(super) fn binding(to: SocketAddr) -> Ask {
        Ask { to, from: to, values: Vec::new(), persistence: Persistence::Answer }
    }

    /// With CHANGE-REQUEST: the answer must come from `from` (RFC 5780 §7.2).
    pub(super) fn change(to: SocketAddr, from: SocketAddr) -> Ask {
        let change = Value::ChangeRequest { ip: to.ip() != from.ip(), port: to.port() != from.port() };
        Ask { from, ..Ask::binding(to) }.with(change)
    }

    pub(super) fn with(mut self, value: Value) -> Ask {
        self.values.push(value);
        self
    }

    /// Silence is a result.
    pub(super) fn patiently(self) -> Ask {
        Ask { persistence: Persistence::Silence, ..self }
    }
}

impl Said {
    /// The answer that was waited for came, from where it should.
    pub(super) fn is_answered(&self) -> bool {
        self.outcome == TestOutcome::Answered
    }

    /// How the answer says that we were seen.
    pub(super) fn mapped(&self) -> Option<SocketAddr> {
        self.message.as_ref().filter(|_| self.is_answered()).and_then(Message::mapped)
    }

    /// MAPPED-ADDRESS, which an ALG may have rewritten (RFC 5780 §3.6).
    pub(super) fn mapped_plain(&self) -> Option<SocketAddr> {
        self.message.as_ref().filter(|_| self.is_answered())?.address(attribute::MAPPED_ADDRESS)
    }

    /// The error that it was.
    pub(super) fn error(&self) -> Option<(u16, String)> {
        let error = self.message.as_ref()?.error()?;
        Some((error.code, error.reason))
    }
}

impl Port {
    pub(super) fn new(ground: Rc<Ground>, line: Line<Event>) -> Port {
        Port { ground, line, heard: RefCell::default() }
    }

    pub(super) fn local(&self) -> SocketAddr {
        self.line.local()
    }

    /// Sends bytes to anybody.
    pub(super) fn send(&self, to: SocketAddr, bytes: Vec<u8>) {
        self.line.send_to(to, bytes);
    }

    /// Asks until there is an answer, or until its absence is one.
    pub(super) async fn ask(&self, ask: &Ask) -> Said {
        let id = TransactionId(self.ground.random());
        let mut request = Builder::new(Class::Request, Method::BINDING, id);
        for value in &ask.values {
            request = request.with(value.clone());
        }
        if let Some(software) = &self.ground.config.software {
            request = request.with(Value::Software(software.clone()));
        }
        let mut asking = Asking::new(ask, id, request.build(), self.ground.hands.now());
        loop {
            self.drain();
            let count = self.take(&mut asking);
            if let Some(said) = asking.over(self) {
                return said;
            }
            let now = self.ground.hands.now();
            if asking.due <= now && asking.copies_left(self) {
                self.tell("to", ask.to, &asking.bytes);
                self.line.send_to(ask.to, asking.bytes.clone());
                asking.sent += 1;
                asking.last = now;
            }
            asking.due = asking.next(self);
            either(self.news(count), self.ground.hands.sleep_until(asking.due)).await;
        }
    }

    /// The next datagram that is wanted, or `None` at the deadline.
    pub(super) async fn heard(&self, deadline: Time, mut wanted: impl FnMut(&Heard) -> bool) -> Option<Heard> {
        loop {
            self.drain();
            let (found, count) = {
                let mut heard = self.heard.borrow_mut();
                let place = heard.unread.iter().position(&mut wanted);
                (place.and_then(|place| heard.unread.remove(place)), heard.count)
            };
            if found.is_some() || self.ground.hands.now() >= deadline {
                return found;
            }
            either(self.news(count), self.ground.hands.sleep_until(deadline)).await;
        }
    }

    /// Hands over what answers this request.
    fn take(&self, asking: &mut Asking<'_>) -> u64 {
        let mut heard = self.heard.borrow_mut();
        let Inbox { unread, errors, count } = &mut *heard;
        unread.retain(|heard| match Message::decode(&heard.bytes) {
            Ok(message) if message.transaction == asking.id && message.class != Class::Request => {
                asking.receive(heard.from, heard.at, message, &self.ground);
                false
            }
            _ => true,
        });
        let icmp = errors.iter().find(|(to, _, at)| *to == asking.ask.to && *at >= asking.began);
        if let Some((_, icmp, _)) = icmp {
            asking.icmp = Some(*icmp);
        }
        *count
    }

    fn drain(&self) {
        let mut any = false;
        while let Some(incoming) = self.line.try_next() {
            any = true;
            let mut heard = self.heard.borrow_mut();
            heard.count += 1;
            match incoming {
                Incoming::Bytes { from, bytes, at } => {
                    self.tell("from", from, &bytes);
                    if heard.unread.len() == UNREAD {
                        heard.unread.pop_front();
                    }
                    heard.unread.push_back(Heard { from, bytes, at });
                }
                Incoming::Unreachable { to, icmp, at } if heard.errors.len() < UNREAD => {
                    heard.errors.push((to, icmp, at));
                }
                Incoming::Unreachable { .. } | Incoming::Closed { .. } => {}
            }
        }
        if any {
            self.ground.hands.changed();
        }
    }

    /// Tells a message, where that is wanted.
    fn tell(&self, way: &str, other: SocketAddr, bytes: &[u8]) {
        if self.ground.config.trace
            && let Ok(message) = Message::decode(bytes)
        {
            self.ground.note(format!("{} {way} {other}: {}", self.local(), describe::describe(&message)));
        }
    }

    async fn news(&self, count: u64) {
        self.ground
            .hands
            .until(|| {
                self.drain();
                (self.heard.borrow().count != count).then_some(())
            })
            .await;
    }
}

/// A request under way.
struct Asking<'a> {
    ask: &'a Ask,
    id: TransactionId,
    bytes: Vec<u8>,
    began: Time,
    sent: u32,
    last: Time,
    due: Time,
    /// The first answer from where it should come.
    answer: Option<(SocketAddr, Message, Time)>,
    /// An answer that says no.
    error: Option<(SocketAddr, Message, Time)>,
    /// An answer from a place that proves nothing, and when no more is to be expected.
    stray: Option<(SocketAddr, Message, Time)>,
    icmp: Option<Icmp>,
}

impl<'a> Asking<'a> {
    fn new(ask: &'a Ask, id: TransactionId, bytes: Vec<u8>, now: Time) -> Asking<'a> {
        Asking {
            ask,
            id,
            bytes,
            began: now,
            sent: 0,
            last: now,
            due: now,
            answer: None,
            error: None,
            stray: None,
            icmp: None,
        }
    }

    fn receive(&mut self, from: SocketAddr, at: Time, message: Message, ground: &Ground) {
        if self.answer.is_some() || message.method != Method::BINDING {
            return;
        }
        let success = message.class == Class::Success;
        if from == self.ask.from || !success && from == self.ask.to {
            // With CHANGE-REQUEST a filter is a reason for silence, so only plain answers teach about loss.
            if self.ask.from == self.ask.to {
                ground.pace.borrow_mut().answered(from.ip(), self.sent, at - self.began, at - self.last);
            }
            let slot = if success { &mut self.answer } else { &mut self.error };
            *slot = Some((from, message, at));
        } else if self.stray.is_none() {
            self.stray = Some((from, message, at));
        }
    }

    /// How it ended, once it has.
    fn over(&self, port: &Port) -> Option<Said> {
        let said = |outcome, found: Option<&(SocketAddr, Message, Time)>, now: Time| Said {
            outcome,
            message: found.map(|(_, message, _)| message.clone()),
            from: found.map(|(from, ..)| *from),
            sent: self.sent,
            took: found.map_or(now, |(.., at)| *at) - self.began,
            round_trip: found.filter(|_| self.sent == 1).map(|(.., at)| *at - self.began),
            icmp: self.icmp,
        };
        let now = port.ground.hands.now();
        if self.answer.is_some() {
            return Some(said(TestOutcome::Answered, self.answer.as_ref(), now));
        }
        if self.error.is_some() {
            return Some(said(TestOutcome::Refused, self.error.as_ref(), now));
        }
        if self.icmp.is_some() {
            return Some(said(TestOutcome::Unreachable, None, now));
        }
        let pace = port.ground.pace.borrow();
        if let Some((.., at)) = &self.stray
            && now >= *at + pace.last_wait(self.ask.to.ip())
        {
            return Some(said(TestOutcome::WrongSource, self.stray.as_ref(), now));
        }
        let waited = now - self.last;
        let over = self.sent > 0
            && match self.ask.persistence {
                Persistence::Silence => self.sent >= pace.copies() && waited >= pace.last_wait(self.ask.to.ip()),
                Persistence::Answer => {
                    let patience = port.ground.config.schedule.total();
                    let since = if pace.knows(self.ask.to.ip()) { waited } else { now - self.began };
                    pace.hopeless(self.ask.to.ip(), self.sent, since, patience)
                }
            };
        drop(pace);
        over.then(|| {
            if self.ask.persistence == Persistence::Answer {
                port.ground.pace.borrow_mut().unanswered(self.ask.to.ip(), self.sent);
            }
            said(TestOutcome::Silent, None, now)
        })
    }

    fn copies_left(&self, port: &Port) -> bool {
        match self.ask.persistence {
            Persistence::Answer => true,
            Persistence::Silence => self.sent < port.ground.pace.borrow().copies() && self.stray.is_none(),
        }
    }

    /// When to look again.
    fn next(&self, port: &Port) -> Time {
        let pace = port.ground.pace.borrow();
        let who = self.ask.to.ip();
        let soon = port.ground.hands.now() + Duration::from_millis(1);
        if let Some((.., at)) = &self.stray {
            return (*at + pace.last_wait(who)).max(soon);
        }
        let next = match self.ask.persistence {
            Persistence::Answer => self.last + pace.again(who, self.sent),
            Persistence::Silence if self.sent < pace.copies() => self.last + pace.gap(),
            Persistence::Silence => self.last + pace.last_wait(who),
        };
        next.max(soon)
    }
}

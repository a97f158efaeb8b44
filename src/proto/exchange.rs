//! A request with everything that it takes to get an answer: retransmission, the challenge, a stale
//! nonce, integrity.

use std::net::SocketAddr;
use std::time::Duration;

use crate::machine::{Chance, Icmp, Time};
use crate::proto::auth::{BadChallenge, Credentials, Session, Verified};
use crate::proto::schedule::Schedule;
use crate::proto::transaction::{Stray, Transaction};
use crate::wire::attribute::{self, ErrorCode, Value};
use crate::wire::integrity::Integrity;
use crate::wire::message::{Builder, Class, Message, Method, TransactionId};

/// Stale nonces in a row before the server is taken to be going in circles.
const STALE_NONCES: u32 = 3;

/// Where requests go and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    pub server: SocketAddr,
    /// TCP or TLS: no retransmission, no waiting after a failed integrity check.
    pub stream: bool,
    pub schedule: Schedule,
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: Method,
    pub attributes: Vec<Value>,
}

impl Request {
    #[must_use]
    pub fn new(method: Method) -> Request {
        Request { method, attributes: Vec::new() }
    }

    #[must_use]
    pub fn with(mut self, value: Value) -> Request {
        self.attributes.push(value);
        self
    }
}

/// A request under way.
#[derive(Debug, Clone)]
pub struct Exchange {
    request: Request,
    route: Route,
    credentials: Option<Credentials>,
    session: Option<Session>,
    chance: Chance,
    transaction: Transaction,
    /// Those that were answered with a challenge.
    past: Vec<TransactionId>,
    stale: u32,
    /// The realm of the refused attempt differed from the challenge's; tried again once.
    realm_changed: bool,
    integrity_failed: Option<bool>,
    seen: Seen,
    ended: Option<Answer>,
}

/// What was seen along the way, for the report.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    /// Of the first request that was answered without retransmission.
    pub round_trip: Option<Duration>,
    pub software: Option<String>,
    /// Every answer that did not count.
    pub strays: Vec<Stray>,
    /// The answer was signed with the MD5 key although SHA-256 was agreed on.
    pub md5_signed: bool,
    /// Something STUN came from the server, whatever it said.
    pub answered: bool,
    /// The request that was answered or given up last carried MESSAGE-INTEGRITY.
    pub signed: bool,
    /// Copies of the last request.
    pub copies: u32,
    /// Since the first copy of the last request.
    pub waited: Duration,
    /// What the server showed of itself, answer by answer.
    pub shown: Vec<Shown>,
}

/// What an answer shows of who gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub at: Time,
    pub nonce: Option<Vec<u8>>,
    /// RESPONSE-ORIGIN.
    pub origin: Option<SocketAddr>,
    pub software: Option<String>,
}

impl Shown {
    /// Nothing, at that time.
    #[must_use]
    pub fn at(at: Time) -> Shown {
        Shown { at, nonce: None, origin: None, software: None }
    }
}

/// How an exchange ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// A success response; `signed` when the request was authenticated and the answer verified.
    Success { message: Message, signed: bool },
    /// An error response.
    Failure { error: ErrorCode, message: Message, integrity: Integrity },
    /// Every answer to the authenticated request failed verification.
    IntegrityFailed { absent: bool },
    /// The challenge cannot be answered.
    BadChallenge(BadChallenge),
    /// 438 again and again.
    NonceLoop,
    /// An answer that breaks the protocol; says how.
    Malformed(String),
    /// No answer that counts.
    Silence,
    /// An ICMP error, or no way out of this machine.
    Unreachable(Icmp),
}

/// What to do next.
#[derive(Debug)]
pub enum Next {
    Send(Vec<u8>),
    Wait(Time),
    Ended(Answer),
}

impl Exchange {
    /// Starts a request; with a session it is signed from the start, with credentials a challenge is
    /// answered.
    #[must_use]
    pub fn new(
        request: Request,
        route: Route,
        credentials: Option<Credentials>,
        session: Option<Session>,
        chance: &mut Chance,
    ) -> Exchange {
        let mut chance = chance.split();
        let transaction = compose(&request, route, session.as_ref(), &mut chance);
        Exchange {
            request,
            route,
            credentials,
            session,
            chance,
            transaction,
            past: Vec::new(),
            stale: 0,
            realm_changed: false,
            integrity_failed: None,
            seen: Seen::default(),
            ended: None,
        }
    }

    /// The next thing to do. After `Ended` the same answer is given again.
    pub fn next(&mut self, now: Time) -> Next {
        if let Some(answer) = &self.ended {
            return Next::Ended(answer.clone());
        }
        if self.transaction.gave_up(now) {
            let answer = match self.integrity_failed {
                Some(absent) => Answer::IntegrityFailed { absent },
                None => Answer::Silence,
            };
            return self.end(now, answer);
        }
        match self.transaction.copy_due(now) {
            Some(bytes) => Next::Send(bytes),
            None => Next::Wait(self.transaction.wake()),
        }
    }

    /// When there is something to do again; a time that has passed when there is something now.
    #[must_use]
    pub fn wake(&self) -> Time {
        if self.ended.is_some() { Time::ZERO } else { self.transaction.wake() }
    }

    /// How it ended, once it has.
    #[must_use]
    pub fn ended(&self) -> Option<&Answer> {
        self.ended.as_ref()
    }

    /// Takes in a message; true when it belongs to this exchange.
    pub fn receive(&mut self, now: Time, from: SocketAddr, message: &Message) -> bool {
        if self.past.contains(&message.transaction) {
            self.seen.strays.push(Stray::Duplicate { at: now });
            self.seen.strays.truncate(32);
            return true;
        }
        if message.transaction != self.transaction.id() {
            return false;
        }
        if self.ended.is_some() {
            self.seen.strays.push(Stray::Duplicate { at: now });
            self.seen.strays.truncate(32);
            return true;
        }
        if !self.transaction.answers(now, from, message) {
            return true;
        }
        self.note(now, message);
        match message.class {
            Class::Success => self.success(now, message),
            _ => self.failure(now, message),
        }
        true
    }

    /// An ICMP error came back from the server's address, or the system refused to send.
    pub fn unreachable(&mut self, now: Time, icmp: Icmp) {
        if self.ended.is_none() {
            self.end(now, Answer::Unreachable(icmp));
        }
    }

    /// The server is known to be alive: no need to wait for the whole schedule.
    pub fn hurry(&mut self, copies: u32, last_wait: Duration) {
        self.transaction.at_most(copies, last_wait);
    }

    /// What was seen until now.
    #[must_use]
    pub fn seen(&self, now: Time) -> Seen {
        let mut seen = self.seen.clone();
        if self.ended.is_none() {
            seen.copies = self.transaction.copies();
            seen.waited = self.transaction.age(now);
            seen.signed = self.session.is_some();
            seen.strays.extend(self.transaction.strays().iter().cloned());
        }
        seen
    }

    /// The session, once a challenge was answered.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    fn success(&mut self, now: Time, message: &Message) {
        let strangers = message.not_understood();
        if !strangers.is_empty() {
            let names: Vec<_> = strangers.iter().map(|kind| attribute::name(*kind)).collect();
            let text = format!("the answer demands understanding of {} (RFC 8489 §6.3.3)", names.join(", "));
            self.end(now, Answer::Malformed(text));
            return;
        }
        let Some(session) = &self.session else {
            self.end(now, Answer::Success { message: message.clone(), signed: false });
            return;
        };
        match session.verify(message) {
            Verified::As(Integrity::Valid { .. }) => {}
            Verified::Otherwise => self.seen.md5_signed = true,
            Verified::As(verdict) => {
                self.distrust(now, verdict);
                return;
            }
        }
        self.end(now, Answer::Success { message: message.clone(), signed: true });
    }

    /// RFC 8489 §9.2.5: over UDP as if never received, over a stream the end.
    fn distrust(&mut self, now: Time, verdict: Integrity) {
        let absent = verdict == Integrity::Absent;
        self.transaction.stray(Stray::BadIntegrity { at: now, absent });
        self.integrity_failed = Some(absent);
        if self.route.stream {
            self.end(now, Answer::IntegrityFailed { absent });
        }
    }

    fn failure(&mut self, now: Time, message: &Message) {
        let Some(error) = message.error() else {
            let text = "an error response without a readable ERROR-CODE".to_string();
            self.end(now, Answer::Malformed(text));
            return;
        };
        let integrity = match &self.session {
            Some(session) => match session.verify(message) {
                Verified::As(integrity) => integrity,
                Verified::Otherwise => Integrity::Valid { sha256: false },
            },
            None => Integrity::Absent,
        };
        match (error.code, &mut self.session) {
            (401 | 438, None) => self.challenged(now, error, message),
            (401, Some(session)) if !session.same_realm(message) && !self.realm_changed => {
                self.realm_changed = true;
                self.challenged(now, error, message);
            }
            (438, Some(session)) => {
                if self.stale == STALE_NONCES {
                    self.end(now, Answer::NonceLoop);
                } else if session.renew(message) {
                    self.stale += 1;
                    self.again(now);
                } else {
                    let text = "438 Stale Nonce without a new NONCE".to_string();
                    self.end(now, Answer::Malformed(text));
                }
            }
            // Servers send these unsigned (RFC 8489 §14.8), and pion signs no error at all: an
            // unsigned error is believed, and said to be unsigned; a wrongly signed one is not.
            (code, Some(_)) if !matches!(code, 400 | 401) && matches!(integrity, Integrity::Invalid { .. }) => {
                self.distrust(now, integrity);
            }
            _ => {
                self.end(now, Answer::Failure { error, message: message.clone(), integrity });
            }
        }
    }

    fn challenged(&mut self, now: Time, error: ErrorCode, message: &Message) {
        let Some(credentials) = &self.credentials else {
            self.end(now, Answer::Failure { error, message: message.clone(), integrity: Integrity::Absent });
            return;
        };
        match Session::answer(credentials, message) {
            Ok(session) => {
                self.session = Some(session);
                self.again(now);
            }
            Err(bad) => {
                self.end(now, Answer::BadChallenge(bad));
            }
        }
    }

    fn again(&mut self, _now: Time) {
        self.seen.strays.extend(self.transaction.strays().iter().cloned());
        self.past.push(self.transaction.id());
        self.transaction = compose(&self.request, self.route, self.session.as_ref(), &mut self.chance);
    }

    fn note(&mut self, now: Time, message: &Message) {
        self.seen.answered = true;
        if self.seen.round_trip.is_none() {
            self.seen.round_trip = self.transaction.round_trip(now);
        }
        let shown = Shown {
            at: now,
            nonce: message.get(attribute::NONCE).map(<[u8]>::to_vec),
            origin: message.address(attribute::RESPONSE_ORIGIN),
            software: message.text(attribute::SOFTWARE),
        };
        if let Some(software) = &shown.software {
            self.seen.software = Some(software.clone());
        }
        self.seen.shown.push(shown);
    }

    fn end(&mut self, now: Time, answer: Answer) -> Next {
        self.seen.copies = self.transaction.copies();
        self.seen.waited = self.transaction.age(now);
        self.seen.signed = self.session.is_some();
        self.seen.strays.extend(self.transaction.strays().iter().cloned());
        self.ended = Some(answer.clone());
        Next::Ended(answer)
    }
}

fn compose(request: &Request, route: Route, session: Option<&Session>, chance: &mut Chance) -> Transaction {
    let id = TransactionId(chance.bytes());
    let mut builder = Builder::new(Class::Request, request.method, id);
    for value in &request.attributes {
        builder = builder.with(value.clone());
    }
    if let Some(session) = session {
        builder = session.sign(builder);
    }
    Transaction::new(id, request.method, builder.build(), route.server, route.stream, route.schedule)
}

#[cfg(test)]
mod tests;

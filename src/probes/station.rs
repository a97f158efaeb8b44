//! One socket towards a server: requests, answers, data from peers.

mod heard;
mod reply;

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use self::heard::Heard;
pub(in crate::probes) use self::reply::{End, Reply};
use super::faces::Faces;
use super::weather::Weather;
use crate::machine::script::{Hands, Incoming, Line, either};
use crate::machine::{Chance, Time};
use crate::proto::auth::{Credentials, Session};
use crate::proto::exchange::{Exchange, Next, Request, Route, Seen};
use crate::proto::schedule::Schedule;
use crate::report::{Event, Form};
use crate::wire::attribute::Value;
use crate::wire::channel_data;
use crate::wire::describe;
use crate::wire::framing::Frame;
use crate::wire::message::{Builder, Class, Message, Method, TransactionId};

/// How a station behaves.
#[derive(Clone)]
pub(in crate::probes) struct Manner {
    pub schedule: Schedule,
    /// Tell every message.
    pub trace: bool,
    pub weather: Rc<Weather>,
}

pub(in crate::probes) struct Station {
    trace: bool,
    hands: Hands<Event>,
    line: Line<Event>,
    server: SocketAddr,
    schedule: Schedule,
    credentials: Option<Credentials>,
    session: RefCell<Option<Session>>,
    chance: RefCell<Chance>,
    heard: RefCell<Heard>,
    weather: Rc<Weather>,
    faces: Faces,
}

/// Something from a peer through the relay; or, on a plain socket, from anybody but the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::probes) struct Data {
    pub peer: SocketAddr,
    pub bytes: Vec<u8>,
    /// `None` for a plain datagram.
    pub form: Option<Form>,
    pub at: Time,
}

impl Station {
    pub(in crate::probes) fn new(
        hands: &Hands<Event>,
        line: Line<Event>,
        server: SocketAddr,
        manner: Manner,
        credentials: Option<Credentials>,
        chance: Chance,
    ) -> Station {
        let Manner { schedule, trace, weather } = manner;
        Station {
            trace,
            hands: hands.clone(),
            line,
            server,
            schedule,
            credentials,
            session: RefCell::new(None),
            chance: RefCell::new(chance),
            heard: RefCell::default(),
            weather,
            faces: Faces::default(),
        }
    }

    /// The same station with other credentials.
    pub(in crate::probes) fn with(self, credentials: Option<Credentials>) -> Station {
        Station { credentials, session: RefCell::new(None), ..self }
    }

    pub(in crate::probes) fn local(&self) -> SocketAddr {
        self.line.local()
    }

    pub(in crate::probes) fn server(&self) -> SocketAddr {
        self.server
    }

    pub(in crate::probes) fn line(&self) -> &Line<Event> {
        &self.line
    }

    pub(in crate::probes) fn session(&self) -> Option<Session> {
        self.session.borrow().clone()
    }

    /// Signs what follows with that.
    pub(in crate::probes) fn sign_with(&self, session: Session) {
        *self.session.borrow_mut() = Some(session);
    }

    /// Asks, and answers a challenge with the station's credentials.
    pub(in crate::probes) async fn ask(&self, request: Request) -> Reply {
        let session = self.session().filter(|_| self.credentials.is_some());
        let schedule = if session.is_some() { self.known() } else { self.schedule };
        self.ask_with(request, self.credentials.clone(), session, schedule).await
    }

    /// Asks as [`Station::ask`] does, over a stream no longer than a first request: whoever can, begins
    /// again on another connection.
    pub(in crate::probes) async fn ask_at_first(&self, request: Request) -> Reply {
        let session = self.session().filter(|_| self.credentials.is_some());
        let schedule = if self.line.is_stream() { self.schedule } else { self.known() };
        self.ask_with(request, self.credentials.clone(), session, schedule).await
    }

    /// Asks once more what was not answered while something else was, without credentials.
    pub(in crate::probes) async fn ask_bare_again(&self, request: Request) -> Reply {
        self.ask_with(request, None, None, self.known()).await
    }

    /// How to ask somebody who has answered before.
    fn known(&self) -> Schedule {
        if self.line.is_stream() { self.schedule.on_stream() } else { self.schedule.steadier() }
    }

    /// Asks without credentials: a challenge is the answer.
    pub(in crate::probes) async fn ask_bare(&self, request: Request) -> Reply {
        self.ask_with(request, None, None, self.schedule.opening()).await
    }

    /// Asks as the session has it, and answers no further challenge.
    pub(in crate::probes) async fn ask_as(&self, session: Session, request: Request) -> Reply {
        self.ask_with(request, None, Some(session), self.schedule).await
    }

    /// Asks in quick succession, for a request whose answer is not waited for long.
    pub(in crate::probes) async fn ask_briefly(&self, request: Request) -> Reply {
        let brief = Schedule {
            rto: Duration::from_millis(100),
            cap: Some(Duration::from_millis(200)),
            sends: 8,
            last_wait: Duration::from_millis(400),
        };
        let session = self.session().filter(|_| self.credentials.is_some());
        self.ask_with(request, self.credentials.clone(), session, brief).await
    }

    async fn ask_with(
        &self,
        request: Request,
        credentials: Option<Credentials>,
        session: Option<Session>,
        schedule: Schedule,
    ) -> Reply {
        let route = Route { server: self.server, stream: self.line.is_stream(), schedule };
        let began = self.hands.now();
        let mut exchange = Exchange::new(request, route, credentials, session, &mut self.chance.borrow_mut());
        loop {
            self.drain();
            let count = self.feed(began, &mut exchange);
            let now = self.hands.now();
            let end = match exchange.next(now) {
                Next::Send(bytes) => {
                    self.tell("to", self.server, &bytes);
                    self.line.send_to(self.server, bytes);
                    continue;
                }
                Next::Ended(answer) => Some(End::Answer(answer)),
                Next::Wait(until) => match self.cut() {
                    Some(end) => Some(end),
                    None => {
                        either(self.news(count), self.hands.sleep_until(until)).await;
                        None
                    }
                },
            };
            if let Some(end) = end {
                if let Some(session) = exchange.session() {
                    *self.session.borrow_mut() = Some(session.clone());
                }
                let (seen, took) = (exchange.seen(now), now - began);
                self.remember(&seen, took);
                return Reply { end, seen, took, local: self.local().ip() };
            }
        }
    }

    fn remember(&self, seen: &Seen, took: Duration) {
        if seen.answered {
            self.faces.show(&seen.shown);
            self.weather.met(self.faces.affinity());
            self.weather.answered(took, self.line.is_stream());
            if seen.copies > 1 {
                self.weather.lost();
            }
        }
    }

    /// Sends to a peer in a Send indication.
    pub(in crate::probes) fn send(&self, peer: SocketAddr, payload: &[u8], dont_fragment: bool) {
        let id = TransactionId(self.chance.borrow_mut().bytes());
        let mut indication = Builder::new(Class::Indication, Method::SEND, id).with(Value::XorPeerAddress(peer));
        if dont_fragment {
            indication = indication.with(Value::DontFragment);
        }
        let bytes = indication.with(Value::Data(payload.to_vec())).build();
        self.line.send_to(self.server, bytes);
    }

    /// Sends to a peer through its channel.
    pub(in crate::probes) fn send_channel(&self, channel: u16, payload: &[u8]) {
        if let Some(bytes) = channel_data::encode(channel, payload, self.line.is_stream()) {
            self.line.send_to(self.server, bytes);
        }
    }

    /// Sends a plain datagram to anybody.
    pub(in crate::probes) fn send_plain(&self, to: SocketAddr, payload: &[u8]) {
        self.line.send_to(to, payload.to_vec());
    }

    /// ChannelData with that number comes from that peer.
    pub(in crate::probes) fn expect_channel(&self, channel: u16, peer: SocketAddr) {
        self.heard.borrow_mut().channels.insert(channel, peer);
    }

    /// The next piece of data that is wanted, or `None` at the deadline.
    pub(in crate::probes) async fn data(&self, deadline: Time, mut wanted: impl FnMut(&Data) -> bool) -> Option<Data> {
        loop {
            self.drain();
            let (found, count) = {
                let mut heard = self.heard.borrow_mut();
                let place = heard.data.iter().position(&mut wanted);
                (place.and_then(|place| heard.data.remove(place)), heard.count)
            };
            if found.is_some() {
                return found;
            }
            if self.hands.now() >= deadline || self.cut().is_some() {
                return None;
            }
            either(self.news(count), self.hands.sleep_until(deadline)).await;
        }
    }

    /// The next message that belongs to no request and is wanted, or `None` at the deadline.
    pub(in crate::probes) async fn message(
        &self,
        deadline: Time,
        wanted: impl Fn(&Message) -> bool,
    ) -> Option<Message> {
        loop {
            self.drain();
            let (found, count) = {
                let mut heard = self.heard.borrow_mut();
                let place = heard.messages.iter().position(|(_, _, message)| wanted(message));
                (place.and_then(|place| heard.messages.remove(place)), heard.count)
            };
            if let Some((_, _, message)) = found {
                return Some(message);
            }
            if self.hands.now() >= deadline || self.cut().is_some() {
                return None;
            }
            either(self.news(count), self.hands.sleep_until(deadline)).await;
        }
    }

    /// Random bytes, for payloads.
    pub(in crate::probes) fn random<const N: usize>(&self) -> [u8; N] {
        self.chance.borrow_mut().bytes()
    }

    fn cut(&self) -> Option<End> {
        let heard = self.heard.borrow();
        match (&heard.garbage, &heard.closed) {
            (Some(bytes), _) => Some(End::Garbage(bytes.clone())),
            (None, Some(why)) => Some(End::Closed(why.clone())),
            (None, None) => None,
        }
    }

    /// Waits until something comes in.
    async fn news(&self, count: u64) {
        self.hands
            .until(|| {
                self.drain();
                (self.heard.borrow().count != count).then_some(())
            })
            .await;
    }

    /// Hands over what belongs to the exchange; returns how much has come in by now.
    fn feed(&self, began: Time, exchange: &mut Exchange) -> u64 {
        let mut heard = self.heard.borrow_mut();
        heard.messages.retain(|(at, from, message)| !exchange.receive(*at, *from, message));
        if let Some((at, icmp)) = heard.icmp
            && at >= began
        {
            exchange.unreachable(at, icmp);
        }
        heard.count
    }

    /// Tells a message that is no data, where that is wanted.
    fn tell(&self, way: &str, other: SocketAddr, bytes: &[u8]) {
        if !self.trace {
            return;
        }
        if let Ok(message) = Message::decode(bytes)
            && !describe::is_data(&message)
        {
            let text = format!("{} {way} {other}: {}", self.local(), describe::describe(&message));
            self.hands.tell(Event::Note { elapsed_ms: self.hands.now().millis(), text });
        }
    }

    fn drain(&self) {
        let mut any = false;
        while let Some(incoming) = self.line.try_next() {
            any = true;
            let mut heard = self.heard.borrow_mut();
            heard.count += 1;
            match incoming {
                Incoming::Bytes { from, bytes, at } if self.line.is_stream() => {
                    heard.deframer.push(&bytes);
                    while let Some(frame) = heard.deframer.next_frame() {
                        match frame {
                            Frame::Stun(bytes) | Frame::ChannelData(bytes) => {
                                self.tell("from", from, &bytes);
                                heard.frame(self.server, from, bytes, at);
                            }
                            Frame::Garbage(bytes) => {
                                heard.garbage = Some(bytes);
                                break;
                            }
                        }
                    }
                }
                Incoming::Bytes { from, bytes, at } => {
                    self.tell("from", from, &bytes);
                    heard.frame(self.server, from, bytes, at);
                }
                Incoming::Unreachable { to, icmp, at } if to == self.server => heard.icmp = Some((at, icmp)),
                Incoming::Unreachable { .. } => {}
                Incoming::Closed { why, .. } => heard.closed = Some(why),
            }
        }
        if any {
            self.hands.changed();
        }
    }
}

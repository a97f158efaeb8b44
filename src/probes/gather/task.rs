//! One question to one server from one local address, with everything that it may take: the next
//! address of the name, a redirection, a fresh port.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use super::harvest::Find;
use super::verdict::{self, Verdict};
use super::{Alternate, Config};
use crate::machine::{Chance, Ending, Icmp, Peer, Refusal, Secure, Socket, Time, Trust, Want};
use crate::proto::allocation::{Allocation, Event, Failure, Todo, Wish};
use crate::proto::auth::Credentials;
use crate::proto::exchange::{Answer, Exchange, Next, Request, Route, Seen};
use crate::proto::resolution::Target;
use crate::proto::schedule::Schedule;
use crate::report::CandidateKind;
use crate::wire::attribute;
use crate::wire::framing::{Deframer, Frame};
use crate::wire::message::{Message, Method};
use crate::wire::uri::Transport;

/// Client addresses that are tried when the server says 437 (RFC 8656 §7.4).
const PORTS: u32 = 3;
/// Redirections that are followed.
const REDIRECTIONS: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    Binding,
    Allocate,
}

/// What a task is to do.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub server: usize,
    pub local: usize,
    pub ask: Ask,
    /// Tried one after the other; never empty.
    pub targets: Vec<Target>,
    pub url: String,
    /// For SNI and the certificate.
    pub name: String,
    pub credentials: Option<Credentials>,
}

/// What a task wants done.
#[derive(Debug)]
pub(super) enum Act {
    Open(Want),
    Close(Socket),
    /// Without a socket: through the local address's own.
    Send {
        socket: Option<Socket>,
        to: SocketAddr,
        bytes: Vec<u8>,
    },
    Ended(Box<Ended>),
    Note(String),
    Wait,
    Over,
}

/// How asking one server address ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub ask: Ask,
    pub local: usize,
    pub target: Target,
    pub base: Option<SocketAddr>,
    pub began: Time,
    pub verdict: Verdict,
    pub seen: Seen,
    pub secure: Option<Secure>,
    pub finds: Vec<Find>,
    pub remarks: Vec<String>,
}

enum Talk {
    Binding(Exchange),
    Allocation(Box<Allocation>),
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// To be begun with the current target.
    Ready,
    Opening,
    Talking,
    /// The result is told; the allocation is being released.
    Leaving,
    Over,
}

pub(super) struct Task {
    plan: Plan,
    schedule: Schedule,
    alternate: Alternate,
    software: Option<String>,
    local_ip: std::net::IpAddr,
    chance: Chance,
    /// Which of the plan's targets is next.
    position: usize,
    target: Target,
    name: String,
    /// A socket of its own: a connection, or a fresh port after 437.
    own: Option<Socket>,
    wants_own: bool,
    ports: u32,
    visited: Vec<SocketAddr>,
    base: Option<SocketAddr>,
    began: Time,
    opened_at: Time,
    secure: Option<Secure>,
    deframer: Deframer,
    talk: Option<Talk>,
    remarks: Vec<String>,
    state: State,
    settled: bool,
    acts: VecDeque<Act>,
}

impl Task {
    pub(super) fn new(now: Time, plan: Plan, config: &Config, chance: Chance) -> Task {
        let target = plan.targets[0];
        Task {
            schedule: config.schedule,
            alternate: config.alternate,
            software: config.send_software.then(|| concat!("rtcprobe ", env!("CARGO_PKG_VERSION")).to_string()),
            local_ip: config.locals[plan.local].address,
            chance,
            position: 1,
            name: plan.name.clone(),
            own: None,
            wants_own: target.transport != Transport::Udp,
            ports: 0,
            visited: vec![target.address],
            base: None,
            began: now,
            opened_at: now,
            secure: None,
            deframer: Deframer::new(),
            talk: None,
            remarks: Vec::new(),
            state: State::Ready,
            settled: false,
            acts: VecDeque::new(),
            target,
            plan,
        }
    }

    pub(super) fn server(&self) -> usize {
        self.plan.server
    }

    pub(super) fn local(&self) -> usize {
        self.plan.local
    }

    /// Speaks through the socket of that local address.
    pub(super) fn shares(&self, local: usize) -> bool {
        self.plan.local == local && !self.wants_own
    }

    /// The result is told and will not change.
    pub(super) fn is_settled(&self) -> bool {
        self.settled
    }

    pub(super) fn is_over(&self) -> bool {
        self.state == State::Over && self.acts.is_empty()
    }

    /// The socket that was asked for has got a name.
    pub(super) fn named(&mut self, socket: Socket) {
        self.own = Some(socket);
    }

    /// The next thing to do; `base` is the address of the local socket, if there is one.
    pub(super) fn next(&mut self, now: Time, base: Option<SocketAddr>) -> Act {
        loop {
            if let Some(act) = self.acts.pop_front() {
                return act;
            }
            match self.state {
                State::Over => return Act::Over,
                State::Opening => return Act::Wait,
                State::Ready => self.begin(now, base),
                State::Talking | State::Leaving => {
                    if let Some(act) = self.talk(now) {
                        return act;
                    }
                }
            }
        }
    }

    pub(super) fn wake(&mut self, now: Time) -> Time {
        match (&self.state, &mut self.talk) {
            (State::Talking | State::Leaving, Some(Talk::Binding(exchange))) => match exchange.next(now) {
                Next::Wait(until) => until,
                _ => now,
            },
            (State::Talking | State::Leaving, Some(Talk::Allocation(allocation))) => match allocation.next(now) {
                Todo::Wait(until) => until,
                _ => now,
            },
            _ => Time::NEVER,
        }
    }

    /// Somebody else got an answer from that server address: silence here means something sooner.
    pub(super) fn hurry(&mut self, server: usize, target: SocketAddr) {
        if self.plan.server != server || self.target.address != target || self.state != State::Talking {
            return;
        }
        let wait = Duration::from_millis(500);
        match &mut self.talk {
            Some(Talk::Binding(exchange)) => exchange.hurry(3, wait),
            Some(Talk::Allocation(allocation)) => allocation.hurry(3, wait),
            None => {}
        }
    }

    pub(super) fn connected(&mut self, local: SocketAddr) {
        self.base = Some(local);
    }

    pub(super) fn opened(&mut self, now: Time, local: SocketAddr, secure: Option<&Secure>) {
        if self.state != State::Opening {
            return;
        }
        self.base = Some(local);
        self.secure = secure.cloned();
        self.opened_at = now;
        self.start_talk();
    }

    pub(super) fn refused(&mut self, now: Time, why: &Refusal) {
        self.own = None;
        if let Refusal::Untrusted { secure, .. } = why {
            self.secure = Some((**secure).clone());
        }
        let verdict = verdict::refused(why, self.target, self.local_ip, now - self.began);
        self.leg_over(now, verdict, Vec::new());
    }

    pub(super) fn closed(&mut self, now: Time, why: &Ending) {
        self.own = None;
        match (&self.state, &mut self.talk) {
            (State::Talking, Some(talk)) => {
                if let Talk::Allocation(allocation) = talk {
                    allocation.cut();
                }
                let pending = self.deframer.pending();
                let verdict = verdict::closed(why, self.target, self.ask(), pending, now - self.opened_at);
                self.leg_over(now, verdict, Vec::new());
            }
            (State::Leaving, _) => self.state = State::Over,
            _ => {}
        }
    }

    pub(super) fn unreachable(&mut self, now: Time, to: SocketAddr, icmp: Icmp) {
        if to != self.target.address || icmp.meaning == crate::machine::Unreachability::TooLarge {
            return;
        }
        match &mut self.talk {
            Some(Talk::Binding(exchange)) => exchange.unreachable(now, icmp),
            Some(Talk::Allocation(allocation)) => allocation.unreachable(now, icmp),
            None => {}
        }
    }

    /// Bytes on a socket of its own.
    pub(super) fn received(&mut self, now: Time, from: SocketAddr, bytes: &[u8]) {
        if !self.is_stream() {
            if let Ok(message) = Message::decode(bytes) {
                self.message(now, from, &message);
            }
            return;
        }
        self.deframer.push(bytes);
        while let Some(frame) = self.deframer.next_frame() {
            match frame {
                Frame::Stun(bytes) => {
                    if let Ok(message) = Message::decode(&bytes) {
                        self.message(now, from, &message);
                    }
                }
                Frame::ChannelData(_) => {}
                Frame::Garbage(bytes) => {
                    if self.state == State::Talking {
                        let verdict = verdict::garbage(&bytes, self.target, self.ask(), now - self.opened_at);
                        if let Some(Talk::Allocation(allocation)) = &mut self.talk {
                            allocation.cut();
                        }
                        self.leg_over(now, verdict, Vec::new());
                    }
                    return;
                }
            }
        }
    }

    /// A STUN message; true when it belongs to this task.
    pub(super) fn message(&mut self, now: Time, from: SocketAddr, message: &Message) -> bool {
        match &mut self.talk {
            Some(Talk::Binding(exchange)) => exchange.receive(now, from, message),
            Some(Talk::Allocation(allocation)) => allocation.receive(now, from, message),
            None => false,
        }
    }

    /// The run is to end: what is not known by now will not be.
    pub(super) fn stop(&mut self, now: Time) {
        if self.settled {
            return;
        }
        let seen = self.seen(now);
        let verdict = verdict::stopped(self.target, self.ask(), &seen, now - self.began);
        self.position = self.plan.targets.len();
        let opening = self.state == State::Opening || self.state == State::Ready;
        self.leg_over(now, verdict, Vec::new());
        if opening {
            self.close_own();
            self.state = State::Over;
        }
    }

    fn ask(&self) -> Ask {
        self.plan.ask
    }

    fn is_stream(&self) -> bool {
        matches!(self.target.transport, Transport::Tcp | Transport::Tls)
    }

    fn seen(&self, now: Time) -> Seen {
        match &self.talk {
            Some(Talk::Binding(exchange)) => exchange.seen(now),
            Some(Talk::Allocation(allocation)) => allocation.seen(now),
            None => Seen::default(),
        }
    }

    fn begin(&mut self, now: Time, base: Option<SocketAddr>) {
        self.began = now;
        self.secure = None;
        self.deframer = Deframer::new();
        let to = self.target.address;
        let local = SocketAddr::new(self.local_ip, 0);
        let peer = || Peer { name: self.name.clone(), trust: Trust::Verify, alpn: Vec::new() };
        let want = match self.target.transport {
            Transport::Udp if self.wants_own => Want::Udp { local, connect: Some(to) },
            Transport::Udp => {
                self.base = base;
                self.opened_at = now;
                if base.is_some() {
                    self.start_talk();
                } else {
                    let verdict = verdict::no_socket(self.local_ip);
                    self.position = self.plan.targets.len();
                    self.leg_over(now, verdict, Vec::new());
                }
                return;
            }
            Transport::Tcp => Want::Tcp { local: Some(local), to },
            Transport::Tls => Want::Tls { local: Some(local), to, peer: peer() },
            Transport::Dtls => Want::Dtls { local: Some(local), to, peer: peer() },
        };
        self.base = None;
        self.state = State::Opening;
        self.acts.push_back(Act::Open(want));
    }

    fn start_talk(&mut self) {
        let route = Route { server: self.target.address, stream: self.is_stream(), schedule: self.schedule };
        self.talk = Some(match self.plan.ask {
            Ask::Binding => {
                // No SOFTWARE here: RFC 3489 servers stay silent at an attribute that they do not know.
                let request = Request::new(Method::BINDING);
                let credentials = self.plan.credentials.clone();
                Talk::Binding(Exchange::new(request, route, credentials, None, &mut self.chance))
            }
            Ask::Allocate => {
                let wish = Wish { software: self.software.clone(), ..Wish::default() };
                let credentials = self.plan.credentials.clone();
                Talk::Allocation(Box::new(Allocation::new(route, credentials, wish, self.chance.split())))
            }
        });
        self.state = State::Talking;
    }

    /// Goes on with the conversation; `None` when the state has changed.
    fn talk(&mut self, now: Time) -> Option<Act> {
        let to = self.target.address;
        let socket = self.own;
        match &mut self.talk {
            Some(Talk::Binding(exchange)) => match exchange.next(now) {
                Next::Send(bytes) => Some(Act::Send { socket, to, bytes }),
                Next::Wait(_) => Some(Act::Wait),
                Next::Ended(answer) => {
                    if self.state == State::Leaving {
                        self.leave();
                    } else {
                        self.bound(now, &answer);
                    }
                    None
                }
            },
            Some(Talk::Allocation(allocation)) => match allocation.next(now) {
                Todo::Send(bytes) => Some(Act::Send { socket, to, bytes }),
                Todo::Wait(_) => Some(Act::Wait),
                Todo::Event(event) => {
                    self.learned(now, event);
                    None
                }
                Todo::Over => {
                    self.leave();
                    None
                }
            },
            None => {
                self.leave();
                None
            }
        }
    }

    fn bound(&mut self, now: Time, answer: &Answer) {
        let seen = self.seen(now);
        let mapped = match answer {
            Answer::Success { message, .. } => message.mapped(),
            _ => None,
        };
        let verdict = verdict::binding(answer, &seen, self.target, mapped, self.local_ip);
        let finds = mapped.and_then(|mapped| self.reflexive(mapped)).into_iter().collect();
        self.leg_over(now, verdict, finds);
    }

    fn learned(&mut self, now: Time, event: Event) {
        match event {
            Event::Allocated(grant) => {
                if grant.unauthenticated {
                    self.remarks.push("the server asked for no credentials: it is an open relay".into());
                }
                let mut finds = Vec::new();
                if let (Transport::Udp, false, Some(mapped)) = (self.target.transport, self.wants_own, grant.mapped) {
                    finds.extend(self.reflexive(mapped));
                }
                finds.extend(grant.relayed.iter().map(|relayed| Find {
                    kind: CandidateKind::Relay,
                    address: *relayed,
                    base: *relayed,
                    related: grant.mapped,
                    ..self.find(*relayed)
                }));
                self.leg_over(now, Verdict::ok(), finds);
            }
            Event::Failed(Failure::Answer(answer)) => self.not_allocated(now, &answer),
            Event::Failed(Failure::Unusable(text)) => self.leg_over(now, Verdict::broken(text), Vec::new()),
            Event::Released(false) => {
                let server = self.target.address;
                let text = format!("{server} did not confirm the release of the allocation; it ends by itself");
                self.acts.push_back(Act::Note(text));
            }
            _ => {}
        }
    }

    fn not_allocated(&mut self, now: Time, answer: &Answer) {
        if let Answer::Failure { error, message, integrity } = answer {
            if error.code == 437 && self.ports + 1 < PORTS {
                self.ports += 1;
                self.wants_own = true;
                self.remarks.push(format!("437 {}: tried again from a fresh port", error.reason));
                self.again();
                return;
            }
            if error.code == 300 && self.redirect(message, *integrity) {
                return;
            }
        }
        let seen = self.seen(now);
        let credentials = self.plan.credentials.as_ref();
        let realm = match &self.talk {
            Some(Talk::Allocation(allocation)) => allocation.realm(),
            _ => None,
        };
        let verdict = verdict::allocate(answer, &seen, self.target, credentials, realm.as_deref(), self.local_ip);
        self.leg_over(now, verdict, Vec::new());
    }

    /// Follows 300 Try Alternate where that is safe (RFC 8489 §10); false ends in failure.
    fn redirect(&mut self, message: &Message, integrity: crate::wire::integrity::Integrity) -> bool {
        let signed = matches!(integrity, crate::wire::integrity::Integrity::Valid { .. });
        let allowed = match self.alternate {
            Alternate::Follow => true,
            Alternate::Signed => signed,
            Alternate::Ignore => false,
        };
        let here = self.target.address;
        let alternates = message.addresses(attribute::ALTERNATE_SERVER);
        let Some(next) = alternates.into_iter().find(|next| next.is_ipv4() == here.is_ipv4()) else {
            self.remarks.push("300 Try Alternate names no server of this address family".into());
            return false;
        };
        if !allowed {
            self.remarks.push(format!("300 Try Alternate to {next} was not followed"));
            return false;
        }
        if self.visited.contains(&next) || self.visited.len() > REDIRECTIONS {
            self.remarks.push(format!("300 Try Alternate leads in a circle: {here} sends to {next}"));
            return false;
        }
        let how = if signed { "" } else { ", unsigned" };
        self.remarks.push(format!("{here} sent us to {next} (300 Try Alternate{how})"));
        self.visited.push(next);
        self.target.address = next;
        if let Some(domain) = message.text(attribute::ALTERNATE_DOMAIN) {
            self.name = domain;
        }
        self.again();
        true
    }

    fn find(&self, address: SocketAddr) -> Find {
        Find {
            kind: CandidateKind::Srflx,
            address,
            base: address,
            related: None,
            server: self.plan.server,
            local: self.plan.local,
            server_address: self.target.address,
            transport: self.target.transport,
            url: self.plan.url.clone(),
        }
    }

    fn reflexive(&self, mapped: SocketAddr) -> Option<Find> {
        let base = self.base?;
        Some(Find { base, related: Some(base), ..self.find(mapped) })
    }

    /// Starts again with the current target.
    fn again(&mut self) {
        self.talk = None;
        self.close_own();
        self.state = State::Ready;
    }

    /// One server address is done with; on to the next, or the end.
    fn leg_over(&mut self, now: Time, verdict: Verdict, finds: Vec<Find>) {
        let seen = self.seen(now);
        let next = verdict.next_address.then(|| self.plan.targets.get(self.position).copied()).flatten();
        self.acts.push_back(Act::Ended(Box::new(Ended {
            ask: self.plan.ask,
            local: self.plan.local,
            target: self.target,
            base: self.base,
            began: self.began,
            verdict,
            seen,
            secure: self.secure.clone(),
            finds,
            remarks: std::mem::take(&mut self.remarks),
        })));
        if let Some(target) = next {
            self.position += 1;
            self.target = target;
            self.visited = vec![target.address];
            self.again();
            return;
        }
        self.settled = true;
        if let Some(Talk::Allocation(allocation)) = &mut self.talk {
            allocation.release();
        }
        self.state = State::Leaving;
    }

    fn leave(&mut self) {
        self.talk = None;
        self.close_own();
        self.state = State::Over;
    }

    fn close_own(&mut self) {
        if let Some(socket) = self.own.take() {
            self.acts.push_back(Act::Close(socket));
        }
    }
}

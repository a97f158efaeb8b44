//! One question to one server from one local address, with everything that it may take: the next
//! address of the name, a redirection, a fresh port.

mod answers;
mod kept;
mod legs;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use super::harvest::Find;
use super::keep::{Heard, Way};
use super::verdict::{self, Verdict};
use super::{Alternate, Config, words};
use crate::machine::{Chance, Ending, Icmp, Refusal, Secure, Socket, Time, Want};
use crate::probes::explain::Scene;
use crate::proto::allocation::Allocation;
use crate::proto::auth::Credentials;
use crate::proto::exchange::{Exchange, Seen};
use crate::proto::resolution::Target;
use crate::proto::schedule::Schedule;
use crate::wire::channel_data;
use crate::wire::framing::{Deframer, Frame};
use crate::wire::message::Message;
use crate::wire::uri::Transport;
use kept::Kept;

/// Client addresses that are tried when the server says 437 (RFC 8656 §7.4).
const PORTS: u32 = 3;
/// How long a connection is waited for once the same server has answered to another local address.
const IMPATIENCE: Duration = Duration::from_millis(2000);
/// Remarks that are kept of one attempt.
const REMARKS: usize = 8;
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
    /// Came over what is held.
    Heard(Heard),
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
    Binding(Box<Exchange>),
    Allocation(Box<Allocation>),
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// To be begun with the current target.
    Ready,
    Opening,
    Talking,
    /// The result is told, and what it gave is held.
    Kept,
    /// The result is told; the allocation is being released.
    Leaving,
    Over,
}

pub(super) struct Task {
    plan: Plan,
    /// Hold what is found, under that name.
    keep: Option<Way>,
    kept: Option<Kept>,
    schedule: Schedule,
    alternate: Alternate,
    software: Option<String>,
    unix_time: Option<u64>,
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
    /// Until when the connection is waited for.
    impatient_at: Option<Time>,
    /// Ask for an IPv6 relay: the server has no IPv4 one (440).
    wants_v6: bool,
    remarks: Vec<String>,
    state: State,
    settled: bool,
    acts: VecDeque<Act>,
}

impl Task {
    pub(super) fn new(now: Time, plan: Plan, config: &Config, chance: Chance, keep: Option<Way>) -> Task {
        let target = plan.targets[0];
        Task {
            keep,
            kept: None,
            schedule: config.schedule,
            alternate: config.alternate,
            software: config.send_software.then(|| concat!("rtcprobe ", env!("CARGO_PKG_VERSION")).to_string()),
            unix_time: config.unix_time,
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
            impatient_at: None,
            wants_v6: false,
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
                State::Opening if self.impatient_at.is_some_and(|until| until <= now) => {
                    let opening = true;
                    let verdict = verdict::stopped(self.scene(), &Seen::default(), opening, now - self.began);
                    self.position = self.plan.targets.len();
                    self.leg_over(now, verdict, Vec::new());
                    self.leave();
                }
                State::Opening => return Act::Wait,
                State::Ready => self.begin(now, base),
                State::Kept => {
                    if let Some(act) = self.hold(now) {
                        return act;
                    }
                }
                State::Talking | State::Leaving => {
                    if let Some(act) = self.talk(now) {
                        return act;
                    }
                }
            }
        }
    }

    /// When there is something to do again.
    pub(super) fn wake(&self) -> Time {
        match (&self.state, &self.talk) {
            (State::Talking | State::Leaving, Some(Talk::Binding(exchange))) => exchange.wake(),
            (State::Talking | State::Leaving, Some(Talk::Allocation(allocation))) => allocation.wake(),
            (State::Opening, _) => self.impatient_at.unwrap_or(Time::NEVER),
            (State::Kept, _) => self.hold_until(),
            _ => Time::NEVER,
        }
    }

    /// The same question was answered to another local address: silence here means something sooner.
    pub(super) fn hurry(&mut self, now: Time, server: usize, answered: &Ended) {
        let same = self.plan.server == server
            && self.plan.ask == answered.ask
            && self.plan.local != answered.local
            && self.target.address == answered.target.address;
        if same && self.state == State::Opening && self.impatient_at.is_none() {
            self.impatient_at = Some(now + IMPATIENCE);
        }
        if !same || self.state != State::Talking {
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
                let verdict = verdict::closed(why, self.scene(), pending, now - self.opened_at);
                self.leg_over(now, verdict, Vec::new());
            }
            (State::Leaving, _) => self.state = State::Over,
            (State::Kept, _) => self.lost(words::connection_ended(self.target, why)),
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
            match Message::decode(bytes) {
                Ok(message) if self.message(now, from, &message) => {}
                Err(_) if channel_data::decode(bytes).is_some_and(|message| self.channel(from, message)) => {}
                _ => self.noise(now, from, bytes.len()),
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
                Frame::ChannelData(bytes) => {
                    if let Some(message) = channel_data::decode(&bytes) {
                        self.channel(from, message);
                    }
                }
                Frame::Garbage(bytes) => {
                    if self.state == State::Talking {
                        let verdict = verdict::garbage(&bytes, self.scene(), now - self.opened_at);
                        if let Some(Talk::Allocation(allocation)) = &mut self.talk {
                            allocation.cut();
                        }
                        self.leg_over(now, verdict, Vec::new());
                    } else if self.state == State::Kept {
                        self.lost(words::garbage(self.target, &bytes));
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

    /// Something from the server that is no answer to anything.
    pub(super) fn noise(&mut self, now: Time, from: SocketAddr, length: usize) {
        if from == self.target.address && self.state == State::Talking && self.remarks.len() < REMARKS {
            self.remarks.push(words::noise(now, from, length));
        }
    }

    /// The run is to end: what is not known by now will not be.
    pub(super) fn stop(&mut self, now: Time) {
        if self.settled {
            return;
        }
        let seen = self.seen(now);
        let opening = self.state == State::Opening;
        let verdict = verdict::stopped(self.scene(), &seen, opening, now - self.began);
        self.position = self.plan.targets.len();
        let begun = matches!(self.state, State::Talking);
        self.leg_over(now, verdict, Vec::new());
        if !begun || matches!(self.talk, Some(Talk::Binding(_))) {
            self.leave();
        }
    }

    fn scene(&self) -> Scene<'static> {
        Scene { target: self.target, local: self.local_ip, request: words::request(self.plan.ask) }
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
}

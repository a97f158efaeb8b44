use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use super::check::{self, Asked};
use super::nomination::Nomination;
use super::pair::{Check, Failure, Pair, State};
use super::pairing::{self, Checklist};
use super::{Config, Connection, Event, IceCredentials, Local, Remote, Role, Route};
use crate::machine::{Chance, Time};
use crate::wire::candidate::{CandidateType, TcpType};
use crate::wire::message::{Class, Message, Method, TransactionId};

/// Remote candidates that are taken, signalled or found; a peer that has more is not served better.
pub(super) const REMOTES: usize = 256;
/// How long an answer is waited for over TCP, where nothing is sent twice: as long as for all copies over UDP.
const ON_TCP: Duration = Duration::from_millis(9_500);

/// A datagram that is to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    pub route: Route,
    pub to: SocketAddr,
    pub bytes: Vec<u8>,
}

/// Why a datagram counted for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    NoStun,
    /// Neither a Binding request nor an answer to one.
    OtherMethod,
    NoIntegrity,
    WrongIntegrity,
    WrongUsername,
    /// Attributes that must be understood and are not.
    Unknown(Vec<u16>),
    UnknownTransaction,
    /// An answer from elsewhere than was asked.
    WrongSource {
        asked: SocketAddr,
    },
}

/// An ICE agent for one component.
pub struct Agent {
    pub(super) config: Config,
    pub(super) role: Role,
    pub(super) tie_breaker: u64,
    pub(super) chance: Chance,
    pub(super) locals: Vec<Local>,
    pub(super) remotes: Vec<Remote>,
    pub(super) peer: Option<IceCredentials>,
    pub(super) list: Checklist,
    triggered: VecDeque<usize>,
    pub(super) early: Vec<(Route, SocketAddr, Asked)>,
    outbox: VecDeque<Transmit>,
    pub(super) events: VecDeque<Event>,
    /// The next moment at which a new transaction may begin.
    slot: Time,
    pub(super) started: Option<Time>,
    complete: (bool, bool),
    pub(super) switches: u32,
    /// How often pairs without an answer are checked again, while the peer may not have heard of this side yet.
    asleep: Option<Duration>,
    pub(super) nomination: Nomination,
}

impl Agent {
    #[must_use]
    pub fn new(config: Config, mut chance: Chance) -> Agent {
        Agent {
            role: config.role,
            config,
            tie_breaker: u64::from_be_bytes(chance.bytes()),
            chance,
            locals: Vec::new(),
            remotes: Vec::new(),
            peer: None,
            list: Checklist::default(),
            triggered: VecDeque::new(),
            early: Vec::new(),
            outbox: VecDeque::new(),
            events: VecDeque::new(),
            slot: Time::ZERO,
            started: None,
            complete: (false, false),
            switches: 0,
            asleep: None,
            nomination: Nomination::default(),
        }
    }

    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    #[must_use]
    pub fn credentials(&self) -> &IceCredentials {
        &self.config.credentials
    }

    #[must_use]
    pub fn pairs(&self) -> &[Pair] {
        &self.list.pairs
    }

    #[must_use]
    pub fn locals(&self) -> &[Local] {
        &self.locals
    }

    #[must_use]
    pub fn remotes(&self) -> &[Remote] {
        &self.remotes
    }

    /// Pairs that the limit left out.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.list.left_out
    }

    #[must_use]
    pub fn connection(&self) -> Connection {
        self.nomination.connection()
    }

    /// The pair in use.
    #[must_use]
    pub fn selected(&self) -> Option<usize> {
        self.nomination.selected()
    }

    /// Where data goes: the route and the peer's address of the selected pair.
    #[must_use]
    pub fn path(&self) -> Option<(Route, SocketAddr)> {
        let pair = self.list.pairs.get(self.selected()?)?;
        Some((self.locals.get(pair.local)?.route, self.remotes.get(pair.remote)?.address))
    }

    /// Takes a local candidate. What adds nothing (same address, same base) is left out.
    pub fn add_local(&mut self, local: Local) {
        let same = |known: &Local| (known.address, known.base, known.tcp) == (local.address, local.base, local.tcp);
        if self.locals.iter().any(same) || self.locals.len() >= REMOTES {
            return;
        }
        self.locals.push(local);
        for remote in 0..self.remotes.len() {
            self.pair(self.locals.len() - 1, remote);
        }
    }

    /// Takes a candidate that the other side signalled.
    pub fn add_remote(&mut self, remote: Remote) {
        if let Some(known) =
            self.remotes.iter_mut().find(|known| known.address == remote.address && known.tcp == remote.tcp)
        {
            // What was found to be there gets its true name (RFC 8838 §11).
            if known.kind == CandidateType::Prflx {
                *known = remote;
                self.list.rank_anew(&self.locals, &self.remotes, self.role);
            }
            return;
        }
        if self.remotes.len() >= REMOTES {
            return;
        }
        self.remotes.push(remote);
        let index = self.remotes.len() - 1;
        for local in 0..self.locals.len() {
            self.pair(local, index);
        }
    }

    /// Learns who the other side is; checks begin.
    pub fn set_peer(&mut self, now: Time, peer: IceCredentials) {
        self.peer = Some(peer);
        self.started.get_or_insert(now);
        self.slot = self.slot.max(now);
        self.turn(now, Connection::Checking);
        for (route, from, asked) in std::mem::take(&mut self.early) {
            self.asked(now, route, from, asked);
        }
    }

    /// No more candidates of this side.
    pub fn locals_complete(&mut self) {
        self.complete.0 = true;
    }

    /// No more candidates of the other side.
    pub fn remotes_complete(&mut self) {
        self.complete.1 = true;
    }

    /// Whether all candidates of both sides are known.
    pub(super) fn all_known(&self) -> bool {
        self.complete == (true, true)
    }

    /// Takes a role before the first check: that of the only side which checks, where the other one is lite
    /// (RFC 8445 §6.1.1).
    pub fn take_role(&mut self, role: Role) {
        self.role = role;
        self.list.rank_anew(&self.locals, &self.remotes, role);
    }

    /// The peer may not have heard of this side yet, as when people carry descriptions to and fro: pairs are checked
    /// again every so often, with a single copy, until the peer shows itself or [`Agent::peer_woke`] is called.
    pub fn peer_sleeps(&mut self, every: Duration) {
        self.asleep = Some(every);
    }

    /// The peer checks as well by now: whatever had no answer so far gets the full number of copies.
    pub fn peer_woke(&mut self) {
        if self.asleep.take().is_none() {
            return;
        }
        for pair in self.list.pairs.iter_mut().filter(|pair| pair.again.is_some()) {
            (pair.again, pair.state) = (None, State::Waiting);
        }
    }

    /// Whether the peer may still not have heard of this side.
    #[must_use]
    pub fn is_peer_asleep(&self) -> bool {
        self.asleep.is_some()
    }

    /// Whether all that there is to check has been checked, in vain.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        let hope = |pair: &Pair| pair.is_open() || pair.state == State::Succeeded;
        self.peer.is_some() && self.all_known() && self.selected().is_none() && !self.list.pairs.iter().any(hope)
    }

    /// Has failed, because its owner knows that nothing will come.
    pub fn give_up(&mut self, now: Time) {
        self.turn(now, Connection::Failed);
    }

    /// Whether a datagram is a check for this agent, or an answer to one of its own.
    #[must_use]
    pub fn recognises(&self, bytes: &[u8]) -> bool {
        let Ok(message) = Message::decode(bytes) else { return false };
        match message.class {
            Class::Request => check::is_for(&message, &self.config.credentials),
            _ => self.list.pairs.iter().any(|pair| pair.knows(message.transaction)),
        }
    }

    /// Takes a datagram that may be a check or an answer to one. False when it is neither: data.
    pub fn received(&mut self, now: Time, route: Route, from: SocketAddr, bytes: &[u8]) -> bool {
        let Ok(message) = Message::decode(bytes) else { return false };
        if !message.cookie {
            return false;
        }
        match (message.method, message.class) {
            (Method::BINDING, Class::Request) => self.request(now, route, from, &message),
            (Method::BINDING, Class::Success | Class::Error) => self.response(now, route, from, &message),
            (Method::BINDING, Class::Indication) => {}
            _ => self.refuse(now, route, from, Refused::OtherMethod),
        }
        true
    }

    /// The next datagram to send.
    pub fn transmit(&mut self) -> Option<Transmit> {
        self.outbox.pop_front()
    }

    /// The next thing to report.
    pub fn event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`Agent::wake`] is due.
    #[must_use]
    pub fn due(&self) -> Option<Time> {
        self.peer.as_ref()?;
        let slot = (!self.triggered.is_empty() || self.next().is_some()).then_some(self.slot);
        let again = self.list.pairs.iter().filter_map(|pair| pair.again).min().map(|again| again.max(self.slot));
        let copies = self.list.pairs.iter().filter_map(Pair::due).min();
        [slot, again, copies, self.nomination_due()].into_iter().flatten().min()
    }

    /// Does what is due.
    pub fn wake(&mut self, now: Time) {
        if self.peer.is_none() {
            return;
        }
        for index in 0..self.list.pairs.len() {
            self.repeat(now, index);
        }
        self.consider(now);
        if now >= self.slot
            && let Some(index) = self.next_triggered().or_else(|| self.next()).or_else(|| self.next_again(now))
        {
            self.slot = now + self.config.pace;
            let nominating = self.nomination.is_nominating(index);
            self.check(now, index, nominating, false);
        }
    }

    /// The next pair for an ordinary check. Beside one that is in use, only what would be better is worth one.
    fn next(&self) -> Option<usize> {
        let next = self.list.next()?;
        let held = self.selected().and_then(|held| self.list.pairs.get(held));
        let better = |held: &Pair| self.list.pairs.get(next).is_some_and(|pair| pair.priority > held.priority);
        held.is_none_or(better).then_some(next)
    }

    /// The pair that waits longest to be checked again.
    fn next_again(&self, now: Time) -> Option<usize> {
        let waiting = self.list.pairs.iter().enumerate().filter_map(|(index, pair)| Some((pair.again?, index)));
        waiting.filter(|(again, _)| *again <= now).min().map(|(_, index)| index)
    }

    /// The next pair of the triggered queue that there is still something to ask of.
    fn next_triggered(&mut self) -> Option<usize> {
        while let Some(index) = self.triggered.pop_front() {
            let pair = self.list.pairs.get_mut(index)?;
            if pair.state != State::Succeeded || self.nomination.is_nominating(index) {
                return Some(index);
            }
            pair.triggered = false;
        }
        None
    }

    /// Sends a check, or asks for consent.
    pub(super) fn check(&mut self, now: Time, index: usize, nominating: bool, consent: bool) {
        let rto = self.rto();
        let (Some(peer), Some(pair)) = (self.peer.as_ref(), self.list.pairs.get_mut(index)) else { return };
        let (Some(local), Some(remote)) = (self.locals.get(pair.local), self.remotes.get(pair.remote)) else { return };
        pair.triggered = false;
        let transaction = TransactionId(self.chance.bytes());
        // As if it were peer-reflexive, with this candidate's local preference (RFC 8445 §7.1.1).
        let as_prflx = local.priority & 0x00ff_ffff | u32::from(CandidateType::Prflx.preference()) << 24;
        let own = &self.config.credentials;
        let bytes = check::request(transaction, own, peer, (self.role, self.tie_breaker), as_prflx, nominating);
        let mut check = Check {
            transaction,
            bytes: bytes.clone(),
            role: self.role,
            nominating,
            consent,
            sent: 1,
            most: if pair.again.is_some() || local.tcp.is_some() { 1 } else { self.config.copies },
            last: now,
            due: now,
            cancelled: false,
        };
        check.due = now + if local.tcp.is_some() { ON_TCP } else { check.wait(rto, &self.config) };
        pair.begin(check, now);
        pair.spoken.requests_sent += 1;
        pair.spoken.consent_requests_sent += u32::from(consent);
        self.outbox.push_back(Transmit { route: local.route, to: remote.address, bytes });
    }

    /// `max(500 ms, Ta · N)` (RFC 8445 §14.3).
    fn rto(&self) -> Duration {
        let busy =
            self.list.pairs.iter().filter(|pair| matches!(pair.state, State::Waiting | State::InProgress)).count();
        let busy = u32::try_from(busy).unwrap_or(u32::MAX);
        self.config.rto.max(self.config.pace.saturating_mul(busy))
    }

    fn repeat(&mut self, now: Time, index: usize) {
        let rto = self.rto();
        let Some(pair) = self.list.pairs.get_mut(index) else { return };
        let (Some(local), Some(remote)) = (self.locals.get(pair.local), self.remotes.get(pair.remote)) else { return };
        let (route, to) = (local.route, remote.address);
        let mut over = None;
        for check in pair.checks.iter_mut().filter(|check| !check.cancelled && !check.consent && check.due <= now) {
            if check.sent >= check.most {
                check.cancelled = true;
                over = Some(check.sent);
                continue;
            }
            check.sent += 1;
            check.last = now;
            check.due = now + check.wait(rto, &self.config);
            pair.spoken.requests_sent += 1;
            pair.spoken.retransmissions += 1;
            pair.journal.sent_again(check.transaction);
            self.outbox.push_back(Transmit { route, to, bytes: check.bytes.clone() });
        }
        let Some(copies) = over else { return };
        match self.asleep {
            Some(every) if pair.state == State::InProgress => pair.again = Some(now + every),
            _ => {
                pair.fail(Failure::NoAnswer { copies });
                self.nomination_failed(index);
            }
        }
    }

    fn pair(&mut self, local: usize, remote: usize) {
        // A server-reflexive candidate is checked from its base, by the base's own pair (§6.1.2.4).
        let (Some(one), Some(other)) = (self.locals.get(local), self.remotes.get(remote)) else { return };
        let Some(base) = self.locals.iter().position(|it| it.route == one.route && it.address == it.base) else {
            return;
        };
        // Who waits for connections checks nothing by itself (RFC 6544 §6.2).
        if !self.may_pair(base, other.kind) || one.tcp == Some(TcpType::Passive) {
            return;
        }
        if let Some(one) = self.locals.get(base) {
            self.list.add((base, one), (remote, other), self.role, self.config.pairs);
        }
        self.list.thaw(&self.locals, &self.remotes);
    }

    /// Whether pairs of that base and of such a remote candidate are wanted.
    pub(super) fn may_pair(&self, base: usize, remote: CandidateType) -> bool {
        let Some(base) = self.locals.get(base) else { return false };
        let mut own = self.locals.iter().filter(|local| local.base == base.base && local.route == base.route);
        own.any(|local| pairing::is_allowed(&self.config.allowed, local.kind, remote))
    }

    pub(super) fn trigger(&mut self, index: usize) {
        if let Some(pair) = self.list.pairs.get_mut(index)
            && !std::mem::replace(&mut pair.triggered, true)
        {
            self.triggered.push_back(index);
        }
    }

    pub(super) fn switch(&mut self, now: Time) {
        self.role = match self.role {
            Role::Controlling => Role::Controlled,
            Role::Controlled => Role::Controlling,
        };
        self.list.rank_anew(&self.locals, &self.remotes, self.role);
        self.events.push_back(Event::RoleSwitched { at: now, role: self.role });
    }

    pub(super) fn answer(&mut self, route: Route, to: SocketAddr, bytes: Vec<u8>) {
        self.outbox.push_back(Transmit { route, to, bytes });
    }

    pub(super) fn refuse(&mut self, now: Time, route: Route, from: SocketAddr, why: Refused) {
        self.events.push_back(Event::Refused { at: now, route, from, why });
    }

    pub(super) fn random_below(&mut self, end: u64) -> u64 {
        self.chance.below(end)
    }

    pub(super) fn is_relayed(&self, pair: &Pair) -> bool {
        match (self.locals.get(pair.local), self.remotes.get(pair.remote)) {
            (Some(local), Some(remote)) => pairing::is_relayed(local, remote),
            _ => false,
        }
    }
}

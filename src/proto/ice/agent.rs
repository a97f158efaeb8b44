use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use super::check::{self, Asked};
use super::nomination::Nomination;
use super::pair::{Pair, State};
use super::pairing::{self, Checklist};
use super::{Config, Connection, Event, IceCredentials, Local, Remote, Role, Route};
use crate::machine::{Chance, Time};
use crate::wire::candidate::{CandidateType, TcpType};
use crate::wire::message::{Class, Message, Method};

/// Remote candidates that are taken, signalled or found; a peer that has more is not served better.
pub(super) const REMOTES: usize = 256;

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
    pub(super) triggered: VecDeque<usize>,
    pub(super) early: Vec<(Route, SocketAddr, Asked)>,
    pub(super) outbox: VecDeque<Transmit>,
    pub(super) events: VecDeque<Event>,
    /// The next moment at which a new transaction may begin.
    pub(super) slot: Time,
    /// The next moment at which a nomination may begin.
    pub(super) nominate: Time,
    pub(super) started: Option<Time>,
    complete: (bool, bool),
    pub(super) switches: u32,
    /// How often pairs without an answer are checked again, while the peer may not have heard of this side yet.
    pub(super) asleep: Option<Duration>,
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
            nominate: Time::ZERO,
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

    /// Whether a check between those two succeeded.
    #[must_use]
    pub fn is_valid(&self, route: Route, from: SocketAddr) -> bool {
        self.list.pairs.iter().any(|pair| {
            pair.state == State::Succeeded
                && self.locals.get(pair.local).is_some_and(|local| local.route == route)
                && self.remotes.get(pair.remote).is_some_and(|remote| remote.address == from)
        })
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
}

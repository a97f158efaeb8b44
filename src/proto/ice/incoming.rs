use std::net::SocketAddr;

use super::agent::{Agent, REMOTES, Refused};
use super::check::{self, Asked};
use super::pair::{Check, Failure, Pair, State};
use super::{Event, Local, Remote, Role, Route};
use crate::machine::{Icmp, Time};
use crate::wire::candidate::{CandidateType, TcpType, priority};
use crate::wire::message::{Class, Message, TransactionId};

/// Peer-reflexive candidates of one address that are checked from one base. Behind two NATs that map by
/// destination and filter nothing, every check comes from a new port, without end.
const FROM_ONE_ADDRESS: usize = 16;
/// Requests that came before the peer's description did.
const EARLY: usize = 64;
/// Role switches after a 487 before the peer is taken to be mad.
const SWITCHES: u32 = 8;

impl Agent {
    /// Takes note of an ICMP error for what was sent there.
    pub fn unreachable(&mut self, route: Route, to: SocketAddr, icmp: Icmp) {
        if let Some(pair) = self.pair_on(route, to)
            && pair.state == State::InProgress
        {
            pair.fail(Failure::Unreachable(icmp));
        }
    }

    /// Takes note that nothing comes or goes on a route any more.
    pub fn lost(&mut self, route: Route, why: &str) {
        for index in 0..self.list.pairs.len() {
            let Some(pair) = self.list.pairs.get_mut(index) else { return };
            let here = self.locals.get(pair.local).is_some_and(|local| local.route == route);
            if here && pair.state != State::Failed {
                pair.fail(Failure::NotSent(why.to_owned()));
                self.nomination_failed(index);
            }
        }
    }

    /// Takes note of what kept a check from being sent: the relay's refusal, or this machine's.
    pub fn not_sent(&mut self, route: Route, to: SocketAddr, why: Failure) {
        if let Some(pair) = self.pair_on(route, to)
            && pair.is_open()
        {
            pair.fail(why);
        }
    }

    pub(super) fn request(&mut self, now: Time, route: Route, from: SocketAddr, message: &Message) {
        match check::read_request(message, &self.config.credentials) {
            Ok(asked) if self.peer.is_some() => self.asked(now, route, from, asked),
            // Whether such a pair is wanted shows only when the peer is known; it asks again.
            Ok(_) if !self.config.allowed.is_empty() => {}
            Ok(asked) => {
                self.answer(route, from, check::success(asked.transaction, &self.config.credentials, from));
                if self.early.len() < EARLY {
                    self.early.push((route, from, asked));
                }
            }
            Err(why) => {
                if let Some(bytes) = check::refusal(message.transaction, &why) {
                    self.answer(route, from, bytes);
                }
                self.refuse(now, route, from, why);
            }
        }
    }

    /// A check of the other side (RFC 8445 §7.3).
    pub(super) fn asked(&mut self, now: Time, route: Route, from: SocketAddr, asked: Asked) {
        if !self.is_welcome(route, from) {
            return;
        }
        self.peer_woke();
        if let Some((theirs, tie_breaker)) = asked.role
            && theirs == self.role
        {
            let stays = (self.tie_breaker >= tie_breaker) == (self.role == Role::Controlling);
            if stays {
                if let Some(pair) = self.pair_on(route, from) {
                    pair.journal.came(asked.transaction, now, asked.use_candidate, Some(487));
                }
                let bytes = check::role_conflict(asked.transaction, &self.config.credentials);
                return self.answer(route, from, bytes);
            }
            self.switch(now);
        }
        self.answer(route, from, check::success(asked.transaction, &self.config.credentials, from));
        let Some(index) = self.pair_of(now, route, from, asked.priority) else { return };
        let Some(pair) = self.list.pairs.get_mut(index) else { return };
        pair.spoken.requests_received += 1;
        pair.spoken.responses_sent += 1;
        pair.journal.came(asked.transaction, now, asked.use_candidate, None);
        if asked.use_candidate && self.role == Role::Controlled {
            pair.wanted_by_peer = true;
        }
        match pair.state {
            State::Succeeded => {
                if pair.wanted_by_peer {
                    self.nominated(now, index);
                }
            }
            State::InProgress => {
                pair.cancel();
                pair.again = None;
                self.trigger(index);
            }
            State::Frozen | State::Waiting | State::Failed => {
                pair.state = State::Waiting;
                pair.failure = None;
                self.trigger(index);
            }
        }
    }

    /// An answer (RFC 8445 §7.2.5).
    pub(super) fn response(&mut self, now: Time, route: Route, from: SocketAddr, message: &Message) {
        let Some(index) = self.list.pairs.iter().position(|pair| pair.knows(message.transaction)) else {
            return self.refuse(now, route, from, Refused::UnknownTransaction);
        };
        let Some(peer) = self.peer.as_ref() else { return };
        let pair = &mut self.list.pairs[index];
        let (Some(local), Some(remote)) = (self.locals.get(pair.local), self.remotes.get(pair.remote)) else { return };
        let error = message.error().filter(|_| message.class == Class::Error);
        // Errors about the credentials themselves cannot be signed; nobody else knows the transaction.
        let unsigned = error.as_ref().is_some_and(|error| matches!(error.code, 400 | 401 | 420));
        if !unsigned && !check::is_signed(message, peer) {
            return self.refuse(now, route, from, Refused::WrongIntegrity);
        }
        let asked = remote.address;
        if (local.route, asked) != (route, from) {
            pair.journal.answered(message.transaction, now, error.map(|error| error.code), Some(from));
            pair.fail(Failure::WrongSource { from });
            self.refuse(now, route, from, Refused::WrongSource { asked });
            return self.nomination_failed(index);
        }
        pair.journal.answered(message.transaction, now, error.as_ref().map(|error| error.code), None);
        let Some(check) = pair.answered(message.transaction, now) else { return };
        self.peer_woke();
        match error {
            None => self.succeeded(now, index, &check, message.mapped()),
            Some(error) if error.code == 487 => {
                if check.role == self.role && self.switches < SWITCHES {
                    self.switches += 1;
                    self.tie_breaker = u64::from_be_bytes(self.chance.bytes());
                    self.switch(now);
                }
                if self.switches < SWITCHES {
                    self.list.pairs[index].state = State::Waiting;
                    return self.trigger(index);
                }
                self.list.pairs[index].fail(Failure::Refused { code: error.code, reason: error.reason });
                self.nomination_failed(index);
            }
            Some(error) => {
                let refused = Failure::Refused { code: error.code, reason: error.reason };
                if check.consent && error.code == 403 {
                    return self.consent_revoked(now);
                }
                if self.list.pairs[index].state != State::Succeeded {
                    self.list.pairs[index].fail(refused);
                }
                self.nomination_failed(index);
            }
        }
    }

    fn succeeded(&mut self, now: Time, index: usize, check: &Check, mapped: Option<SocketAddr>) {
        let seen_as = mapped.and_then(|mapped| self.seen_as(now, index, mapped));
        let pair = &mut self.list.pairs[index];
        let first = pair.state != State::Succeeded;
        pair.state = State::Succeeded;
        pair.failure = None;
        pair.cancel_others();
        pair.seen_as = seen_as.or(pair.seen_as);
        if pair.first_valid.is_none() {
            pair.first_valid = Some(now);
            self.events.push_back(Event::Valid { at: now, pair: index });
        }
        let wanted = pair.wanted_by_peer;
        if first {
            self.list.thaw_like(index, &self.locals, &self.remotes);
        }
        if check.nominating && self.role == Role::Controlling || wanted && self.role == Role::Controlled {
            self.nominated(now, index);
        }
        self.heard(now, index);
    }

    /// The local candidate whose address the answer shows; one that was not known is new (§7.2.5.3.1).
    fn seen_as(&mut self, now: Time, index: usize, mapped: SocketAddr) -> Option<usize> {
        let local = self.locals.get(self.list.pairs.get(index)?.local)?;
        let (base, route, tcp) = (local.base, local.route, local.tcp);
        if let Some(known) = self.locals.iter().position(|known| known.address == mapped && known.base == base) {
            return Some(known);
        }
        let preference = u16::try_from(local.priority >> 8 & 0xffff).unwrap_or(u16::MAX);
        let priority = priority(CandidateType::Prflx, preference, 1);
        let foundation = format!("prflx{}", self.locals.len());
        if self.locals.len() < REMOTES {
            let (kind, address) = (CandidateType::Prflx, mapped);
            self.locals.push(Local { kind, address, base, route, priority, foundation, tcp });
            self.events.push_back(Event::PeerReflexive { at: now, local: true, address: mapped });
        }
        self.locals.len().checked_sub(1)
    }

    /// The pair that a request came over; its source may be a candidate that nobody knew (§7.3.1.3).
    fn pair_of(&mut self, now: Time, route: Route, from: SocketAddr, priority: u32) -> Option<usize> {
        let local = self.locals.iter().position(|local| local.route == route && local.address == local.base)?;
        // Whoever connects to this side is active, whatever else it is at that address.
        let theirs = self.locals.get(local)?.tcp.map(|own| match own {
            TcpType::Active => TcpType::Passive,
            TcpType::Passive => TcpType::Active,
            TcpType::So => TcpType::So,
        });
        let remote = match self.remotes.iter().position(|remote| remote.address == from && remote.tcp == theirs) {
            Some(remote) => remote,
            None if self.remotes.len() < REMOTES && self.reflexive(local, from) < FROM_ONE_ADDRESS => {
                let foundation = format!("prflx{}", self.remotes.len());
                let (kind, address, tcp) = (CandidateType::Prflx, from, theirs);
                self.remotes.push(Remote { kind, address, priority, foundation, tcp });
                self.events.push_back(Event::PeerReflexive { at: now, local: false, address: from });
                self.remotes.len() - 1
            }
            None => return None,
        };
        let both = ((local, self.locals.get(local)?), (remote, self.remotes.get(remote)?));
        self.list.add(both.0, both.1, self.role, self.config.pairs)
    }

    /// Whether pairs of that place and of that peer are wanted.
    fn is_welcome(&self, route: Route, from: SocketAddr) -> bool {
        let base = self.locals.iter().position(|local| local.route == route && local.address == local.base);
        let known = self.remotes.iter().find(|remote| remote.address == from);
        base.is_some_and(|base| self.may_pair(base, known.map_or(CandidateType::Prflx, |remote| remote.kind)))
    }

    fn pair_on(&mut self, route: Route, to: SocketAddr) -> Option<&mut Pair> {
        let Agent { locals, remotes, list, .. } = self;
        list.pairs.iter_mut().find(|pair| {
            locals.get(pair.local).is_some_and(|local| local.route == route)
                && remotes.get(pair.remote).is_some_and(|remote| remote.address == to)
        })
    }

    /// How many peer-reflexive candidates of that address are paired with this local one.
    fn reflexive(&self, local: usize, from: SocketAddr) -> usize {
        let theirs = |pair: &&Pair| {
            let remote = self.remotes.get(pair.remote);
            pair.local == local
                && remote.is_some_and(|it| it.kind == CandidateType::Prflx && it.address.ip() == from.ip())
        };
        self.list.pairs.iter().filter(theirs).count()
    }
}

impl Pair {
    pub(super) fn knows(&self, transaction: TransactionId) -> bool {
        self.checks.iter().any(|check| check.transaction == transaction)
    }

    /// Takes a transaction off the list whose answer came.
    fn answered(&mut self, transaction: TransactionId, now: Time) -> Option<Check> {
        let place = self.checks.iter().position(|check| check.transaction == transaction)?;
        let check = self.checks.remove(place);
        self.spoken.responses_received += 1;
        self.spoken.consent_responses_received += u32::from(check.consent);
        // Of several copies nobody knows which one was answered.
        if check.sent == 1 {
            let rtt = now - check.last;
            self.spoken.rtt = Some(rtt);
            self.spoken.total_rtt += rtt;
            self.spoken.rtt_samples += 1;
        }
        Some(check)
    }

    /// A pair that is valid need not be checked again, but for a nomination under way.
    fn cancel_others(&mut self) {
        self.checks.iter_mut().filter(|check| !check.nominating).for_each(|check| check.cancelled = true);
    }
}

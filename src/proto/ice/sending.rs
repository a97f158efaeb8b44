use std::time::Duration;

use super::agent::{Agent, Transmit};
use super::check;
use super::pair::{Check, Failure, Pair, State};
use crate::machine::Time;
use crate::wire::candidate::CandidateType;
use crate::wire::message::TransactionId;

/// How long an answer is waited for over TCP, where nothing is sent twice: as long as for all copies over UDP.
const ON_TCP: Duration = Duration::from_millis(9_500);
/// No two transactions begin at a shorter distance (RFC 8445 §14.2).
const LEAST_PACE: Duration = Duration::from_millis(5);

impl Agent {
    /// When [`Agent::wake`] is due.
    #[must_use]
    pub fn due(&self) -> Option<Time> {
        self.peer.as_ref()?;
        let slot = (!self.triggered.is_empty() || self.next().is_some()).then_some(self.slot);
        let slot = if self.nomination_waits().is_some() { Some(self.nominate.min(self.slot)) } else { slot };
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
        if now >= self.nominate
            && let Some(place) = self.nomination_waits()
            && let Some(index) = self.triggered.remove(place)
        {
            return self.begin(now, index);
        }
        if now >= self.slot
            && let Some(index) = self.next_triggered().or_else(|| self.next()).or_else(|| self.next_again(now))
        {
            self.begin(now, index);
        }
    }

    /// Where in the triggered queue the nomination stands. It need not wait its turn: it goes to an address that has
    /// just answered, no sooner after another than agents ever may send (RFC 8445 §14.2), and what follows waits the
    /// longer. On a path without delay this wait would be most of the time that it takes to connect.
    fn nomination_waits(&self) -> Option<usize> {
        self.triggered.iter().position(|index| self.nomination.is_nominating(*index))
    }

    /// Begins a transaction of a pair.
    fn begin(&mut self, now: Time, index: usize) {
        self.slot = self.slot.max(now) + self.config.pace;
        self.nominate = now + LEAST_PACE;
        let nominating = self.nomination.is_nominating(index);
        self.check(now, index, nominating, false);
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
}

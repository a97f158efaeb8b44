use std::time::Duration;

use super::agent::Agent;
use super::pair::{Pair, State};
use super::{Connection, Event, Role, pairing};
use crate::machine::Time;
use crate::wire::candidate::CandidateType;

/// Between questions for consent: 5 s, times 0.8 to 1.2 (RFC 7675 §5.1).
const CONSENT: Duration = Duration::from_secs(5);
/// Without an answer for so long, consent is gone (RFC 7675 §5.1).
const CONSENT_EXPIRES: Duration = Duration::from_secs(30);

/// Which pair is used, and whether the peer still consents.
#[derive(Debug, Default)]
pub(super) struct Nomination {
    connection: Option<Connection>,
    /// The pair that this side has chosen, until that is answered.
    nominating: Option<usize>,
    selected: Option<usize>,
    /// The first success, from which patience counts.
    first_valid: Option<Time>,
    /// The last proof that the peer consents.
    consent: Time,
    /// The next question for it.
    next: Option<Time>,
    /// Questions since the last answer.
    unanswered: u32,
}

impl Nomination {
    pub fn connection(&self) -> Connection {
        self.connection.unwrap_or(Connection::New)
    }

    pub fn selected(&self) -> Option<usize> {
        self.selected
    }

    pub fn is_nominating(&self, pair: usize) -> bool {
        self.nominating == Some(pair)
    }
}

impl Agent {
    pub(super) fn turn(&mut self, now: Time, connection: Connection) {
        if self.nomination.connection() != connection {
            self.nomination.connection = Some(connection);
            self.events.push_back(Event::Connection { at: now, state: connection });
        }
    }

    /// A nomination went through, ours or the peer's.
    pub(super) fn nominated(&mut self, now: Time, index: usize) {
        let Some(pair) = self.list.pairs.get_mut(index) else { return };
        pair.nominated = true;
        pair.wanted_by_peer = false;
        if self.nomination.nominating == Some(index) {
            self.nomination.nominating = None;
        }
        // A peer that nominates all that works (RFC 5245 §8.1.1.2) means the best of it.
        let priority = pair.priority;
        let held = self.nomination.selected.and_then(|held| self.list.pairs.get(held));
        if held.is_some_and(|held| held.priority >= priority) {
            return;
        }
        self.nomination.selected = Some(index);
        self.nomination.consent = now;
        self.nomination.unanswered = 0;
        self.nomination.next = Some(now + self.consent_pause());
        self.events.push_back(Event::Selected { at: now, pair: index });
        self.turn(now, Connection::Connected);
    }

    /// The nominated pair does not work after all: another one is chosen.
    pub(super) fn nomination_failed(&mut self, index: usize) {
        if self.nomination.nominating == Some(index) {
            self.nomination.nominating = None;
        }
    }

    /// An answer came over a pair.
    pub(super) fn heard(&mut self, now: Time, index: usize) {
        self.nomination.first_valid.get_or_insert(now);
        if self.nomination.selected == Some(index) && self.nomination.connection() != Connection::Failed {
            self.nomination.consent = now;
            self.nomination.unanswered = 0;
            self.turn(now, Connection::Connected);
        }
    }

    /// 403 to a question for consent (RFC 7675 §5.2).
    pub(super) fn consent_revoked(&mut self, now: Time) {
        self.nomination.next = None;
        self.turn(now, Connection::Failed);
    }

    /// The last proof that the peer consents, once a pair is in use.
    #[must_use]
    pub fn last_consent(&self) -> Option<Time> {
        self.nomination.selected.map(|_| self.nomination.consent)
    }

    /// When there is something to consider.
    pub(super) fn nomination_due(&self) -> Option<Time> {
        let choose = self.choice().map(|(_, at)| at);
        let hopeless = self.hopeless_at();
        let expiry = self.nomination.next.map(|next| next.min(self.nomination.consent + CONSENT_EXPIRES));
        [choose, hopeless, expiry].into_iter().flatten().min()
    }

    /// Chooses, asks for consent, gives up.
    pub(super) fn consider(&mut self, now: Time) {
        if let Some((index, at)) = self.choice()
            && at <= now
        {
            self.nomination.nominating = Some(index);
            self.trigger(index);
        }
        if self.hopeless_at().is_some_and(|at| at <= now) {
            self.turn(now, Connection::Failed);
        }
        let (Some(next), Some(selected)) = (self.nomination.next, self.nomination.selected) else { return };
        if now >= self.nomination.consent + CONSENT_EXPIRES {
            self.nomination.next = None;
            return self.turn(now, Connection::Failed);
        }
        if now >= next {
            if self.nomination.unanswered > 0 {
                self.turn(now, Connection::Disconnected);
            }
            self.nomination.unanswered += 1;
            self.nomination.next = Some(now + self.consent_pause());
            self.check(now, selected, false, true);
        }
    }

    /// The pair to nominate, and when: at once if nothing better can come, else after some patience.
    fn choice(&self) -> Option<(usize, Time)> {
        let nomination = &self.nomination;
        if self.role != Role::Controlling || nomination.nominating.is_some() || nomination.selected.is_some() {
            return None;
        }
        let pairs = || self.list.pairs.iter().enumerate();
        let valid = pairs().filter(|(_, pair)| pair.state == State::Succeeded);
        let (index, best) = valid.max_by_key(|(_, pair)| pair.priority)?;
        let first = nomination.first_valid?;
        let better = |pair: &Pair| pair.is_open() && pair.priority > best.priority;
        // What comes later may be better, but not than a path between two hosts' own addresses.
        let nothing_to_come = self.all_known() || self.is_between_hosts(best);
        if nothing_to_come && !self.list.pairs.iter().any(better) {
            return Some((index, first));
        }
        let (direct, relayed) = self.config.patience;
        Some((index, first + if self.is_relayed(best) { relayed } else { direct }))
    }

    fn is_between_hosts(&self, pair: &Pair) -> bool {
        let local = self.locals.get(pair.local).map(|local| (local.kind, local.tcp));
        let remote = self.remotes.get(pair.remote).map(|remote| (remote.kind, remote.tcp));
        local == Some((CandidateType::Host, None)) && local == remote
    }

    fn is_relayed(&self, pair: &Pair) -> bool {
        match (self.locals.get(pair.local), self.remotes.get(pair.remote)) {
            (Some(local), Some(remote)) => pairing::is_relayed(local, remote),
            _ => false,
        }
    }

    /// When it is clear that no pair will do (RFC 8863 §4).
    fn hopeless_at(&self) -> Option<Time> {
        let over = matches!(self.connection(), Connection::Failed | Connection::New);
        let open = self.list.pairs.iter().any(|pair| pair.is_open() || pair.state == State::Succeeded);
        if over || self.nomination.selected.is_some() || open || !self.all_known() {
            return None;
        }
        Some(self.started? + self.config.give_up)
    }

    fn consent_pause(&mut self) -> Duration {
        let part = u32::try_from(self.random_below(401)).unwrap_or(200);
        CONSENT * (800 + part) / 1000
    }
}

use std::net::SocketAddr;
use std::time::Duration;

use crate::machine::{Icmp, Time};
use crate::wire::message::TransactionId;

use super::journal::Journal;
use super::{Config, Role};

/// The state of a pair (RFC 8445 §6.1.2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    Frozen,
    Waiting,
    InProgress,
    Succeeded,
    Failed,
}

/// Why a pair failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// No answer to any copy of the check.
    NoAnswer { copies: u32 },
    /// The answer came from another address than was asked (RFC 8445 §7.2.5.2.1).
    WrongSource { from: SocketAddr },
    /// The peer refused the check.
    Refused { code: u16, reason: String },
    /// The network said so.
    Unreachable(Icmp),
    /// The relay does not send to that peer.
    RelayRefused { code: u16, reason: String },
    /// The TCP connection could not be had, or ended.
    NoConnection(String),
    /// It could not be sent.
    NotSent(String),
}

/// What was said on a pair, in datagrams.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spoken {
    /// Requests that left, retransmissions included.
    pub requests_sent: u32,
    /// Those that were retransmissions.
    pub retransmissions: u32,
    pub responses_received: u32,
    pub requests_received: u32,
    pub responses_sent: u32,
    /// Questions for consent among the requests sent (RFC 7675).
    pub consent_requests_sent: u32,
    pub consent_responses_received: u32,
    /// Round-trip times of requests that were sent once: the last, the sum of all and their number.
    pub rtt: Option<Duration>,
    pub total_rtt: Duration,
    pub rtt_samples: u32,
}

/// A local and a remote candidate, and the checks between them.
#[derive(Debug, Clone)]
pub struct Pair {
    /// Index of the local candidate: one that is its own base.
    pub local: usize,
    pub remote: usize,
    pub state: State,
    pub priority: u64,
    pub failure: Option<Failure>,
    pub spoken: Spoken,
    pub journal: Journal,
    /// The local candidate that answers show: the mapped address (RFC 8445 §7.2.5.3.2).
    pub seen_as: Option<usize>,
    pub first_sent: Option<Time>,
    pub first_valid: Option<Time>,
    /// This side nominated it, or the other did.
    pub nominated: bool,
    /// The peer nominated it before it was valid here.
    pub(super) wanted_by_peer: bool,
    /// A check of it stands in the triggered queue.
    pub(super) triggered: bool,
    pub(super) checks: Vec<Check>,
    /// The next single copy to a peer that may not have heard of this side yet.
    pub(super) again: Option<Time>,
}

/// A transaction of a pair.
#[derive(Debug, Clone)]
pub(super) struct Check {
    pub transaction: TransactionId,
    pub bytes: Vec<u8>,
    pub role: Role,
    pub nominating: bool,
    /// Sent once and not again (RFC 7675 §5.1).
    pub consent: bool,
    pub sent: u32,
    /// Copies that it gets.
    pub most: u32,
    pub last: Time,
    /// The next copy, or the end.
    pub due: Time,
    /// No more copies; an answer still counts (RFC 8445 §7.3.1.4).
    pub cancelled: bool,
}

/// Transactions that a pair remembers; later answers to older ones count for nothing.
const REMEMBERED: usize = 8;

impl Pair {
    pub(super) fn new(local: usize, remote: usize, priority: u64) -> Pair {
        Pair {
            local,
            remote,
            state: State::Frozen,
            priority,
            failure: None,
            spoken: Spoken::default(),
            journal: Journal::default(),
            seen_as: None,
            first_sent: None,
            first_valid: None,
            nominated: false,
            wanted_by_peer: false,
            triggered: false,
            checks: Vec::new(),
            again: None,
        }
    }

    /// May still succeed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Frozen | State::Waiting | State::InProgress)
    }

    pub(super) fn begin(&mut self, check: Check, now: Time) {
        if self.checks.len() >= REMEMBERED {
            self.checks.remove(0);
        }
        self.first_sent.get_or_insert(now);
        self.again = None;
        self.journal.sent(check.transaction, now, check.nominating, check.consent);
        if !check.consent && self.state != State::Succeeded {
            self.state = State::InProgress;
        }
        self.checks.push(check);
    }

    /// Stops repeating what is under way.
    pub(super) fn cancel(&mut self) {
        self.checks.iter_mut().for_each(|check| check.cancelled = true);
    }

    pub(super) fn fail(&mut self, why: Failure) {
        self.state = State::Failed;
        self.again = None;
        self.failure = Some(why);
        self.cancel();
    }

    /// When something is due.
    pub(super) fn due(&self) -> Option<Time> {
        self.checks.iter().filter(|check| !check.cancelled && !check.consent).map(|check| check.due).min()
    }
}

impl Check {
    /// The wait after the copy that was just sent.
    pub(super) fn wait(&self, rto: Duration, config: &Config) -> Duration {
        let doubled = rto.saturating_mul(1 << self.sent.saturating_sub(1).min(16));
        doubled.min(config.longest_wait.max(rto))
    }
}

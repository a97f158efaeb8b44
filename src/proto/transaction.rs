//! One request and its answer (RFC 8489 §6).

use std::net::SocketAddr;
use std::time::Duration;

use crate::machine::Time;
use crate::proto::schedule::Schedule;
use crate::wire::message::{Class, Message, Method, TransactionId};

/// A request under way: when each copy was sent, when the next is due, which answers did not count.
#[derive(Debug, Clone)]
pub struct Transaction {
    id: TransactionId,
    method: Method,
    bytes: Vec<u8>,
    to: SocketAddr,
    /// Over a stream nothing is sent again (RFC 8489 §6.2.2).
    reliable: bool,
    schedule: Schedule,
    sent: Vec<Time>,
    strays: Vec<Stray>,
}

/// An answer that did not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stray {
    /// The right transaction, from another address than the one asked.
    WrongSource { from: SocketAddr, at: Time },
    /// The request itself came back, or an answer of another class or method.
    WrongKind { from: SocketAddr, at: Time },
    /// An answer whose integrity does not verify.
    BadIntegrity { at: Time, absent: bool },
    /// A further copy of an answer that had counted.
    Duplicate { at: Time },
}

/// Strays that are remembered, so that a flood costs no memory.
const STRAYS: usize = 16;

impl Transaction {
    #[must_use]
    pub fn new(
        id: TransactionId,
        method: Method,
        bytes: Vec<u8>,
        to: SocketAddr,
        reliable: bool,
        schedule: Schedule,
    ) -> Transaction {
        Transaction { id, method, bytes, to, reliable, schedule, sent: Vec::new(), strays: Vec::new() }
    }

    #[must_use]
    pub fn id(&self) -> TransactionId {
        self.id
    }

    /// The bytes to send when a copy is due at `now`; they are then taken as sent.
    pub fn copy_due(&mut self, now: Time) -> Option<Vec<u8>> {
        let due = match self.sent.last() {
            None => true,
            Some(last) => self.more_copies() && now >= *last + self.schedule.gap(self.copies() - 1),
        };
        due.then(|| {
            self.sent.push(now);
            self.bytes.clone()
        })
    }

    /// When a copy is due next, or the request is given up.
    #[must_use]
    pub fn wake(&self) -> Time {
        match (self.sent.first(), self.sent.last()) {
            (Some(first), Some(last)) => {
                if self.reliable {
                    *first + self.schedule.total()
                } else if self.more_copies() {
                    *last + self.schedule.gap(self.copies() - 1)
                } else {
                    *last + self.schedule.last_wait
                }
            }
            _ => Time::ZERO,
        }
    }

    /// Whether every copy was sent and waited for in vain.
    #[must_use]
    pub fn gave_up(&self, now: Time) -> bool {
        !self.sent.is_empty() && !self.more_copies() && now >= self.wake()
    }

    /// Whether `message` from `from` is the answer. An answer that does not count is remembered.
    pub fn answers(&mut self, now: Time, from: SocketAddr, message: &Message) -> bool {
        if message.transaction != self.id {
            return false;
        }
        if message.method != self.method || !matches!(message.class, Class::Success | Class::Error) {
            self.stray(Stray::WrongKind { from, at: now });
            return false;
        }
        if from != self.to {
            self.stray(Stray::WrongSource { from, at: now });
            return false;
        }
        true
    }

    /// Remembers an answer that did not count.
    pub fn stray(&mut self, stray: Stray) {
        if self.strays.len() < STRAYS {
            self.strays.push(stray);
        }
    }

    /// Waits for at most so many copies from now on: somebody else has shown that the server is alive.
    pub fn at_most(&mut self, copies: u32, last_wait: Duration) {
        if !self.reliable && self.schedule.sends > copies {
            self.schedule.sends = copies.max(self.copies());
            self.schedule.last_wait = self.schedule.last_wait.min(last_wait);
        }
    }

    #[must_use]
    pub fn strays(&self) -> &[Stray] {
        &self.strays
    }

    /// How many copies were sent.
    #[must_use]
    pub fn copies(&self) -> u32 {
        u32::try_from(self.sent.len()).unwrap_or(u32::MAX)
    }

    /// The round-trip time of an answer at `now`; `None` when more than one copy was sent, because
    /// nobody knows which one was answered (Karn; RFC 8489 §6.2.1).
    #[must_use]
    pub fn round_trip(&self, now: Time) -> Option<Duration> {
        match self.sent.as_slice() {
            [only] => Some(now - *only),
            _ => None,
        }
    }

    /// Since the first copy.
    #[must_use]
    pub fn age(&self, now: Time) -> Duration {
        self.sent.first().map_or(Duration::ZERO, |first| now - *first)
    }

    fn more_copies(&self) -> bool {
        !self.reliable && self.copies() < self.schedule.sends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transaction(reliable: bool, schedule: Schedule) -> Transaction {
        let to = "192.0.2.1:3478".parse().unwrap();
        Transaction::new(TransactionId([1; 12]), Method::BINDING, vec![7], to, reliable, schedule)
    }

    /// Sends until it gives up; returns when copies went out, and when it gave up.
    fn silence(mut transaction: Transaction) -> (Vec<f64>, f64) {
        let mut now = Time::ZERO;
        let mut sent = Vec::new();
        loop {
            if transaction.copy_due(now).is_some() {
                sent.push(now.millis());
            }
            if transaction.gave_up(now) {
                return (sent, now.millis());
            }
            now = transaction.wake();
        }
    }

    #[test]
    fn gives_up_after_the_last_retransmission() {
        let (sent, end) = silence(transaction(false, Schedule::RFC8489));
        assert_eq!(sent, [0.0, 500.0, 1500.0, 3500.0, 7500.0, 15500.0, 31500.0]);
        assert_eq!(end, 39500.0);
    }

    #[test]
    fn retransmits_as_chromium_does() {
        let (sent, end) = silence(transaction(false, Schedule::CHROME));
        assert_eq!(sent, [0.0, 250.0, 750.0, 1750.0, 3750.0, 7750.0, 15750.0, 23750.0, 31750.0]);
        assert_eq!(end, 39750.0);
    }

    #[test]
    fn sends_once_over_a_stream() {
        let (sent, end) = silence(transaction(true, Schedule::RFC8489));
        assert_eq!(sent, [0.0]);
        assert_eq!(end, 39500.0);
    }

    #[test]
    fn measures_no_round_trip_after_a_retransmission() {
        let mut transaction = transaction(false, Schedule::PROMPT);
        transaction.copy_due(Time::ZERO);
        assert_eq!(transaction.round_trip(Time::from_millis(20)), Some(Duration::from_millis(20)));
        transaction.copy_due(Time::from_millis(500));
        assert_eq!(transaction.round_trip(Time::from_millis(520)), None);
    }
}

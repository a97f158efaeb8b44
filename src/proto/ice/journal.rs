use std::collections::VecDeque;
use std::net::SocketAddr;

use crate::machine::Time;
use crate::wire::message::TransactionId;

/// Transactions of a pair that are kept: so many of the first, and of the last.
const FIRST: usize = 8;
const LAST: usize = 16;

/// One transaction of a pair: a check, or a question for consent, of either side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// It came from the other side.
    pub received: bool,
    pub transaction: TransactionId,
    /// When it was first sent, or first came.
    pub at: Time,
    /// Copies that were sent, or came.
    pub copies: u32,
    pub nominating: bool,
    pub consent: bool,
    /// When the answer came, or was given.
    pub answered: Option<Time>,
    /// The code of an error response.
    pub code: Option<u16>,
    /// Where the answer came from, if that is not where the request went.
    pub from: Option<SocketAddr>,
}

/// What was said on a pair, transaction by transaction: the first and the last of many.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Journal {
    first: Vec<Entry>,
    last: VecDeque<Entry>,
    left_out: u32,
}

impl Journal {
    /// In order.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.first.iter().chain(&self.last)
    }

    /// Transactions between the first and the last that are not kept.
    #[must_use]
    pub fn left_out(&self) -> u32 {
        self.left_out
    }

    pub(super) fn sent(&mut self, transaction: TransactionId, now: Time, nominating: bool, consent: bool) {
        self.add(Entry {
            received: false,
            transaction,
            at: now,
            copies: 1,
            nominating,
            consent,
            answered: None,
            code: None,
            from: None,
        });
    }

    pub(super) fn sent_again(&mut self, transaction: TransactionId) {
        if let Some(entry) = self.find(transaction, false) {
            entry.copies = entry.copies.saturating_add(1);
        }
    }

    pub(super) fn answered(
        &mut self,
        transaction: TransactionId,
        now: Time,
        code: Option<u16>,
        from: Option<SocketAddr>,
    ) {
        if let Some(entry) = self.find(transaction, false)
            && entry.answered.is_none()
        {
            (entry.answered, entry.code, entry.from) = (Some(now), code, from);
        }
    }

    /// A request of the other side came and was answered.
    pub(super) fn came(&mut self, transaction: TransactionId, now: Time, nominating: bool, code: Option<u16>) {
        if let Some(entry) = self.find(transaction, true) {
            entry.copies = entry.copies.saturating_add(1);
            return;
        }
        self.add(Entry {
            received: true,
            transaction,
            at: now,
            copies: 1,
            nominating,
            consent: false,
            answered: Some(now),
            code,
            from: None,
        });
    }

    fn add(&mut self, entry: Entry) {
        if self.first.len() < FIRST {
            return self.first.push(entry);
        }
        if self.last.len() >= LAST {
            self.last.pop_front();
            self.left_out = self.left_out.saturating_add(1);
        }
        self.last.push_back(entry);
    }

    fn find(&mut self, transaction: TransactionId, received: bool) -> Option<&mut Entry> {
        let mut all = self.last.iter_mut().rev().chain(self.first.iter_mut().rev());
        all.find(|entry| entry.transaction == transaction && entry.received == received)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_first_and_the_last_of_many() {
        let mut journal = Journal::default();
        for number in 0..100u8 {
            let now = Time::from_millis(u64::from(number));
            journal.sent(TransactionId([number; 12]), now, false, false);
            journal.answered(TransactionId([number; 12]), now, None, None);
        }
        let kept: Vec<u8> = journal.entries().map(|entry| entry.transaction.0[0]).collect();
        assert_eq!(kept, (0..8).chain(84..100).collect::<Vec<u8>>());
        assert_eq!(journal.left_out(), 76);
        assert!(journal.entries().all(|entry| entry.answered.is_some()));
    }

    #[test]
    fn a_copy_is_no_transaction_of_its_own() {
        let mut journal = Journal::default();
        journal.sent(TransactionId([1; 12]), Time::ZERO, true, false);
        journal.sent_again(TransactionId([1; 12]));
        journal.came(TransactionId([1; 12]), Time::ZERO, false, None);
        journal.came(TransactionId([1; 12]), Time::ZERO, false, None);
        let copies: Vec<(bool, u32)> = journal.entries().map(|entry| (entry.received, entry.copies)).collect();
        assert_eq!(copies, [(false, 2), (true, 2)]);
    }
}

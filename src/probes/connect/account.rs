//! What is told of the connection as a whole: states and their times, cuts, restarts, what was not believed.

use crate::machine::Time;
use crate::report::connect::{ConnectState, Cut, RefusedMessage, Restart, StateChange};

/// Kinds of refused messages that are kept apart, and states that are listed; a peer that makes more is not worth it.
const REFUSED: usize = 64;
const STATES: usize = 256;
const CUTS: usize = 256;

/// The account.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub states: Vec<StateChange>,
    pub state: ConnectState,
    pub checking: Option<Time>,
    pub first_valid: Option<Time>,
    pub connected: Option<Time>,
    pub refused: Vec<RefusedMessage>,
    pub cuts: Vec<Cut>,
    pub restarts: Vec<Restart>,
}

impl Account {
    /// Enters a state; false when that is no news. `heard`: the last proof that the path works.
    pub fn enter(&mut self, now: Time, state: ConnectState, heard: Option<Time>) -> bool {
        if self.state == state {
            return false;
        }
        let before = std::mem::replace(&mut self.state, state);
        if self.states.len() < STATES {
            self.states.push(StateChange { elapsed_ms: now.millis(), state });
        }
        match state {
            ConnectState::Checking => {
                self.checking.get_or_insert(now);
            }
            ConnectState::Connected => {
                self.connected.get_or_insert(now);
                self.restored(now);
            }
            ConnectState::Disconnected => self.cut(now, heard).disconnected_ms = Some(now.millis()),
            ConnectState::Failed if before == ConnectState::Connected => {
                self.cut(now, heard).failed_ms = Some(now.millis());
            }
            ConnectState::Failed if before == ConnectState::Disconnected => {
                if let Some(cut) = self.cuts.last_mut() {
                    cut.failed_ms = Some(now.millis());
                }
            }
            ConnectState::Failed | ConnectState::New | ConnectState::Closed => {}
        }
        true
    }

    /// Takes note of a message that was not believed.
    pub fn refuse(&mut self, now: Time, from: String, reason: String) {
        if let Some(known) = self.refused.iter_mut().find(|known| known.from == from && known.reason == reason) {
            known.count = known.count.saturating_add(1);
        } else if self.refused.len() < REFUSED {
            self.refused.push(RefusedMessage { from, reason, count: 1, first_ms: now.millis() });
        }
    }

    fn restored(&mut self, now: Time) {
        if let Some(cut) = self.cuts.last_mut().filter(|cut| cut.restored_ms.is_none()) {
            cut.restored_ms = Some(now.millis());
        }
    }

    /// A new cut; of too many the last one is overwritten.
    fn cut(&mut self, now: Time, heard: Option<Time>) -> &mut Cut {
        let last_heard_ms = heard.unwrap_or(now).millis();
        if self.cuts.len() >= CUTS {
            self.cuts.pop();
        }
        self.cuts.push(Cut { last_heard_ms, disconnected_ms: None, failed_ms: None, restored_ms: None });
        let last = self.cuts.len() - 1;
        &mut self.cuts[last]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_has_its_times() {
        let mut account = Account::default();
        let at = Time::from_millis;
        for (millis, state) in [
            (1, ConnectState::Checking),
            (2, ConnectState::Connected),
            (20, ConnectState::Disconnected),
            (25, ConnectState::Connected),
            (40, ConnectState::Disconnected),
            (60, ConnectState::Failed),
        ] {
            assert!(account.enter(at(millis), state, Some(at(millis - 1))));
        }
        assert!(!account.enter(at(61), ConnectState::Failed, None));
        let cut = |last_heard_ms, disconnected_ms, failed_ms, restored_ms| Cut {
            last_heard_ms,
            disconnected_ms: Some(disconnected_ms),
            failed_ms,
            restored_ms,
        };
        assert_eq!(account.cuts, [cut(19.0, 20.0, None, Some(25.0)), cut(39.0, 40.0, Some(60.0), None)]);
        assert_eq!((account.checking, account.connected), (Some(at(1)), Some(at(2))));
    }

    #[test]
    fn a_flood_of_nonsense_takes_no_more_room() {
        let mut account = Account::default();
        for number in 0..10_000 {
            account.refuse(Time::ZERO, format!("192.0.2.1:{number}"), "no STUN".into());
        }
        account.refuse(Time::ZERO, "192.0.2.1:3".into(), "no STUN".into());
        assert_eq!((account.refused.len(), account.refused[3].count), (REFUSED, 2));
    }
}

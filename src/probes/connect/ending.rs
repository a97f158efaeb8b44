//! When it is over: because it failed, because nobody came, or because all that was wanted is done.

use std::time::Duration;

use super::connecting::Connecting;
use crate::machine::{Input, Machine as _, Time};
use crate::proto::ice::Connection;
use crate::report::{Event, connect::ConnectState};
use crate::wire::signal::Message;

/// Checks are answered so long after the pair was chosen (RFC 8445 §8.3).
const LINGER: Duration = Duration::from_secs(3);
/// Without data for so long, the other side does not measure any more.
const QUIET: Duration = Duration::from_secs(2);
/// So long a better pair than a relayed one may take to show what becomes of it.
const HINDSIGHT: Duration = Duration::from_secs(3);
/// So long a relayed path waits for what is known of both NATs.
const FORESIGHT: Duration = Duration::from_secs(3);
/// When both sides have nothing left, what is still on the way may arrive.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// So long the other side may take to restart with this one.
const RESTART: Duration = Duration::from_secs(30);

impl Connecting {
    /// Ends what is over.
    pub(super) fn decide(&mut self, now: Time) {
        self.exhausted = self.agent.is_exhausted().then(|| self.exhausted.unwrap_or(now));
        // Whoever wants to see the path fail sees it, though the other side has given it up already.
        let watches = self.config.until_failure && self.account.state == ConnectState::Disconnected;
        if self.there.bye && !watches || self.account.state == ConnectState::Failed {
            self.closed(now);
            self.say_status(now);
            return self.leave(now);
        }
        if self.account.connected.is_none() && self.gives_up_at() <= now {
            self.agent.give_up(now);
            self.enter(now);
            self.say_status(now);
            return self.leave(now);
        }
        if self.restarts_at().is_some_and(|at| at <= now) {
            self.restart(now);
        }
        self.say_status(now);
        if self.may_leave_at(now).is_some_and(|at| at <= now) {
            self.leave(now);
        }
    }

    /// When there is something to decide.
    pub(super) fn decides_at(&self, now: Time) -> Option<Time> {
        if self.account.connected.is_none() {
            return Some(self.gives_up_at());
        }
        let steps = [
            self.work_until(),
            self.hindsight_until(),
            self.foresight_until(),
            self.may_leave_at(now),
            self.restarts_at(),
            self.restart_until(),
        ];
        steps.into_iter().flatten().filter(|at| *at > now).min()
    }

    /// Nobody came, or nothing is left on either side.
    fn gives_up_at(&self) -> Time {
        let waited = self.account.checking.unwrap_or(Time::ZERO) + self.config.wait;
        let theirs = self.there.status.as_ref().is_some_and(|status| status.exhausted);
        match self.exhausted {
            Some(since) if theirs => waited.min(since + LAST_WORDS),
            _ => waited,
        }
    }

    /// What this side itself has to do takes so long.
    fn work_until(&self) -> Option<Time> {
        let over = self.account.connected? + self.config.duration;
        let answers = self.traffic.until().unwrap_or(over);
        Some(over.max(answers)).filter(|_| !self.config.until_failure)
    }

    /// Better pairs than the relayed one that is in use may still show what becomes of them.
    fn hindsight_until(&self) -> Option<Time> {
        let agent = self.in_use();
        let held = agent.selected().and_then(|held| agent.pairs().get(held))?;
        let better = agent.pairs().iter().any(|pair| pair.is_open() && pair.priority > held.priority);
        Some(self.account.connected? + HINDSIGHT).filter(|_| better && self.is_relayed())
    }

    /// What stands in the way of a better path than a relay is worth a little time.
    fn foresight_until(&self) -> Option<Time> {
        self.config.nat.as_ref()?;
        let tells = self.there.description.as_ref().is_some_and(|description| description.echo);
        let known = self.here.nat.is_some() && (self.there.nat.is_some() || !tells);
        Some(self.account.connected? + FORESIGHT).filter(|_| !known && self.is_relayed())
    }

    /// When a restart is wanted that has not begun.
    fn restarts_at(&self) -> Option<Time> {
        let begun = self.account.restarts.iter().any(|restart| restart.local);
        Some(self.account.connected? + self.config.restart?).filter(|_| !begun)
    }

    /// How long a restart under way is waited for.
    fn restart_until(&self) -> Option<Time> {
        let under_way = self.former.is_some() && self.agent.connection() != Connection::Failed;
        self.restart_began.filter(|_| under_way).map(|began| began + RESTART)
    }

    /// This side has done what it was to do.
    pub(super) fn is_done(&self, now: Time) -> bool {
        let over = |at: Option<Time>| at.is_none_or(|at| at <= now);
        let worked = self.work_until().is_some_and(|at| at <= now);
        worked
            && over(self.hindsight_until())
            && over(self.foresight_until())
            && self.restarts_at().is_none()
            && over(self.restart_until())
    }

    /// The other side does not need this one any more.
    fn may_leave_at(&self, now: Time) -> Option<Time> {
        if !self.is_done(now) {
            return None;
        }
        match &self.there.status {
            Some(status) if status.done => Some(now),
            // It tells how it goes, and will tell when it is done; unless it has gone without a word.
            Some(_) if self.tells() && self.account.state != ConnectState::Connected => Some(now),
            Some(_) if self.tells() && !self.there.hushed => None,
            // Data comes: the other side measures.
            _ => Some((self.account.connected? + LINGER).max(self.traffic.last.map_or(now, |last| last + QUIET))),
        }
    }

    /// Whether the other side says when it is done, as rtcprobe does.
    fn tells(&self) -> bool {
        self.there.description.as_ref().is_some_and(|description| description.echo)
    }

    /// Says goodbye and what came of it all, and gives everything back.
    pub(super) fn leave(&mut self, now: Time) {
        if self.left.replace(now).is_some() {
            return;
        }
        self.say(Message::Bye);
        self.tell_all(now, Some(now));
        self.gathering.release(now);
        self.stirred = true;
    }

    /// Tells all that is known of the connection.
    pub(super) fn tell_all(&mut self, now: Time, ended: Option<Time>) {
        let connect = self.connect(ended);
        let unknown = self.unknown(&connect);
        self.learned(Event::Connect { elapsed_ms: now.millis(), connect: Box::new(connect), unknown });
    }

    /// It ends before it is known what would have come of it, unless the other side has failed.
    fn closed(&mut self, now: Time) {
        if !matches!(self.account.state, ConnectState::New | ConnectState::Checking) {
            return;
        }
        if self.there.status.as_ref().is_some_and(|status| status.state == "failed") {
            self.agent.give_up(now);
            return self.enter(now);
        }
        self.account.enter(now, ConnectState::Closed, None);
        self.learned(Event::Connection { elapsed_ms: now.millis(), state: ConnectState::Closed });
    }

    /// The user does not want to go on.
    pub(super) fn stop(&mut self, now: Time) {
        if self.left.is_none() {
            self.closed(now);
        }
        self.leave(now);
        self.gathering.input(now, Input::Stop);
    }
}

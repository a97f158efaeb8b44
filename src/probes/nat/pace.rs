//! When to ask again, and when silence means something: from round-trip times and from loss.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::machine::Time;

/// The wait before the first retransmission to a server nobody has heard from. Shorter than the
/// 500 ms of RFC 8489 §6.2.1, between Firefox's 100 and Chromium's 250: a lost first packet would
/// else cost more than the whole rest.
const CONTACT: Duration = Duration::from_millis(200);
/// No retransmission sooner, whatever the round-trip time.
const SHORTEST: Duration = Duration::from_millis(40);
/// No retransmission later, unless a round trip takes longer.
const LONGEST: Duration = Duration::from_millis(300);
/// Copies behind a negative conclusion where no loss was seen at all.
const COPIES: u32 = 8;
/// Copies behind a negative conclusion at most.
const MOST: u32 = 24;
/// Between those copies: so far apart that one burst of loss does not take them all.
const GAP: Duration = Duration::from_millis(55);
/// The same where loss was seen.
const WIDE_GAP: Duration = Duration::from_millis(90);
/// A negative conclusion may be wrong this often.
const RISK: f64 = 1e-6;
/// Where one server answered, another is given up after so long.
const IMPATIENCE: Duration = Duration::from_millis(1500);

/// What is known of the paths, shared by all sockets of a study.
#[derive(Debug, Default)]
pub(super) struct Pace {
    paths: HashMap<IpAddr, Path>,
    /// Copies whose fate is known, and those of them that were lost on the way there or back.
    trials: u32,
    lost: u32,
}

/// Round-trip times to one address (RFC 6298).
#[derive(Debug, Clone, Copy)]
struct Path {
    mean: Duration,
    variance: Duration,
    least: Duration,
}

impl Pace {
    /// An answer came: after how many copies, and how long after the first and the last of them.
    pub(super) fn answered(&mut self, who: IpAddr, copies: u32, since_first: Duration, since_last: Duration) {
        match self.paths.get_mut(&who) {
            // Nobody knows which copy was answered (Karn), but it took no longer than this.
            None => {
                let path = Path { mean: since_first, variance: since_first / 2, least: since_first };
                self.paths.insert(who, path);
                if copies == 1 {
                    self.trials += 1;
                }
            }
            Some(path) if copies == 1 => {
                path.learn(since_first);
                self.trials += 1;
            }
            Some(path) => {
                // Too soon for the last copy: the one before was answered, late.
                let late = since_last < path.least / 2;
                self.trials += copies - u32::from(late);
                self.lost += (copies - 1).saturating_sub(u32::from(late));
            }
        }
    }

    /// Copies that were never answered, by somebody who answers otherwise.
    pub(super) fn unanswered(&mut self, who: IpAddr, copies: u32) {
        if self.knows(who) {
            self.trials += copies;
            self.lost += copies;
        }
    }

    /// Somebody has answered from there.
    pub(super) fn knows(&self, who: IpAddr) -> bool {
        self.paths.contains_key(&who)
    }

    /// Anybody has answered at all.
    pub(super) fn alive(&self) -> bool {
        !self.paths.is_empty()
    }

    /// The mean round-trip time to that address; of the slowest where it is not known.
    pub(super) fn round_trip(&self, who: IpAddr) -> Option<Duration> {
        self.path(who).map(|path| path.mean)
    }

    /// The wait after copy `n` (from 1) before the next.
    pub(super) fn again(&self, who: IpAddr, n: u32) -> Duration {
        match self.path(who) {
            Some(path) => path.timeout().min(LONGEST.max(path.least * 3 / 2)).max(SHORTEST),
            None => (CONTACT * n.clamp(2, 5)) / 2,
        }
    }

    /// Whether to give up whoever never answered in all that time. `patience` is for when nobody
    /// answers.
    pub(super) fn hopeless(&self, who: IpAddr, copies: u32, waited: Duration, patience: Duration) -> bool {
        if self.knows(who) {
            copies >= self.copies().max(12) && waited >= self.again(who, copies)
        } else if self.alive() {
            waited >= IMPATIENCE.min(patience) && copies >= 6
        } else {
            waited >= patience
        }
    }

    /// Copies that must be sent before silence means something.
    pub(super) fn copies(&self) -> u32 {
        let mut copies = COPIES;
        while copies < MOST && self.doubt(copies) > RISK && self.lost > 0 {
            copies += 1;
        }
        copies
    }

    /// The wait between such copies.
    pub(super) fn gap(&self) -> Duration {
        if self.lost > 0 { WIDE_GAP } else { GAP }
    }

    /// The wait after the last copy.
    pub(super) fn last_wait(&self, who: IpAddr) -> Duration {
        let path = self.path(who);
        let wait = path.map_or(LONGEST, |path| path.mean + path.mean / 4 + path.variance * 4);
        (wait + Duration::from_millis(20)).max(Duration::from_millis(60))
    }

    /// The wait after copy `n` (from 1) of something whose absence is a result.
    pub(super) fn after(&self, n: u32, who: IpAddr) -> Duration {
        if n < self.copies() { self.gap() } else { self.last_wait(who) }
    }

    /// The probability that so many copies were all lost, by chance, given the loss seen: it is
    /// taken to be a little worse than it looked.
    pub(super) fn doubt(&self, copies: u32) -> f64 {
        let seen = (f64::from(self.lost) + 1.0) / (f64::from(self.trials) + 2.0);
        seen.powi(i32::try_from(copies).unwrap_or(i32::MAX))
    }

    fn path(&self, who: IpAddr) -> Option<Path> {
        self.paths.get(&who).copied().or_else(|| self.paths.values().copied().max_by_key(|path| path.mean))
    }
}

impl Path {
    fn learn(&mut self, sample: Duration) {
        self.least = self.least.min(sample);
        let off = sample.abs_diff(self.mean);
        self.variance = (self.variance * 3 + off) / 4;
        self.mean = (self.mean * 7 + sample) / 8;
    }

    fn timeout(&self) -> Duration {
        self.mean + self.variance * 4 + Duration::from_millis(10)
    }
}

/// When something began and what it cost, for reports.
pub(super) fn millis(since: Duration) -> f64 {
    Time::from(since).millis()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHO: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn loss_asks_for_more_copies_further_apart() {
        let mut pace = Pace::default();
        for _ in 0..20 {
            pace.answered(WHO, 1, ms(100), ms(100));
        }
        assert_eq!((pace.copies(), pace.gap()), (COPIES, GAP));
        for _ in 0..10 {
            pace.answered(WHO, 2, ms(300), ms(100));
        }
        assert!(pace.copies() > COPIES && pace.gap() > GAP);
        assert!(pace.doubt(pace.copies()) <= RISK || pace.copies() == MOST);
    }

    #[test]
    fn an_answer_to_the_copy_before_is_no_loss() {
        let mut pace = Pace::default();
        pace.answered(WHO, 1, ms(100), ms(100));
        pace.answered(WHO, 2, ms(130), ms(10));
        assert_eq!((pace.trials, pace.lost), (2, 0));
    }

    #[test]
    fn whoever_is_alive_is_waited_for_longer_than_whoever_never_was() {
        let mut pace = Pace::default();
        let patience = ms(4500);
        assert!(!pace.hopeless(WHO, 9, ms(4000), patience));
        let other = IpAddr::from([192, 0, 2, 1]);
        pace.answered(other, 1, ms(20), ms(20));
        assert!(pace.hopeless(WHO, 9, ms(1600), patience));
        assert!(!pace.hopeless(other, 9, ms(1600), patience));
    }
}

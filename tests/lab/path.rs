//! What becomes of packets on the way, in one direction: delay, loss, copies, disorder, each drawn from
//! a seed.

use std::time::Duration;

use rtcprobe::machine::Chance;

/// One direction of a path. Shares are of a hundred packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Path {
    pub delay: Duration,
    /// Up to this much more, drawn for each packet; what is drawn late is overtaken.
    pub jitter: Duration,
    pub loss: u8,
    /// Arrive twice.
    pub duplicate: u8,
    /// Are held back by [`Path::held`], so that later ones overtake them.
    pub reorder: u8,
    pub held: Duration,
    /// The same seed, the same fates in the same order.
    pub seed: u64,
}

impl Path {
    pub fn is_plain(&self) -> bool {
        Path { seed: 0, ..*self } == Path::default()
    }
}

/// A path and its dice.
pub struct Fates {
    path: Path,
    chance: Chance,
}

impl Fates {
    pub fn new(path: Path) -> Fates {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&path.seed.to_le_bytes());
        Fates { path, chance: Chance::from_seed(seed) }
    }

    /// How late each copy of the next packet arrives: none when it is lost.
    pub fn next(&mut self, spared: bool) -> Vec<Duration> {
        // Always the same number of draws, so that one packet's fate does not change the next one's.
        let [lost, twice, held] =
            [self.path.loss, self.path.duplicate, self.path.reorder].map(|share| self.falls(share));
        let late = [(); 2].map(|()| self.path.delay + self.jitter());
        if spared {
            return vec![self.path.delay];
        }
        let copies = if lost { 0 } else { 1 + usize::from(twice) };
        let held = if held { self.path.held } else { Duration::ZERO };
        late[..copies].iter().map(|late| *late + held).collect()
    }

    fn falls(&mut self, share: u8) -> bool {
        self.chance.below(100) < u64::from(share)
    }

    fn jitter(&mut self) -> Duration {
        let most = u64::try_from(self.path.jitter.as_micros()).unwrap();
        Duration::from_micros(self.chance.below(most + 1))
    }
}

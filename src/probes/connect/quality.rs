//! Figures of a path: round-trip times, jitter, loss, order.

use std::time::Duration;

use crate::machine::{Chance, Time};
use crate::report::connect::PathQuality;

/// Round-trip times that are kept for the median; of more, a fair sample.
const KEPT: usize = 4096;
/// Points of the curve.
const POINTS: usize = 400;
/// Numbers of questions that are remembered, to tell a duplicate.
const WINDOW: u64 = 4096;

/// Round-trip times.
#[derive(Debug)]
pub(super) struct Rtts {
    kept: Vec<Duration>,
    seen: u64,
    least: Duration,
    most: Duration,
    curve: Vec<(f64, f64)>,
    /// Every so many become a point.
    stride: u64,
    chance: Chance,
}

impl Rtts {
    pub fn new(chance: Chance) -> Rtts {
        let (least, most) = (Duration::MAX, Duration::ZERO);
        Rtts { kept: Vec::new(), seen: 0, least, most, curve: Vec::new(), stride: 1, chance }
    }

    pub fn add(&mut self, sent: Time, rtt: Duration) {
        (self.least, self.most) = (self.least.min(rtt), self.most.max(rtt));
        if self.seen.is_multiple_of(self.stride) {
            self.curve.push((sent.millis(), Time::from(rtt).millis()));
            if self.curve.len() > POINTS {
                let mut keep = false;
                self.curve.retain(|_| {
                    keep = !keep;
                    keep
                });
                self.stride *= 2;
            }
        }
        self.seen += 1;
        if self.kept.len() < KEPT {
            self.kept.push(rtt);
        } else if let Ok(place) = usize::try_from(self.chance.below(self.seen))
            && let Some(kept) = self.kept.get_mut(place)
        {
            *kept = rtt;
        }
    }

    /// Writes what is known of them.
    pub fn tell(&self, quality: &mut PathQuality) {
        let mut sorted = self.kept.clone();
        sorted.sort_unstable();
        let millis = |rtt: Duration| Time::from(rtt).millis();
        let of = |hundredths: usize| sorted.get((sorted.len().saturating_sub(1) * hundredths).div_ceil(100)).copied();
        quality.rtt_min_ms = (self.seen > 0).then(|| millis(self.least));
        quality.rtt_median_ms = of(50).map(millis);
        quality.rtt_p95_ms = of(95).map(millis);
        quality.rtt_max_ms = (self.seen > 0).then(|| millis(self.most));
        quality.samples.clone_from(&self.curve);
    }
}

/// Interarrival jitter (RFC 3550 §6.4.1, §A.8), in microseconds.
#[derive(Debug, Default)]
pub(super) struct Jitter {
    transit: Option<u32>,
    estimate: f64,
    packets: u64,
}

impl Jitter {
    /// A packet that was sent at `timestamp` (microseconds of another clock, which wraps).
    pub fn add(&mut self, now: Time, timestamp: u32) {
        let micros = u32::try_from(now.since_start().as_micros() & u128::from(u32::MAX)).unwrap_or_default();
        let transit = micros.wrapping_sub(timestamp);
        if let Some(before) = self.transit.replace(transit) {
            let difference = transit.wrapping_sub(before);
            let difference = f64::from(difference.min(difference.wrapping_neg()));
            self.estimate += (difference - self.estimate) / 16.0;
        }
        self.packets += 1;
    }

    pub fn millis(&self) -> Option<f64> {
        (self.packets > 1).then(|| self.estimate.round() / 1e3)
    }
}

/// Which numbers came, how often and in which order.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    /// Of the last [`WINDOW`] numbers up to `highest`, those that came.
    came: std::collections::BTreeSet<u64>,
    pub highest: Option<u64>,
    /// Different ones.
    pub count: u64,
    pub reordered: u64,
    pub duplicates: u64,
}

impl Arrivals {
    /// Takes note of a number; false when it came before, or is too old to tell.
    pub fn add(&mut self, number: u64) -> bool {
        let highest = self.highest.unwrap_or(number);
        if number.saturating_add(WINDOW) < highest {
            return false;
        }
        if !self.came.insert(number) {
            self.duplicates += 1;
            return false;
        }
        self.count += 1;
        self.reordered += u64::from(number < highest);
        self.highest = Some(highest.max(number));
        while self.came.len() as u64 > WINDOW {
            self.came.pop_first();
        }
        true
    }
}

/// What share of `of` is missing; nothing when there was none.
pub(super) fn missing(count: u64, of: u64) -> Option<f64> {
    let share = 1.0 - count as f64 / of as f64;
    (of > 0).then(|| (share.clamp(0.0, 1.0) * 1e6).round() / 1e6)
}

/// Bits per second.
pub(super) fn rate(bytes: u64, time: Duration) -> Option<f64> {
    (time > Duration::from_millis(100)).then(|| (bytes as f64 * 8.0 / time.as_secs_f64()).round())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn percentiles_are_of_what_was_measured() {
        let mut rtts = Rtts::new(Chance::from_seed([1; 32]));
        for millis in (1..=100).rev() {
            rtts.add(Time::from_millis(millis), ms(millis));
        }
        let mut quality = PathQuality::default();
        rtts.tell(&mut quality);
        let figures = [quality.rtt_min_ms, quality.rtt_median_ms, quality.rtt_p95_ms, quality.rtt_max_ms];
        assert_eq!(figures, [Some(1.0), Some(51.0), Some(96.0), Some(100.0)]);
        assert_eq!((quality.samples.len(), quality.samples[0]), (100, (100.0, 100.0)));
    }

    #[test]
    fn nothing_measured_is_nothing_known() {
        let mut quality = PathQuality::default();
        Rtts::new(Chance::from_seed([1; 32])).tell(&mut quality);
        assert_eq!(quality, PathQuality::default());
        assert_eq!((missing(0, 0), rate(100, Duration::ZERO)), (None, None));
        assert_eq!(Jitter::default().millis(), None);
    }

    #[test]
    fn a_long_run_takes_no_more_room_and_keeps_its_shape() {
        let mut rtts = Rtts::new(Chance::from_seed([2; 32]));
        for millis in 0..200_000u64 {
            rtts.add(Time::from_millis(millis), ms(millis % 1000));
        }
        assert!(rtts.kept.len() <= KEPT && rtts.curve.len() <= POINTS);
        assert!(rtts.curve.len() > POINTS / 4 && rtts.curve.is_sorted_by(|one, next| one.0 < next.0));
        let mut quality = PathQuality::default();
        rtts.tell(&mut quality);
        let median = quality.rtt_median_ms.unwrap();
        assert!((450.0..550.0).contains(&median), "{median}");
    }

    #[test]
    fn an_even_stream_has_no_jitter_however_its_clock_stands() {
        let mut jitter = Jitter::default();
        for packet in 0..100u32 {
            let timestamp = u32::MAX.wrapping_sub(500_000).wrapping_add(packet * 20_000);
            jitter.add(Time::from_millis(u64::from(packet) * 20 + 7), timestamp);
        }
        assert_eq!(jitter.millis(), Some(0.0));
    }

    #[test]
    fn jitter_goes_towards_how_much_the_transit_times_differ() {
        let mut jitter = Jitter::default();
        for packet in 0..1000u64 {
            let late = packet % 2 * 8;
            jitter.add(Time::from_millis(packet * 20 + late), u32::try_from(packet * 20_000).unwrap());
        }
        assert_eq!(jitter.millis(), Some(8.0));
    }

    #[test]
    fn duplicates_and_stragglers_are_told_apart() {
        let mut arrivals = Arrivals::default();
        let new: Vec<bool> = [0, 1, 3, 2, 3, 10_000, 4].into_iter().map(|number| arrivals.add(number)).collect();
        assert_eq!(new, [true, true, true, true, false, true, false]);
        assert_eq!((arrivals.count, arrivals.reordered, arrivals.duplicates), (5, 1, 1));
        for number in 0..100_000 {
            arrivals.add(20_000 + number);
        }
        assert!(arrivals.came.len() as u64 <= WINDOW);
    }

    #[test]
    fn loss_is_a_share() {
        assert_eq!((missing(90, 100), missing(100, 100), missing(101, 100)), (Some(0.1), Some(0.0), Some(0.0)));
        assert_eq!(rate(8000, Duration::from_secs(1)), Some(64_000.0));
    }
}

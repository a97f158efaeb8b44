//! Whether two measurements differ by more than chance makes them differ.
//!
//! Two things must hold before quality is called better or worse: chance would do this less than
//! about once in 370 comparisons (three standard errors), and the difference is one that a call
//! notices. Packets of one run are not independent, so neighbouring ones count for less.

/// Standard errors that a difference has to be away from nothing.
const SURE: f64 = 3.0;
/// A difference of round-trip times or jitter that a call notices, in milliseconds and as a share.
const NOTICED_MS: f64 = 5.0;
const NOTICED_SHARE: f64 = 0.1;
/// The same for loss: a datagram in a hundred.
const NOTICED_LOSS: f64 = 0.01;
/// Fewer datagrams or parts of a run than this tell nothing.
const FEWEST: usize = 8;
const FEWEST_SENT: u64 = 20;
/// RFC 3550 §6.4.1 averages jitter with a gain of 1/16: what is left at the end rests on about 31
/// differences, whose mean is uncertain by about 18 %.
const JITTER_ERROR: f64 = 0.18;

/// What became of a quantity of which less is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    Better,
    Worse,
    /// Within what chance does, or too little to matter.
    Even,
    TooFew,
}

/// Loss of `(sent, received)` before and after: the interval of Newcombe (1998, method 10) for the
/// difference of two shares.
pub fn loss(before: (u64, u64), after: (u64, u64)) -> Shift {
    if before.0 < FEWEST_SENT || after.0 < FEWEST_SENT {
        return Shift::TooFew;
    }
    let lost = |(sent, received): (u64, u64)| sent.saturating_sub(received) as f64 / sent as f64;
    let (one, other) = (lost(before), lost(after));
    let (low_1, high_1) = wilson(one, before.0 as f64);
    let (low_2, high_2) = wilson(other, after.0 as f64);
    let difference = other - one;
    let low = difference - ((other - low_2).powi(2) + (high_1 - one).powi(2)).sqrt();
    let high = difference + ((high_2 - other).powi(2) + (one - low_1).powi(2)).sqrt();
    match () {
        () if low > 0.0 && difference >= NOTICED_LOSS => Shift::Worse,
        () if high < 0.0 && -difference >= NOTICED_LOSS => Shift::Better,
        () => Shift::Even,
    }
}

/// The score interval of a share of `count` trials.
fn wilson(share: f64, count: f64) -> (f64, f64) {
    let square = SURE * SURE;
    let middle = (share + square / (2.0 * count)) / (1.0 + square / count);
    let half = SURE / (1.0 + square / count) * (share * (1.0 - share) / count + square / (4.0 * count * count)).sqrt();
    (middle - half, middle + half)
}

/// Round-trip times over the run, before and after. The rank test of Mann and Whitney has to tell them
/// apart, and their medians have to be further apart than the run's own slow waves carry a median.
pub fn times(before: &[f64], after: &[f64]) -> Shift {
    if before.len() < FEWEST || after.len() < FEWEST {
        return Shift::TooFew;
    }
    let (one, other) = (median(before), median(after));
    let apart = (other - one).abs();
    let error = (median_error(before).powi(2) + median_error(after).powi(2)).sqrt();
    let noticed = apart >= NOTICED_MS && apart >= NOTICED_SHARE * one.max(other) && apart >= SURE * error;
    match rank_score(before, after) {
        score if noticed && score >= SURE => Shift::Worse,
        score if noticed && score <= -SURE => Shift::Better,
        _ => Shift::Even,
    }
}

/// Jitter, of which a report has one number only.
pub fn jitter(before: (f64, u64), after: (f64, u64)) -> Shift {
    if before.1 < FEWEST_SENT || after.1 < FEWEST_SENT {
        return Shift::TooFew;
    }
    let (one, other) = (before.0.max(1e-6), after.0.max(1e-6));
    let error = (2.0 * JITTER_ERROR * JITTER_ERROR).sqrt();
    let score = (other / one).ln() / error;
    match (other - one).abs() >= NOTICED_MS {
        true if score >= SURE => Shift::Worse,
        true if score <= -SURE => Shift::Better,
        _ => Shift::Even,
    }
}

/// How many standard errors the ranks of `after` lie above those of `before`.
fn rank_score(before: &[f64], after: &[f64]) -> f64 {
    let (n, m) = (before.len() as f64, after.len() as f64);
    let mut all: Vec<(f64, bool)> =
        before.iter().map(|ms| (*ms, false)).chain(after.iter().map(|ms| (*ms, true))).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut ranks, mut ties, mut start) = (0.0, 0.0, 0);
    while start < all.len() {
        let same = all[start..].iter().take_while(|(ms, _)| *ms == all[start].0).count();
        // The mean of the ranks from start + 1 to start + same.
        let rank = start as f64 + (same as f64 + 1.0) / 2.0;
        ranks += rank * all[start..start + same].iter().filter(|(_, after)| *after).count() as f64;
        ties += (same as f64).powi(3) - same as f64;
        start += same;
    }
    let above = ranks - m * (m + 1.0) / 2.0;
    let total = n + m;
    let variance = n * m / 12.0 * ((total + 1.0) - ties / (total * (total - 1.0)));
    if variance <= 0.0 {
        return 0.0;
    }
    (above - n * m / 2.0) / variance.sqrt()
}

/// The standard error of a median: 1.25 of the mean's, of a spread that outliers do not widen, over as
/// many samples as are independent of each other.
fn median_error(samples: &[f64]) -> f64 {
    let middle = median(samples);
    let away: Vec<f64> = samples.iter().map(|ms| (ms - middle).abs()).collect();
    let spread = 1.4826 * median(&away);
    1.2533 * spread / (samples.len() as f64 * independence(samples)).max(1.0).sqrt()
}

/// The share of samples that count, when each resembles the one before by the correlation r:
/// (1 - r) / (1 + r).
fn independence(samples: &[f64]) -> f64 {
    let mean = samples.iter().sum::<f64>() / samples.len() as f64;
    let variance: f64 = samples.iter().map(|ms| (ms - mean).powi(2)).sum();
    if variance <= 0.0 {
        return 1.0;
    }
    let neighbours: f64 = samples.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    let r = (neighbours / variance).clamp(0.0, 0.95);
    (1.0 - r) / (1.0 + r)
}

pub fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run around a middle, with a spread and a seed of its own.
    fn run(middle: f64, spread: f64, mut seed: u64) -> Vec<f64> {
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as f64 / (1u64 << 31) as f64
        };
        (0..50).map(|_| middle + spread * (next() + next() + next() - 1.5)).collect()
    }

    #[test]
    fn the_same_path_twice_is_even() {
        for seed in 0..200 {
            let (one, other) = (run(40.0, 8.0, seed), run(40.0, 8.0, seed + 1000));
            assert_eq!(times(&one, &other), Shift::Even, "seed {seed}");
        }
    }

    #[test]
    fn a_longer_way_is_worse_and_the_way_back_better() {
        for seed in 0..50 {
            let (one, other) = (run(40.0, 8.0, seed), run(60.0, 8.0, seed + 1000));
            assert_eq!((times(&one, &other), times(&other, &one)), (Shift::Worse, Shift::Better), "seed {seed}");
        }
    }

    #[test]
    fn what_no_call_notices_is_even_however_certain_it_is() {
        assert_eq!(times(&[0.2; 50], &[0.3; 50]), Shift::Even);
        assert_eq!(jitter((0.02, 50), (0.3, 50)), Shift::Even);
        assert_eq!(loss((1_000_000, 999_990), (1_000_000, 999_000)), Shift::Even);
    }

    #[test]
    fn a_wave_counts_for_less_than_its_samples() {
        let wave: Vec<f64> = (0..50).map(|i| 40.0 + 10.0 * (f64::from(i) / 8.0).sin()).collect();
        assert!(independence(&wave) < 0.2);
        assert!(independence(&run(40.0, 8.0, 7)) > 0.5);
    }

    #[test]
    fn a_datagram_or_two_are_chance_and_a_fifth_is_not() {
        assert_eq!(loss((50, 50), (50, 49)), Shift::Even);
        assert_eq!(loss((50, 49), (50, 47)), Shift::Even);
        assert_eq!(loss((50, 50), (50, 38)), Shift::Worse);
        assert_eq!(loss((50, 38), (50, 50)), Shift::Better);
        assert_eq!(loss((1000, 1000), (1000, 970)), Shift::Worse);
        assert_eq!(loss((5, 5), (5, 0)), Shift::TooFew);
    }

    #[test]
    fn jitter_of_one_number_has_to_differ_much() {
        assert_eq!(jitter((8.0, 50), (14.0, 50)), Shift::Even);
        assert_eq!(jitter((8.0, 50), (30.0, 50)), Shift::Worse);
        assert_eq!(jitter((30.0, 50), (8.0, 50)), Shift::Better);
        assert_eq!(jitter((0.0, 50), (30.0, 3)), Shift::TooFew);
    }
}

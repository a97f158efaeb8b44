//! Numbered datagrams, and what their coming back says about the way.

use std::time::Duration;

use crate::machine::Time;
use crate::report::Spread;

/// Neither STUN nor ChannelData begins like this.
pub(super) const MARK: [u8; 4] = *b"rtcq";
/// Mark, run, number, time of sending.
pub(super) const HEAD: usize = 20;
/// Parts that the course is divided into, at most.
const COURSE: u64 = 60;

/// A datagram of a run; every byte follows from the number and the time of sending.
pub(super) fn payload(run: [u8; 4], number: u32, sent: Time, size: usize) -> Vec<u8> {
    let micros = u64::try_from(sent.since_start().as_micros()).unwrap_or(u64::MAX);
    let mut bytes = [&MARK[..], &run, &number.to_be_bytes(), &micros.to_be_bytes()].concat();
    let mut state = u64::from(number) ^ micros.rotate_left(32) ^ 0x9e37_79b9_7f4a_7c15;
    while bytes.len() < size {
        // xorshift64: no byte like its neighbour, so that damage anywhere shows.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let room = (size - bytes.len()).min(8);
        bytes.extend(&state.to_be_bytes()[..room]);
    }
    bytes
}

/// What came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Number(u32),
    Damaged,
    /// Something that this run did not send.
    Foreign,
}

/// Looks at every byte of what came in.
pub(super) fn read(bytes: &[u8], run: [u8; 4], size: usize) -> Found {
    if bytes.starts_with(b"rtcprobe") {
        return Found::Foreign;
    }
    let Some((head, _)) = bytes.split_first_chunk::<HEAD>() else { return Found::Damaged };
    let number = u32::from_be_bytes([head[8], head[9], head[10], head[11]]);
    let micros = head[12..].iter().fold(0, |micros, byte| micros << 8 | u64::from(*byte));
    if payload(run, number, Time::from(Duration::from_micros(micros)), size) == bytes {
        Found::Number(number)
    } else {
        Found::Damaged
    }
}

/// The count of a run.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// When each datagram was sent, and how long the first copy of it took.
    trips: Vec<(Time, Option<Duration>)>,
    pub received: u64,
    pub duplicates: u64,
    pub reordered: u64,
    pub damaged: u64,
    highest: Option<u32>,
    /// RFC 3550 §6.4.1, in seconds.
    jitter: f64,
    last: Option<Duration>,
}

/// As long as nothing has come back, an answer may take so long.
const IN_FLIGHT: Duration = Duration::from_millis(500);

impl Tally {
    /// The number of the next datagram, which is sent now.
    pub(super) fn send(&mut self, now: Time) -> u32 {
        self.trips.push((now, None));
        u32::try_from(self.trips.len() - 1).unwrap_or(u32::MAX)
    }

    pub(super) fn sent(&self) -> u64 {
        self.trips.len() as u64
    }

    /// Takes back, from the end, what was sent so shortly before the run was stopped that its answer may be
    /// on its way still: that is no loss.
    pub(super) fn call_back(&mut self, now: Time) {
        let slowest = self.trips.iter().filter_map(|(_, trip)| *trip).max().unwrap_or(IN_FLIGHT);
        while self.trips.last().is_some_and(|(sent, trip)| trip.is_none() && now - *sent <= slowest * 2) {
            self.trips.pop();
        }
    }

    pub(super) fn damage(&mut self) {
        self.damaged += 1;
    }

    pub(super) fn receive(&mut self, number: u32, at: Time) {
        let Some((sent, trip)) = self.trips.get_mut(number as usize) else { return };
        if trip.is_some() {
            self.duplicates += 1;
            return;
        }
        let took = at - *sent;
        *trip = Some(took);
        self.received += 1;
        match self.highest {
            Some(highest) if number < highest => self.reordered += 1,
            _ => self.highest = Some(number),
        }
        // The difference of two transit times, in the order of arrival.
        if let Some(last) = self.last.replace(took) {
            let difference = took.abs_diff(last).as_secs_f64();
            self.jitter += (difference - self.jitter) / 16.0;
        }
    }

    pub(super) fn loss_ratio(&self) -> f64 {
        if self.trips.is_empty() { 0.0 } else { 1.0 - self.received as f64 / self.trips.len() as f64 }
    }

    /// Datagrams per second, as they were really sent.
    pub(super) fn rate(&self) -> Option<f64> {
        let (first, last) = (self.trips.first()?.0, self.trips.last()?.0);
        let span = (last - first).as_secs_f64();
        (span > 0.0).then(|| (self.trips.len() - 1) as f64 / span)
    }

    pub(super) fn jitter_ms(&self) -> Option<f64> {
        (self.received > 1).then(|| rounded(self.jitter * 1e3))
    }

    pub(super) fn spread(&self) -> Option<Spread> {
        let mut trips: Vec<Duration> = self.trips.iter().filter_map(|(_, trip)| *trip).collect();
        trips.sort_unstable();
        spread(&trips)
    }

    /// The mean of each part of the run, in the order of sending.
    pub(super) fn course(&self) -> Vec<Option<f64>> {
        let sent = self.sent();
        let parts = sent.min(COURSE);
        let mut sums = vec![(0.0, 0_u32); usize::try_from(parts).unwrap_or(0)];
        for (index, (_, trip)) in self.trips.iter().enumerate() {
            let part = (index as u64 * parts / sent) as usize;
            if let (Some(trip), Some((sum, count))) = (trip, sums.get_mut(part)) {
                *sum += trip.as_secs_f64() * 1e3;
                *count += 1;
            }
        }
        sums.into_iter().map(|(sum, count)| (count > 0).then(|| rounded(sum / f64::from(count)))).collect()
    }
}

/// The distribution of sorted times; percentiles by nearest rank.
fn spread(sorted: &[Duration]) -> Option<Spread> {
    let (first, last) = (sorted.first()?, sorted.last()?);
    let millis = |time: Duration| rounded(time.as_secs_f64() * 1e3);
    let rank = |percent: usize| {
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        millis(sorted.get(rank - 1).copied().unwrap_or(*last))
    };
    let mean = sorted.iter().map(Duration::as_secs_f64).sum::<f64>() / sorted.len() as f64;
    Some(Spread {
        min: millis(*first),
        mean: rounded(mean * 1e3),
        p50: rank(50),
        p95: rank(95),
        p99: rank(99),
        max: millis(*last),
    })
}

/// Microseconds are as exact as it gets.
fn rounded(millis: f64) -> f64 {
    (millis * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: [u8; 4] = [1, 2, 3, 4];

    fn at(millis: u64) -> Time {
        Time::from_millis(millis)
    }

    /// Sends every 20 ms; the pairs are number and round trip, in the order of arrival.
    fn run(sent: u64, trips: &[(u32, u64)]) -> Tally {
        let mut tally = Tally::default();
        for number in 0..sent {
            tally.send(at(number * 20));
        }
        for (number, trip) in trips {
            tally.receive(*number, at(u64::from(*number) * 20 + trip));
        }
        tally
    }

    #[test]
    fn what_is_in_flight_at_a_stop_is_no_loss() {
        let mut tally = Tally::default();
        let at = Time::from_millis;
        for millis in [0, 20, 40, 60, 80] {
            tally.send(at(millis));
        }
        tally.receive(0, at(30));
        tally.receive(2, at(70));
        tally.call_back(at(85));
        assert_eq!((tally.sent(), tally.received), (3, 2), "the one that never came stays lost");
    }

    #[test]
    fn reads_what_it_writes_at_every_size() {
        for size in [0, 1, HEAD, HEAD + 1, 172, 1200] {
            let bytes = payload(RUN, 7, at(1234), size);
            assert_eq!(bytes.len(), size.max(HEAD));
            assert_eq!(read(&bytes, RUN, size), Found::Number(7));
        }
    }

    #[test]
    fn a_single_bit_anywhere_is_damage() {
        let bytes = payload(RUN, 7, at(1234), 100);
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read(&damaged, RUN, 100), Found::Damaged, "bit {bit}");
        }
        assert_eq!(read(&bytes[..99], RUN, 100), Found::Damaged);
        assert_eq!(read(&[], RUN, 100), Found::Damaged);
        assert_eq!(read(b"rtcprobe, late", RUN, 100), Found::Foreign);
    }

    #[test]
    fn counts_loss_duplicates_and_reordering() {
        let tally = run(5, &[(0, 10), (0, 12), (2, 10), (1, 55), (4, 10)]);
        assert_eq!((tally.sent(), tally.received, tally.duplicates, tally.reordered), (5, 4, 1, 1));
        assert!((tally.loss_ratio() - 0.2).abs() < 1e-9);
    }

    #[test]
    fn what_was_never_sent_is_not_counted() {
        let tally = run(1, &[(0, 10), (9, 10)]);
        assert_eq!((tally.received, tally.duplicates), (1, 0));
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        let trips: Vec<(u32, u64)> = (0..100).map(|n| (n, u64::from(n) + 1)).collect();
        let spread = run(100, &trips).spread().unwrap();
        let expected = Spread { min: 1.0, mean: 50.5, p50: 50.0, p95: 95.0, p99: 99.0, max: 100.0 };
        assert_eq!(spread, expected);
        assert_eq!(run(3, &[]).spread(), None);
        let one = run(1, &[(0, 7)]).spread().unwrap();
        assert_eq!((one.min, one.p50, one.p99, one.max), (7.0, 7.0, 7.0, 7.0));
    }

    #[test]
    fn jitter_is_that_of_rfc_3550() {
        assert_eq!(run(3, &[(0, 10), (1, 10), (2, 10)]).jitter_ms(), Some(0.0));
        // 16/16 = 1, then (0 - 1)/16 off.
        assert_eq!(run(3, &[(0, 10), (1, 26), (2, 26)]).jitter_ms(), Some(0.938));
        assert_eq!(run(1, &[(0, 10)]).jitter_ms(), None);
    }

    #[test]
    fn the_course_has_sixty_parts_at_most_and_gaps_where_all_was_lost() {
        assert_eq!(run(3, &[(0, 10), (2, 30)]).course(), [Some(10.0), None, Some(30.0)]);
        let trips: Vec<(u32, u64)> = (0..1000).map(|n| (n, 5)).collect();
        assert_eq!(run(1000, &trips).course(), vec![Some(5.0); 60]);
        assert!(run(0, &[]).course().is_empty());
    }

    #[test]
    fn the_rate_is_the_one_that_was_kept() {
        assert_eq!(run(51, &[]).rate(), Some(50.0));
        assert_eq!(run(1, &[]).rate(), None);
    }
}

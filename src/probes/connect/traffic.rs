//! What is sent over the selected pair to measure it, and what comes back.
//!
//! Fifty packets a second as small as those of a telephone, so that no line is filled by it. While nothing comes back
//! there is one a second.

use std::time::Duration;

use super::quality::{Arrivals, Jitter, Rtts, missing, rate};
use crate::machine::{Chance, Time};
use crate::report::connect::PathQuality;
use crate::wire::echo::{Kind, Packet, SIZE};

/// Between packets.
const GAP: Duration = Duration::from_millis(20);
/// Between packets before the first answer: the other side may have to settle on the pair, too.
const KNOCK: Duration = Duration::from_millis(100);
/// Without an answer for so long the path counts as gone, and is asked seldom (cf. RFC 8083).
const SILENCE: Duration = Duration::from_secs(1);
const SELDOM: Duration = Duration::from_secs(1);
/// How long the last answers are waited for.
const LAST_ANSWERS: Duration = Duration::from_secs(1);
/// Answers that may be given in a second; whoever asks more often gets none.
const ANSWERS: u64 = 200;

/// Both directions of the measurement.
#[derive(Debug)]
pub(super) struct Traffic {
    ssrc: u32,
    asking: Option<Asking>,
    /// Questions of the other side.
    asked: Arrivals,
    /// Answers given in this second.
    second: (u64, u64),
    jitter: Jitter,
    /// Of answers, and since when they are counted.
    bytes: u64,
    counts: Option<Time>,
    pub last: Option<Time>,
    /// The longest time without a packet since it was last asked for.
    gap: Duration,
    gap_since: Option<Time>,
}

/// What this side measures.
#[derive(Debug)]
struct Asking {
    began: Time,
    until: Option<Time>,
    next: Time,
    number: u64,
    answers: Arrivals,
    /// The first answer, from which everything is counted: its number, and how many had arrived by then.
    base: Option<(u64, u64)>,
    /// The answer that knows most: the highest number that the other side had seen, and how many.
    known: (u64, u64),
    last_answer: Time,
    rtts: Rtts,
}

impl Traffic {
    pub fn new(chance: &mut Chance) -> Traffic {
        Traffic {
            ssrc: u32::from_be_bytes(chance.bytes()),
            asking: None,
            asked: Arrivals::default(),
            second: (0, 0),
            jitter: Jitter::default(),
            bytes: 0,
            counts: None,
            last: None,
            gap: Duration::ZERO,
            gap_since: None,
        }
    }

    /// Begins to ask; `duration` is `None` for as long as the path lasts.
    pub fn ask(&mut self, now: Time, duration: Option<Duration>, chance: &mut Chance) {
        self.asking = Some(Asking {
            began: now,
            until: duration.map(|duration| now + duration),
            next: now,
            number: 0,
            answers: Arrivals::default(),
            base: None,
            known: (0, 0),
            last_answer: now,
            rtts: Rtts::new(chance.split()),
        });
    }

    /// When the next packet is due.
    pub fn due(&self) -> Option<Time> {
        self.asking
            .as_ref()
            .filter(|asking| asking.until.is_none_or(|until| asking.next < until))
            .map(|asking| asking.next)
    }

    /// Until when there is something to send or to wait for; `None` without an end.
    pub fn until(&self) -> Option<Time> {
        let asking = self.asking.as_ref()?;
        let all = asking.answers.highest.is_some_and(|highest| highest + 1 == asking.number);
        asking.until.map(|until| if all { until } else { until + LAST_ANSWERS })
    }

    /// The next packet, if it is due.
    pub fn send(&mut self, now: Time) -> Option<Vec<u8>> {
        self.due().filter(|due| *due <= now)?;
        let ssrc = self.ssrc;
        let asking = self.asking.as_mut()?;
        let gap = match asking.base {
            None => KNOCK,
            Some(_) if now.since(asking.last_answer) > SILENCE => SELDOM,
            Some(_) => GAP,
        };
        // In step with the clock, but never in a burst after a pause.
        asking.next = (asking.next + gap).max(now + gap / 2);
        let number = asking.number;
        asking.number += 1;
        let (kind, asked) = (Kind::Question, u64::from(now));
        Some(Packet { kind, ssrc, timestamp: micros(now), number, asked, arrived: 0, highest: 0 }.encode(SIZE))
    }

    /// A packet of the other side; gives the answer to a question.
    pub fn received(&mut self, now: Time, packet: &Packet, size: usize) -> Option<Vec<u8>> {
        if let Some(last) = self.last.replace(now) {
            let quiet = now.since(last.max(self.gap_since.unwrap_or(Time::ZERO)));
            self.gap = self.gap.max(quiet);
        }
        // Its own questions are its own measurement: both directions are counted by what this side asked.
        if packet.kind == Kind::Answer {
            self.counts.get_or_insert(now);
            self.bytes += size as u64;
        }
        self.jitter.add(now, packet.timestamp);
        match packet.kind {
            Kind::Question => self.answer(now, packet, size),
            Kind::Answer => {
                if let Some(asking) = &mut self.asking {
                    asking.answered(now, packet);
                }
                None
            }
        }
    }

    fn answer(&mut self, now: Time, question: &Packet, size: usize) -> Option<Vec<u8>> {
        self.asked.add(question.number);
        let second = now.since_start().as_secs();
        if self.second.0 != second {
            self.second = (second, 0);
        }
        self.second.1 += 1;
        let answer = Packet {
            kind: Kind::Answer,
            ssrc: self.ssrc,
            timestamp: micros(now),
            number: question.number,
            asked: question.asked,
            arrived: self.asked.count,
            highest: self.asked.highest.unwrap_or(0),
        };
        // Never more than was asked with.
        (self.second.1 <= ANSWERS).then(|| answer.encode(size.min(SIZE)))
    }

    /// Begins to look for the longest pause.
    pub fn watch(&mut self, now: Time) {
        (self.gap, self.gap_since) = (Duration::ZERO, Some(now));
    }

    /// The longest pause since then, if anything was to be expected.
    pub fn longest_pause(&self) -> Option<Duration> {
        self.last.map(|_| self.gap)
    }

    /// What is known by now; nothing when nothing was asked.
    pub fn quality(&self, now: Time) -> Option<PathQuality> {
        let asking = self.asking.as_ref()?;
        let end = asking.until.map_or(now, |until| until.min(now));
        let mut quality = PathQuality { echoed: asking.base.is_some(), ..PathQuality::default() };
        quality.duration_ms = Time::from(end - asking.began).millis();
        quality.sent = asking.base.map_or(asking.number, |(first, _)| asking.number - first - 1);
        quality.received = asking.answers.count.saturating_sub(u64::from(asking.base.is_some()));
        quality.loss = missing(quality.received, quality.sent);
        if let Some((first, before)) = asking.base {
            let (highest, arrived) = asking.known;
            let arrived = arrived.saturating_sub(before);
            quality.loss_out = missing(arrived, highest.saturating_sub(first));
            quality.loss_in = missing(quality.received, arrived);
            quality.bitrate_out = rate(arrived * SIZE as u64, end - asking.began);
        }
        quality.bitrate_in = self.counts.and_then(|since| rate(self.bytes, now - since));
        quality.jitter_ms = self.jitter.millis();
        (quality.reordered, quality.duplicates) = (asking.answers.reordered, asking.answers.duplicates);
        asking.rtts.tell(&mut quality);
        Some(quality)
    }
}

impl Asking {
    fn answered(&mut self, now: Time, packet: &Packet) {
        let possible = packet.number < self.number && packet.arrived <= self.number && packet.asked <= u64::from(now);
        let early = self.base.is_some_and(|(first, _)| packet.number < first);
        if !possible || early || !self.answers.add(packet.number) {
            return;
        }
        self.base.get_or_insert((packet.number, packet.arrived));
        if packet.arrived >= self.known.1 && packet.highest < self.number {
            self.known = (packet.highest, packet.arrived);
        }
        self.last_answer = now;
        let sent = Time::from(packet.asked);
        self.rtts.add(sent, now - sent);
    }
}

/// As RTP's timestamp counts here; it wraps.
fn micros(now: Time) -> u32 {
    u32::try_from(now.since_start().as_micros() & u128::from(u32::MAX)).unwrap_or_default()
}

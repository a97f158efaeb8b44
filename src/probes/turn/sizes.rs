//! Which sizes of payload get through the relay: small ones may pass where large ones vanish without a word.

use std::time::Duration;

use super::check::{Check, Held};
use super::ground::Ground;
use super::proofs::payload;
use crate::report::{RelaySizes, Way};

/// Bytes of payload, the largest first: whatever counts packets leaves out the last ones then, and small ones
/// that are missing are no black hole.
const SIZES: [usize; 9] = [1400, 1300, 1200, 1150, 1100, 1000, 800, 500, 100];
/// No browser sends larger ones.
const NEEDED: usize = 1200;
/// Copies of what does not arrive, and the time between them: with every third datagram lost, all copies of
/// three sizes in a row are lost once in a hundred million.
const COPIES: u32 = 6;
const GAP: Duration = Duration::from_millis(150);
/// Until the last copies are given up.
const PATIENCE: Duration = Duration::from_millis(600);

impl Check {
    /// Sends datagrams of several sizes at once from the second socket to the relayed address: they pass our
    /// network twice, out and back. Over a stream none is too large, and where the server limits the rate, large
    /// ones are refused first.
    pub(super) async fn payload_sizes(&self, held: &Held, ground: &Ground) {
        let here = self.config.extras.relay_mtu && self.record.proved(Way::Inbound) && !self.record.is_capped();
        let witness = ground.witness.as_ref().filter(|_| here && !held.station.line().is_stream());
        let Some((witness, _)) = witness else { return };
        let fill = |size: usize| {
            let head = payload(witness);
            (size, head.iter().copied().cycle().take(size).collect::<Vec<u8>>())
        };
        let mut missing: Vec<(usize, Vec<u8>)> = SIZES.into_iter().map(fill).collect();
        let mut copies = 0;
        while copies < COPIES && !missing.is_empty() {
            for (_, bytes) in &missing {
                witness.send_plain(held.relayed, bytes);
            }
            copies += 1;
            let until = self.hands.now() + if copies == COPIES { PATIENCE } else { GAP };
            while !missing.is_empty() {
                let wanted = |bytes: &[u8]| missing.iter().position(|(_, sent)| sent == bytes);
                let Some(data) = held.station.data(until, |data| wanted(&data.bytes).is_some()).await else { break };
                if let Some(place) = wanted(&data.bytes) {
                    missing.remove(place);
                }
            }
            // What no browser needs is not worth the time.
            if copies > 1 && missing.iter().all(|(size, _)| *size > NEEDED) {
                break;
            }
        }
        let missing: Vec<usize> = missing.into_iter().map(|(size, _)| size).collect();
        self.record.note(|turn| turn.clues.relay_sizes = Some(found(&missing, copies)));
    }
}

/// What is missing from some size on is lost for its size; what is missing in between is lost by chance.
fn found(missing: &[usize], copies: u32) -> RelaySizes {
    let largest = SIZES.into_iter().find(|size| !missing.contains(size));
    let by_size = copies == COPIES && largest.is_some_and(|largest| missing.iter().all(|size| *size > largest));
    let lost_from = missing.iter().min().filter(|_| by_size);
    let bytes = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
    RelaySizes { largest_bytes: largest.map(bytes), lost_from_bytes: lost_from.copied().map(bytes), copies }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(missing: &[usize], copies: u32) -> (Option<u32>, Option<u32>) {
        let found = found(missing, copies);
        (found.largest_bytes, found.lost_from_bytes)
    }

    #[test]
    fn only_what_is_missing_from_some_size_on_is_lost_for_its_size() {
        assert_eq!(sizes(&[], 1), (Some(1400), None));
        assert_eq!(sizes(&[1400, 1300, 1200, 1150], COPIES), (Some(1100), Some(1150)));
        assert_eq!(sizes(&[1400, 1300], 2), (Some(1200), None), "two copies prove nothing");
        assert_eq!(sizes(&[1400, 1300, 1200, 500], COPIES), (Some(1150), None), "chance");
        assert_eq!(sizes(&SIZES, COPIES), (None, None));
    }
}

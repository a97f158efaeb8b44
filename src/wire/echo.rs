//! What two rtcprobes send over a path to measure it: RTP packets (RFC 3550 §5.1) with a payload of our own, so that
//! they are told apart from STUN, DTLS and ChannelData by their first byte (RFC 7983 §7), and are treated on their way
//! as media would be.
//!
//! After the twelve bytes of RTP (its timestamp counts microseconds): `echo`, a version, the kind, two bytes of zero,
//! then four numbers of eight bytes in network order, then zeros up to the size.

/// The size of a packet by default: 20 ms of G.711.
pub const SIZE: usize = 160;
/// Packets have at least so many bytes.
const LEAST: usize = 52;
/// V=2, no padding, no extension, no CSRC.
const FIRST: u8 = 0x80;
/// Of the dynamic range.
const PAYLOAD_TYPE: u8 = 126;
const MAGIC: &[u8; 4] = b"echo";
const VERSION: u8 = 1;

/// A packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet {
    pub kind: Kind,
    /// Whose stream it belongs to.
    pub ssrc: u32,
    /// When it was sent, in microseconds of the sender's clock.
    pub timestamp: u32,
    /// Counted by whoever asks, from 0.
    pub number: u64,
    /// When the question was sent, in nanoseconds of the asking side's clock.
    pub asked: u64,
    /// How many different questions have come to whoever answers, and the highest number of them.
    pub arrived: u64,
    pub highest: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Question,
    Answer,
}

impl Packet {
    #[must_use]
    pub fn encode(&self, size: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(size.max(LEAST));
        bytes.extend([FIRST, PAYLOAD_TYPE]);
        // The lower half of the number; it wraps as RTP's does.
        bytes.extend(self.number.to_be_bytes().split_at(6).1);
        bytes.extend(self.timestamp.to_be_bytes());
        bytes.extend(self.ssrc.to_be_bytes());
        bytes.extend(MAGIC);
        bytes.extend([VERSION, u8::from(self.kind == Kind::Answer), 0, 0]);
        for number in [self.number, self.asked, self.arrived, self.highest] {
            bytes.extend(number.to_be_bytes());
        }
        bytes.resize(size.max(LEAST), 0);
        bytes
    }

    /// `None` when it is something else.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Packet> {
        let number = |at: usize| Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
        let short = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        let ours = bytes.get(..2)? == [FIRST, PAYLOAD_TYPE] && bytes.get(12..16)? == MAGIC;
        let kind = match bytes.get(16..18)? {
            [VERSION, 0] => Kind::Question,
            [VERSION, 1] => Kind::Answer,
            _ => return None,
        };
        ours.then_some(Packet {
            kind,
            timestamp: short(4)?,
            ssrc: short(8)?,
            number: number(20)?,
            asked: number(28)?,
            arrived: number(36)?,
            highest: number(44)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: Packet =
        Packet { kind: Kind::Answer, ssrc: 1, timestamp: 2, number: 0x1_0003, asked: 4, arrived: 5, highest: 6 };

    #[test]
    fn is_read_as_it_was_written() {
        for size in [0, LEAST, SIZE, 1200] {
            let bytes = PACKET.encode(size);
            assert_eq!(bytes.len(), size.max(LEAST));
            assert_eq!(Packet::decode(&bytes), Some(PACKET));
        }
    }

    #[test]
    fn looks_like_rtp_and_like_nothing_else_that_comes_over_such_a_path() {
        let bytes = PACKET.encode(SIZE);
        assert!((128..=191).contains(&bytes[0]), "RFC 7983");
        assert!(!(192..=223).contains(&bytes[1]), "RFC 5761");
        assert_eq!(bytes[2..4], [0, 3], "the sequence number is the lower half of the number");
    }

    #[test]
    fn what_is_short_or_strange_is_none() {
        let bytes = PACKET.encode(SIZE);
        for length in 0..LEAST {
            assert_eq!(Packet::decode(&bytes[..length]), None, "{length}");
        }
        for (place, value) in [(0, 0x40), (1, 0), (12, b'E'), (16, 2), (17, 2)] {
            let mut other = bytes.clone();
            other[place] = value;
            assert_eq!(Packet::decode(&other), None, "{place}");
        }
    }
}

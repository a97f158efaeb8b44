//! Packets on a stream, each behind its length in two bytes (RFC 4571 §2): how ICE agents speak over TCP (RFC 6544
//! §3).

/// The longest packet that is taken in. What agents say to one another fits a datagram.
pub const LONGEST: usize = 16 << 10;

/// A packet as it goes down a stream; `None` when no length can hold it.
#[must_use]
pub fn frame(packet: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(packet.len()).ok()?;
    Some([&length.to_be_bytes()[..], packet].concat())
}

/// Collects bytes of a stream and hands out whole packets. Holds at most one packet and what was pushed last, if
/// `next_packet` is called after each push until it gives `None`.
#[derive(Debug, Default)]
pub struct Unpacker {
    buffer: Vec<u8>,
    /// Where the next packet begins in `buffer`.
    at: usize,
    lost: bool,
}

/// A length that nobody means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong(pub usize);

impl Unpacker {
    #[must_use]
    pub fn new() -> Unpacker {
        Unpacker::default()
    }

    /// Takes in bytes as they came.
    pub fn push(&mut self, bytes: &[u8]) {
        if !self.lost {
            self.buffer.drain(..self.at);
            self.at = 0;
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next whole packet, if there is one; empty ones are passed over. After an error there is never another.
    pub fn next_packet(&mut self) -> Result<Option<Vec<u8>>, TooLong> {
        while let Some((&length, rest)) = self.buffer[self.at..].split_first_chunk::<2>() {
            let length = usize::from(u16::from_be_bytes(length));
            if length > LONGEST {
                self.lost = true;
                (self.buffer, self.at) = (Vec::new(), 0);
                return Err(TooLong(length));
            }
            let Some(packet) = rest.get(..length).map(<[u8]>::to_vec) else { return Ok(None) };
            self.at += 2 + length;
            if length > 0 {
                return Ok(Some(packet));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(unpacker: &mut Unpacker) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| unpacker.next_packet().unwrap()).collect()
    }

    #[test]
    fn packets_come_out_however_the_stream_was_cut() {
        let packets = [&b"one"[..], b"", b"three", &[7; LONGEST]];
        let stream: Vec<u8> = packets.iter().flat_map(|packet| frame(packet).unwrap()).collect();
        for size in [1, 2, 3, 7, 1000, stream.len()] {
            let mut unpacker = Unpacker::new();
            let mut got = Vec::new();
            for piece in stream.chunks(size) {
                unpacker.push(piece);
                got.extend(all(&mut unpacker));
            }
            assert_eq!(got, [&b"one"[..], b"three", &[7; LONGEST]], "in pieces of {size}");
        }
    }

    #[test]
    fn a_length_beyond_reason_ends_it_and_holds_nothing() {
        let mut unpacker = Unpacker::new();
        unpacker.push(&[0, 1, 9, 0x40, 0x01, 1, 2, 3]);
        assert_eq!(unpacker.next_packet(), Ok(Some(vec![9])));
        assert_eq!(unpacker.next_packet(), Err(TooLong(LONGEST + 1)));
        unpacker.push(&[0, 1, 9]);
        assert_eq!(unpacker.next_packet(), Ok(None));
        assert_eq!(unpacker.buffer.capacity(), 0);
    }

    #[test]
    fn what_no_length_can_hold_is_not_framed() {
        assert_eq!(frame(&[0; 65536]), None);
        assert_eq!(frame(&[0; 65535]).unwrap().len(), 65537);
    }
}

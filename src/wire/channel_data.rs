//! ChannelData messages (RFC 8656 §12.4).

/// Channel numbers that may be bound (RFC 8656 §12): 0x4000 to 0x4FFF.
pub const CHANNELS: std::ops::RangeInclusive<u16> = 0x4000..=0x4fff;

/// A ChannelData message, borrowed from what it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelData<'a> {
    pub channel: u16,
    pub data: &'a [u8],
}

/// Reads a datagram, or one frame of a stream. `None` when the first byte is not 64 to 79
/// (RFC 8656 §12.6, RFC 7983) or the bytes are fewer than the length says.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<ChannelData<'_>> {
    let (&[c0, c1, l0, l1], rest) = bytes.split_first_chunk::<4>()?;
    let channel = u16::from_be_bytes([c0, c1]);
    let data = rest.get(..usize::from(u16::from_be_bytes([l0, l1])))?;
    CHANNELS.contains(&channel).then_some(ChannelData { channel, data })
}

/// Writes a message; on a stream it is padded to a multiple of four (RFC 8656 §12.5).
/// `None` when `data` is longer than 65535 bytes.
#[must_use]
pub fn encode(channel: u16, data: &[u8], stream: bool) -> Option<Vec<u8>> {
    let length = u16::try_from(data.len()).ok()?;
    let mut bytes = Vec::with_capacity(4 + data.len() + 3);
    bytes.extend_from_slice(&channel.to_be_bytes());
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(data);
    if stream {
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for (data, stream, length) in
            [(&b"hello"[..], false, 9), (b"hello", true, 12), (b"", true, 4), (b"four", true, 8)]
        {
            let bytes = encode(0x4001, data, stream).unwrap();
            assert_eq!(bytes.len(), length);
            assert_eq!(decode(&bytes), Some(ChannelData { channel: 0x4001, data }));
        }
    }

    #[test]
    fn refuses_what_no_length_can_hold() {
        assert_eq!(encode(0x4000, &[0; 65536], false), None);
        assert_eq!(encode(0x4000, &[0; 65535], true).unwrap().len(), 65540);
    }

    #[test]
    fn only_first_bytes_64_to_79_are_channel_data() {
        for first in 0..=255u8 {
            assert_eq!(decode(&[first, 0, 0, 1, 7]).is_some(), (64..=79).contains(&first), "{first}");
        }
    }

    #[test]
    fn short_messages_are_none_and_padding_is_not_data() {
        assert_eq!(decode(&[]), None);
        assert_eq!(decode(&[0x40, 0, 0]), None);
        assert_eq!(decode(&[0x40, 0, 0, 2, 1]), None);
        assert_eq!(decode(&[0x40, 0, 0, 2, 1, 2, 9, 9]).unwrap().data, [1, 2]);
    }
}

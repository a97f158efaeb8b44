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
    let _ = bytes;
    todo!()
}

/// Writes a message; on a stream it is padded to a multiple of four (RFC 8656 §12.5).
/// `None` when `data` is longer than 65535 bytes.
#[must_use]
pub fn encode(channel: u16, data: &[u8], stream: bool) -> Option<Vec<u8>> {
    let _ = (channel, data, stream);
    todo!()
}

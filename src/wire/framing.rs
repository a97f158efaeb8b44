//! STUN and ChannelData on a stream: no framing of their own, split by their length fields
//! (RFC 8489 §6.2.2, RFC 8656 §12.5).

/// Collects bytes of a stream and hands out whole frames. Holds at most one frame (65 KiB) and
/// what was pushed last.
#[derive(Debug, Default)]
pub struct Deframer {
    buffer: Vec<u8>,
}

/// What came out of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A whole STUN message.
    Stun(Vec<u8>),
    /// A whole ChannelData message, padding cut.
    ChannelData(Vec<u8>),
    /// Bytes that can begin neither; the stream is lost from here. Holds up to the first 64 bytes,
    /// so that "HTTP/1.1 400" can be shown.
    Garbage(Vec<u8>),
}

impl Deframer {
    #[must_use]
    pub fn new() -> Deframer {
        Deframer::default()
    }

    /// Takes in bytes as they came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame, if there is one. After `Garbage` there is never another.
    pub fn next_frame(&mut self) -> Option<Frame> {
        todo!()
    }

    /// Bytes of an unfinished frame.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.buffer.len()
    }
}

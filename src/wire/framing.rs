//! STUN and ChannelData on a stream: no framing of their own, split by their length fields
//! (RFC 8489 §6.2.2, RFC 8656 §12.5).

pub mod packet;

/// How much of a stream that is neither STUN nor ChannelData is kept, in bytes.
const SHOWN: usize = 64;

const MAGIC_COOKIE: [u8; 4] = super::message::MAGIC_COOKIE.to_be_bytes();

/// Collects bytes of a stream and hands out whole frames. Holds at most one frame (65 KiB) and
/// what was pushed last, if `next_frame` is called after each push until it gives `None`.
#[derive(Debug, Default)]
pub struct Deframer {
    buffer: Vec<u8>,
    /// Where the next frame begins in `buffer`.
    at: usize,
    /// Bytes of padding that are still to come and belong to nothing.
    padding: usize,
    lost: bool,
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

/// What the bytes at the front of a stream are.
enum Front {
    /// A frame of that many bytes, after which come that many of padding.
    Stun(usize),
    ChannelData(usize, usize),
    Garbage,
    /// Too little to tell.
    Unclear,
}

impl Deframer {
    #[must_use]
    pub fn new() -> Deframer {
        Deframer::default()
    }

    /// Takes in bytes as they came.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.lost {
            let room = SHOWN.saturating_sub(self.buffer.len()).min(bytes.len());
            self.buffer.extend_from_slice(&bytes[..room]);
            return;
        }
        self.buffer.drain(..self.at);
        self.at = 0;
        self.buffer.extend_from_slice(bytes);
        self.skip_padding();
    }

    /// The next whole frame, if there is one. After `Garbage` there is never another.
    pub fn next_frame(&mut self) -> Option<Frame> {
        if self.lost {
            return None;
        }
        match front(&self.buffer[self.at..]) {
            Front::Unclear => None,
            Front::Stun(length) => self.take(length, 0).map(Frame::Stun),
            Front::ChannelData(length, padding) => self.take(length, padding).map(Frame::ChannelData),
            Front::Garbage => {
                self.lost = true;
                self.buffer.drain(..self.at);
                self.at = 0;
                self.buffer.truncate(SHOWN);
                self.buffer.shrink_to(SHOWN);
                Some(Frame::Garbage(self.buffer.clone()))
            }
        }
    }

    /// Bytes of an unfinished frame.
    #[must_use]
    pub fn pending(&self) -> usize {
        if self.lost { 0 } else { self.buffer.len() - self.at }
    }

    /// What came and is in no frame: the beginning of an unfinished one, or the first 64 bytes of a
    /// stream that is lost, those that came after `Garbage` was handed out included. For messages
    /// when the stream ends or falls silent here.
    #[must_use]
    pub fn leftover(&self) -> &[u8] {
        &self.buffer[self.at..]
    }

    fn take(&mut self, length: usize, padding: usize) -> Option<Vec<u8>> {
        let frame = self.buffer.get(self.at..self.at + length)?.to_vec();
        self.at += length;
        // A frame is handed out without waiting for its padding, which may never come when it was
        // the last; it is skipped when it does.
        self.padding = padding;
        self.skip_padding();
        Some(frame)
    }

    fn skip_padding(&mut self) {
        let skipped = self.padding.min(self.buffer.len() - self.at);
        self.at += skipped;
        self.padding -= skipped;
    }
}

fn front(bytes: &[u8]) -> Front {
    let Some(&first) = bytes.first() else { return Front::Unclear };
    // "HTTP/…" would be a ChannelData message of 21 KB on channel 0x4854, and the answer of a web
    // server or a proxy is what stands at the other end far more often.
    if bytes.starts_with(b"HTTP/") {
        return Front::Garbage;
    }
    let length = || Some(usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?])));
    match first {
        0x00..=0x3f => {
            let cookie = &bytes[bytes.len().min(4)..bytes.len().min(8)];
            match length() {
                None => Front::Unclear,
                Some(length) if length % 4 != 0 || !MAGIC_COOKIE.starts_with(cookie) => Front::Garbage,
                Some(length) => Front::Stun(20 + length),
            }
        }
        0x40..=0x4f => match length() {
            Some(length) => Front::ChannelData(4 + length, length.next_multiple_of(4) - length),
            None => Front::Unclear,
        },
        _ => Front::Garbage,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::channel_data;
    use crate::wire::message::{Builder, Class, Method, TransactionId};

    fn binding() -> Vec<u8> {
        Builder::new(Class::Request, Method::BINDING, TransactionId([7; 12])).fingerprint().build()
    }

    fn all(deframer: &mut Deframer) -> Vec<Frame> {
        std::iter::from_fn(|| deframer.next_frame()).collect()
    }

    /// Frames of a stream that was pushed in pieces of that many bytes.
    fn frames(stream: &[u8], piece: usize) -> (Vec<Frame>, Deframer) {
        let mut deframer = Deframer::new();
        let frames = stream
            .chunks(piece)
            .flat_map(|bytes| {
                deframer.push(bytes);
                all(&mut deframer)
            })
            .collect();
        (frames, deframer)
    }

    #[test]
    fn pieces_of_any_size_give_the_same_frames() {
        let mut stream = binding();
        stream.extend(channel_data::encode(0x4000, b"hello", true).unwrap());
        stream.extend(channel_data::encode(0x4000, b"", true).unwrap());
        stream.extend(binding());
        stream.extend(channel_data::encode(0x4fff, b"abc", true).unwrap());
        let expected = vec![
            Frame::Stun(binding()),
            Frame::ChannelData(b"\x40\0\0\x05hello".to_vec()),
            Frame::ChannelData(b"\x40\0\0\0".to_vec()),
            Frame::Stun(binding()),
            Frame::ChannelData(b"\x4f\xff\0\x03abc".to_vec()),
        ];
        for piece in 1..=stream.len() {
            let (frames, deframer) = frames(&stream, piece);
            assert_eq!(frames, expected, "in pieces of {piece}");
            assert_eq!(deframer.pending(), 0);
        }
    }

    #[test]
    fn a_frame_does_not_wait_for_its_padding_but_the_next_one_does() {
        let mut deframer = Deframer::new();
        deframer.push(b"\x40\0\0\x01a");
        assert_eq!(all(&mut deframer), [Frame::ChannelData(b"\x40\0\0\x01a".to_vec())]);
        assert_eq!(deframer.pending(), 0);
        deframer.push(b"\0\0");
        assert_eq!(all(&mut deframer), []);
        deframer.push(b"\0\x40\0\0\0");
        assert_eq!(all(&mut deframer), [Frame::ChannelData(b"\x40\0\0\0".to_vec())]);
    }

    #[test]
    fn an_http_answer_is_garbage_and_can_be_shown() {
        let answer =
            b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Length: 1000000\r\nConnection: close\r\n\r\n";
        let (whole, _) = frames(answer, answer.len());
        assert_eq!(whole, [Frame::Garbage(answer[..64].to_vec())]);
        let (bytewise, deframer) = frames(answer, 1);
        assert_eq!(bytewise, [Frame::Garbage(b"HTTP/".to_vec())]);
        assert_eq!(deframer.leftover(), &answer[..64]);
        assert_eq!(deframer.pending(), 0);
    }

    #[test]
    fn what_begins_neither_is_garbage() {
        let tls_alert = b"\x15\x03\x03\x00\x02\x02\x28";
        let odd_length = b"\x00\x01\x00\x03\x21\x12\xa4\x42";
        let no_cookie = b"\x00\x01\x00\x00\x21\x12\xa4\x43";
        for bytes in [&tls_alert[..], odd_length, no_cookie, b"SSH-2.0-x\r\n", b"\x80", b"\xff\xff"] {
            let (frames, mut deframer) = frames(bytes, bytes.len());
            assert_eq!(frames, [Frame::Garbage(bytes.to_vec())]);
            deframer.push(&binding());
            assert_eq!(deframer.next_frame(), None);
            assert_eq!(deframer.leftover().len(), SHOWN.min(bytes.len() + 28));
        }
    }

    #[test]
    fn an_unfinished_frame_is_pending() {
        let (frames, deframer) = frames(&binding()[..27], 27);
        assert_eq!(frames, []);
        assert_eq!(deframer.pending(), 27);
    }

    #[test]
    fn memory_does_not_grow_with_the_stream() {
        let mut deframer = Deframer::new();
        for _ in 0..10_000 {
            deframer.push(&binding());
            assert_eq!(all(&mut deframer).len(), 1);
        }
        assert!(deframer.buffer.capacity() < 1024);
        deframer.push(b"HTTP/1.1");
        assert_eq!(all(&mut deframer).len(), 1);
        for _ in 0..10_000 {
            deframer.push(&[0; 1000]);
        }
        assert!(deframer.buffer.capacity() < 1024);
    }
}

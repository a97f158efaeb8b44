//! A stream; the first byte says how long the pieces are that it comes in.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rtcprobe::wire::framing::{Deframer, Frame};

fn frames(stream: &[u8], piece: usize) -> Vec<Frame> {
    let mut deframer = Deframer::new();
    let mut frames = Vec::new();
    for bytes in stream.chunks(piece) {
        deframer.push(bytes);
        frames.extend(std::iter::from_fn(|| deframer.next_frame()));
    }
    assert!(deframer.pending() <= stream.len());
    // How much of it is there when garbage is noticed depends on the pieces.
    if let Some(Frame::Garbage(_)) = frames.last() {
        frames.pop();
    }
    frames
}

fuzz_target!(|bytes: &[u8]| {
    let Some((piece, stream)) = bytes.split_first() else { return };
    assert_eq!(frames(stream, usize::from(*piece).max(1)), frames(stream, stream.len().max(1)));
});

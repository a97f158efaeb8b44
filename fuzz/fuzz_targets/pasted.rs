//! Whatever somebody pastes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rtcprobe::wire::signal::{Message, line, pasted};

fuzz_target!(|text: &str| {
    let _ = pasted::goes_on(text);
    let _ = Message::read(text);
    if let Ok(read) = pasted::read(text) {
        let line = line::write(&read.description);
        assert_eq!(pasted::read(&line).unwrap().description, read.description);
    }
});

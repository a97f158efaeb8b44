//! SDP, and what answers it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rtcprobe::wire::sdp;

fuzz_target!(|text: &str| {
    if let Ok(read) = sdp::read(text) {
        let again = sdp::read(&sdp::answer(&read.description, &read.sections)).unwrap();
        assert_eq!(again.description.ufrag, read.description.ufrag);
        assert_eq!(again.sections.len(), read.sections.len());
    }
});

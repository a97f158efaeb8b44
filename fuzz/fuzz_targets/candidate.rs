//! A candidate line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rtcprobe::wire::candidate::Candidate;

fuzz_target!(|text: &str| {
    if let Ok(candidate) = text.parse::<Candidate>() {
        assert_eq!(candidate.to_string().parse(), Ok(candidate));
    }
});

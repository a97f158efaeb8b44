//! A URI or a bare host.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rtcprobe::wire::uri;

fuzz_target!(|text: &str| {
    let _ = uri::parse_target(text, false);
    let _ = uri::parse_target(text, true);
    if let Ok(parsed) = uri::parse(text) {
        let printed = parsed.uri.to_string();
        let again = uri::parse(&printed).expect("what is printed can be parsed").uri;
        assert_eq!(again.to_string(), printed);
    }
});

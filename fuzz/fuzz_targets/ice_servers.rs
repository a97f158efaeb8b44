//! The text of `--ice-servers`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rtcprobe::wire::ice_servers;

fuzz_target!(|text: &str| {
    let _ = ice_servers::parse(text);
});

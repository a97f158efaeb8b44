//! What a router answers: a datagram, an HTTP response, a description.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rtcprobe::wire::gateway::http::{self, Progress, Url};
use rtcprobe::wire::gateway::{igd, nat_pmp, pcp, ssdp};

fuzz_target!(|bytes: &[u8]| {
    let map = pcp::Map { nonce: [0; 12], local: "10.0.0.2:5000".parse().expect("an address") };
    let _ = (nat_pmp::read(bytes), pcp::read_announce(bytes), map.read(bytes), ssdp::read(bytes));
    let _ = igd::read_answer(bytes);
    let here = Url::parse("http://192.168.1.1:5000/a/b").expect("a URL");
    for service in igd::read_description(bytes).services {
        assert!(!service.action().contains(['\r', '\n', '"']));
        if let Ok(url) = here.join(&service.control) {
            assert!(!url.path.contains(['\r', '\n', ' ']));
        }
    }
    assert!(http::read(bytes, true) != Progress::More);
    let _ = http::read(bytes, false);
});

//! Whatever a router answers, nothing panics, hangs or grows.

use proptest::prelude::*;
use rtcprobe::wire::gateway::http::{self, Progress, Url};
use rtcprobe::wire::gateway::{igd, nat_pmp, pcp, ssdp};

const SEEDS: [&str; 4] = [
    "HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nLOCATION: http://192.168.1.1:5000/rootDesc.xml\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    "<root><URLBase>http://192.168.1.1:5000/</URLBase><service><serviceType>urn:schemas-upnp-org:service:\
     WANIPConnection:1</serviceType><controlURL>/ctl?a&amp;b&#x41;</controlURL></service></root>",
    "<s:Envelope><s:Body><NewExternalIPAddress>198.51.100.7</NewExternalIPAddress></s:Body></s:Envelope>",
];

fn answers() -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    let changed = (prop::sample::select(SEEDS.to_vec()), changes).prop_map(|(seed, changes)| {
        let mut bytes = seed.as_bytes().to_vec();
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    });
    prop_oneof![changed, prop::collection::vec(any::<u8>(), 0..200)]
}

proptest! {
    #[test]
    fn nothing_that_a_router_answers_does_harm(bytes in answers()) {
        let map = pcp::Map { nonce: [0; 12], local: "10.0.0.2:5000".parse().unwrap() };
        let _ = (nat_pmp::read(&bytes), pcp::read_announce(&bytes), map.read(&bytes), ssdp::read(&bytes));
        let _ = igd::read_answer(&bytes);
        for service in igd::read_description(&bytes).services {
            prop_assert!(!service.action().contains(['\r', '\n', '"']));
        }
        for ended in [false, true] {
            if let Progress::Done(response) = http::read(&bytes, ended) {
                prop_assert!(response.body.len() <= bytes.len());
            }
        }
        prop_assert!(!matches!(http::read(&bytes, true), Progress::More));
    }

    #[test]
    fn a_reference_leads_to_a_request_of_one_line(text in "\\PC{0,40}") {
        let here = Url::parse("http://192.168.1.1:5000/a/b").unwrap();
        for url in [Url::parse(&text), here.join(&text)].into_iter().flatten() {
            let request = String::from_utf8(url.get()).unwrap();
            prop_assert_eq!(request.lines().count(), 4, "{}", request);
        }
    }

    #[test]
    fn a_mapping_is_believed_only_with_its_nonce(nonce: [u8; 12], other: [u8; 12], port: u16) {
        let map = |nonce| pcp::Map { nonce, local: (std::net::Ipv4Addr::LOCALHOST, port).into() };
        let mut answer = map(nonce).request(120);
        answer[1] |= 0x80;
        answer[3] = 0;
        prop_assert!(map(nonce).read(&answer).is_some());
        prop_assert_eq!(map(other).read(&answer).is_some(), nonce == other);
    }
}

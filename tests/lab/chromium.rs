//! rtcprobe finds what a browser finds.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::browser;
use crate::certificates::{Authority, Leaf};
use crate::coturn::{Coturn, PASSWORD, USER};
use crate::dns::Dns;
use crate::nat::Nat;
use crate::rtcprobe::gather;
use crate::topology::{Lab, Topology};

/// A server list, and whether the first answer is a mistake of Chromium's that is not to be copied.
fn configuration(urls: &[&str], password: &str) -> Value {
    let server = if urls[0].starts_with("stun") {
        json!({ "urls": urls })
    } else {
        json!({ "urls": urls, "username": USER, "credential": password })
    };
    json!({ "iceServers": [server] })
}

#[test]
#[ignore = "needs Chromium"]
fn chromium_itself_finds_what_is_there() {
    let lab = Lab::usual();
    let authority = Authority::new(lab.dir());
    let _coturn = Coturn::with_identity(&lab, authority.issue(Leaf::Good));
    let case = |url| configuration(&[url], PASSWORD);
    let found = browser::gather(
        &lab,
        &[case("stun:203.0.113.10"), case("turn:203.0.113.10"), case("turns:203.0.113.10?transport=tcp")],
    );
    let has = |n: usize, candidate: &str| assert!(found[n].set().iter().any(|c| c == candidate), "{found:#?}");
    has(0, "srflx/udp 198.51.100.1 10.0.0.2 -");
    has(1, "relay/udp 203.0.113.10 198.51.100.1 udp");
    has(2, "relay/udp 203.0.113.10 198.51.100.1 tls");
}

#[test]
#[ignore = "needs Chromium"]
fn the_same_candidates_are_found_as_by_chromium() {
    for nat in [Nat::Masquerade, Nat::Random] {
        compare(Topology { nat, ..Topology::default() });
    }
}

#[test]
#[ignore = "needs Chromium"]
fn the_same_candidates_are_found_as_by_chromium_without_ipv6() {
    compare(Topology { ipv6: false, ..Topology::default() });
}

fn compare(topology: Topology) {
    let lab = Lab::new(topology);
    let authority = Authority::new(lab.dir());
    let _coturn = Coturn::with_identity(&lab, authority.issue(Leaf::Good));
    let _dns = Dns::usual(&lab);
    let ca = authority.file();
    let mut cases = vec![
        (vec!["stun:203.0.113.10:3478"], PASSWORD),
        (vec!["stun:203.0.113.10:3478", "stun:203.0.113.11:3478"], PASSWORD),
        (vec!["turn:203.0.113.10:3478?transport=udp"], PASSWORD),
        (vec!["turn:203.0.113.10:3478?transport=tcp"], PASSWORD),
        (vec!["turns:203.0.113.10:5349?transport=tcp"], PASSWORD),
        (
            vec![
                "turn:203.0.113.10:3478?transport=udp",
                "turn:203.0.113.10:3478?transport=tcp",
                "turns:203.0.113.10:5349?transport=tcp",
            ],
            PASSWORD,
        ),
        (vec!["turn:203.0.113.10:3478?transport=udp"], "wrong"),
        (vec!["turn:203.0.113.10:3478?transport=tcp"], "wrong"),
        (vec!["turn:203.0.113.77:3478?transport=tcp"], PASSWORD),
        (vec!["stun:turn.lab.test:3478"], PASSWORD),
        (vec!["turn:turn.lab.test:3478?transport=udp"], PASSWORD),
    ];
    if topology.ipv6 {
        cases.push((vec!["stun:[2001:db8:77::10]:3478"], PASSWORD));
        cases.push((vec!["turn:[2001:db8:77::10]:3478?transport=udp"], PASSWORD));
        // Its relays over streams are two for a name with two families, over whichever of them.
        cases.push((vec!["turns:turn4.lab.test:5349?transport=tcp"], PASSWORD));
    }
    let configurations: Vec<_> = cases.iter().map(|(urls, password)| configuration(urls, password)).collect();
    let theirs = browser::gather(&lab, &configurations);
    for ((urls, password), theirs) in cases.iter().zip(theirs) {
        let args = [&["--username", USER, "--credential", password, "--ca-file", &ca], urls.as_slice()].concat();
        let ours = gather(&lab.client, &args);
        let mut expected = theirs.set();
        // Chromium without permission to use the microphone repeats a host candidate that is not
        // translated as a server-reflexive one; with permission, and by RFC 8445 §5.1.3, it does not.
        expected.retain(|candidate| !is_host_again(candidate));
        assert_eq!(ours.set(), expected, "{urls:?} {theirs:#?}\n{ours}");
        // For a name, Chromium reports a failed lookup for each family that cannot be used, even when
        // the other one did all that was asked.
        let named = urls[0].contains("lab.test");
        let codes = |codes: &mut dyn Iterator<Item = u16>| -> BTreeSet<u16> {
            codes.filter(|code| !(named && *code == 701)).collect()
        };
        assert_eq!(
            codes(&mut ours.report.gather.errors.iter().map(|e| e.error_code)),
            codes(&mut theirs.errors.iter().map(|e| e.error_code)),
            "{urls:?} {theirs:#?}\n{ours}"
        );
        println!(
            "{urls:?}: complete after {:.1} ms, Chromium {:.1} ms",
            ours.report.gather.complete_ms.unwrap(),
            theirs.complete_ms.unwrap()
        );
    }
}

fn is_host_again(candidate: &str) -> bool {
    let words: Vec<_> = candidate.split(' ').collect();
    words[0].starts_with("srflx") && words[1] == words[2]
}

#[test]
#[ignore = "needs Chromium"]
fn answers_come_no_later_than_to_chromium() {
    let lab = Lab::new(Topology { rtt: Duration::from_millis(50), ..Topology::default() });
    let authority = Authority::new(lab.dir());
    let _coturn = Coturn::with_identity(&lab, authority.issue(Leaf::Good));
    let ca = authority.file();
    let urls = [
        "turn:203.0.113.10:3478?transport=udp",
        "turn:203.0.113.10:3478?transport=tcp",
        "turns:203.0.113.10:5349?transport=tcp",
    ];
    let configurations = vec![configuration(&urls, PASSWORD); 5];
    let theirs: Vec<_> = browser::gather(&lab, &configurations).iter().map(|g| g.complete_ms.unwrap()).collect();
    let args = [&["--username", USER, "--credential", PASSWORD, "--ca-file", &ca][..], &urls].concat();
    let ours: Vec<_> = (0..5).map(|_| gather(&lab.client, &args).report.gather.complete_ms.unwrap()).collect();
    println!("complete at a round-trip time of 50 ms: {ours:.1?}, Chromium {theirs:.1?}");
    let best = |times: &[f64]| times.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(best(&ours) < best(&theirs) + 20.0);
}

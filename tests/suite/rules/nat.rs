//! Reports of NATs, each a good one with one thing wrong.

use rtcprobe::report::nat::{Behaviour, Gateway, Method, Nat, Pooling, PortAllocation, Udp};
use rtcprobe::report::{Cause, Outcome, Report};
use rtcprobe::rules::forecast::forecast;

use super::build::server;
use super::codes;

const STUN: &str = "stun:stun.example.org:3478";
const TURN: &str = "turn:turn.example.org:3478?transport=udp";

/// A home router, and nothing to say about it.
pub fn good() -> Report {
    nat(|_| {})
}

/// The same with something changed.
fn nat(change: impl FnOnce(&mut Nat)) -> Report {
    let mut nat: Nat = serde_json::from_value(serde_json::json!({
        "local": "192.168.1.20", "interface": "eth0", "family": "ipv4", "udp": "open", "nat": true,
        "mapping": "endpoint-independent", "filtering": "address-and-port-dependent",
        "mappingMethod": "rfc5780", "filteringMethod": "rfc5780", "legacyType": "port-restricted-cone",
        "publicAddresses": ["198.51.100.7"], "hairpinning": true, "hairpinningSource": "external",
        "portPreservation": true, "portAllocation": "preserving", "deterministic": true,
        "addressPooling": "paired", "alg": false, "fragments": true, "pathMtu": 1500, "doubleNat": false,
        "mappingLifetimeRangeMs": [120_000.0, 125_000.0], "direct": [], "tests": [],
    }))
    .unwrap();
    change(&mut nat);
    nat.direct = forecast(&nat);
    let mut report = super::build::report(Vec::new());
    report.command = "nat".into();
    report.nat = Some(nat);
    report.servers =
        [STUN, TURN].map(|url| super::build::server(url, "203.0.113.9:3478", Outcome::Ok)).into_iter().collect();
    report
}

fn symmetric(nat: &mut Nat) {
    nat.mapping = Behaviour::AddressAndPortDependent;
    nat.port_allocation = Some(PortAllocation::Random);
    nat.port_preservation = Some(false);
}

fn lifetime(alive: f64, gone: Option<f64>) -> Report {
    nat(|nat| nat.mapping_lifetime_range_ms = Some((alive, gone)))
}

fn blocked() -> Report {
    let mut report = nat(|nat| {
        nat.udp = Udp::Blocked;
        (nat.mapping, nat.filtering, nat.nat) = (Behaviour::Unknown, Behaviour::Unknown, None);
    });
    let mut silent = server(STUN, "203.0.113.9:3478", Outcome::Timeout);
    silent.error = Some("no answer to 4 copies of the Binding request; over TCP it answers".into());
    silent.cause = Some(Cause::NoAnswer);
    report.servers = vec![silent];
    report
}

fn only_stun() -> Report {
    let mut report = nat(symmetric);
    report.servers.truncate(1);
    report
}

fn filtering_unknown() -> Report {
    let mut report = nat(|nat| {
        (nat.filtering, nat.filtering_method) = (Behaviour::Unknown, None);
        nat.mapping_method = Some(Method::SeveralServers);
    });
    report.unknown.insert("/nat/filtering".into(), "needs-turn-or-rfc5780-server".into());
    report
}

pub fn cases() -> Vec<(&'static str, Report)> {
    let router = Gateway { address: "192.168.1.1".into(), external: Some("10.0.0.5".into()), protocol: "upnp".into() };
    vec![
        ("client-udp-blocked", blocked()),
        ("fragments-dropped", nat(|nat| nat.fragments = Some(false))),
        ("hairpin-unsupported", nat(|nat| nat.hairpinning = Some(false))),
        ("nat-both-symmetric-no-turn", only_stun()),
        ("nat-carrier-grade", nat(|nat| (nat.carrier_grade_nat, nat.double_nat) = (Some(true), Some(true)))),
        ("rfc5780-untrue", nat(|nat| nat.disbelieved.push("192.0.2.1:3478 names itself as its other address".into()))),
        ("nat-contradictory", nat(|nat| nat.contradictions.push("two servers do not agree".into()))),
        ("nat-double", nat(|nat| (nat.double_nat, nat.gateway) = (Some(true), Some(router)))),
        ("nat-not-deterministic", nat(|nat| nat.deterministic = Some(false))),
        ("nat-pooling-arbitrary", nat(|nat| nat.address_pooling = Some(Pooling::Arbitrary))),
        ("nat-symmetric", nat(symmetric)),
        ("nat-udp-binding-timeout-short", lifetime(19_000.0, Some(21_000.0))),
        ("path-mtu-small", nat(|nat| nat.path_mtu = Some(1240))),
        ("rfc5780-unavailable", filtering_unknown()),
        ("sip-alg-rewrite", nat(|nat| nat.alg = Some(true))),
    ]
}

#[test]
fn a_lifetime_is_short_only_when_it_is_known_to_be() {
    for report in [lifetime(120_000.0, None), lifetime(60_000.0, None), lifetime(110_000.0, Some(125_000.0))] {
        assert_eq!(codes(&report), Vec::<String>::new());
    }
}

#[test]
fn public_servers_that_nobody_named_say_nothing_about_the_application() {
    let mut report = only_stun();
    report.default_servers = true;
    assert_eq!(codes(&report), ["nat-symmetric"]);
}

#[test]
fn a_path_that_swallows_what_is_too_large_is_said_to() {
    let narrow = |black_hole| {
        let report = nat(|nat| (nat.path_mtu, nat.path_mtu_black_hole) = (Some(1240), black_hole));
        let found = rtcprobe::rules::judge(&report);
        found.into_iter().find(|finding| finding.code == "path-mtu-small").unwrap()
    };
    let (silent, told, open) = (narrow(Some(true)), narrow(Some(false)), narrow(None));
    assert!(silent.detail.contains("no ICMP message") && silent.fix.unwrap().contains("let ICMP pass"));
    assert!(told.detail.contains("as a router says") && !told.fix.unwrap().contains("let ICMP pass"));
    assert_eq!((silent.evidence.len(), told.evidence.len(), open.evidence.len()), (2, 2, 1));
}

#[test]
fn what_was_cut_short_is_not_blamed_on_servers() {
    let mut report = filtering_unknown();
    report.unknown.insert("/nat/filtering".into(), "interrupted".into());
    assert_eq!(codes(&report), Vec::<String>::new());
}

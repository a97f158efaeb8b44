//! What is gathered through a NAT from servers that work.

use std::collections::BTreeSet;

use crate::certificates::{Authority, Leaf};
use crate::coturn::{Coturn, Options, PASSWORD, USER};
use crate::dns::{Dns, Record};
use crate::nat::Nat;
use crate::rtcprobe::{Run, gather, rtcprobe};
use crate::topology::{Lab, Topology, at};

const HOSTS: [&str; 2] = ["host/udp 10.0.0.2 - -", "host/udp 2001:db8:1::2 - -"];
const SRFLX: &str = "srflx/udp 198.51.100.1 10.0.0.2 -";

fn set(more: &[&str]) -> Vec<String> {
    let mut set: Vec<_> = HOSTS.iter().chain(more).map(ToString::to_string).collect();
    set.sort();
    set
}

const LOGIN: [&str; 4] = ["--username", USER, "--credential", PASSWORD];

/// What a candidate line must say, field by field (RFC 8839 §5.1), and its foundation.
fn lines_agree_with_fields(run: &Run) {
    let mut foundations = BTreeSet::new();
    for c in run.candidates() {
        let words: Vec<_> = c.candidate.split_whitespace().collect();
        let head = [
            format!("candidate:{}", c.foundation),
            "1".into(),
            c.protocol.clone(),
            c.priority.to_string(),
            c.address.clone(),
            c.port.to_string(),
            "typ".into(),
            c.kind.clone(),
        ];
        assert_eq!(words[..8], head, "{run}");
        if let (Some(address), Some(port)) = (&c.related_address, c.related_port) {
            assert_eq!(words[8..12], ["raddr", address, "rport", &port.to_string()], "{run}");
        }
        assert_eq!((c.component.as_str(), c.interface.as_deref(), &c.tcp_type), ("rtp", Some("eth0"), &None), "{run}");
        assert!(foundations.insert(c.foundation.clone()), "one foundation for two bases or types\n{run}");
        assert_eq!(c.url.is_none(), c.kind == "host", "{run}");
    }
}

#[test]
fn stun_gives_the_mapped_address_of_the_host_candidate() {
    let lab = Lab::usual();
    let _coturn = Coturn::usual(&lab);
    let run = gather(&lab.client, &["stun:203.0.113.10:3478"]);
    run.expect_code(0);
    assert_eq!(run.set(), set(&[SRFLX]), "{run}");
    lines_agree_with_fields(&run);
    let (host, srflx) = (run.host(at::CLIENT), run.only("srflx", None));
    assert_eq!(srflx.related_port, Some(host.port), "{run}");
    // Masquerade keeps a free port.
    assert_eq!(srflx.port, host.port, "{run}");
    assert!(host.priority > srflx.priority, "{run}");
    let server = run.expect_outcome("stun:203.0.113.10", "ok");
    assert!(server.software.as_deref().unwrap().contains("Coturn"), "{run}");
    assert!(server.rtt_ms.is_some() && server.error.is_none(), "{run}");
    assert_eq!(server.resolved, ["203.0.113.10:3478"], "{run}");
    assert_eq!((run.report.command.as_str(), run.report.verdict.as_str()), ("gather", "pass"), "{run}");
    assert!(run.report.gather.errors.is_empty(), "{run}");
    assert!(run.report.unknown.is_empty(), "{run}");
    assert!(run.report.duration_ms >= run.report.gather.complete_ms.unwrap(), "{run}");
    assert_eq!(run.report.schema_version, 1, "{run}");
}

#[test]
fn reports_are_as_the_schema_says() {
    let lab = Lab::usual();
    let _dns = Dns::usual(&lab);
    let _coturn = Coturn::usual(&lab);
    let schema = lab.client.exec(rtcprobe(&["schema"])).expect_success().stdout;
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let troubles = ["stun:203.0.113.77", "stun:nowhere.lab.test", "turns:203.0.113.10:3478", "turn:203.0.113.66"];
    for (login, servers) in [
        (LOGIN, &["turn:203.0.113.10", "turn:203.0.113.10?transport=tcp"][..]),
        (LOGIN, &troubles),
        (["--username", USER, "--credential", "wrong"], &["turn:203.0.113.10"]),
    ] {
        let run = gather(&lab.client, &[&login, servers].concat());
        let report = serde_json::from_str(&run.finished.stdout).unwrap();
        let errors: Vec<_> = schema.iter_errors(&report).map(|e| format!("{e} at {}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}\n{run}");
    }
}

#[test]
fn a_symmetric_nat_gives_each_server_another_port() {
    let lab = Lab::behind(Nat::Random);
    let _coturn = Coturn::usual(&lab);
    let run = gather(&lab.client, &["stun:203.0.113.10:3478", "stun:203.0.113.11:3478"]);
    let ports: BTreeSet<_> = run.candidates().iter().filter(|c| c.kind == "srflx").map(|c| c.port).collect();
    assert_eq!(ports.len(), 2, "{run}");
}

#[test]
fn an_endpoint_independent_nat_gives_one_candidate_for_two_servers() {
    let lab = Lab::usual();
    let _coturn = Coturn::usual(&lab);
    let run = gather(&lab.client, &["stun:203.0.113.10:3478", "stun:203.0.113.11:3478"]);
    run.expect_code(0);
    assert_eq!(run.set(), set(&[SRFLX]), "{run}");
    run.expect_outcome("stun:203.0.113.10", "ok");
    run.expect_outcome("stun:203.0.113.11", "ok");
}

#[test]
fn without_nat_the_server_reflexive_candidate_is_the_host_again_and_left_out() {
    let lab = Lab::new(Topology { nat: Nat::None, ipv6: false, ..Topology::default() });
    let _coturn = Coturn::usual(&lab);
    let run = gather(&lab.client, &["stun:203.0.113.10:3478"]);
    run.expect_code(0);
    assert_eq!(run.set(), ["host/udp 192.0.2.2 - -"], "{run}");
    run.expect_outcome("stun:203.0.113.10", "ok");
}

#[test]
fn turn_over_udp_gives_both_a_mapped_and_a_relayed_address() {
    let lab = Lab::usual();
    let _coturn = Coturn::usual(&lab);
    let run = gather(&lab.client, &[&LOGIN[..], &["turn:203.0.113.10:3478?transport=udp"]].concat());
    run.expect_code(0);
    assert_eq!(run.set(), set(&[SRFLX, "relay/udp 203.0.113.10 198.51.100.1 udp"]), "{run}");
    lines_agree_with_fields(&run);
    let (srflx, relay) = (run.only("srflx", None), run.only("relay", Some("udp")));
    assert_eq!(srflx.related_port, Some(run.host(at::CLIENT).port), "{run}");
    assert!(Coturn::relays(relay.port), "{run}");
    // RFC 8445 §5.1.1.2: the related address of a relayed candidate is the mapped one.
    assert_eq!(relay.related_port, Some(srflx.port), "{run}");
    assert!(srflx.priority > relay.priority, "{run}");
    assert_eq!(run.expect_outcome("turn:203.0.113.10", "ok").username.as_deref(), Some(USER), "{run}");
}

#[test]
fn turn_over_tcp_gives_a_relayed_address_only() {
    let lab = Lab::usual();
    let _coturn = Coturn::usual(&lab);
    let run = gather(&lab.client, &[&LOGIN[..], &["turn:203.0.113.10:3478?transport=tcp"]].concat());
    run.expect_code(0);
    assert_eq!(run.set(), set(&["relay/udp 203.0.113.10 198.51.100.1 tcp"]), "{run}");
    run.expect_outcome("turn:203.0.113.10?transport=tcp", "ok");
}

#[test]
fn every_transport_gives_its_relay_in_one_run() {
    let lab = Lab::usual();
    let authority = Authority::new(lab.dir());
    let coturn = Coturn::with_identity(&lab, authority.issue(Leaf::Good));
    let servers = [
        "turn:203.0.113.10:3478?transport=udp",
        "turn:203.0.113.10:3478?transport=tcp",
        "turns:203.0.113.10:5349?transport=tcp",
        "turns:203.0.113.10:5349?transport=udp",
    ];
    let ca = authority.file();
    let run = gather(&lab.client, &[&LOGIN[..], &servers, &["--ca-file", &ca]].concat());
    run.expect_code(0);
    let mut relays = Vec::new();
    for protocol in ["udp", "tcp", "tls", "dtls"] {
        let relay = run.only("relay", Some(protocol));
        assert_eq!((relay.address.as_str(), relay.related_address.as_deref()), (at::SERVER, Some(at::PUBLIC)), "{run}");
        assert!(Coturn::relays(relay.port), "{run}");
        relays.push(relay);
    }
    // A direct way to the server is worth more than one through a stream, and that more than TLS.
    assert!(relays[0].priority > relays[1].priority && relays[1].priority > relays[2].priority, "{run}");
    for server in servers {
        let server = run.expect_outcome(server, "ok");
        assert_eq!(
            server.tls.as_ref().map(|tls| tls.trusted),
            server.url.starts_with("turns").then_some(true),
            "{run}"
        );
    }
    assert_eq!(coturn.allocations_left(), 0, "{}", coturn.log());
}

#[test]
fn a_server_with_an_ipv6_address_is_asked_over_ipv6() {
    let lab = Lab::usual();
    let _coturn = Coturn::usual(&lab);
    let stun = gather(&lab.client, &["stun:[2001:db8:77::10]:3478"]);
    stun.expect_code(0);
    // IPv6 is not translated: what the server sees is the host candidate.
    assert_eq!(stun.set(), set(&[]), "{stun}");
    assert_eq!(stun.expect_outcome("stun:[2001:db8:77::10]", "ok").resolved, ["[2001:db8:77::10]:3478"], "{stun}");

    let turn = gather(&lab.client, &[&LOGIN[..], &["turn:[2001:db8:77::10]:3478"]].concat());
    turn.expect_code(0);
    let relays: Vec<_> = turn.candidates().iter().filter(|c| c.kind == "relay").collect();
    assert!(!relays.is_empty(), "{turn}");
    for relay in relays {
        assert_eq!(relay.related_address.as_deref(), Some(at::CLIENT6), "{turn}");
        assert!([at::SERVER, at::SERVER6].contains(&relay.address.as_str()), "{turn}");
    }
}

#[test]
fn a_name_with_both_families_is_asked_over_both() {
    let lab = Lab::usual();
    let _dns = Dns::usual(&lab);
    let _coturn = Coturn::usual(&lab);
    let run = gather(&lab.client, &[&LOGIN[..], &["turn:turn.lab.test"]].concat());
    run.expect_code(0);
    assert!(run.set().contains(&SRFLX.to_owned()), "{run}");
    let mut resolved: Vec<_> = run.report.servers.iter().flat_map(|server| server.resolved.clone()).collect();
    resolved.sort();
    assert_eq!(resolved, ["203.0.113.10:3478", "[2001:db8:77::10]:3478"], "{run}");
    for server in &run.report.servers {
        assert_eq!(server.outcome, "ok", "{run}");
    }
    let mut related: Vec<_> =
        run.candidates().iter().filter(|c| c.kind == "relay").map(|c| c.related_address.clone().unwrap()).collect();
    related.sort();
    related.dedup();
    assert_eq!(related, [at::PUBLIC, at::CLIENT6], "{run}");
}

#[test]
fn a_name_with_one_family_is_no_trouble_for_a_client_with_two() {
    let lab = Lab::usual();
    let _dns = Dns::usual(&lab);
    let _coturn = Coturn::usual(&lab);
    let run = gather(&lab.client, &["stun:turn4.lab.test"]);
    run.expect_code(0);
    assert_eq!(run.set(), set(&[SRFLX]), "{run}");
    run.expect_outcome("stun:turn4.lab.test", "ok");
}

#[test]
fn a_service_is_found_where_its_records_point() {
    let lab = Lab::usual();
    let port = 4000;
    let srv = Record::Srv { priority: 0, weight: 0, port, target: "turn4.lab.test" };
    let service = "_turn._udp.service.lab.test";
    let naptr = Record::Naptr { order: 1, preference: 1, flags: "S", service: "RELAY:turn.udp", replacement: service };
    let _dns = Dns::start(
        &lab,
        vec![
            ("turn4.lab.test", Record::Address(at::SERVER)),
            (service, srv.clone()),
            ("service.lab.test", Record::Nothing),
            ("anywhere.lab.test", naptr),
            ("_stun._udp.service.lab.test", srv),
        ],
    );
    let _coturn =
        Coturn::start(&lab, Options { more: vec!["--aux-server", "203.0.113.10:4000"], ..Options::default() });
    for url in ["stun:service.lab.test", "turn:service.lab.test?transport=udp", "turn:anywhere.lab.test"] {
        let run = gather(&lab.client, &[&LOGIN[..], &[url]].concat());
        run.expect_code(0);
        let [server] = run.report.servers.as_slice() else { panic!("one server\n{run}") };
        assert_eq!(server.outcome, "ok", "{url}\n{run}");
        assert_eq!(server.resolved, ["203.0.113.10:4000"], "{url}\n{run}");
    }
}

#[test]
fn another_nameserver_can_be_asked() {
    let lab = Lab::usual();
    let dns = Dns::usual(&lab);
    let _coturn = Coturn::usual(&lab);
    let run = gather(&lab.client, &["stun:turn4.lab.test", "--nameserver", at::BLACKHOLE]);
    assert!(dns.asked().is_empty(), "{run}");
    run.expect_outcome("stun:turn4.lab.test", "dns-error");
    let run = gather(&lab.client, &["stun:turn4.lab.test", "--nameserver", at::DNS]);
    run.expect_outcome("stun:turn4.lab.test", "ok");
}

#[test]
fn servers_come_from_what_a_page_would_use() {
    let lab = Lab::usual();
    let _coturn = Coturn::usual(&lab);
    let servers = format!(
        r#"{{"iceServers":[{{"urls":["stun:203.0.113.10","turn:203.0.113.10"],"username":"{USER}","credential":"{PASSWORD}"}}]}}"#
    );
    let run = gather(&lab.client, &["--ice-servers", &servers]);
    run.expect_code(0);
    assert_eq!(run.set(), set(&[SRFLX, "relay/udp 203.0.113.10 198.51.100.1 udp"]), "{run}");
}

#[test]
fn one_family_can_be_asked_for() {
    let lab = Lab::usual();
    let _dns = Dns::usual(&lab);
    let _coturn = Coturn::usual(&lab);
    let run = gather(&lab.client, &["stun:turn.lab.test", "-4"]);
    assert_eq!(run.set(), ["host/udp 10.0.0.2 - -", SRFLX], "{run}");
    let run = gather(&lab.client, &["stun:turn.lab.test", "-6"]);
    assert_eq!(run.set(), ["host/udp 2001:db8:1::2 - -"], "{run}");
    run.expect_code(0);
}

//! Reports in which the likeliest suspect is not the one: what tells them apart, and what is said first.

use rtcprobe::report::{
    Asked, CandidateKind, Cause, DeniedPeer, Interface, InterfaceAddress, InterfaceKind, Reference, RelayProtocol,
    RelaySizes, Report, Severity, StepName, StepOutcome, Turn,
};
use rtcprobe::rules::judge;

use super::build::*;

fn reference(address: &str, outcome: StepOutcome) -> Reference {
    let url = format!("stun:{address}");
    Reference { url, address: Some(address.into()), outcome, mapped: None, rtt_ms: None, icmp: None }
}

fn measured(references: Vec<Reference>, turns: Vec<Turn>) -> Report {
    Report { references, ..report(turns) }
}

fn at_port(port: u16) -> Turn {
    turn(RelayProtocol::Udp, &format!("203.0.113.9:{port}"))
}

fn over_v6(transport: RelayProtocol) -> Turn {
    turn(transport, "[2001:db8::9]:3478")
}

/// Ends after the handshake.
fn closed_behind_tls(text: &str) -> Turn {
    let mut turn = failing(tls_server(), StepName::Binding, Cause::ConnectionClosed, text);
    turn.clues.http = Some(Asked { outcome: StepOutcome::Failed, detail: None });
    turn
}

fn web_server() -> Turn {
    let at = turn(RelayProtocol::Tls, "203.0.113.9:443");
    failing(
        at,
        StepName::Binding,
        Cause::NotStun,
        "203.0.113.9:443 sent \"HTTP/1.1 400 Bad Request\", which is not STUN",
    )
}

/// Large packets are lost, and the handshake is not answered.
fn small_path(lost_from: u32) -> Report {
    let mut relaying = udp();
    let sizes = RelaySizes { largest_bytes: Some(lost_from - 200), lost_from_bytes: Some(lost_from), copies: 6 };
    relaying.clues.relay_sizes = Some(sizes);
    let mut hung =
        failing(tls_server(), StepName::Tls, Cause::HandshakeTimeout, "no answer to the TLS handshake in 5.0 s");
    hung.clues.plain = Some(Asked { outcome: StepOutcome::Ok, detail: None });
    report(vec![relaying, hung])
}

fn named(address: &str, change: impl Fn(Turn) -> Turn) -> Turn {
    change(turn(RelayProtocol::Udp, address))
}

pub fn all() -> Vec<(&'static str, Report)> {
    let denied = DeniedPeer {
        peer: "203.0.113.9:61235".into(),
        class: "relay".into(),
        error_code: 403,
        error_text: "Forbidden IP".into(),
    };
    let mut self_denied = udp();
    self_denied.clues.denied_peers.push(denied);
    let mut rewritten = udp();
    rewritten.clues.mapped_plain = Some("10.0.0.2:46154".into());
    let silent_elsewhere = || reference("198.51.100.53:3478", StepOutcome::Timeout);
    let other_port = || reference("198.51.100.99:19302", StepOutcome::Ok);
    vec![
        ("server-silent", report(vec![silent(udp()), at_port(443)])),
        ("client-udp-blocked", measured(vec![silent_elsewhere(), other_port()], vec![silent(udp()), tcp()])),
        (
            "stream-closed",
            report(vec![udp(), closed_behind_tls("203.0.113.9:5349 closed the connection 3.0 s after it stood")]),
        ),
        (
            "tls-handshake-failed",
            report(vec![udp(), closed_behind_tls("lost the connection (received fatal alert: CertificateRequired)")]),
        ),
        ("mtu-blackhole", small_path(1200)),
        ("mtu-blackhole", small_path(1400)),
        ("sip-alg-rewrite", report(vec![rewritten])),
        ("relay-self-denied", report(vec![self_denied])),
        (
            "client-ipv6-broken",
            measured(
                vec![reference("[2001:db8:77::1]:3478", StepOutcome::Timeout)],
                vec![udp(), silent(over_v6(RelayProtocol::Udp))],
            ),
        ),
        (
            "client-ipv6-broken",
            report(vec![
                udp(),
                failing(
                    over_v6(RelayProtocol::Udp),
                    StepName::Binding,
                    Cause::Unreachable,
                    "no route from 2001:db8:1::2 to [2001:db8::9]:3478",
                ),
            ]),
        ),
        ("dns-private-address", report(vec![named("10.0.3.7:3478", silent)])),
        ("dns-private-address", report(vec![named("127.0.0.1:3478", refused)])),
        ("dns-cdn-proxied", report(vec![silent(udp()), silent(tcp()), web_server()])),
        (
            "tls-cert-expired",
            report(vec![untrusted(Cause::CertificateExpired, |tls| {
                tls.chain[1].not_after = "2026-09-30T00:00:00Z".into();
            })]),
        ),
    ]
}

fn first(report: &Report) -> (String, Severity, bool) {
    let found = judge(report);
    let first = found.first().unwrap_or_else(|| panic!("nothing is found"));
    (first.code.clone(), first.severity, first.suspected)
}

#[test]
fn the_case_is_what_comes_first() {
    for (code, report) in all() {
        assert_eq!(first(&report).0, code);
    }
}

#[test]
fn a_silent_ipv6_address_is_the_servers_only_where_other_ipv6_gets_through() {
    let with = |references| measured(references, vec![udp(), silent(over_v6(RelayProtocol::Udp))]);
    let alone = first(&with(Vec::new()));
    assert_eq!(alone, ("dns-aaaa-broken".into(), Severity::Warning, true));
    let well = first(&with(vec![reference("[2001:db8:77::1]:3478", StepOutcome::Ok)]));
    assert_eq!(well, ("dns-aaaa-broken".into(), Severity::Warning, false));
}

#[test]
fn a_private_address_is_no_fault_where_it_answers_refuses_or_is_next_door() {
    let quiet = |report: Report| {
        let found = judge(&report);
        assert!(!found.iter().any(|one| one.code == "dns-private-address"), "{found:?}");
    };
    quiet(report(vec![named("10.0.3.7:3478", |turn| turn)]));
    quiet(report(vec![named("10.0.3.7:3478", refused)]));
    let mut near = report(vec![named("10.0.3.7:3478", silent)]);
    near.environment.interfaces.push(Interface {
        name: "eth0".into(),
        index: 2,
        addresses: vec!["10.0.3.34".into()],
        details: vec![InterfaceAddress {
            address: "10.0.3.34".into(),
            prefix_length: Some(24),
            temporary: false,
            deprecated: false,
            tentative: false,
        }],
        mtu: None,
        up: true,
        running: true,
        loopback: false,
        point_to_point: false,
        kind: InterfaceKind::Ethernet,
    });
    quiet(near);
    let mut by_number = named("10.0.3.7:3478", silent);
    by_number.url = "turn:10.0.3.7:3478?transport=udp".into();
    quiet(report(vec![by_number]));
}

#[test]
fn what_breaks_udp_comes_before_what_breaks_another_transport() {
    let found = judge(&report(vec![unauthorized("bob"), refused(tls_server())]));
    let codes: Vec<&str> = found.iter().map(|one| one.code.as_str()).collect();
    assert_eq!(codes, ["auth-bad-credentials", "tls-listener-missing"]);
}

#[test]
fn advice_about_the_list_does_not_stand_for_what_is_wrong() {
    let odd = failing(udp(), StepName::Refresh, Cause::OtherError, "599 Whatever");
    let (code, found) = super::cases::all()
        .into_iter()
        .find(|(code, _)| *code == "config-udp-only")
        .map(|(code, mut report)| {
            report.turn = vec![odd.clone()];
            (code, judge(&report))
        })
        .unwrap();
    assert!(found.iter().any(|one| one.code == code) && found[0].code == "server-misbehaves", "{found:?}");
}

#[test]
fn loopback_is_nobodys_own_address() {
    let seen = Turn { mapped: Some("127.0.0.1:46154".into()), ..udp() };
    assert_eq!(first(&report(vec![seen])).0, "mapped-address-private");
    let listed = gathered(vec![(
        server("stun:turn.example.org:3478", "203.0.113.9:3478", rtcprobe::report::Outcome::Ok),
        Vec::new(),
    )]);
    let mut listed = listed;
    let candidate = candidate(CandidateKind::Srflx, "127.0.0.1", "stun:turn.example.org:3478");
    listed.gather.as_mut().unwrap().candidates.push(candidate);
    assert_eq!(first(&listed).0, "mapped-address-private");
}

//! More reports that fire a rule: what options, forms of passwords and neighbours tell.

use rtcprobe::report::{
    Audited, Burst, Cause, CredentialForm, Exposure, IcmpError, OptionTried, Poison, Reference, RelayProtocol,
    RelaySizes, Report, SecondTry, Service, Severity, SizedAnswer, StepName, StepOutcome, Turn, Unpermitted, Way,
};
use rtcprobe::rules::judge;

use super::build::*;

fn one(change: impl FnOnce(&mut Turn)) -> Report {
    let mut turn = udp();
    change(&mut turn);
    report(vec![turn])
}

fn refuses(name: &str, code: u16) -> Report {
    let option = OptionTried { error_code: Some(code), ..option(name, false) };
    one(|turn| turn.options.push(option))
}

fn formed(user: &str, form: CredentialForm) -> Report {
    report(vec![Turn { credential_form: Some(form), ..unauthorized(user) }])
}

fn exposing(kind: &str, port: u16) -> Report {
    let service = Service { port, kind: kind.into(), said: "TURN Server".into() };
    let answer = SizedAnswer { request: "classic-binding".into(), sent_bytes: 20, received_bytes: Some(84) };
    one(|turn| turn.exposure = Some(Exposure { services: vec![service], answers: vec![answer] }))
}

/// node-turn signs the answers to everything but ChannelBind.
fn unsigned_channel() -> Report {
    let text = "the answer to the authenticated ChannelBind request carries no MESSAGE-INTEGRITY";
    let mut turn = troubled(udp(), StepName::Channel, Cause::IntegrityFailed, text);
    turn.proofs = vec![proof(Way::Outbound, 1, Some("203.0.113.9:61234"))];
    report(vec![turn])
}

fn unpermitted(without_permission: StepOutcome) -> Unpermitted {
    let with_permission = (without_permission != StepOutcome::Ok).then_some(StepOutcome::Ok);
    Unpermitted { without_permission, with_permission }
}

fn needed(peer: &str, outcome: &str) -> Audited {
    let error_code = (outcome == "denied").then_some(403);
    Audited { error_code, ..audited(peer, "needed", outcome) }
}

#[test]
fn a_careful_server_that_relays_to_the_peers_that_are_needed_is_not_complained_of() {
    let careful = |turn: &mut Turn| {
        turn.clues.unpermitted = Some(unpermitted(StepOutcome::Timeout));
        turn.needed_peers = vec![needed("10.0.0.7", "allowed"), needed("10.0.0.8", "unknown")];
    };
    let mut over_udp = udp();
    careful(&mut over_udp);
    assert_eq!(judge(&report(vec![over_udp, tls_server()])), []);
}

/// After an audit.
fn in_clear(more: Vec<Turn>) -> Report {
    let mut over_udp = udp();
    over_udp.steps.push(step(StepName::Audit, StepOutcome::Ok));
    report([vec![over_udp, tcp()], more].concat())
}

#[test]
fn that_nothing_is_encrypted_is_said_in_an_audit_and_only_where_no_url_is() {
    let codes = |report: &Report| judge(report).into_iter().map(|one| one.code).collect::<Vec<_>>();
    assert_eq!(codes(&in_clear(vec![])), ["sec-plaintext-only"]);
    assert_eq!(codes(&in_clear(vec![tls_server()])), Vec::<String>::new());
    assert_eq!(codes(&in_clear(vec![refused(tls_server())])), ["tls-listener-missing"]);
    assert_eq!(codes(&report(vec![udp(), tcp()])), Vec::<String>::new());
}

/// 486, and again 1.5 s later.
fn full_for_good() -> Report {
    let mut turn = no_allocation(Cause::QuotaReached, 486, "Allocation Quota Reached");
    let (first_code, first_ms, duration_ms) = (486, 1.0, 1.0);
    let (outcome, error_code) = (StepOutcome::Failed, Some(486));
    turn.clues.second_try = Some(SecondTry { first_code, first_ms, outcome, error_code, duration_ms });
    report(vec![turn])
}

fn counted(answered: u32, paced_answered: u32) -> Burst {
    Burst { sent: 60, answered, tail_sent: 30, tail_answered: 0, paced_sent: 8, paced_answered }
}

/// A limit that shuts out whoever was over it.
fn lost_after_a_while() -> Turn {
    let mut turn = failing(udp(), StepName::Allocate, Cause::NoAnswer, "no answer to 4 copies of the Allocate request");
    turn.clues.burst = Some(counted(0, 0));
    turn
}

#[test]
fn a_burst_that_is_lost_is_a_limit_only_where_slow_requests_pass_or_nothing_does() {
    let found = |answered, paced| judge(&one(|turn| turn.clues.burst = Some(counted(answered, paced))));
    assert!(found(10, 4).is_empty() && found(0, 3).is_empty());
    let told = found(10, 8);
    assert_eq!((told[0].severity, told[0].suspected), (Severity::Warning, false));
    let told = judge(&report(vec![lost_after_a_while()]));
    assert_eq!(told.iter().map(|one| one.code.as_str()).collect::<Vec<_>>(), ["firewall-rate-limited"]);
    assert_eq!((told[0].severity, told[0].suspected), (Severity::Error, true));
}

pub(super) fn compared(turns: Vec<Turn>, outcome: StepOutcome, icmp: Option<IcmpError>) -> Report {
    let (url, address) = ("stun:192.0.2.200:3478".into(), Some("192.0.2.200:3478".into()));
    let reference = Reference { url, address, outcome, mapped: None, rtt_ms: None, icmp };
    Report { references: vec![reference], ..report(turns) }
}

/// The office's router says no to UDP, wherever it goes.
fn rejected_here() -> Report {
    let text = "ICMP 3/13 from 10.44.7.1 after 0.1 ms: a firewall forbids UDP to 203.0.113.9:3478";
    let rejected = failing(udp(), StepName::Binding, Cause::Prohibited, text);
    let icmp = IcmpError { kind: Some(3), code: Some(13), v6: false, offender: Some("10.44.7.1".into()), mtu: None };
    compared(vec![rejected, tcp()], StepOutcome::Failed, Some(icmp))
}

fn silent_everywhere() -> Report {
    compared(vec![silent(udp()), silent(tcp())], StepOutcome::Timeout, None)
}

#[test]
fn what_spoils_channels_alone_is_a_warning() {
    let found = judge(&unsigned_channel());
    assert_eq!((found[0].code.as_str(), found[0].severity), ("auth-unsigned-answer", Severity::Warning));
}

#[test]
fn a_router_here_that_rejects_all_udp_is_not_the_servers_firewall() {
    let codes: Vec<String> = judge(&rejected_here()).into_iter().map(|finding| finding.code).collect();
    assert_eq!(codes[0], "client-udp-blocked");
    assert!(!codes.contains(&"turn-udp-rejected".into()), "{codes:?}");
}

#[test]
fn silence_from_the_server_and_from_elsewhere_points_here_and_stays_a_suspicion() {
    let found = judge(&silent_everywhere());
    assert_eq!((found[0].code.as_str(), found[0].suspected), ("client-egress-443-only", true));
    assert!(found.iter().all(|finding| finding.code != "host-unreachable"));
    let answered = compared(vec![silent(udp()), silent(tcp())], StepOutcome::Ok, None);
    assert_eq!(judge(&answered)[0].code, "host-unreachable");
}

pub fn all() -> Vec<(&'static str, Report)> {
    let in_time = format!("{}:alice", NOW + 3600);
    let at = |transport, port: u16| turn(transport, &format!("203.0.113.9:{port}"));
    let mute = |turn| {
        let turn = failing(turn, StepName::Challenge, Cause::NoAnswer, "no answer to the Allocate request");
        troubled(turn, StepName::Binding, Cause::NoAnswer, "no answer to the Binding request")
    };
    let hanging =
        |turn| failing(turn, StepName::Tls, Cause::HandshakeTimeout, "no answer to the TLS handshake in 3.0 s");
    let old = untrusted(Cause::CertificateExpired, |tls| tls.not_after = Some("2026-11-01T00:00:00Z".into()));
    let newer = Turn { address: Some("203.0.113.10:5349".into()), ..tls_server() };
    let accepted = Turn { username: Some(in_time.clone()), url: tcp().url, ..tcp() };
    let elsewhere = |turn: Turn| Turn { address: Some("104.16.1.1:3478".into()), ..turn };
    vec![
        ("alloc-lifetime-clamped", one(|turn| turn.allocation.as_mut().unwrap().lifetime_ms = 120_000.0)),
        (
            "server-misbehaves",
            report(vec![failing(
                udp(),
                StepName::Refresh,
                Cause::ProtocolError,
                "the Refresh success has no LIFETIME",
            )]),
        ),
        ("sec-cli-exposed", exposing("cli", 5766)),
        ("sec-web-admin-exposed", exposing("web-admin", 8080)),
        ("sec-classic-stun-enabled", exposing("cli", 5766)),
        ("sec-stun-amplification", exposing("cli", 5766)),
        ("alloc-mobility-forbidden", refuses("mobility", 405)),
        ("alloc-no-ipv6-relay", refuses("ipv6-relay", 440)),
        ("auth-unsigned-answer", unsigned_channel()),
        ("client-udp-blocked", rejected_here()),
        ("client-egress-443-only", silent_everywhere()),
        ("alloc-reservation-404", refuses("reservation-token", 404)),
        ("tcp-relay-disabled", refuses("tcp-relay", 442)),
        ("alloc-unknown-attribute", report(vec![no_allocation(Cause::Unsupported, 420, "Unknown Attribute")])),
        (
            "alloc-v6-answered-with-v4",
            one(|turn| {
                turn.steps.push(step(StepName::Ipv6Relay, rtcprobe::report::StepOutcome::Ok));
                *turn = troubled(
                    turn.clone(),
                    StepName::Ipv6Relay,
                    Cause::ProtocolError,
                    "the server gave 203.0.113.9:61234",
                );
            }),
        ),
        (
            "auth-441-wrong-credentials",
            report(vec![coded(
                troubled(udp(), StepName::Permission, Cause::Unauthorized, "441 Wrong Credentials"),
                StepName::Permission,
                441,
                "Wrong Credentials",
            )]),
        ),
        ("auth-mode-mismatch", report(vec![unauthorized("alice"), accepted])),
        ("auth-rest-bad-encoding", formed(&in_time, CredentialForm::HmacSha1Hex)),
        ("auth-rest-username-no-timestamp", formed("alice", CredentialForm::HmacSha1)),
        ("oauth-advertised", one(|turn| turn.challenge.as_mut().unwrap().third_party = Some("turn.example".into()))),
        ("client-egress-443-only", report(vec![silent(udp()), silent(tcp()), at(RelayProtocol::Tls, 443)])),
        ("proxy-protocol-unexpected", report(vec![tcp(), mute(at(RelayProtocol::Tcp, 443))])),
        ("bind-privileged-port-failed", report(vec![mute(tcp()), refused(at(RelayProtocol::Tls, 443))])),
        ("dns-cdn-proxied", report(vec![elsewhere(silent(udp())), elsewhere(silent(tcp()))])),
        ("alloc-quota-reached", full_for_good()),
        ("sec-server-relay", one(|turn| turn.clues.unpermitted = Some(unpermitted(StepOutcome::Ok)))),
        ("sec-plaintext-only", in_clear(vec![])),
        ("peer-needed-but-denied", one(|turn| turn.needed_peers = vec![needed("10.0.0.7", "denied")])),
        ("firewall-rate-limited", one(|turn| turn.clues.burst = Some(counted(10, 8)))),
        ("firewall-rate-limited", report(vec![lost_after_a_while()])),
        (
            "mtu-blackhole",
            one(|turn| {
                turn.clues.relay_sizes =
                    Some(RelaySizes { largest_bytes: Some(1000), lost_from_bytes: Some(1100), copies: 6 });
            }),
        ),
        (
            "relay-poisoned-by-unroutable-peer",
            one(|turn| {
                turn.clues.poison = Some(Poison {
                    peer: "10.255.255.254:9".into(),
                    error_code: None,
                    before: StepOutcome::Ok,
                    after: Some(StepOutcome::Timeout),
                });
            }),
        ),
        (
            "relay-bandwidth-capped",
            one(|turn| {
                turn.allocation.as_mut().unwrap().bandwidth_kbps = Some(39);
                turn.echo = Some(echo(0.8, 0));
            }),
        ),
        (
            "peer-family-mismatch",
            report(vec![coded(
                troubled(udp(), StepName::Permission, Cause::OtherError, "443 Peer Address Family Mismatch"),
                StepName::Permission,
                443,
                "Peer Address Family Mismatch",
            )]),
        ),
        ("sec-version-disclosed", one(|turn| turn.software = Some("Coturn-4.17.1 'Gorst'".into()))),
        ("sec-weak-credentials", one(|turn| turn.credential_form = Some(CredentialForm::WellKnown))),
        ("tls-all-versions-disabled", report(vec![udp(), hanging(tls_server())])),
        ("tls-cert-not-reloaded", report(vec![old, newer])),
        ("tls13-only-client-rejected", {
            let mut turn = tls_server();
            turn.tls.as_mut().unwrap().version = Some("TLSv1.2".into());
            report(vec![turn])
        }),
    ]
}

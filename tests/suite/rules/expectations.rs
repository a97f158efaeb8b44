//! What decides an expectation: a fact that is there, for it or against it, and otherwise nothing does.

use rtcprobe::report::nat::Behaviour;
use rtcprobe::report::{CandidateKind, Outcome, Report, StepOutcome};
use rtcprobe::rules::expectation::Expect;
use rtcprobe::rules::judge;

use super::build::*;
use super::nat;

fn decided(report: &Report, text: &str) -> (Option<bool>, Vec<String>) {
    let expectation = text.parse::<Expect>().unwrap().decide(report);
    assert!(!expectation.detail.is_empty(), "{text}");
    let json = serde_json::to_value(report).unwrap();
    for fact in &expectation.facts {
        assert!(json.pointer(fact).is_some(), "{text} rests on {fact}, which is not there");
    }
    assert!(expectation.met.is_none() || !expectation.facts.is_empty(), "{text} is decided by nothing");
    (expectation.met, expectation.facts)
}

#[track_caller]
fn expect(report: &Report, met: Option<bool>, texts: &[&str]) {
    for text in texts {
        assert_eq!(decided(report, text).0, met, "{text}");
    }
}

/// Relays over UDP with quality measured, TLS with a certificate; TCP is refused.
fn usual() -> Report {
    let mut over_udp = udp();
    let mut quality = echo(0.02, 0);
    quality.rtt_ms =
        Some(rtcprobe::report::Spread { min: 10.0, mean: 40.0, p50: 40.0, p95: 70.0, p99: 90.0, max: 99.0 });
    quality.jitter_ms = Some(5.0);
    over_udp.echo = Some(quality);
    let mut report = report(vec![over_udp, refused(tcp()), tls_server()]);
    let mut secure = server(&tls_server().url, "203.0.113.9:5349", Outcome::Ok);
    secure.tls = Some(tls());
    report.servers = vec![server(&udp().url, "203.0.113.9:3478", Outcome::Ok), secure];
    report.gather = gathered(Vec::new()).gather;
    if let Some(gather) = &mut report.gather {
        gather.candidates = vec![candidate(CandidateKind::Host, "10.0.0.2", "")];
    }
    report.findings = judge(&report);
    report
}

#[test]
fn facts_decide_for_and_against() {
    let report = usual();
    expect(&report, Some(true), &["host", "relay", "relay:udp", "relay:tls", "rtt<80ms", "loss<5%", "jitter<=5ms"]);
    expect(&report, Some(true), &["relay-echo", "cert-days>14", "no-finding=relay-lossy", "max-severity=warning"]);
    expect(&report, Some(false), &["srflx", "relay:tcp", "relay:dtls", "rtt<30ms", "loss<1%", "jitter<1ms"]);
    expect(&report, Some(false), &["cert-days>300", "ipv6", "max-severity=info", "no-finding=turn-tcp-not-listening"]);
}

#[test]
fn what_was_not_measured_decides_nothing() {
    let report = report(vec![udp()]);
    expect(&report, None, &["rtt<80ms", "loss<1%", "jitter<30ms", "relay-echo", "cert-days>14", "host", "srflx"]);
    expect(&report, None, &["mapping=endpoint-independent", "filtering=address-dependent"]);
    expect(&report, Some(true), &["relay", "relay:udp"]);
}

#[test]
fn the_worst_of_several_values_decides() {
    let mut good = udp();
    good.echo = Some(echo(0.0, 0));
    let mut bad = tcp();
    bad.echo = Some(echo(0.1, 0));
    let report = report(vec![good, bad]);
    assert_eq!(decided(&report, "loss<5%"), (Some(false), vec!["/turn/1/echo/lossRatio".to_string()]));
    assert_eq!(decided(&report, "loss>5%"), (Some(false), vec!["/turn/0/echo/lossRatio".to_string()]));
}

#[test]
fn the_nat_decides_where_it_is_known() {
    let mut report = nat::good();
    let found = report.nat.as_ref().map(|nat| (nat.mapping, nat.filtering)).unwrap();
    let word = |behaviour: Behaviour| serde_json::to_value(behaviour).unwrap().as_str().unwrap().to_string();
    let (mapping, filtering) = (format!("mapping={}", word(found.0)), format!("filtering={}", word(found.1)));
    expect(&report, Some(true), &[&mapping, &filtering]);
    expect(&report, Some(false), &["mapping=address-dependent"]);
    if let Some(nat) = &mut report.nat {
        nat.filtering = Behaviour::Unknown;
    }
    expect(&report, None, &[&filtering]);
}

#[test]
fn a_run_that_was_cut_short_proves_no_absence() {
    let mut report = usual();
    report.interrupted = true;
    report.findings.clear();
    expect(&report, None, &["no-finding=relay-lossy", "max-severity=info", "ipv6", "relay:dtls"]);
    expect(&report, Some(true), &["relay", "rtt<80ms"]);
    report.turn[0].works = None;
    report.turn.truncate(1);
    expect(&report, None, &["relay"]);
}

#[test]
fn a_relay_through_which_nothing_comes_back_fails_relay_echo() {
    let mut turn = udp();
    turn.echo = Some(echo(1.0, 0));
    expect(&report(vec![turn]), Some(false), &["relay-echo"]);
    let mut denied = udp();
    denied.steps.iter_mut().for_each(|step| step.outcome = StepOutcome::Skipped);
    denied.works = None;
    expect(&report(vec![denied]), None, &["relay-echo"]);
    expect(&report(vec![refused(udp())]), Some(false), &["relay-echo"]);
}

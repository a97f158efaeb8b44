//! Reports with ports that nobody named.

use rtcprobe::report::{Cause, OtherPort, RelayProtocol, Report, Severity, StepOutcome, Turn};
use rtcprobe::rules::judge;

use super::build::*;
use super::further::compared;

pub fn all() -> Vec<(&'static str, Report)> {
    let at = |transport, port: u16| turn(transport, &format!("203.0.113.9:{port}"));
    vec![
        ("wrong-port", elsewhere(vec![refused(at(RelayProtocol::Udp, 3479))], vec![found(RelayProtocol::Udp, 3478)])),
        ("wrong-port", elsewhere(vec![silent(at(RelayProtocol::Tls, 5349))], vec![found(RelayProtocol::Tls, 443)])),
        ("turn-tcp-not-listening", elsewhere(vec![refused(tcp())], vec![found(RelayProtocol::Udp, 3478)])),
        ("turn-tcp-filtered", elsewhere(vec![silent(tcp())], vec![found(RelayProtocol::Udp, 3478)])),
        ("client-egress-443-only", only_the_web(StepOutcome::Timeout)),
        ("host-unreachable", elsewhere(vec![silent(udp())], vec![dumb(RelayProtocol::Tcp, 3478)])),
    ]
}

/// A port that nobody named, and nothing came back from it.
fn dumb(transport: RelayProtocol, port: u16) -> OtherPort {
    OtherPort {
        url: Some(turn(transport, &format!("203.0.113.9:{port}")).url),
        address: format!("203.0.113.9:{port}"),
        transport,
        outcome: StepOutcome::Timeout,
        connected: false,
        cause: Some(Cause::NoAnswer),
        error_code: None,
    }
}

/// TURN answers there.
fn found(transport: RelayProtocol, port: u16) -> OtherPort {
    let dumb = dumb(transport, port);
    OtherPort { outcome: StepOutcome::Ok, connected: true, cause: None, error_code: Some(401), ..dumb }
}

fn shut(transport: RelayProtocol, port: u16) -> OtherPort {
    OtherPort { outcome: StepOutcome::Failed, cause: Some(Cause::Refused), ..dumb(transport, port) }
}

fn elsewhere(turns: Vec<Turn>, other_ports: Vec<OtherPort>) -> Report {
    Report { other_ports, ..report(turns) }
}

/// TCP 443 is refused at once, and all else is silent; elsewhere, too, or not.
fn only_the_web(reference: StepOutcome) -> Report {
    let ports = vec![shut(RelayProtocol::Tcp, 443), dumb(RelayProtocol::Tcp, 3478), dumb(RelayProtocol::Udp, 443)];
    Report { other_ports: ports, ..compared(vec![silent(udp())], reference, None) }
}

fn first(report: &Report) -> (String, Severity, bool) {
    let found = judge(report);
    (found[0].code.clone(), found[0].severity, found[0].suspected)
}

#[test]
fn that_only_the_web_gets_out_is_sure_when_two_hosts_are_silent() {
    let told = first(&only_the_web(StepOutcome::Timeout));
    assert_eq!(told, ("client-egress-443-only".into(), Severity::Error, false));
    let mut alone = only_the_web(StepOutcome::Timeout);
    alone.references.clear();
    assert_eq!(first(&alone), ("client-egress-443-only".into(), Severity::Error, true));
    // Where UDP gets out, it is the server's own firewall.
    let codes: Vec<String> = judge(&only_the_web(StepOutcome::Ok)).into_iter().map(|one| one.code).collect();
    assert!(!codes.contains(&"client-egress-443-only".into()), "{codes:?}");
}

#[test]
fn another_port_that_answers_weighs_more_where_nobody_named_it() {
    let url =
        Turn { url: "turn:turn.example.org:3479?transport=udp".into(), ..turn(RelayProtocol::Udp, "203.0.113.9:3479") };
    assert_eq!(first(&report(vec![refused(url.clone()), udp()])), ("wrong-port".into(), Severity::Warning, false));
    let alone = elsewhere(vec![refused(url.clone())], vec![found(RelayProtocol::Udp, 3478)]);
    assert_eq!(first(&alone), ("wrong-port".into(), Severity::Error, false));
    let silent = elsewhere(vec![silent(url)], vec![found(RelayProtocol::Udp, 3478)]);
    assert_eq!(first(&silent), ("wrong-port".into(), Severity::Error, true));
    // Something that is no TURN is none of our business.
    let web = elsewhere(vec![refused(udp())], vec![shut(RelayProtocol::Udp, 443), shut(RelayProtocol::Tcp, 443)]);
    assert_eq!(first(&web).0, "server-not-running");
}

//! Reports with ports that nobody named, and with other interfaces.

use rtcprobe::report::{Cause, OtherPort, RelayProtocol, Report, Severity, StepName, StepOutcome, Turn, Vantage};
use rtcprobe::rules::judge;
use rtcprobe::view::style::Style;

use super::build::*;
use super::further::compared;

pub fn all() -> Vec<(&'static str, Report)> {
    let at = |transport, port: u16| turn(transport, &format!("203.0.113.9:{port}"));
    vec![
        ("wrong-port", elsewhere(vec![refused(at(RelayProtocol::Udp, 3479))], vec![found(RelayProtocol::Udp, 3478)])),
        ("wrong-port", elsewhere(vec![silent(at(RelayProtocol::Tls, 5349))], vec![found(RelayProtocol::Tls, 443)])),
        ("turn-tcp-not-listening", elsewhere(vec![refused(tcp())], vec![found(RelayProtocol::Udp, 3478)])),
        ("turn-tcp-filtered", elsewhere(vec![silent(tcp())], vec![found(RelayProtocol::Udp, 3478)])),
        ("client-interface-blocked", seen_from(udp(), "wlan0", false)),
        ("client-interface-blocked", seen_from(silent(udp()), "tun0", true)),
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

/// A check, and the same one from another interface.
fn seen_from(turn: Turn, interface: &str, works: bool) -> Report {
    let detail = (!works).then(|| "no way from 192.168.1.5 to 203.0.113.9:3478".to_string());
    let vantage = Vantage {
        interface: interface.into(),
        local: "192.168.1.5".into(),
        url: turn.url.clone(),
        address: turn.address.clone(),
        transport: turn.transport,
        works: Some(works),
        step: (!works).then_some(StepName::Binding),
        cause: (!works).then_some(Cause::Unreachable),
        detail,
        mapped: None,
        relayed: None,
    };
    Report { vantages: vec![vantage], ..report(vec![turn]) }
}

#[test]
fn an_interface_is_blamed_only_where_another_one_does_better() {
    let codes = |report: &Report| judge(report).into_iter().map(|one| one.code).collect::<Vec<_>>();
    assert_eq!(codes(&seen_from(udp(), "wlan0", true)), Vec::<String>::new());
    assert!(!codes(&seen_from(refused(udp()), "wlan0", false)).contains(&"client-interface-blocked".to_string()));
    let mut bridge = seen_from(udp(), "docker0", false);
    assert_eq!(first(&bridge).1, Severity::Warning);
    bridge.environment.interfaces.push(
        serde_json::from_value(serde_json::json!({
            "name": "docker0", "index": 3, "addresses": [], "details": [], "mtu": null, "up": true, "running": true,
            "loopback": false, "pointToPoint": false, "kind": "container",
        }))
        .unwrap(),
    );
    assert_eq!(first(&bridge).1, Severity::Info, "such bridges rarely lead anywhere");
}

#[test]
fn what_works_from_other_interfaces_is_a_table_of_its_own() {
    let style = Style { width: 80, color: false };
    let mut report = seen_from(udp(), "wlan0", false);
    report.command = "check".into();
    let text = rtcprobe::view::check::text(&report, &style, false);
    let lines: Vec<&str> = text.lines().skip_while(|line| *line != "From other interfaces").take(3).collect();
    assert_eq!(lines[1..], ["  wlan0", "    udp  203.0.113.9:3478         192.168.1.5       ✗ unreachable"], "{text}");
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

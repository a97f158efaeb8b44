//! Other ports of servers that do not answer.

use std::net::{IpAddr, SocketAddr};

use rtcprobe::machine::Time;
use rtcprobe::probes::gather;
use rtcprobe::report::{Cause, Event, OtherPort, StepOutcome};
use rtcprobe::server::{Listen, Users};
use rtcprobe::wire::uri;

use super::{Config, SERVER, Stage, asked, staged};

/// Who asks for these URLs, and may look at other ports.
fn asking(urls: &[&str]) -> Config {
    let mut config = asked();
    let keys = config.gather.servers[1].credentials.clone();
    let server = |url: &&str| gather::ServerSpec { uri: uri::parse(url).unwrap().uri, credentials: keys.clone() };
    config.gather.servers = urls.iter().map(server).collect();
    config.other_ports = Some(Vec::new());
    config
}

fn found(events: &[Event]) -> Vec<OtherPort> {
    let port = |event: &Event| match event {
        Event::OtherPort { port, .. } => Some(port.clone()),
        _ => None,
    };
    events.iter().filter_map(port).collect()
}

fn run(config: Config) -> Vec<OtherPort> {
    let mut stage = staged(config, |_| {});
    let found = found(&stage.run());
    let (made, released) = stage.allocations();
    assert_eq!(made, released);
    found
}

#[test]
fn the_port_that_answers_is_found_when_the_one_of_the_url_refuses() {
    let ports = run(asking(&["turn:198.51.100.1:3479?transport=udp"]));
    let right = ports.iter().find(|port| port.url.as_deref() == Some("turn:198.51.100.1:3478?transport=udp")).unwrap();
    assert_eq!((right.outcome, right.error_code), (StepOutcome::Ok, Some(401)));
    let others = ports.iter().filter(|port| port.outcome == StepOutcome::Ok && port.address != "198.51.100.1:3478");
    assert_eq!(others.count(), 0, "{ports:#?}");
    assert!(ports.iter().any(|port| port.cause == Some(Cause::Refused)), "{ports:#?}");
}

#[test]
fn nobody_looks_where_servers_answer_or_where_it_is_not_wanted() {
    assert_eq!(run(asking(&["turn:198.51.100.1:3478?transport=udp"])), []);
    assert_eq!(run(asking(&["turn:198.51.100.1:3478?transport=udp", "turn:198.51.100.1:3479?transport=udp"])), []);
    let unwanted = Config { other_ports: None, ..asking(&["turn:198.51.100.1:3479?transport=udp"]) };
    assert_eq!(run(unwanted), []);
}

#[test]
fn what_a_bare_host_does_not_offer_is_not_looked_for() {
    let urls = ["turn:198.51.100.1:3478?transport=udp", "turns:198.51.100.1:5349?transport=tcp"];
    let mut config = asking(&urls);
    assert!(!run(config.clone()).is_empty(), "somebody wrote that URL");
    config.other_ports = Some(urls.map(String::from).to_vec());
    assert_eq!(run(config), []);
}

#[test]
fn no_more_than_a_handful_of_requests_go_to_a_silent_host_and_nobody_else_is_asked() {
    let mut stage = staged(asking(&["turn:203.0.113.66:3478?transport=udp"]), |_| {});
    stage.world.silent.insert("203.0.113.66".parse().unwrap());
    let ports = found(&stage.run());
    assert!(ports.len() <= 8 && ports.iter().all(|port| port.outcome == StepOutcome::Timeout), "{ports:#?}");
    let to_others = |line: &&String| line.contains(" > 203.0.113.66:") && !line.contains(":3478:");
    assert!(stage.world.trace.iter().filter(to_others).count() <= 15);
    assert!(stage.world.now() < Time::from_millis(9000), "{}", stage.world.now());
}

#[test]
fn where_the_comparison_is_silent_too_its_web_port_is_tried() {
    let mut config = asking(&["turn:203.0.113.66:3478?transport=udp"]);
    config.turn.reference = vec![uri::parse("stun:203.0.113.77").unwrap().uri];
    let mut stage = staged(config, |_| {});
    for silent in ["203.0.113.66", "203.0.113.77"] {
        stage.world.silent.insert(silent.parse().unwrap());
    }
    let ports = found(&stage.run());
    let web = ports.iter().find(|port| port.address == "203.0.113.77:443").unwrap();
    assert_eq!((&web.url, web.connected, web.outcome), (&None, false, StepOutcome::Timeout));
}

#[test]
fn an_open_relay_at_another_port_is_given_back() {
    let ip: IpAddr = SERVER.parse().unwrap();
    let mut stage: Stage = staged(asking(&["turn:198.51.100.1:3478?transport=tcp"]), |config| {
        config.listen = Listen { tcp: vec![SocketAddr::new(ip, 443)], ..Listen::default() };
        config.users = Users::default();
    });
    let ports = found(&stage.run());
    assert!(ports.iter().any(|port| port.outcome == StepOutcome::Ok && port.connected), "{ports:#?}");
    let (made, released) = stage.allocations();
    assert_eq!((made, released), (1, 1));
}

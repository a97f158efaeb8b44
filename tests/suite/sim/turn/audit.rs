//! Which peers are asked for, and what is made of the answers.

use std::time::Duration;

use rtcprobe::report::{StepName, StepOutcome, Turn};
use rtcprobe::server::faults::{Fault, Faults, Rule};
use rtcprobe::server::{Config, Network};
use rtcprobe::wire::message::Method;

use super::{Stage, good_server, stage, step};

fn audited(mut stage: Stage) -> Turn {
    stage.config.audit = true;
    stage.run()
}

fn outcome<'a>(turn: &'a Turn, peer: &str, relay: &str) -> &'a str {
    &turn.audit.iter().find(|audited| audited.peer == peer && audited.relay == relay).expect("a peer").outcome
}

#[test]
fn policy_is_seen_peer_by_peer() {
    let networks = [("10.0.0.0", 8), ("127.0.0.0", 8), ("169.254.0.0", 16)];
    let forbidden = networks.map(|(ip, prefix)| Network { address: ip.parse().unwrap(), prefix });
    let config = Config { forbidden_peers: forbidden.to_vec(), ..good_server() };
    let turn = audited(stage(1, config).over_tcp());
    for relay in ["udp", "tcp"] {
        for denied in ["10.0.0.1", "127.0.0.1", "169.254.169.254", "169.254.1.1"] {
            assert_eq!(outcome(&turn, denied, relay), "denied", "{denied}");
        }
        for allowed in ["192.168.0.1", "172.16.0.1", "100.64.0.1", "8.8.8.8", "198.51.100.1"] {
            assert_eq!(outcome(&turn, allowed, relay), "allowed", "{allowed}");
        }
    }
    assert_eq!(outcome(&turn, "::ffff:127.0.0.1", "udp"), "denied");
    assert_eq!(outcome(&turn, "2002:7f00:1::", "udp"), "allowed");
    assert!(turn.audit.iter().filter(|audited| audited.outcome == "denied").all(|a| a.error_code == Some(403)));
    assert_eq!(step(&turn, StepName::Audit).outcome, StepOutcome::Ok);
}

#[test]
fn nothing_is_sent_to_any_peer() {
    let mut stage = stage(1, good_server());
    stage.config.audit = true;
    let log = stage.begin();
    assert!(stage.world.run_until_done(stage.client, super::LIMIT));
    assert!(super::turn(&log).unwrap().audit.len() > 20);
    for peer in ["127.0.0.1", "10.0.0.1", "8.8.8.8", "169.254.169.254", "224.0.0.251"] {
        assert!(!stage.world.trace.iter().any(|line| line.contains(&format!("> {peer}:"))), "{peer}");
    }
}

#[test]
fn a_silent_server_costs_little() {
    let drop = Rule::on(Method::CREATE_PERMISSION, Fault::Drop);
    let turn = audited(stage(1, Config { faults: Faults::default().and(drop), ..good_server() }));
    assert!(turn.audit.iter().all(|audited| audited.outcome == "unknown"));
    let step = step(&turn, StepName::Audit);
    assert_eq!(step.outcome, StepOutcome::Timeout);
    assert!(step.duration_ms.unwrap() < Duration::from_secs(2).as_millis() as f64, "{step:?}");
}

#[test]
fn data_without_a_permission_is_tried_between_addresses_of_our_own() {
    let turn = audited(stage(1, good_server()));
    let data = turn.clues.unpermitted.unwrap();
    assert_eq!((data.without_permission, data.with_permission), (StepOutcome::Timeout, Some(StepOutcome::Ok)));
    let lax = Faults { server_relay: true, ..Faults::default() };
    let turn = audited(stage(1, Config { faults: lax, ..good_server() }));
    let data = turn.clues.unpermitted.unwrap();
    assert_eq!((data.without_permission, data.with_permission), (StepOutcome::Ok, None));
    assert_eq!(stage(1, good_server()).run().clues.unpermitted, None, "nobody asked for an audit");
}

#[test]
fn a_server_that_forbids_its_own_address_leaves_it_open() {
    let own = Network { address: super::SERVER.parse().unwrap(), prefix: 32 };
    let turn = audited(stage(1, Config { forbidden_peers: vec![own], ..good_server() }));
    assert_eq!(turn.clues.unpermitted, None);
}

#[test]
fn peers_that_calls_need_are_asked_for_and_sent_nothing() {
    let private = Network { address: "10.0.0.0".parse().unwrap(), prefix: 8 };
    let mut stage = stage(1, Config { forbidden_peers: vec![private], ..good_server() });
    let peers = ["10.0.0.7", "203.0.113.50", "2001:db8:5::7"];
    stage.config.peers = peers.map(|peer| peer.parse().unwrap()).into();
    let turn = stage.run();
    let said: Vec<_> = turn.needed_peers.iter().map(|peer| (peer.peer.as_str(), peer.outcome.as_str())).collect();
    assert_eq!(said, [("10.0.0.7", "denied"), ("203.0.113.50", "allowed"), ("2001:db8:5::7", "allowed")]);
    assert!(turn.audit.is_empty() && turn.works == Some(true));
    assert!(!stage.world.trace.iter().any(|line| line.contains("> 10.0.0.7:") || line.contains("> 203.0.113.50:")));
}

#[test]
fn of_a_peer_of_a_family_that_is_not_relayed_nothing_is_known() {
    let mut stage = stage(1, Config { relay: vec![super::SERVER.parse().unwrap()], ..good_server() });
    stage.config.peers = vec!["2001:db8:5::7".parse().unwrap()];
    let turn = stage.run();
    assert_eq!((turn.needed_peers[0].outcome.as_str(), turn.needed_peers[0].error_code), ("unknown", Some(440)));
}

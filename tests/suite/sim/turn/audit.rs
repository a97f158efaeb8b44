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

//! What is said of servers that work and of servers that do not.

use std::time::Duration;

use rtcprobe::report::{Cause, Control, StepName, StepOutcome, Turn, Way};
use rtcprobe::server::faults::{Fault, Faults, Personality, Rule, Which};
use rtcprobe::server::nat::{Hairpin, NatConfig};
use rtcprobe::server::{self, Config, Limits, Network, Users};
use rtcprobe::wire::message::Method;

use super::{Stage, failure, good_server, stage, stage_at, step};

fn faulty(rule: Rule) -> Config {
    Config { faults: Faults::default().and(rule), ..good_server() }
}

fn found(mut stage: Stage) -> (Option<bool>, Option<(StepName, Option<Cause>)>) {
    let turn = stage.run();
    (turn.works, failure(&turn))
}

fn fails(stage: Stage, name: StepName, cause: Cause) {
    assert_eq!(found(stage), (Some(false), Some((name, Some(cause)))));
}

fn sees(turn: &Turn, way: Way) -> bool {
    turn.proofs.iter().any(|proof| proof.way == way && proof.received > 0)
}

#[test]
fn a_good_server_works_over_every_transport() {
    for uri in ["turn:198.51.100.1", "turn:198.51.100.1?transport=tcp"] {
        let mut stage = stage(1, good_server());
        stage.uri = uri.into();
        stage.config.controls = true;
        let turn = stage.run();
        assert_eq!((turn.works, failure(&turn)), (Some(true), None), "{uri}");
        assert!([Way::Inbound, Way::Outbound, Way::Reflection, Way::RelayToRelay].iter().all(|way| sees(&turn, *way)));
        let refused = |control: &Control| control.refused == Some(true);
        assert_eq!(turn.controls.len(), 3);
        assert!(turn.controls.iter().all(refused), "{:?}", turn.controls);
        let released = step(&turn, StepName::Release);
        assert!(released.detail.unwrap().ends_with("is no longer relayed"));
    }
}

#[test]
fn a_good_server_works_from_behind_every_kind_of_nat() {
    for kind in server::nat::KINDS.iter().filter(|kind| **kind != "none") {
        for hairpin in [Hairpin::Off, Hairpin::External] {
            let mut stage = stage_at(3, good_server(), "10.0.0.2").with_echo(20, 50.0, 100);
            let config = NatConfig { hairpin, ..kind.parse().unwrap() };
            stage.world.nat(config, &[stage.client]);
            let turn = stage.run();
            assert_eq!((turn.works, failure(&turn)), (Some(true), None), "{kind}: {:#?}", turn.steps);
            assert!(turn.proofs.iter().all(|proof| proof.received > 0), "{kind}: {:#?}", turn.proofs);
            let echo = turn.echo.unwrap();
            assert_eq!((echo.way, echo.received), (Way::Inbound, 20), "{kind}");
        }
    }
}

#[test]
fn a_bad_network_changes_no_verdict() {
    let uris = [
        "turn:198.51.100.1",
        "turn:198.51.100.1?transport=tcp",
        "turns:198.51.100.1",
        "turns:198.51.100.1?transport=udp",
    ];
    for uri in uris {
        for seed in 10..60 {
            let mut stage = stage(seed, secure_server());
            stage.uri = uri.into();
            stage.world.link.loss = 0.2;
            stage.world.link.duplicate = 0.1;
            stage.world.link.jitter = Duration::from_millis(15);
            let turn = stage.run_lossy();
            assert!(turn.works == Some(true), "{uri}, seed {seed}: {:#?} {:#?}", failure(&turn), turn.proofs);
            for step in [StepName::RelaySend, StepName::RelayReceive] {
                assert_eq!(super::step(&turn, step).outcome, StepOutcome::Ok, "{uri}, seed {seed}");
            }
        }
    }
}

/// With TLS and DTLS.
fn secure_server() -> Config {
    let good = good_server();
    let secure: Vec<_> = good.listen.udp.iter().map(|at| std::net::SocketAddr::new(at.ip(), 5349)).collect();
    let listen = server::Listen { tls: secure.clone(), dtls: secure, ..good.listen };
    Config { listen, ..good }
}

#[test]
fn relay_ports_that_nobody_reaches_are_found_by_the_second_socket_alone() {
    let mut stage = stage(1, good_server()).with_echo(10, 50.0, 100);
    stage.world.firewalls.insert(stage.server, 40_000..=65_535);
    let turn = stage.run();
    assert_eq!(turn.works, Some(false));
    assert_eq!(failure(&turn), Some((StepName::RelayReceive, Some(Cause::RelayPortsUnreachable))));
    assert!(sees(&turn, Way::Outbound) && sees(&turn, Way::RelayToRelay));
    let echo = turn.echo.unwrap();
    assert_eq!((echo.way, echo.received), (Way::RelayToRelay, 10), "the second allocation is a way still");
}

#[test]
fn a_private_relayed_address_is_named() {
    let config = Config { external: Some("10.1.2.3".parse().unwrap()), ..good_server() };
    let (works, failure) = found(stage(1, config));
    assert_eq!(works, Some(false));
    assert_eq!(failure, Some((StepName::RelayReceive, Some(Cause::RelayAddressPrivate))));
}

#[test]
fn a_peer_that_policy_forbids_is_no_closed_port() {
    let forbidden = Network { address: "192.0.2.0".parse().unwrap(), prefix: 24 };
    let mut stage = stage(1, Config { forbidden_peers: vec![forbidden], ..good_server() });
    let turn = stage.run();
    assert_eq!(failure(&turn), Some((StepName::Permission, Some(Cause::PeerForbidden))));
    assert_eq!(step(&turn, StepName::Permission).error_code, Some(403));
    assert_eq!(step(&turn, StepName::RelayReceive).outcome, StepOutcome::Skipped);
    assert_eq!(step(&turn, StepName::RelaySend).outcome, StepOutcome::Skipped, "its own STUN server is not outside");
}

#[test]
fn a_server_that_forbids_its_own_address_works() {
    let own = Network { address: "198.51.100.1".parse().unwrap(), prefix: 32 };
    let mut stage = stage(1, Config { forbidden_peers: vec![own], ..good_server() });
    let turn = stage.run();
    assert_eq!((turn.works, failure(&turn)), (Some(true), None));
    let proof = turn.proofs.iter().find(|proof| proof.way == Way::RelayToRelay).unwrap();
    assert!(proof.detail.as_ref().unwrap().starts_with("403 "), "{proof:?}");
}

#[test]
fn a_quota_is_told_from_a_lack_of_ports() {
    let none = Limits { allocations_per_user: 0, ..Limits::default() };
    fails(stage(1, Config { limits: none, ..good_server() }), StepName::Allocate, Cause::QuotaReached);
    let none = Limits { allocations: 0, ..Limits::default() };
    fails(stage(1, Config { limits: none, ..good_server() }), StepName::Allocate, Cause::PortsExhausted);
    let one = Limits { allocations_per_user: 1, ..Limits::default() };
    assert_eq!(found(stage(1, Config { limits: one, ..good_server() })), (Some(true), None));
}

#[test]
fn errors_to_allocate_have_their_causes() {
    for (code, cause) in [(442, Cause::TransportForbidden), (403, Cause::Forbidden), (440, Cause::FamilyUnsupported)] {
        let error = Fault::Error { code, phrase: b"No".to_vec(), signed: true };
        fails(stage(1, faulty(Rule::on(Method::ALLOCATE, error).signed())), StepName::Allocate, cause);
    }
}

#[test]
fn a_slow_508_is_an_address_that_is_not_the_servers() {
    let error = Fault::Error { code: 508, phrase: b"Cannot create socket".to_vec(), signed: true };
    let slow = Rule::on(Method::ALLOCATE, Fault::Delay(Duration::from_millis(1300))).signed();
    let faults = Faults::default().and(Rule::on(Method::ALLOCATE, error).signed()).and(slow);
    fails(stage(1, Config { faults, ..good_server() }), StepName::Allocate, Cause::RelayAddressNotLocal);
}

#[test]
fn a_stale_nonce_is_answered_and_a_loop_of_them_is_named() {
    let once = Rule { on: None, signed: Some(true), which: Which::Nth(2), fault: Fault::StaleNonce };
    assert_eq!(found(stage(1, faulty(once))), (Some(true), None));
    let always = Rule { on: None, signed: Some(true), which: Which::All, fault: Fault::StaleNonce };
    fails(stage(1, faulty(always)), StepName::Allocate, Cause::NonceLoop);
}

#[test]
fn an_answer_of_somebody_else_is_not_believed_but_its_allocation_released() {
    fails(
        stage(1, faulty(Rule::on(Method::ALLOCATE, Fault::WrongIntegrity))),
        StepName::Allocate,
        Cause::IntegrityFailed,
    );
}

#[test]
fn an_open_relay_is_named_and_released() {
    fails(stage(1, Config { users: Users::anybody(), ..good_server() }), StepName::Challenge, Cause::OpenRelay);
}

#[test]
fn stun_only_is_told_from_silence() {
    let mut dead = stage(1, Config { relay: Vec::new(), ..good_server() });
    dead.world.no_icmp = true;
    fails(dead, StepName::Challenge, Cause::StunOnly);
    let mut silent = stage(1, good_server());
    silent.world.silent.insert("198.51.100.1".parse().unwrap());
    fails(silent, StepName::Binding, Cause::NoAnswer);
}

#[test]
fn wrong_credentials_and_a_server_that_takes_any() {
    let mut wrong = stage(1, good_server());
    wrong.credentials.as_mut().unwrap().password = "no".into();
    fails(wrong, StepName::Allocate, Cause::Unauthorized);
    let pion = Faults { personality: Personality::Pion, ..Faults::default() };
    let mut wrong = stage(1, Config { faults: pion, ..good_server() });
    wrong.credentials.as_mut().unwrap().password = "no".into();
    fails(wrong, StepName::Allocate, Cause::Unauthorized);
}

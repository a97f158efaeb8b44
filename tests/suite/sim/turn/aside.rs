//! What is seen and asked beside the steps, to tell look-alikes apart.

use std::time::Duration;

use rtcprobe::machine::Time;
use rtcprobe::probes::turn::references;
use rtcprobe::report::{Cause, Event, StepName, StepOutcome};
use rtcprobe::server::faults::{Fault, Faults, Rule, Which};
use rtcprobe::server::{Config, Network};
use rtcprobe::wire::message::Method;
use rtcprobe::wire::uri;

use super::{failure, good_server, stage, step};

fn faulty(rule: Rule) -> Config {
    Config { faults: Faults::default().and(rule), ..good_server() }
}

#[test]
fn a_redirect_to_a_dead_server_is_a_fact_of_its_own() {
    let away = Fault::Redirect { to: vec!["203.0.113.66:3478".parse().unwrap()], domain: None, signed: false };
    let mut stage = stage(1, faulty(Rule::on(Method::ALLOCATE, away)));
    stage.world.silent.insert("203.0.113.66".parse().unwrap());
    let turn = stage.run();
    assert_eq!(failure(&turn), Some((StepName::Challenge, Some(Cause::NoAnswer))));
    let [redirect] = &turn.clues.redirects[..] else { panic!("{:?}", turn.clues) };
    assert_eq!((redirect.from.as_str(), redirect.to.as_str()), ("198.51.100.1:3478", "203.0.113.66:3478"));
}

#[test]
fn a_port_without_tls_is_asked_without() {
    let mut stage = stage(1, good_server());
    stage.uri = "turns:198.51.100.1:3478?transport=tcp".into();
    let turn = stage.run();
    assert_eq!(failure(&turn), Some((StepName::Tls, Some(Cause::HandshakeFailed))));
    assert_eq!(turn.clues.plain.unwrap().outcome, StepOutcome::Ok);
}

#[test]
fn a_stream_that_carries_nothing_is_asked_for_a_page() {
    let mut silent = good_server();
    silent.faults.streams = rtcprobe::server::faults::StreamFault::Silent;
    let turn = stage(1, silent).over_tcp().run();
    assert_eq!(failure(&turn), Some((StepName::Binding, Some(Cause::NoAnswer))));
    assert_eq!(turn.clues.http.unwrap().outcome, StepOutcome::Timeout);
    assert_eq!(stage(1, good_server()).over_tcp().run().clues.http, None, "nobody asks where STUN is answered");
}

#[test]
fn a_refusal_for_want_of_room_is_tried_again() {
    let error = || Fault::Error { code: 508, phrase: b"Cannot create socket".to_vec(), signed: true };
    let slow = Rule::on(Method::ALLOCATE, Fault::Delay(Duration::from_millis(1300))).signed();
    let faults = Faults::default().and(Rule::on(Method::ALLOCATE, error()).signed()).and(slow);
    let turn = stage(1, Config { faults, ..good_server() }).run();
    let second = turn.clues.second_try.unwrap();
    assert_eq!((second.first_code, second.error_code), (508, Some(508)));
    assert!(second.first_ms > 1300.0 && second.duration_ms > 1300.0, "{second:?}");
}

#[test]
fn a_quota_is_asked_again_when_what_was_released_no_longer_counts() {
    let full = || Fault::Error { code: 486, phrase: b"Allocation Quota Reached".to_vec(), signed: true };
    let always = Rule::on(Method::ALLOCATE, full()).signed();
    let turn = stage(1, faulty(always)).run();
    let second = turn.clues.second_try.clone().unwrap();
    assert_eq!((second.first_code, second.outcome, second.error_code), (486, StepOutcome::Failed, Some(486)));
    assert_eq!(failure(&turn), Some((StepName::Allocate, Some(Cause::QuotaReached))));
    // What was left over from a moment ago, and is gone now.
    let once = Rule::on(Method::ALLOCATE, full()).signed().only(Which::First(1));
    let turn = stage(1, faulty(once)).run();
    let second = turn.clues.second_try.clone().unwrap();
    assert_eq!((second.outcome, second.error_code, turn.works), (StepOutcome::Ok, None, Some(true)));
}

#[test]
fn a_binding_that_is_not_answered_keeps_nobody_from_relaying() {
    let mut stage = stage(1, faulty(Rule::on(Method::BINDING, Fault::Drop)));
    let turn = stage.run();
    assert_eq!(step(&turn, StepName::Binding).cause, Some(Cause::NoAnswer));
    assert_eq!((turn.works, turn.failing()), (Some(true), None));
}

#[test]
fn peers_that_are_denied_are_named() {
    let forbidden = Network { address: "192.0.2.0".parse().unwrap(), prefix: 24 };
    let turn = stage(1, Config { forbidden_peers: vec![forbidden], ..good_server() }).run();
    let [denied] = &turn.clues.denied_peers[..] else { panic!("{:?}", turn.clues) };
    assert_eq!((denied.class.as_str(), denied.error_code), ("own", 403));
}

#[test]
fn an_icmp_error_is_kept_with_its_particulars() {
    let mut stage = stage(1, good_server());
    stage.uri = "turn:198.51.100.1:9?transport=udp".into();
    let turn = stage.run();
    let icmp = step(&turn, StepName::Binding).icmp.unwrap();
    assert_eq!((icmp.kind, icmp.code, icmp.offender.as_deref()), (Some(3), Some(3), Some("198.51.100.1")));
}

#[test]
fn reference_servers_are_asked_over_each_family_and_told() {
    let mut stage = stage(1, good_server());
    stage.config.locals.push("2001:db8::10".parse().unwrap());
    stage.config.reference = ["stun:198.51.100.1", "stun:203.0.113.66", "stun:nowhere.example"]
        .map(|text| uri::parse(text).unwrap().uri)
        .into();
    stage.world.silent.insert("203.0.113.66".parse().unwrap());
    let chance = stage.world.chance();
    let log = stage.world.start(stage.client, references(&stage.config, chance));
    assert!(stage.world.run_until_done(stage.client, Time::from_millis(60_000)));
    let log = log.borrow();
    let found: Vec<_> = log
        .iter()
        .filter_map(|(_, event)| match event {
            Event::Reference { reference, .. } => Some((reference.url.as_str(), reference.outcome, &reference.mapped)),
            _ => None,
        })
        .collect();
    assert_eq!(found.len(), 3, "{found:?}");
    for (url, outcome) in [
        ("stun:198.51.100.1", StepOutcome::Ok),
        ("stun:203.0.113.66", StepOutcome::Timeout),
        ("stun:nowhere.example", StepOutcome::Skipped),
    ] {
        assert!(found.iter().any(|(one, how, _)| one.starts_with(url) && *how == outcome), "{found:?}");
    }
}

#[test]
fn a_server_that_calls_every_nonce_stale_is_still_one_server() {
    let always = Rule { on: None, signed: Some(true), which: Which::All, fault: Fault::StaleNonce };
    let affinity = stage(1, faulty(always)).run().clues.affinity.unwrap();
    assert!(affinity.nonces > 3, "{affinity:?}");
    assert_eq!((affinity.nonce_returns, affinity.origins), (0, 1));
    let affinity = stage(1, good_server()).run().clues.affinity.unwrap();
    assert_eq!((affinity.nonce_returns, affinity.nonces), (0, 1));
}

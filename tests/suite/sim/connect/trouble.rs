//! What keeps two sides apart is named.

use std::time::Duration;

use rtcprobe::probes::connect::{Only, PairKind, Policy};
use rtcprobe::report::connect::{Connect, ConnectPath, ConnectState, FailureReason, IceRole, PairState};
use rtcprobe::report::{CandidateKind, Protocol, RelayProtocol};
use rtcprobe::server::Network;
use rtcprobe::server::nat::{Filtering, Mapping};
use rtcprobe::wire::signal::{Description, Message, Part};

use super::call::{Call, HOME, Side};

const SYMMETRIC: (Mapping, Filtering) = (Mapping::Apdm, Filtering::Apdf);

fn home() -> Side {
    Side::behind(HOME)
}

fn causes(connect: &Connect) -> Vec<FailureReason> {
    connect.pairs.iter().filter_map(|pair| pair.failure.as_ref()).map(|failure| failure.cause).collect()
}

#[test]
fn a_wrong_password_is_named_on_both_sides() {
    let mut call = Call::new(20, [Side::open(), Side::open()]);
    // Somebody mistyped what the answering side said.
    call.carry = |side, message| match message {
        Message::Description(mut description) if side == 1 => {
            description.pwd = "0123456789012345678901".into();
            Some(Message::Description(description).to_line())
        }
        message => Some(message.to_line()),
    };
    let [one, other] = call.run();
    assert_eq!([one.state, other.state], [ConnectState::Failed; 2]);
    assert_eq!(causes(&one), [FailureReason::WrongCredentials], "{one:#?}");
    let failure = one.pairs[0].failure.as_ref().unwrap();
    assert_eq!(failure.code, Some(401));
    assert!(one.pairs[0].checks.iter().any(|check| !check.received && check.code == Some(401)));
    assert!(other.refused.iter().any(|refused| refused.reason == "signed with another password"), "{other:#?}");
}

#[test]
fn a_conflict_of_roles_is_settled() {
    let offering = home().that(|config| config.part = Part::Offer);
    let mut call = Call::new(21, [home(), offering]);
    call.carry = |_, message| match message {
        Message::Description(description) => {
            Some(Message::Description(Description { role: Part::Answer, ..description }).to_line())
        }
        message => Some(message.to_line()),
    };
    let connects = call.run();
    assert_eq!(connects.each_ref().map(|connect| connect.state), [ConnectState::Connected; 2]);
    assert_ne!(connects[0].role, connects[1].role);
    let conflicts = connects.iter().flat_map(|connect| &connect.pairs).flat_map(|pair| &pair.checks);
    assert!(conflicts.filter(|check| check.code == Some(487)).count() > 0, "{connects:#?}");
}

#[test]
fn with_a_lite_peer_this_side_decides_whoever_asked_first() {
    let mut call = Call::new(22, [Side::open(), Side::open()]);
    call.carry = |side, message| match message {
        Message::Description(mut description) if side == 0 => {
            description.lite = true;
            Some(Message::Description(description).to_line())
        }
        message => Some(message.to_line()),
    };
    let [_, answering] = call.run();
    assert_eq!((answering.role, answering.remote.lite), (Some(IceRole::Controlling), true));
    assert_eq!(answering.state, ConnectState::Connected);
}

#[test]
fn a_relay_that_does_not_want_the_peer_is_named() {
    let relay = || Side::behind(SYMMETRIC).with_relay().that(|config| config.policy = Policy::Relay);
    let mut call = Call::with_server(23, [relay(), relay()], |config| {
        config.forbidden_peers = vec![Network { address: "192.0.2.0".parse().unwrap(), prefix: 24 }];
    });
    for connect in call.run() {
        assert_eq!(connect.state, ConnectState::Failed);
        let failure = connect.pairs[0].failure.as_ref().expect("a reason");
        assert_eq!((failure.cause, failure.code), (FailureReason::RelayRefused, Some(403)), "{failure:?}");
        assert!(connect.local.candidates.iter().all(|candidate| candidate.kind == CandidateKind::Relay));
        assert!(!connect.local.unused.is_empty(), "what was left out is listed");
    }
    call.held_nothing();
}

#[test]
fn where_udp_is_blocked_a_relay_over_tcp_serves() {
    let tcp = |mut side: Side| {
        side.uris = vec!["turn:192.0.2.1?transport=udp", "turn:192.0.2.1?transport=tcp"];
        side
    };
    let mut call = Call::new(24, [tcp(home()), home().with_relay()]);
    call.block_udp(0);
    let [one, other] = call.run();
    assert_eq!([one.state, other.state], [ConnectState::Connected; 2], "{one:#?}");
    let selected = one.selected.as_ref().unwrap();
    assert_eq!((selected.path, selected.local_type), (ConnectPath::Relay, CandidateKind::Relay));
    let relay = one.local.candidates.iter().find(|candidate| candidate.kind == CandidateKind::Relay).unwrap();
    assert_eq!(relay.relay_protocol, Some(RelayProtocol::Tcp));
    call.held_nothing();
}

#[test]
fn where_udp_is_blocked_two_hosts_connect_over_tcp() {
    let tcp = || {
        Side::open().that(|config| {
            config.tcp = true;
            config.duration = Duration::from_secs(3);
        })
    };
    let mut call = Call::new(31, [tcp(), tcp()]);
    call.block_udp(0);
    call.block_udp(1);
    for connect in call.run() {
        assert_eq!(connect.state, ConnectState::Connected, "{connect:#?}");
        let selected = connect.selected.as_ref().unwrap();
        assert_eq!((selected.path, selected.protocol), (ConnectPath::Direct, Protocol::Tcp));
        let pair = &connect.pairs[selected.pair as usize];
        assert_eq!(pair.retransmissions, 0, "TCP sends again by itself");
        assert_eq!(connect.echo.as_ref().and_then(|echo| echo.loss), Some(0.0));
    }
    // Nobody listens there: the reason is the connection's.
    let mut call = Call::new(32, [tcp(), tcp()]);
    call.block_udp(0);
    call.block_udp(1);
    call.carry = |_, message| Some(message.to_line().replace(" 5000", " 6000"));
    call.run_for(Duration::from_secs(5));
    call.stop(0);
    call.stop(1);
    let [one, _] = call.run();
    assert!(causes(&one).contains(&FailureReason::NoConnection), "{:#?}", one.pairs);
}

#[test]
fn only_what_is_wanted_is_paired_and_the_rest_is_listed() {
    let srflx = |config: &mut rtcprobe::probes::connect::Config| {
        config.pairs = vec![PairKind { local: CandidateKind::Srflx, remote: CandidateKind::Srflx }];
    };
    let mut call = Call::new(25, [home().with_relay().that(srflx), home().with_relay().that(srflx)]);
    for connect in call.run() {
        assert_eq!(connect.state, ConnectState::Connected);
        let remote = connect.selected.as_ref().unwrap().remote_type;
        assert!(matches!(remote, CandidateKind::Srflx | CandidateKind::Prflx), "{remote:?}");
        assert!(connect.pairs.iter().all(|pair| pair.remote_type != CandidateKind::Relay), "{:#?}", connect.pairs);
        assert_eq!(connect.remote.candidates.len(), 1, "only what may be paired is told");
    }
    let tcp = |config: &mut rtcprobe::probes::connect::Config| config.only = Some(Only::Tcp);
    let mut call = Call::new(26, [Side::open().that(tcp), Side::open()]);
    let [one, _] = call.run();
    assert_eq!((one.state, one.local.candidates.len()), (ConnectState::Failed, 0));
    assert!(one.local.unused.iter().all(|unused| unused.reason.contains("over TCP")), "{:?}", one.local.unused);
}

#[test]
fn a_path_that_works_one_way_only_is_named() {
    let mut call = Call::new(27, [Side::open(), Side::open()]);
    // What the second side sends arrives, and nothing of the first.
    call.block_udp(0);
    let [one, other] = call.run();
    assert_eq!([one.state, other.state], [ConnectState::Failed; 2]);
    assert!(causes(&one).contains(&FailureReason::OneWay), "{:#?}", one.pairs);
    assert!(causes(&other).iter().all(|cause| *cause == FailureReason::NoAnswer), "{:#?}", other.pairs);
}

#[test]
fn a_closed_port_is_told_from_silence() {
    let mut call = Call::new(28, [Side::open(), Side::open()]);
    // The other side's candidate is on a port that nothing listens on.
    call.carry = |side, message| {
        let line = message.to_line();
        Some(if side == 1 { line.replace(" 50001 ", " 9999 ") } else { line })
    };
    call.run_for(Duration::from_millis(30));
    call.stop(1);
    let connect = call.run()[0].clone();
    assert!(causes(&connect).contains(&FailureReason::Unreachable), "{:#?}", connect.pairs);
    let pair = connect.pairs.iter().find(|pair| pair.remote.ends_with(":9999")).unwrap();
    assert!(pair.failure.as_ref().unwrap().icmp.is_some() && pair.state == PairState::Failed);
}

#[test]
fn nobody_answers_for_ever() {
    let mut call = Call::new(29, [home().with_relay(), home()]);
    call.carry = |_, _| None;
    let [one, other] = call.run();
    assert_eq!([one.state, other.state], [ConnectState::Failed; 2]);
    assert_eq!((one.checking_ms, one.remote.ufrag), (None, None));
    assert!(call.took() >= Duration::from_secs(60), "it waits as long as it was told to");
    call.held_nothing();
}

#[test]
fn what_cannot_work_is_not_waited_for() {
    let mut call = Call::new(30, [Side::behind(SYMMETRIC), Side::behind(SYMMETRIC)]);
    let connects = call.run();
    assert!(connects.iter().all(|connect| connect.state == ConnectState::Failed));
    assert!(call.took() < Duration::from_secs(20), "both know that nothing is left: {:?}", call.took());
}

//! Connections of TCP host candidates (RFC 6544), where UDP does not pass or is not wanted.

use rtcprobe::probes::connect::Only;
use rtcprobe::report::connect::{Connect, ConnectPath, ConnectState, PairState};
use rtcprobe::report::{CandidateKind, Protocol};

use super::call::{Call, HOME, Side};

fn over_tcp(connect: &Connect) -> bool {
    let selected = connect.selected.as_ref().expect("a pair");
    connect.pairs[selected.pair as usize].protocol == Protocol::Tcp
}

#[test]
fn two_sides_connect_over_tcp_alone() {
    let side = || {
        Side::open().that(|config| {
            config.tcp = true;
            config.only = Some(Only::Tcp);
        })
    };
    let mut call = Call::new(5, [side(), side()]);
    for connect in call.run() {
        assert_eq!(connect.state, ConnectState::Connected, "{connect:#?}");
        assert!(over_tcp(&connect), "{connect:#?}");
        assert_eq!(connect.selected.map(|selected| selected.path), Some(ConnectPath::Direct));
    }
    call.held_nothing();
}

#[test]
fn one_behind_a_nat_connects_over_tcp_to_one_who_is_not() {
    for [one, other] in [[true, false], [false, true]] {
        let side = |behind: bool| {
            let side = if behind { Side::behind(HOME) } else { Side::open() };
            side.that(|config| {
                config.tcp = true;
                config.only = Some(Only::Tcp);
            })
        };
        let mut call = Call::new(6, [side(one), side(other)]);
        for connect in call.run() {
            assert_eq!(connect.state, ConnectState::Connected, "{connect:#?}");
            assert!(over_tcp(&connect), "{connect:#?}");
        }
    }
}

#[test]
fn udp_is_preferred_where_both_pass() {
    let side = || Side::open().that(|config| config.tcp = true);
    let mut call = Call::new(7, [side(), side()]);
    for connect in call.run() {
        assert_eq!(connect.state, ConnectState::Connected, "{connect:#?}");
        assert!(!over_tcp(&connect), "{connect:#?}");
    }
}

#[test]
fn two_behind_nats_do_not_connect_over_tcp_and_every_pair_says_so() {
    let side = || {
        Side::behind(HOME).that(|config| {
            config.tcp = true;
            config.only = Some(Only::Tcp);
        })
    };
    let mut call = Call::new(8, [side(), side()]);
    for connect in call.run() {
        assert_eq!(connect.state, ConnectState::Failed, "{connect:#?}");
        let pairs = connect.pairs.iter().filter(|pair| pair.local_type == CandidateKind::Host);
        assert!(pairs.clone().count() > 0, "{connect:#?}");
        for pair in pairs {
            assert_eq!(pair.state, PairState::Failed, "{pair:#?}");
            assert!(pair.failure.is_some(), "{pair:#?}");
        }
    }
}

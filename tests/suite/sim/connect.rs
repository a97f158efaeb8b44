//! Two sides that connect over the simulated network: behind NATs, with and without a relay.

mod alone;
mod call;
mod foresight;
mod hidden;
mod hostile;
mod matrix;
mod measure;
mod patience;
mod stopping;
mod tcp;
mod trouble;

use std::time::Duration;

use call::{Call, HOME, Side};
use rtcprobe::report::connect::{ConnectPath, ConnectState, IceRole, PairState};

#[test]
fn two_homes_reach_one_another_directly_and_tell_so() {
    let mut call = Call::new(1, [Side::behind(HOME), Side::behind(HOME)]);
    let [one, other] = call.run();
    for (connect, role) in [(&one, IceRole::Controlling), (&other, IceRole::Controlled)] {
        assert_eq!((connect.state, connect.role), (ConnectState::Connected, Some(role)), "{connect:#?}");
        let selected = connect.selected.as_ref().expect("a pair");
        assert_eq!(selected.path, ConnectPath::Direct);
        let pair = &connect.pairs[selected.pair as usize];
        assert!(pair.selected && pair.nominated && pair.state == PairState::Succeeded, "{pair:#?}");
        assert!(pair.checks.iter().any(|check| !check.received && check.answered_ms.is_some()));
        assert!(connect.checking_ms <= connect.first_valid_ms && connect.first_valid_ms <= connect.connected_ms);
        let view = connect.other_view.as_ref().expect("the other side tells what it sees");
        assert_eq!(view.ice_state.as_deref(), Some("connected"));
    }
    assert!(call.took() < Duration::from_secs(1), "nobody waits for what both know: {:?}", call.took());
    call.held_nothing();
}

#[test]
fn with_nothing_between_them_they_need_no_second() {
    let mut call = Call::new(2, [Side::open(), Side::open()]);
    let [one, _] = call.run();
    assert!(one.connected_ms.is_some_and(|at| at < 300.0), "{:?}", one.connected_ms);
}

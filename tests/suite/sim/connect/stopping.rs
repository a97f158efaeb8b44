//! Ends in the middle: nothing is lost, and nothing is left behind.

use std::time::Duration;

use rtcprobe::report::connect::ConnectState;
use rtcprobe::wire::signal::Message;

use super::call::{Call, HOME, Side};

#[test]
fn stopped_at_any_moment_both_tell_what_they_know_and_give_everything_back() {
    for moment in (0..60).map(|step| Duration::from_millis(step * 17)) {
        let mut call = Call::new(4, [Side::behind(HOME).with_relay(), Side::behind(HOME).with_relay()]);
        call.run_for(moment);
        call.stop(0);
        call.run_for(Duration::from_millis(1));
        call.stop(1);
        let connects = call.run();
        for connect in connects {
            assert_ne!(connect.state, ConnectState::New, "after {moment:?}");
            assert_ne!(connect.state, ConnectState::Failed, "after {moment:?}");
        }
        call.held_nothing();
    }
}

#[test]
fn whoever_leaves_says_so_and_the_other_one_ends_as_well() {
    let mut call =
        Call::new(5, [Side::behind(HOME).that(|config| config.duration = Duration::from_secs(60)), Side::behind(HOME)]);
    call.run_for(Duration::from_secs(5));
    assert!(!call.world.is_done(call.hosts[0]) && !call.world.is_done(call.hosts[1]), "one still measures");
    call.stop(0);
    let [one, other] = call.run();
    assert_eq!([one.state, other.state], [ConnectState::Connected; 2]);
    assert!(call.took() < Duration::from_secs(6), "{:?}", call.took());
}

#[test]
fn a_side_that_can_say_nothing_more_is_not_waited_for() {
    let measuring = Side::behind(HOME).that(|config| config.duration = Duration::from_secs(5));
    let mut call = Call::new(6, [Side::behind(HOME), measuring]);
    call.carry = |side, message| match message {
        Message::Bye => None,
        Message::Status(status) if side == 1 && status.done => None,
        message => Some(message.to_line()),
    };
    call.run_for(Duration::from_secs(15));
    assert!(!call.world.is_done(call.hosts[0]), "the other side may still have something to say");
    call.tell(0, &Message::Over.to_line());
    call.run_for(Duration::from_secs(5));
    assert!(call.world.is_done(call.hosts[0]));
}

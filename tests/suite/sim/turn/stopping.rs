//! Whenever the user stops: what was allocated is released, and nothing false is said.

use rtcprobe::machine::Time;
use rtcprobe::probes::turn::Options;
use rtcprobe::server::{Config, Users};

use super::{Stage, good_server, stage, turn};

/// Everything there is to do.
fn busy(mut stage: Stage) -> Stage {
    stage.config.controls = true;
    stage.config.audit = true;
    stage.config.options = Options {
        ipv6_relay: true,
        dual: true,
        tcp_relay: true,
        even_port: true,
        dont_fragment: true,
        mobility: true,
        lifetime: Some(1200),
    };
    stage.with_echo(20, 50.0, 100)
}

fn stopped_at(mut stage: Stage, millis: u64) {
    let log = stage.begin();
    stage.world.run_until(Time::from_millis(millis));
    stage.world.stop(stage.client);
    let begin = stage.world.now();
    assert!(stage.world.run_until_done(stage.client, super::LIMIT), "stopped at {millis} ms");
    let took = stage.world.now() - begin;
    assert!(took.as_millis() < 1500, "stopped at {millis} ms, it took {took:?} more");
    stage.held_nothing();
    let turn = turn(&log).expect("an entry");
    assert_ne!(turn.works, Some(false), "stopped at {millis} ms: {:#?}", turn.steps);
}

#[test]
fn a_stop_at_any_time_releases_everything() {
    for millis in (0..1500).step_by(7) {
        stopped_at(busy(stage(1, good_server())), millis);
        stopped_at(busy(stage(1, good_server())).over_tcp(), millis);
    }
}

#[test]
fn a_stop_in_the_middle_of_an_open_relay_releases_it() {
    for millis in 0..80 {
        let mut stage = busy(stage(1, Config { users: Users::anybody(), ..good_server() }));
        let log = stage.begin();
        stage.world.run_until(Time::from_millis(millis));
        stage.world.stop(stage.client);
        assert!(stage.world.run_until_done(stage.client, super::LIMIT));
        stage.held_nothing();
        assert!(turn(&log).is_some());
    }
}

#[test]
fn what_was_measured_until_the_stop_is_kept() {
    let mut stage = stage(1, good_server()).with_echo(1000, 50.0, 100);
    let log = stage.begin();
    stage.world.run_until(Time::from_millis(5000));
    stage.world.stop(stage.client);
    assert!(stage.world.run_until_done(stage.client, super::LIMIT));
    let echo = turn(&log).unwrap().echo.unwrap();
    assert!((200..250).contains(&echo.sent) && echo.received == echo.sent, "{echo:?}");
}

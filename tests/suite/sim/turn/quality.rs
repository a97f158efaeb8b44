//! Quality through the relay, on networks whose quality is known.

use std::time::Duration;

use rtcprobe::machine::Time;
use rtcprobe::report::{Echo, Event, Way};
use rtcprobe::server::{self, Config, Lifetimes, Network};
use rtcprobe::wire::message::Method;

use super::{Stage, good_server, stage};

fn echo(mut stage: Stage) -> Echo {
    stage.run().echo.expect("quality")
}

#[test]
fn a_clean_network_loses_nothing_and_takes_four_trips() {
    for stage in [stage(1, good_server()), stage(1, good_server()).over_tcp()] {
        let echo = echo(stage.with_echo(100, 50.0, 172));
        assert_eq!((echo.way, echo.sent, echo.received), (Way::Inbound, 100, 100));
        assert_eq!((echo.duplicates, echo.reordered, echo.damaged), (0, 0, 0));
        assert_eq!((echo.loss_ratio, echo.rate_per_second, echo.size_bytes), (0.0, 50.0, 172));
        let rtt = echo.rtt_ms.unwrap();
        assert_eq!((rtt.min, rtt.p50, rtt.max), (40.0, 40.0, 40.0));
        assert_eq!(echo.jitter_ms, Some(0.0));
        assert_eq!(echo.course_ms, vec![Some(40.0); 60]);
    }
}

#[test]
fn loss_duplicates_and_reordering_are_those_of_the_network() {
    let mut stage = stage(5, good_server());
    stage.world.link.loss = 0.02;
    stage.world.link.duplicate = 0.05;
    stage.world.link.jitter = Duration::from_millis(30);
    let echo = echo(stage.with_echo(2000, 100.0, 200));
    assert_eq!((echo.way, echo.sent, echo.damaged), (Way::Inbound, 2000, 0));
    // Four ways of 2 % each, duplicates made good for.
    assert!((0.04..0.1).contains(&echo.loss_ratio), "{}", echo.loss_ratio);
    assert!((300..700).contains(&echo.duplicates), "{}", echo.duplicates);
    assert!(echo.reordered > 200, "{}", echo.reordered);
    let rtt = echo.rtt_ms.unwrap();
    assert!(rtt.min >= 40.0 && rtt.max <= 160.0 && (90.0..110.0).contains(&rtt.mean), "{rtt:?}");
    assert!(echo.jitter_ms.unwrap() > 5.0);
}

#[test]
fn datagrams_are_paced_and_progress_is_told() {
    let mut stage = stage(1, good_server()).with_echo(300, 100.0, 100);
    let log = stage.begin();
    assert!(stage.world.run_until_done(stage.client, super::LIMIT));
    let log = log.borrow();
    let progress: Vec<(u64, u64)> = log
        .iter()
        .filter_map(|(_, (_, event))| match event {
            Event::Progress { done, of, .. } => Some((*done, *of)),
            _ => None,
        })
        .collect();
    assert!((28..36).contains(&progress.len()), "{progress:?}");
    assert!(progress.iter().all(|(_, of)| *of == 300));
    let steps = progress.windows(2).map(|pair| pair[1].0 - pair[0].0);
    assert!(steps.max().unwrap() <= 11, "ten in a tenth of a second, no bursts");
}

#[test]
fn a_long_run_keeps_allocation_permission_and_channel_alive() {
    for short in [false, true] {
        let default = Duration::from_secs(if short { 100 } else { 600 });
        let lifetimes = Lifetimes { default, longest: default, ..Lifetimes::default() };
        let mut stage = stage(1, Config { lifetimes, ..good_server() }).with_echo(7000, 10.0, 100);
        let turn = stage.run();
        let echo = turn.echo.unwrap();
        assert_eq!((echo.sent, echo.received), (7000, 7000), "{short}");
        assert!(stage.world.now() > Time::from_millis(700_000));
        let log = stage.server_log.borrow();
        let refreshed =
            log.iter().filter(|(_, event)| matches!(event, server::Event::Answered { method: Method::REFRESH, .. }));
        assert!((2..20).contains(&refreshed.count()));
    }
}

#[test]
fn without_a_second_socket_the_ways_left_are_taken() {
    // No permission for the second socket: the second allocation is the way.
    let forbidden = |text: &str, prefix| Network { address: text.parse().unwrap(), prefix };
    let client = forbidden("192.0.2.0", 24);
    let relays = echo(stage(1, Config { forbidden_peers: vec![client], ..good_server() }).with_echo(20, 50.0, 500));
    assert_eq!((relays.way, relays.received, relays.size_bytes), (Way::RelayToRelay, 20, 500));
    // Nor for the server itself: nothing is left.
    let both = vec![client, forbidden("198.51.100.1", 32)];
    let mut nothing = stage(1, Config { forbidden_peers: both, ..good_server() }).with_echo(20, 50.0, 500);
    assert_eq!(nothing.run().echo, None);
    // But a STUN server elsewhere.
    let mut reflection =
        stage(1, Config { forbidden_peers: vec![client, forbidden("198.51.100.1", 32)], ..good_server() });
    let elsewhere = reflection.world.host("stun", &["203.0.113.9"]);
    let stun = Config {
        listen: server::Listen { udp: vec!["203.0.113.9:3478".parse().unwrap()], ..server::Listen::default() },
        ..Config::new("stun")
    };
    let chance = reflection.world.chance();
    reflection.world.start(elsewhere, server::Server::new(stun, chance));
    reflection.config.reference = vec![rtcprobe::wire::uri::parse("stun:203.0.113.9").unwrap().uri];
    let reflected = echo(reflection.with_echo(20, 50.0, 500));
    assert_eq!((reflected.way, reflected.received), (Way::Reflection, 20));
    assert!(reflected.rate_per_second <= 20.0);
}

//! What is measured once a pair is in use, and what becomes of a path that is cut.

use std::time::Duration;

use rtcprobe::report::connect::{ConnectPath, ConnectState};

use super::call::{Call, HOME, Side};

fn home() -> Side {
    Side::behind(HOME)
}

fn measuring() -> Side {
    home().that(|config| config.duration = Duration::from_secs(10))
}

#[test]
fn a_clean_path_loses_nothing_and_takes_what_it_takes() {
    let mut call = Call::new(10, [measuring(), home()]);
    let [one, other] = call.run();
    let echo = one.echo.expect("it was measured");
    assert!(echo.echoed && (480..=500).contains(&echo.sent), "{echo:?}");
    assert_eq!((echo.received, echo.loss, echo.loss_out, echo.loss_in), (echo.sent, Some(0.0), Some(0.0), Some(0.0)));
    assert_eq!([echo.rtt_min_ms, echo.rtt_median_ms, echo.rtt_max_ms], [Some(20.0); 3]);
    assert_eq!((echo.jitter_ms, echo.reordered, echo.duplicates), (Some(0.0), 0, 0));
    for bitrate in [echo.bitrate_out, echo.bitrate_in] {
        assert!(bitrate.is_some_and(|bitrate| (62_000.0..66_000.0).contains(&bitrate)), "{bitrate:?}");
    }
    assert!(other.echo.is_none(), "who was not asked to measure does not");
    assert!(one.consent.is_some_and(|consent| consent.requests >= 1 && consent.responses == consent.requests));
    assert!(call.took() < Duration::from_secs(12));
}

#[test]
fn loss_is_found_each_way() {
    let mut call = Call::new(11, [measuring(), measuring()]);
    call.run_for(Duration::from_secs(1));
    call.world.link.loss = 0.1;
    for connect in call.run() {
        let echo = connect.echo.unwrap();
        let (there, back) = (echo.loss_out.unwrap(), echo.loss_in.unwrap());
        assert!(echo.bitrate_in.unwrap() < echo.bitrate_out.unwrap(), "only answers count: {echo:?}");
        assert!((0.04..0.17).contains(&there) && (0.04..0.17).contains(&back), "{echo:?}");
        assert!((0.1..0.3).contains(&echo.loss.unwrap()), "{echo:?}");
    }
}

#[test]
fn disorder_and_duplicates_are_counted() {
    let mut call = Call::new(12, [measuring(), home()]);
    call.run_for(Duration::from_secs(1));
    call.world.link.jitter = Duration::from_millis(60);
    call.world.link.duplicate = 0.1;
    let echo = call.run()[0].echo.clone().unwrap();
    assert!(echo.reordered > 50 && echo.duplicates > 20, "{echo:?}");
    assert!(echo.jitter_ms.is_some_and(|jitter| (5.0..60.0).contains(&jitter)), "{echo:?}");
}

#[test]
fn with_a_peer_that_sends_nothing_back_the_checks_are_what_was_measured() {
    let side = || home().that(|config| config.duration = Duration::from_secs(20));
    let mut call = Call::new(13, [side(), side()]);
    call.carry = |_, message| Some(message.to_line().replace("\"echo\":true", "\"echo\":false"));
    let echo = call.run()[0].echo.clone().unwrap();
    assert!(!echo.echoed && echo.sent >= 3 && echo.received == echo.sent, "{echo:?}");
    assert_eq!((echo.rtt_median_ms, echo.jitter_ms, echo.loss_out), (Some(20.0), None, None));
}

#[test]
fn ten_percent_loss_keep_nobody_apart() {
    for seed in 0..100 {
        let mut call = Call::new(seed, [home(), home()]);
        call.world.link.loss = 0.1;
        let connects = call.run();
        let paths = connects.each_ref().map(|connect| connect.selected.as_ref().map(|selected| selected.path));
        assert_eq!(paths, [Some(ConnectPath::Direct); 2], "seed {seed}: {connects:#?}");
    }
}

#[test]
fn a_path_that_is_cut_and_restored_has_its_times() {
    let lasting = || home().that(|config| config.until_failure = true);
    let mut call = Call::new(14, [lasting(), lasting()]);
    call.run_for(Duration::from_secs(20));
    cut(&mut call, 1.0);
    call.run_for(Duration::from_secs(15));
    cut(&mut call, 0.0);
    call.run_for(Duration::from_secs(30));
    cut(&mut call, 1.0);
    for connect in call.run() {
        assert_eq!(connect.state, ConnectState::Failed);
        assert_eq!(connect.cuts.len(), 2, "{:?}", connect.cuts);
        let (first, last) = (&connect.cuts[0], &connect.cuts[1]);
        assert!(first.last_heard_ms <= 20_100.0 && first.last_heard_ms > 13_900.0, "{first:?}");
        assert!(first.disconnected_ms.is_some_and(|at| at > 20_000.0 && at < 35_000.0), "{first:?}");
        assert!(first.restored_ms.is_some_and(|at| at > 35_000.0 && at < 42_000.0), "{first:?}");
        let failed = last.failed_ms.expect("it never came back");
        assert!((failed - last.last_heard_ms - 30_000.0).abs() < 1.0, "RFC 7675 gives it 30 s: {last:?}");
        let echo = connect.echo.unwrap();
        assert!(echo.loss.is_some_and(|loss| loss > 0.0), "{echo:?}");
    }
}

/// Nothing gets through, or everything.
fn cut(call: &mut Call, loss: f64) {
    call.world.link.loss = loss;
}

#[test]
fn a_restart_under_way_moves_to_new_credentials_without_a_gap() {
    for part in [0, 1] {
        let restarting = |config: &mut rtcprobe::probes::connect::Config| {
            config.restart = Some(Duration::from_secs(3));
            config.duration = Duration::from_secs(8);
        };
        let mut sides = [measuring(), measuring()];
        sides[part].change = restarting;
        let mut call = Call::new(15, sides);
        let connects = call.run();
        for (side, connect) in connects.iter().enumerate() {
            assert_eq!(connect.state, ConnectState::Connected);
            let restart = match connect.restarts.as_slice() {
                [restart] => restart,
                other => panic!("{other:?}"),
            };
            assert_eq!(restart.local, side == part);
            assert!(restart.connected_ms.is_some_and(|at| at > restart.elapsed_ms), "{restart:?}");
            assert!(restart.gap_ms.is_some_and(|gap| gap < 60.0), "the old pair serves meanwhile: {restart:?}");
            assert_eq!(connect.echo.as_ref().and_then(|echo| echo.loss), Some(0.0));
        }
        assert_eq!(connects[0].local.ufrag, connects[1].remote.ufrag);
    }
}

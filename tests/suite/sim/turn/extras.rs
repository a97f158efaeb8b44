//! What is looked at more closely: sizes, and what one datagram to nowhere does.

use rtcprobe::probes::turn::Extras;
use rtcprobe::report::StepOutcome;
use rtcprobe::server::Network;

use super::{Limit, Stage, good_server, stage};

fn closely(mut stage: Stage) -> Stage {
    stage.config.extras = Extras { relay_mtu: true, burst: true, poison: true };
    stage
}

#[test]
fn every_size_passes_a_good_path_at_once() {
    let sizes = closely(stage(1, good_server())).run().clues.relay_sizes.unwrap();
    assert_eq!((sizes.largest_bytes, sizes.lost_from_bytes, sizes.copies), (Some(1400), None, 1));
}

#[test]
fn a_black_hole_is_found_by_size() {
    let mut stage = closely(stage(1, good_server()));
    (stage.world.link.mtu, stage.world.link.says_too_large, stage.world.link.fragments) = (1180, false, false);
    let turn = stage.run();
    let sizes = turn.clues.relay_sizes.unwrap();
    assert_eq!((sizes.largest_bytes, sizes.lost_from_bytes), (Some(1100), Some(1150)));
    assert_eq!(turn.works, Some(true));
}

#[test]
fn loss_by_chance_is_no_black_hole() {
    for seed in 1..20 {
        let mut stage = closely(stage(seed, good_server()));
        stage.world.link.loss = 0.2;
        let sizes = stage.run_lossy().clues.relay_sizes;
        assert!(sizes.is_none_or(|sizes| sizes.lost_from_bytes.is_none()), "{seed}: {sizes:?}");
    }
}

#[test]
fn over_a_stream_no_size_is_tried() {
    assert_eq!(closely(stage(1, good_server())).over_tcp().run().clues.relay_sizes, None);
}

#[test]
fn a_datagram_to_nowhere_ends_nothing_at_a_good_server() {
    let poison = closely(stage(1, good_server())).run().clues.poison.unwrap();
    assert_eq!((poison.before, poison.after), (StepOutcome::Ok, Some(StepOutcome::Ok)));
    let private = Network { address: "10.0.0.0".parse().unwrap(), prefix: 8 };
    let careful = rtcprobe::server::Config { forbidden_peers: vec![private], ..good_server() };
    let poison = closely(stage(1, careful)).run().clues.poison.unwrap();
    assert_eq!((poison.error_code, poison.after), (Some(403), None), "nothing is sent where it is refused");
}

fn limited(seed: u8, per_second: f64, most: f64) -> Stage {
    let mut stage = closely(stage(seed, good_server()));
    stage.config.extras.poison = false;
    let server = stage.server;
    stage.world.limits.insert(server, Limit::new(per_second, most));
    stage
}

#[test]
fn what_counts_packets_is_seen_by_a_burst_that_ends_while_slow_requests_pass() {
    let burst = limited(1, 10.0, 10.0).run_lossy().clues.burst.unwrap();
    assert!(burst.answered >= 5 && burst.answered <= 12 && burst.tail_is_lost(), "{burst:?}");
    assert_eq!((burst.paced_sent, burst.paced_answered), (8, 8), "{burst:?}");
}

#[test]
fn nobody_sends_bursts_where_nothing_was_lost() {
    assert_eq!(closely(stage(1, good_server())).run().clues.burst, None);
    assert_eq!(limited(1, 1000.0, 1000.0).run().clues.burst, None);
}

#[test]
fn loss_by_chance_is_no_counting() {
    let mut asked = 0;
    for seed in 1..30 {
        let mut stage = closely(stage(seed, good_server()));
        stage.world.link.loss = 0.2;
        let burst = stage.run_lossy().clues.burst;
        asked += u32::from(burst.is_some());
        assert!(burst.is_none_or(|burst| !burst.tail_is_lost() && burst.paced_sent == 0), "{seed}: {burst:?}");
    }
    assert!(asked > 15, "{asked}");
}

#[test]
fn who_shuts_us_out_after_a_while_answers_at_no_pace() {
    // Enough for the first requests, and then nothing for long.
    let burst = limited(1, 0.001, 12.0).run_lossy().clues.burst.unwrap();
    assert_eq!((burst.answered, burst.paced_sent, burst.paced_answered), (0, 8, 0));
}

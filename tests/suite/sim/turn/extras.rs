//! What is looked at more closely: sizes, and what one datagram to nowhere does.

use rtcprobe::probes::turn::Extras;
use rtcprobe::report::StepOutcome;
use rtcprobe::server::Network;

use super::{Stage, good_server, stage};

fn closely(mut stage: Stage) -> Stage {
    stage.config.extras = Extras { relay_mtu: true, poison: true };
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

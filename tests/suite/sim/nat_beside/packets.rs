//! Fragments, path MTU, rewritten addresses.

use rtcprobe::server::faults::{Fault, Faults};
use rtcprobe::wire::attribute;
use rtcprobe::wire::message::Method;

use super::{good_server, plain_server, stage};

#[test]
fn fragments_arrive_where_nothing_drops_them() {
    let told = stage(1, "port-restricted-cone", good_server()).run();
    assert_eq!(told.nat.fragments, Some(true), "{}", told.detail("fragments"));
}

#[test]
fn fragments_that_are_dropped_leave_the_way_open() {
    // Both directions are dropped: neither the padded request nor any padded answer comes through.
    let mut stage = stage(1, "port-restricted-cone", good_server());
    stage.world.link.fragments = false;
    let told = stage.run();
    assert_eq!(told.nat.fragments, None);
    assert_eq!(told.unknown["/nat/fragments"], "no-answer-to-padding");
    assert!(told.detail("fragments").contains("in one piece neither"));
}

#[test]
fn a_server_without_padding_still_shows_that_fragments_are_lost_on_the_way_there() {
    let config = || rtcprobe::server::Config { unheard_of: vec![attribute::PADDING], ..good_server() };
    let mut lossy = stage(1, "port-restricted-cone", config());
    lossy.world.link.fragments = false;
    let told = lossy.run();
    assert_eq!(told.nat.fragments, Some(false), "{}", told.detail("fragments"));
    let told = stage(1, "port-restricted-cone", config()).run();
    assert_eq!(told.nat.fragments, None);
    assert_eq!(told.unknown["/nat/fragments"], "not-supported-by-server");
}

#[test]
fn fragments_survive_loss() {
    for seed in 0..20 {
        let mut stage = stage(seed, "port-restricted-cone", good_server());
        stage.world.link.loss = 0.2;
        let told = stage.run();
        assert_ne!(told.nat.fragments, Some(false), "seed {seed}: {}", told.detail("fragments"));
    }
}

#[test]
fn the_path_takes_what_the_interface_takes() {
    let told = stage(1, "port-restricted-cone", plain_server()).run();
    assert_eq!((told.nat.path_mtu, told.nat.path_mtu_black_hole), (Some(1500), None));
    assert!(told.unknown.contains_key("/nat/pathMtuBlackHole"));
}

#[test]
fn a_narrow_path_is_found_by_the_routers_word_or_without_it() {
    for mtu in [1492, 1450, 1420, 1400, 1280, 1006] {
        for says in [true, false] {
            let mut stage = stage(1, "port-restricted-cone", plain_server());
            (stage.world.link.mtu, stage.world.link.says_too_large) = (mtu, says);
            let told = stage.run();
            // Requests grow in steps of four bytes.
            let expected = if says { mtu } else { mtu / 4 * 4 };
            assert_eq!(told.nat.path_mtu, u32::try_from(expected).ok(), "{mtu} {says}: {}", told.detail("path-mtu"));
            assert_eq!(told.nat.path_mtu_black_hole, Some(!says), "{mtu} {says}");
        }
    }
}

#[test]
fn the_mtu_of_a_lossy_path_is_right_or_unknown() {
    for mtu in [1500, 1420] {
        for seed in 0..15 {
            for says in [true, false] {
                let mut stage = stage(seed, "port-restricted-cone", plain_server());
                (stage.world.link.mtu, stage.world.link.says_too_large, stage.world.link.loss) = (mtu, says, 0.2);
                let told = stage.run();
                let expected = u32::try_from(mtu).ok();
                let right = told.nat.path_mtu == expected || told.nat.path_mtu.is_none();
                assert!(right, "{mtu} {says} seed {seed}: {:?}", told.nat.path_mtu);
            }
        }
    }
}

#[test]
fn a_server_that_takes_no_large_requests_is_no_black_hole() {
    let mut stage = stage(1, "port-restricted-cone", plain_server());
    (stage.world.link.mtu, stage.world.link.says_too_large, stage.world.link.fragments) = (1400, false, false);
    let told = stage.run();
    assert_eq!((told.nat.path_mtu, told.nat.path_mtu_black_hole), (None, None));
    assert_eq!(told.unknown["/nat/pathMtu"], "no-answer-to-large-requests");
    assert!(told.detail("path-mtu").contains("more than 1400 bytes"));
}

#[test]
fn a_huge_interface_is_not_searched() {
    let mut stage = stage(1, "none", plain_server());
    stage.config.places[0].mtu = Some(65_536);
    let told = stage.run();
    assert_eq!((told.nat.path_mtu, told.nat.fragments), (None, None));
    assert_eq!(told.unknown["/nat/fragments"], "not-applicable");
}

#[test]
fn an_alg_shows_in_what_is_said_twice() {
    let told = stage(1, "port-restricted-cone", good_server()).run();
    assert_eq!(told.nat.alg, Some(false));
    let mut meddled = stage(1, "port-restricted-cone", good_server());
    meddled.world.alg = true;
    assert_eq!(meddled.run().nat.alg, Some(true));
    let silent = Faults::on(Method::BINDING, Fault::Without(attribute::MAPPED_ADDRESS));
    let config = rtcprobe::server::Config { faults: silent, ..good_server() };
    let told = stage(1, "port-restricted-cone", config).run();
    assert_eq!(told.nat.alg, None);
    assert_eq!(told.unknown["/nat/alg"], "not-told-by-server");
}

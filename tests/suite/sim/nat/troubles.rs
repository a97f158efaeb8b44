//! Where nothing answers, somebody stops, or the NAT changes its mind.

use std::time::Duration;

use rtcprobe::report::nat::Behaviour::Unknown;
use rtcprobe::report::nat::{LegacyType, Udp};
use rtcprobe::report::{Event, Outcome};
use rtcprobe::server::nat::{Filtering, Mapping, NatConfig, PortAllocation};

use super::matrix::{A, A2, B, SETS, knowable, said, shown, truth, with};
use super::scene::Scene;

fn apdf() -> NatConfig {
    NatConfig::new(Mapping::Eim, Filtering::Apdf)
}

#[test]
fn udp_that_is_blocked_is_told_from_a_server_that_is_dead() {
    // TCP goes through, UDP does not.
    let mut scene = Scene::new(1).behind(apdf()).turn(A);
    scene.block_udp();
    let nat = scene.run();
    assert_eq!((nat.udp, nat.legacy_type), (Udp::Blocked, LegacyType::UdpBlocked), "{}", shown(&nat));
    // Several servers are silent.
    let mut scene = Scene::new(1).behind(apdf()).stun(A, &[3478]).stun(B, &[3478]);
    scene.block_udp();
    assert_eq!(scene.run().udp, Udp::Blocked);
    // One server is silent everywhere.
    let mut scene = Scene::new(1).behind(apdf()).stun(A, &[3478]);
    scene.world.silent.insert(A.parse().unwrap());
    let (nat, reasons) = scene.run_with_reasons();
    assert_eq!((nat.udp, nat.legacy_type), (Udp::Unknown, LegacyType::Unknown), "{}", shown(&nat));
    assert_eq!(reasons["/nat/mapping"], "no-server-answered");
}

#[test]
fn a_dead_server_among_others_changes_nothing() {
    for set in SETS {
        let mut scene = with(Scene::new(1).behind(apdf()), set);
        scene.ask("stun:198.51.100.200:3478");
        scene.world.silent.insert("198.51.100.200".parse().unwrap());
        let nat = scene.run_with_reasons().0;
        assert_eq!(said(&nat), knowable(set, truth(Mapping::Eim, Filtering::Apdf)), "{set:?} {}", shown(&nat));
        assert_eq!(nat.contradictions, Vec::<String>::new());
        assert!(scene.took < Duration::from_secs(3), "{:?}", scene.took);
        let log = scene.log.as_ref().unwrap().borrow();
        let dead = log.iter().any(|(_, event)| {
            matches!(event, Event::Server { server, .. } if server.outcome == Outcome::Timeout && server.url.contains("200"))
        });
        assert!(dead);
    }
}

#[test]
fn whatever_is_known_is_told_when_somebody_stops() {
    for after in [0, 5, 25, 45, 65, 90, 200, 400] {
        let mut scene = with(Scene::new(1).behind(apdf()), super::matrix::Set::TwoAddresses);
        let nat = scene.stopped_after(Duration::from_millis(after));
        assert!(matches!(nat.filtering, Unknown), "{after} {}", shown(&nat));
        assert_eq!(scene.held(), 0, "{after}");
    }
}

#[test]
fn a_nat_that_forgets_everything_is_not_called_symmetric() {
    for after in (5..400).step_by(15) {
        for set in SETS {
            let mut config = NatConfig::new(Mapping::Eim, Filtering::Eif);
            config.port_allocation = PortAllocation::Random;
            let mut scene = with(Scene::new(2).behind(config.clone()).far(25), set);
            let nat = scene.with_a_change(Duration::from_millis(after), config);
            let expected = knowable(set, truth(Mapping::Eim, Filtering::Eif));
            let what = format!("{after} {set:?} {}", shown(&nat));
            assert!(nat.mapping == expected.0 || nat.mapping == Unknown, "{what}");
            assert!(nat.filtering == expected.1 || nat.filtering == Unknown, "{what}");
        }
    }
}

#[test]
fn an_rfc5780_server_of_one_address_is_a_plain_one() {
    let nat = Scene::new(1).behind(apdf()).rfc5780(A, A2).stun(B, &[3478]).run();
    assert_eq!(said(&nat), truth(Mapping::Eim, Filtering::Apdf));
}

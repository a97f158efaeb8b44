//! Which ports are used, and how often a server is asked.

use std::collections::BTreeSet;
use std::time::Duration;

use rtcprobe::probes::nat::ports_needed;
use rtcprobe::report::{Event, Outcome};
use rtcprobe::server::nat::{Filtering, Mapping, NatConfig};

use super::matrix::{A, SETS, kinds, knowable, said, shown, truth, with};
use super::scene::Scene;

/// The ports of the client that packets left from.
fn used(scene: &Scene) -> BTreeSet<u16> {
    let tests = scene.log.as_ref().unwrap().borrow();
    let locals = tests.iter().filter_map(|(_, event)| match event {
        Event::NatTest { test, .. } => test.local.clone(),
        _ => None,
    });
    locals.filter_map(|local| local.rsplit_once(':')?.1.parse().ok()).collect()
}

#[test]
fn a_range_of_ports_is_kept_to_and_costs_no_verdict() {
    let wanted = u16::try_from(ports_needed(None)).unwrap();
    for set in SETS {
        for (mapping, filtering) in kinds() {
            for first in [20_000, 20_017] {
                let mut scene = with(Scene::new(1).behind(NatConfig::new(mapping, filtering)), set);
                scene.config.ports = Some((first, first + wanted - 1));
                let (nat, _) = scene.run_with_reasons();
                let what = format!("{set:?} {mapping:?} {filtering:?}: {}", shown(&nat));
                assert_eq!(said(&nat), knowable(set, truth(mapping, filtering)), "{what}");
                let used = used(&scene);
                assert!(used.iter().all(|port| (first..first + wanted).contains(port)), "{what}: {used:?}");
                assert!(used.len() > 12, "{what}: {used:?}");
            }
        }
    }
}

#[test]
fn a_range_that_is_just_large_enough_does_for_lifetimes() {
    let longest = Duration::from_secs(60);
    let wanted = u16::try_from(ports_needed(Some(longest))).unwrap();
    let mut nat = NatConfig::new(Mapping::Eim, Filtering::Apdf);
    nat.lifetime = Duration::from_secs(30);
    let mut scene = Scene::new(1).behind(nat).rfc5780(A, super::matrix::A2);
    scene.config.ports = Some((20_017, 20_017 + wanted - 1));
    scene.config.lifetime = Some(longest);
    let (nat, _) = scene.run_with_reasons();
    let (alive, gone) = nat.mapping_lifetime_range_ms.unwrap();
    assert!(alive >= 28e3 && gone.is_some_and(|gone| gone <= 32e3), "{alive} {gone:?}");
    assert!(used(&scene).iter().all(|port| (20_017..20_017 + wanted).contains(port)));
}

#[test]
fn a_server_that_is_named_twice_is_asked_once() {
    let mut scene = Scene::new(1).behind(NatConfig::new(Mapping::Eim, Filtering::Apdf)).turn(A);
    let before = scene.config.servers.len();
    scene.ask(&format!("stun:{A}:3478"));
    let (nat, _) = scene.run_with_reasons();
    let first = nat.tests.iter().filter(|test| test.name == "binding").count();
    assert_eq!(first, 1, "{:#?}", nat.tests);
    let log = scene.log.as_ref().unwrap().borrow();
    let servers: Vec<_> = log
        .iter()
        .filter_map(|(_, event)| match event {
            Event::Server { server, .. } => Some((server.url.clone(), server.outcome, server.gave.clone())),
            _ => None,
        })
        .collect();
    assert_eq!(servers.len(), before + 1, "{servers:?}");
    assert!(servers.iter().all(|(_, outcome, _)| *outcome == Outcome::Ok), "{servers:?}");
    let relays = servers.iter().filter(|(.., gave)| gave.contains(&"relay".to_string()));
    assert!(relays.clone().all(|(url, ..)| url.starts_with("turn")) && relays.count() == 1, "{servers:?}");
}

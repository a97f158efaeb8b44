//! Every kind of NAT with every set of servers: right wherever the set can know, unknown where not,
//! never wrong.

use std::time::Duration;

use rtcprobe::report::nat::Behaviour::{
    self, AddressAndPortDependent as Apd, AddressDependent as Ad, EndpointIndependent as Ei, Unknown,
};
use rtcprobe::report::nat::Nat;
use rtcprobe::server::nat::{Filtering, Mapping, NatConfig};

use super::scene::Scene;

pub const A: &str = "198.51.100.1";
pub const A2: &str = "198.51.100.2";
pub const B: &str = "192.0.2.1";

/// The sets of servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// One server with two addresses.
    Rfc5780,
    /// Two plain STUN servers, the first with two ports.
    TwoStun,
    /// STUN and TURN at one address.
    OneAddress,
    /// STUN at one address, TURN at another.
    TwoAddresses,
}

pub const SETS: [Set; 4] = [Set::Rfc5780, Set::TwoStun, Set::OneAddress, Set::TwoAddresses];

pub fn with(scene: Scene, set: Set) -> Scene {
    match set {
        Set::Rfc5780 => scene.rfc5780(A, A2),
        Set::TwoStun => scene.stun(A, &[3478, 3479]).stun(B, &[3478]),
        Set::OneAddress => scene.turn(A),
        Set::TwoAddresses => scene.stun(A, &[3478]).turn(B),
    }
}

pub fn kinds() -> Vec<(Mapping, Filtering)> {
    let mappings = [Mapping::Eim, Mapping::Adm, Mapping::Apdm];
    let filterings = [Filtering::Eif, Filtering::Adf, Filtering::Apdf];
    mappings.into_iter().flat_map(|mapping| filterings.map(|filtering| (mapping, filtering))).collect()
}

/// What the report must say of that NAT, where everything can be known.
pub fn truth(mapping: Mapping, filtering: Filtering) -> (Behaviour, Behaviour) {
    let mapping = match mapping {
        Mapping::None => Behaviour::None,
        Mapping::Eim => Ei,
        Mapping::Adm => Ad,
        Mapping::Apdm => Apd,
    };
    let filtering = match filtering {
        Filtering::Eif if mapping == Behaviour::None => Behaviour::None,
        Filtering::Eif => Ei,
        Filtering::Adf => Ad,
        Filtering::Apdf => Apd,
    };
    (mapping, filtering)
}

/// The same for what a set can know.
pub fn knowable(set: Set, (mapping, filtering): (Behaviour, Behaviour)) -> (Behaviour, Behaviour) {
    match set {
        Set::Rfc5780 | Set::TwoAddresses => (mapping, filtering),
        Set::TwoStun => (mapping, Unknown),
        // Nothing comes from another address: the two less strict ones look the same.
        Set::OneAddress => {
            (if matches!(mapping, Ei | Ad) { Unknown } else { mapping }, if filtering == Apd { Apd } else { Unknown })
        }
    }
}

/// The verdicts and the tests, one a line.
pub fn shown(nat: &Nat) -> String {
    let mut text = format!(
        "{:?} {:?} {:?} {:?}\n{:?} {:?}\n",
        nat.mapping, nat.mapping_possible, nat.filtering, nat.filtering_possible, nat.hairpinning, nat.contradictions
    );
    for test in &nat.tests {
        let local = test.local.as_deref().unwrap_or("-");
        let (mapped, from) = (test.mapped.as_deref().unwrap_or("-"), test.from.as_deref().unwrap_or("-"));
        text += &format!(
            "{:18} {local} > {} mapped {mapped} from {from} {:?} {} copies {:.1} ms {}\n",
            test.name,
            test.server,
            test.outcome,
            test.sent,
            test.elapsed_ms,
            test.detail.as_deref().unwrap_or("")
        );
    }
    text
}

pub fn said(nat: &Nat) -> (Behaviour, Behaviour) {
    (nat.mapping, nat.filtering)
}

#[test]
fn every_pair_is_told_by_every_set_that_can_know_it() {
    for set in SETS {
        for (mapping, filtering) in kinds() {
            for latency in [0, 10, 50] {
                let mut scene = with(Scene::new(1).behind(NatConfig::new(mapping, filtering)).far(latency), set);
                let (nat, reasons) = scene.run_with_reasons();
                let what = format!("{set:?} {mapping:?} {filtering:?} {latency} ms: {}", shown(&nat));
                assert_eq!(said(&nat), knowable(set, truth(mapping, filtering)), "{what}");
                assert_eq!(nat.contradictions, Vec::<String>::new(), "{what}");
                assert_eq!(nat.filtering == Unknown, reasons.contains_key("/nat/filtering"), "{what}");
                assert_eq!(nat.mapping == Unknown, reasons.contains_key("/nat/mapping"), "{what}");
                assert_eq!(scene.held(), 0, "{what}");
            }
        }
    }
}

#[test]
fn everything_costs_about_one_negative_window() {
    for (round_trip, limit) in [(1, 800), (20, 800), (100, 1200)] {
        for set in SETS {
            for (mapping, filtering) in kinds() {
                let mut scene = with(Scene::new(3).behind(NatConfig::new(mapping, filtering)), set);
                scene.world.link.latency = Duration::from_micros(round_trip * 500);
                let (nat, _) = scene.run_with_reasons();
                if std::env::var_os("FIGURES").is_some() {
                    println!("{set:?} {mapping:?} {filtering:?} {round_trip} ms: {:?}", scene.took);
                }
                let limit = Duration::from_millis(limit);
                assert!(scene.took < limit, "{round_trip} ms, {:?}: {set:?} {}", scene.took, shown(&nat));
            }
        }
    }
}

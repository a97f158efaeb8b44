//! Over a path that loses, copies and disorders: silence is not a firewall, a copy is not an answer.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::behaviour::report::{nat, side_by_side};
use crate::behaviour::servers::{Given, Servers};
use crate::path::Path;
use crate::site::{Gate, World};

/// How many runs said what.
#[derive(Debug, Default)]
pub struct Tally {
    right: usize,
    unknown: usize,
    wrong: BTreeMap<String, usize>,
}

#[test]
fn a_rough_path_does_not_change_what_a_nat_is() {
    assert_none_wrong(4, 1.0);
}

#[test]
#[ignore = "minutes: forty runs behind each NAT, with --nocapture for the figures"]
fn a_rough_path_does_not_change_what_a_nat_is_in_forty_runs() {
    assert_none_wrong(40, 0.02);
}

/// 20 % lost, 10 % twice, 10 % overtaken, each way.
pub fn rough(seed: u64) -> [Path; 2] {
    let held = Duration::from_millis(5);
    [1, 2].map(|way| Path { loss: 20, duplicate: 10, reorder: 10, held, seed: seed * 2 + way, ..Path::default() })
}

fn assert_none_wrong(runs: usize, unknown: f64) {
    let world = World::new();
    let _servers = Servers::start(&world);
    let cells: Vec<_> = ["eim-eif", "eim-apdf"]
        .iter()
        .flat_map(|kind| [Given::TwoAddresses, Given::StunAndTurnApart].map(|given| (*kind, given)))
        .zip(1..)
        .map(|((kind, given), seed)| (kind, given, world.site_over(Gate::called(kind), rough(seed))))
        .collect();
    let tallies = side_by_side(cells.len(), &cells, |(kind, given, site)| {
        let mut tally = Tally::default();
        let mut reports = Vec::new();
        let mut times = Vec::new();
        for _ in 0..runs {
            let seen = nat(&site.client, &given.args());
            times.push(seen.duration());
            let said = seen.kind();
            let fits = said.split('-').zip(kind.split('-')).all(|(said, is)| said == "?" || said == is);
            match (said == *kind, fits) {
                (true, _) => tally.right += 1,
                (false, true) => tally.unknown += 1,
                (false, false) => *tally.wrong.entry(said).or_default() += 1,
            }
            // Hairpinning is on.
            if seen.fact("hairpinning") == false {
                *tally.wrong.entry("hairpinning false".into()).or_default() += 1;
            }
            if seen.kind() != *kind {
                reports.push(seen.to_string());
            }
        }
        times.sort();
        println!("{kind} {given:?}: {tally:?}; {:.0?} median, {:.0?} most", times[runs / 2], times[runs - 1]);
        (format!("{kind} {given:?}"), tally, reports)
    });
    for (name, tally, reports) in tallies {
        assert!(tally.wrong.is_empty(), "{name}: {tally:?}\n{}", reports.join("\n\n"));
        assert!(tally.unknown as f64 <= unknown * runs as f64, "{name}: {tally:?}\n{}", reports.join("\n\n"));
    }
}

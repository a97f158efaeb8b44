//! Two rtcprobes behind every pair of NATs: connected directly, through the relay or not at all, exactly
//! as forecast.

use rtcprobe::report::nat::Path;
use rtcprobe::rules::forecast::{self, PAIRS};

use super::caller::call;
use super::meeting::meet;
use super::place::Place;
use crate::behaviour::report::side_by_side;
use crate::site::Gate;

/// In the order of [`PAIRS`].
const KINDS: [&str; 10] =
    ["none", "eim-eif", "eim-adf", "eim-apdf", "adm-eif", "adm-adf", "adm-apdf", "apdm-eif", "apdm-adf", "apdm-apdf"];

/// A pair of NATs, and whether there is a TURN server.
type Cell = (usize, usize, bool);

/// What should come of it.
fn expected((one, other, turn): Cell) -> &'static str {
    match (forecast::outcome(PAIRS[one], PAIRS[other]), turn) {
        (Path::Direct, _) => "direct",
        (_, true) => "relay",
        (_, false) => "none",
    }
}

/// What comes of it, as both sides say.
fn found(place: &Place, (one, other, turn): Cell, limit: &str) -> String {
    let turns: &[&str] = if turn { &["turn:203.0.113.10:3478?transport=udp"] } else { &[] };
    let list = place.servers(&format!("cell-{}", place.next()), turns);
    let args = ["--ice-servers", list.to_str().unwrap(), "--duration", "300ms", "--timeout", limit];
    let [a, b] = [one, other].map(|kind| place.world.site(Gate::called(KINDS[kind])));
    let (offer, offered) = call(place, &a.client, true, &args);
    let (answer, answered) = call(place, &b.client, false, &args);
    meet(offer, answer, |_| true);
    let paths = [offered.path(), answered.path()];
    if paths[0] == paths[1] { paths[0].clone() } else { paths.join(" here and there ") }
}

/// Checks cells, so many at a time. A world has room for no more than 30 pairs.
fn check(cells: &[Cell], at_a_time: usize, limit: &str) -> Vec<(Cell, String)> {
    let mut all = Vec::new();
    for some in cells.chunks(28) {
        let place = Place::new();
        let found = side_by_side(at_a_time, some, |cell| found(&place, *cell, limit));
        all.extend(some.iter().copied().zip(found));
    }
    all
}

fn wrong(found: &[(Cell, String)]) -> Vec<String> {
    let differ = found.iter().filter(|(cell, found)| expected(*cell) != found);
    differ
        .map(|((one, other, turn), found)| {
            let cell = (*one, *other, *turn);
            format!("{} and {}, turn {turn}: {found}, not {}", KINDS[*one], KINDS[*other], expected(cell))
        })
        .collect()
}

#[test]
fn a_dozen_pairs_of_nats_connect_as_forecast() {
    let direct = [(0, 9, false), (1, 6, false), (2, 9, false), (3, 3, true), (3, 2, false), (4, 8, false)];
    let relayed = [(3, 9, true), (9, 9, true), (6, 9, true), (5, 6, true)];
    let hopeless = [(3, 9, false), (9, 9, false)];
    let mut found = check(&[&direct[..], &relayed[..]].concat(), 4, "20s");
    // Nothing is found in less time than it takes to be sure.
    found.extend(check(&hopeless, 2, "8s"));
    let wrong = wrong(&found);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
#[ignore = "minutes: all pairs of ten NATs, with and without a relay; a table with --nocapture"]
fn every_pair_of_nats_connects_as_forecast() {
    let mut all = Vec::new();
    for turn in [true, false] {
        let cells: Vec<Cell> = (0..100).map(|n| (n / 10, n % 10, turn)).collect();
        let found = check(&cells, 6, "50s");
        println!("\n{} a TURN server", if turn { "With" } else { "Without" });
        for row in found.chunks(10) {
            let words: String = row.iter().map(|(_, found)| format!("{found:8}")).collect();
            println!("{:10}{words}", KINDS[row[0].0.0]);
        }
        all.extend(found);
    }
    let wrong = wrong(&all);
    assert!(wrong.is_empty(), "{} cells: {wrong:#?}", wrong.len());
}

//! The same server over a path that loses, copies and disorders: the verdict is about the server, so it
//! must not change.

use std::collections::BTreeMap;
use std::thread;

use crate::certificates::{Authority, Leaf};
use crate::coturn::Coturn;
use crate::topology::{Lab, Topology};
use crate::turn::case::{Case, DTLS, GOOD, LOGIN, TCP, TLS, UDP};
use crate::turn::report::{Run, turn};

const FOUR: Case = Case { leaf: Some(Leaf::Good), ..GOOD };

#[test]
fn a_rough_path_does_not_change_the_verdict() {
    assert_same_in(3, 2);
}

#[test]
#[ignore = "minutes: fifty runs, with --nocapture for the figures"]
fn a_rough_path_does_not_change_the_verdict_in_fifty_runs() {
    assert_same_in(5, 10);
}

/// In so many labs at once, so many runs each.
///
/// Each has a coturn of its own: where a handshake over DTLS was given up, coturn's next look at any other
/// connection of the same thread may find the error of the one that was given up, and close it.
fn assert_same_in(labs: u64, runs: usize) {
    let runs: Vec<Run> = thread::scope(|scope| {
        let labs: Vec<_> = (0..labs).map(|seed| scope.spawn(move || in_a_lab(seed, runs))).collect();
        labs.into_iter().flat_map(|lab| lab.join().unwrap()).collect()
    });
    let mut failing: BTreeMap<String, usize> = BTreeMap::new();
    let mut times: Vec<f64> = runs.iter().map(|run| run.report.duration_ms).collect();
    times.sort_by(f64::total_cmp);
    let mut wrong = Vec::new();
    for run in &runs {
        let not_ok: Vec<_> = run.sketch().into_iter().filter(|line| !line.ends_with(" ok")).collect();
        if run.finished.code() != Some(0) || !not_ok.is_empty() {
            wrong.push(run);
        }
        for line in not_ok {
            *failing.entry(line).or_default() += 1;
        }
    }
    println!("{} of {} wrong: {failing:#?}", wrong.len(), runs.len());
    println!("milliseconds: {:.0} median, {:.0} most", times[times.len() / 2], times[times.len() - 1]);
    for run in &wrong {
        println!("{}", run.finished.stdout);
    }
    assert!(wrong.is_empty(), "{} of {} runs: {failing:#?}", wrong.len(), runs.len());
}

/// 20 % lost, 10 % twice, 10 % overtaken, each way.
fn in_a_lab(seed: u64, runs: usize) -> Vec<Run> {
    let rough = Topology { loss_percent: 20, duplicate_percent: 10, reorder_percent: 10, ..Topology::default() };
    let lab = Lab::new(Topology { seed, ..rough });
    let authority = Authority::new(lab.dir());
    let coturn = Coturn::start(&lab, FOUR.options(&authority));
    let ca = authority.file();
    let args = [LOGIN, &["--ca-file", &ca, "--no-echo", UDP, TCP, TLS, DTLS]].concat();
    let runs = (0..runs).map(|_| turn(&lab.client, &args)).collect();
    if coturn.log().contains("shutdown while in init") {
        println!("lab {seed}: coturn found the error of a handshake that was given up");
    }
    runs
}

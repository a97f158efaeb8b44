//! The same server over a path that loses, copies and disorders: the verdict is about the server, so it
//! must not change.

use std::collections::BTreeMap;
use std::thread;

use crate::certificates::{Authority, Leaf};
use crate::coturn::Coturn;
use crate::topology::{Lab, Topology};
use crate::turn::case::{Case, DTLS, GOOD, LOGIN, TCP, TLS, UDP};
use crate::turn::report::{Run, start_turn};

const FOUR: Case = Case { leaf: Some(Leaf::Good), ..GOOD };

#[test]
fn a_rough_path_does_not_change_the_verdict() {
    assert_same_in(6, 3);
}

#[test]
#[ignore = "minutes: fifty runs, with --nocapture for the figures"]
fn a_rough_path_does_not_change_the_verdict_in_fifty_runs() {
    assert_same_in(50, 5);
}

/// 20 % lost, 10 % twice, 10 % overtaken, each way.
fn assert_same_in(runs: usize, at_a_time: usize) {
    let lab =
        Lab::new(Topology { loss_percent: 20, duplicate_percent: 10, reorder_percent: 10, ..Topology::default() });
    let authority = Authority::new(lab.dir());
    let coturn = Coturn::start(&lab, FOUR.options(&authority));
    let ca = authority.file();
    let args = [LOGIN, &["--ca-file", &ca, "--no-echo", UDP, TCP, TLS, DTLS]].concat();
    let mut failing: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut times = Vec::new();
    for _ in 0..runs.div_ceil(at_a_time) {
        let running: Vec<_> = (0..at_a_time).map(|_| start_turn(&lab.client, &args)).collect();
        let finished = thread::scope(|scope| {
            let finishing: Vec<_> = running.into_iter().map(|run| scope.spawn(|| Run::from(run.finish()))).collect();
            finishing.into_iter().map(|run| run.join().unwrap()).collect::<Vec<_>>()
        });
        for run in finished {
            times.push(run.report.duration_ms);
            let not_ok: Vec<_> = run.sketch().into_iter().filter(|line| !line.ends_with(" ok")).collect();
            for line in &not_ok {
                *failing.entry(line.clone()).or_default() += 1;
            }
            if run.finished.code() != Some(0) || !not_ok.is_empty() {
                wrong.push(run);
            }
        }
    }
    times.sort_by(f64::total_cmp);
    println!("{} of {} wrong: {failing:#?}", wrong.len(), times.len());
    println!(
        "milliseconds: {:.0} median, {:.0} most; left: {}",
        times[times.len() / 2],
        times[times.len() - 1],
        coturn.allocations_left()
    );
    for run in &wrong {
        println!("{}", run.finished.stdout);
    }
    assert!(wrong.is_empty(), "{} of {} runs: {failing:#?}", wrong.len(), times.len());
}

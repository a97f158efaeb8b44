//! What is given back, how long it takes, and what loss changes.

use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::certificates::{Authority, Leaf};
use crate::coturn::Coturn;
use crate::topology::{Lab, Topology};
use crate::turn::case::{Case, DTLS, GOOD, LOGIN, TCP, TLS, UDP};
use crate::turn::report::{Run, start_turn, turn};

const FOUR: Case = Case { leaf: Some(Leaf::Good), ..GOOD };

#[test]
fn every_allocation_is_given_back() {
    let lab = Lab::usual();
    let authority = Authority::new(lab.dir());
    let coturn = Coturn::start(&lab, FOUR.options(&authority));
    let ca = authority.file();
    let args = [LOGIN, &["--ca-file", &ca, "--no-echo", UDP, TCP, TLS, DTLS]].concat();
    for _ in 0..20 {
        turn(&lab.client, &args).expect_code(0);
    }
    let (had, back) = (coturn.allocated(), coturn.released());
    assert_eq!(had, 20 * 4 * 2, "two allocations for each server");
    assert_eq!(back, had, "in so many words, not by the closing of a connection");
    assert_eq!(coturn.allocations_left(), 0);
    // A quick run is over before the last of these.
    for delay in [8, 13, 21, 34, 55] {
        let running = start_turn(&lab.client, &args);
        thread::sleep(Duration::from_millis(delay));
        running.signal(Signal::SIGINT);
        let finished = running.finish();
        println!("interrupted after {delay} ms: {:?} after {:?}", finished.code(), finished.took);
        assert!(matches!(finished.code(), Some(130 | 0) | None), "{finished}");
        assert_eq!(coturn.allocations_left(), 0, "{delay} ms: {finished}\n{}", coturn.log());
    }
}

#[test]
fn an_interrupt_in_the_middle_gives_everything_back() {
    let lab = Lab::new(Topology { rtt: Duration::from_millis(40), ..Topology::default() });
    let authority = Authority::new(lab.dir());
    let coturn = Coturn::start(&lab, FOUR.options(&authority));
    let ca = authority.file();
    let args = [LOGIN, &["--ca-file", &ca, "--no-echo", UDP, TCP, TLS, DTLS]].concat();
    for delay in [70, 110, 170, 260, 390] {
        let running = start_turn(&lab.client, &args);
        thread::sleep(Duration::from_millis(delay));
        running.signal(Signal::SIGINT);
        let run = Run::from(running.finish());
        println!("interrupted after {delay} ms of a run at 40 ms: {:?}", run.finished.took);
        run.expect_code(130);
        assert!(run.report.interrupted, "{run}");
        assert!(run.finished.took < Duration::from_secs(4), "{run}");
        assert_eq!(coturn.allocations_left(), 0, "{delay} ms: {run}\n{}", coturn.log());
    }
}

#[test]
fn a_good_check_takes_the_round_trips_that_it_must() {
    const RTT: f64 = 20.0;
    let lab = Lab::new(Topology { rtt: Duration::from_millis(20), ..Topology::default() });
    let authority = Authority::new(lab.dir());
    let _coturn = Coturn::start(&lab, FOUR.options(&authority));
    let ca = authority.file();
    let args = [LOGIN, &["--ca-file", &ca, "--no-echo", UDP, TCP, TLS, DTLS]].concat();
    let runs: Vec<Run> = (0..5).map(|_| turn(&lab.client, &args)).collect();
    let mut times: Vec<f64> = runs.iter().map(|run| run.expect_code(0).report.duration_ms).collect();
    times.sort_by(f64::total_cmp);
    println!("four transports at {RTT} ms: {times:.0?} ms, {:.1} round trips", times[0] / RTT);
    for url in [UDP, TCP, TLS, DTLS] {
        let steps: Vec<_> = runs[0].of(url).steps.iter().map(|s| (&s.name, s.duration_ms.unwrap_or(0.0))).collect();
        println!("{url}: {steps:.0?}");
    }
    // Fifteen round trips and two handshakes of two each; a loaded machine with two cores.
    assert!(times[0] < 19.0 * RTT + 150.0, "{}", runs[0]);
    assert!(runs.iter().all(|run| run.finished.took < Duration::from_secs(2)));
}

#[test]
fn loss_does_not_change_the_verdict() {
    let lab = Lab::new(Topology { loss_percent: 20, ..Topology::default() });
    let authority = Authority::new(lab.dir());
    let coturn = Coturn::start(&lab, FOUR.options(&authority));
    // A TCP connection that loses its first segments takes its own time, whoever opens it.
    let args = [LOGIN, &["--no-echo", UDP]].concat();
    let runs: Vec<Run> = thread::scope(|scope| {
        let start = || start_turn(&lab.client, &args);
        let running: Vec<_> = (0..10).map(|_| start()).collect();
        let finishing: Vec<_> = running.into_iter().map(|run| scope.spawn(|| Run::from(run.finish()))).collect();
        finishing.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let mut wrong = 0;
    for run in &runs {
        println!("20 % loss: {} {:.0} ms {:?}", run.report.verdict, run.report.duration_ms, run.sketch());
        wrong += usize::from(run.finished.code() != Some(0));
    }
    assert_eq!(wrong, 0);
    println!("left: {}", coturn.allocations_left());
}

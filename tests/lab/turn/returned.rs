//! That everything is given back, as the server's side of the wire shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use rtcprobe::machine::Chance;

use crate::capture::{Capture, Message};
use crate::certificates::{Authority, Leaf};
use crate::coturn::{Coturn, Options};
use crate::topology::{Lab, Topology};
use crate::turn::case::{Case, DTLS, GOOD, LOGIN, TCP, TLS, UDP};
use crate::turn::report::start_turn;

const FOUR: Case = Case { leaf: Some(Leaf::Good), ..GOOD };

#[test]
fn each_allocation_is_seen_to_be_released() {
    assert_released(10, 3);
}

#[test]
#[ignore = "a minute: a hundred runs, twenty of them interrupted; with --nocapture for the figures"]
fn each_allocation_of_a_hundred_runs_is_seen_to_be_released() {
    assert_released(100, 20);
}

fn assert_released(runs: usize, interrupted: usize) {
    let lab = Lab::new(Topology { rtt: Duration::from_millis(10), ..Topology::default() });
    let authority = Authority::new(lab.dir());
    let coturn = Coturn::start(&lab, Options { cli: true, ..FOUR.options(&authority) });
    let capture = Capture::start(&lab.server, lab.dir(), "eth0", 3478);
    let ca = authority.file();
    let args = [LOGIN, &["--ca-file", &ca, "--no-echo", UDP, TCP, TLS, DTLS]].concat();
    let mut chance = Chance::from_seed([3; 32]);
    let mut codes: BTreeMap<Option<i32>, usize> = BTreeMap::new();
    for run in 0..runs {
        let running = start_turn(&lab.client, &args);
        if run % (runs / interrupted) == 0 && run / (runs / interrupted) < interrupted {
            thread::sleep(Duration::from_millis(chance.below(300)));
            running.signal(Signal::SIGINT);
        }
        *codes.entry(running.finish().code()).or_default() += 1;
    }
    let ended = Instant::now();
    while coturn.sessions() > 0 && ended.elapsed() < Duration::from_secs(5) {
        thread::sleep(Duration::from_millis(20));
    }
    let sessions = coturn.sessions();
    println!("{runs} runs, exit codes {codes:?}; no session left {:.0?} after the last", ended.elapsed());
    let sockets = coturn.allocations_left();
    let messages = capture.messages();
    let (allocated, released, left) = account(&messages);
    println!("on the wire (UDP and TCP): {allocated} allocations, {released} released in so many words");
    println!("by coturn's log (all four): {} allocations, {} released", coturn.allocated(), coturn.released());
    println!("left: {sessions} sessions, {sockets} relay sockets");
    assert!(allocated >= 2 * 2 * (runs - interrupted), "two allocations over each of two transports");
    assert_eq!(left, BTreeSet::new(), "on the wire");
    assert_eq!((sessions, sockets), (0, 0));
}

/// How many were made, how many given back, and the clients whose were not.
fn account(messages: &[Message]) -> (usize, usize, BTreeSet<(bool, SocketAddr)>) {
    const ALLOCATED: u16 = 0x0103;
    const REFRESHED: u16 = 0x0104;
    let clients = |kind: u16, lifetime: fn(u32) -> bool| -> BTreeSet<(bool, SocketAddr)> {
        let wanted = |message: &&Message| message.kind == kind && message.lifetime.is_some_and(lifetime);
        messages.iter().filter(wanted).map(|message| (message.udp, message.to)).collect()
    };
    let made = clients(ALLOCATED, |_| true);
    let given_back = clients(REFRESHED, |lifetime| lifetime == 0);
    (made.len(), given_back.len(), made.difference(&given_back).copied().collect())
}

//! How long it takes, at a round-trip time of 50 ms: no longer than the protocols make it.

use std::time::Duration;

use crate::certificates::{Authority, Leaf};
use crate::coturn::{Coturn, PASSWORD, USER};
use crate::rtcprobe::{Run, gather, rtcprobe};
use crate::topology::{Lab, Topology};

const RTT: f64 = 50.0;
/// A loaded machine with two cores; the best of a few runs counts.
const SLACK: f64 = 60.0;
const RUNS: usize = 5;

#[test]
fn every_answer_takes_the_round_trips_that_it_must() {
    let lab = Lab::new(Topology { rtt: Duration::from_millis(50), ..Topology::default() });
    let authority = Authority::new(lab.dir());
    let _coturn = Coturn::with_identity(&lab, authority.issue(Leaf::Good));
    let ca = authority.file();
    let login = ["--username", USER, "--credential", PASSWORD, "--ca-file", &ca];

    for (server, kind, relay, trips) in [
        ("stun:203.0.113.10", "srflx", None, 1.0),
        ("turn:203.0.113.10?transport=udp", "srflx", None, 1.0),
        ("turn:203.0.113.10?transport=udp", "relay", Some("udp"), 2.0),
        ("turn:203.0.113.10?transport=tcp", "relay", Some("tcp"), 3.0),
        // TLS 1.3 has one round trip of its own, 1.2 two; which it is depends on coturn's build.
        ("turns:203.0.113.10?transport=tcp", "relay", Some("tls"), 4.0),
        // A cookie, two flights, then as over UDP.
        ("turns:203.0.113.10?transport=udp", "relay", Some("dtls"), 5.0),
    ] {
        let runs: Vec<Run> = (0..RUNS).map(|_| gather(&lab.client, &[&login[..], &[server]].concat())).collect();
        let tls = runs[0].server(server).tls.as_ref().and_then(|tls| tls.version.clone());
        let trips = if tls.as_deref() == Some("TLSv1.2") { trips + 1.0 } else { trips };
        let mut times: Vec<_> = runs.iter().map(|run| run.only(kind, relay).elapsed_ms).collect();
        times.sort_by(f64::total_cmp);
        let complete: Vec<_> = runs.iter().map(|run| run.report.gather.complete_ms.unwrap()).collect();
        println!("{server} {kind} {}: {times:.1?}, complete {complete:.1?}", tls.unwrap_or_default());
        assert!(times[0] >= trips * RTT - 1.0, "{server}: faster than light: {times:?}");
        assert!(times[0] < trips * RTT + SLACK, "{server}: {times:?}");
        let idle = runs.iter().map(after_the_last_answer).fold(f64::INFINITY, f64::min);
        assert!(idle < 25.0, "{server}: completes {idle} ms after the last answer\n{}", runs[0]);
    }
}

#[test]
fn servers_are_asked_side_by_side() {
    let lab = Lab::new(Topology { rtt: Duration::from_millis(50), ..Topology::default() });
    let authority = Authority::new(lab.dir());
    let _coturn = Coturn::with_identity(&lab, authority.issue(Leaf::Good));
    let ca = authority.file();
    let args = [
        "--username",
        USER,
        "--credential",
        PASSWORD,
        "--ca-file",
        &ca,
        "stun:203.0.113.10",
        "turn:203.0.113.10?transport=udp",
        "turn:203.0.113.10?transport=tcp",
        "turns:203.0.113.10?transport=tcp",
        "turns:203.0.113.10?transport=udp",
    ];
    let runs: Vec<Run> = (0..RUNS).map(|_| gather(&lab.client, &args)).collect();
    let fastest = |kind: &str, relay: Option<&str>| {
        runs.iter().map(|run| run.only(kind, relay).elapsed_ms).fold(f64::INFINITY, f64::min)
    };
    let times = [
        fastest("srflx", None),
        fastest("relay", Some("udp")),
        fastest("relay", Some("tcp")),
        fastest("relay", Some("tls")),
        fastest("relay", Some("dtls")),
    ];
    println!("all at once: srflx, udp, tcp, tls, dtls: {times:.1?}");
    assert!(times[..4].is_sorted(), "{times:?}");
    for (time, trips) in times.iter().zip([1.0, 2.0, 3.0, 5.0, 5.0]) {
        assert!(*time < trips * RTT + SLACK, "{times:?}");
    }
}

/// How long the run went on after its last candidate.
fn after_the_last_answer(run: &Run) -> f64 {
    let last = run.candidates().iter().map(|c| c.elapsed_ms).fold(0.0, f64::max);
    run.report.gather.complete_ms.unwrap() - last
}

/// coturn of Debian 12 speaks TLS 1.2 only; the embedded server speaks 1.3, with a round trip less.
#[test]
fn tls_1_3_takes_four_round_trips() {
    let lab = Lab::new(Topology { rtt: Duration::from_millis(50), ..Topology::default() });
    let ca = lab.dir().join("embedded.pem").to_string_lossy().into_owned();
    let login = format!("{USER}:{PASSWORD}");
    let serve = ["serve", "--listen", "203.0.113.10", "--user", &login, "--ca-out", &ca];
    let _serving = lab.server.spawn(crate::process::Cmd::new(env!("CARGO_BIN_EXE_rtcprobe")).args(serve));
    let ready = || std::fs::metadata(&ca).is_ok_and(|file| file.len() > 0);
    assert!((0..100).any(|_| ready() || (std::thread::sleep(Duration::from_millis(50)), false).1), "it does not serve");
    let server = "turns:203.0.113.10?transport=tcp";
    let args = ["--username", USER, "--credential", PASSWORD, "--ca-file", &ca, server];
    let runs: Vec<Run> = (0..RUNS).map(|_| gather(&lab.client, &args)).collect();
    assert_eq!(runs[0].server(server).tls.as_ref().and_then(|tls| tls.version.as_deref()), Some("TLSv1.3"));
    let times: Vec<f64> = runs.iter().map(|run| run.only("relay", Some("tls")).elapsed_ms).collect();
    let best = times.iter().copied().fold(f64::INFINITY, f64::min);
    println!("TLS 1.3: {times:.1?}");
    assert!((4.0 * RTT - 1.0..4.0 * RTT + SLACK).contains(&best), "{times:?}");
}

#[test]
fn a_healthy_server_has_its_verdict_in_three_seconds() {
    let lab = Lab::new(Topology { rtt: Duration::from_millis(20), ..Topology::default() });
    let authority = Authority::new(lab.dir());
    let coturn = Coturn::with_identity(&lab, authority.issue(Leaf::Good));
    let ca = authority.file();
    let mut times = Vec::new();
    for _ in 0..3 {
        let login = ["check", "--username", USER, "--credential", PASSWORD, "--ca-file", &ca, "--json"];
        let servers = [
            "stun:203.0.113.10",
            "turn:203.0.113.10?transport=udp",
            "turn:203.0.113.10?transport=tcp",
            "turns:203.0.113.10?transport=tcp",
            "turns:203.0.113.10?transport=udp",
        ];
        let finished = lab.client.exec(rtcprobe(&[&login[..], &servers].concat()));
        let report: serde_json::Value = serde_json::from_str(&finished.stdout).unwrap();
        assert_eq!(finished.code(), Some(0), "{finished}");
        assert_eq!(report["nat"]["udp"], "open", "{finished}");
        assert_ne!(report["nat"]["mapping"], "unknown", "{finished}");
        assert_eq!(coturn.allocations_left(), 0, "{finished}\n{}", coturn.log());
        times.push(report["durationMs"].as_f64().unwrap());
        println!("{} ms; gathered and checked in {} ms", report["durationMs"], report["gather"]["completeMs"]);
    }
    assert!(times.iter().copied().fold(f64::INFINITY, f64::min) < 3000.0, "{times:?}");
}

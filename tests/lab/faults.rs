//! Servers that are dead, shut, out of reach or mad: what is said of them, when, and that the others do not wait.

mod deployment;
mod proxy;
mod stage;
mod table;

use std::net::SocketAddr;
use std::time::Duration;

use crate::certificates::{Authority, Leaf};
use crate::coturn::{Coturn, PASSWORD, USER};
use crate::dns::Dns;
use crate::evil::{Evil, Manner, stun_servers};
use crate::nat::Firewall;
use crate::process::Cmd;
use crate::rtcprobe::{Run, gather, start_gather};
use crate::topology::{Lab, Topology, at};

const LOGIN: [&str; 4] = ["--username", USER, "--credential", PASSWORD];
const ALIVE: &str = "stun:203.0.113.10:3478";
/// A silent server is given up before this.
const GIVE_UP: f64 = 5_000.0;
/// Slack for a slow machine.
const SLACK: f64 = 1_000.0;

fn gather_with(lab: &Lab, servers: &[&str]) -> Run {
    gather(&lab.client, &[&LOGIN, servers].concat())
}

/// The live server's candidate did not wait for the dead one.
fn expect_prompt(run: &Run) {
    let srflx = run.only("srflx", None);
    assert!(srflx.elapsed_ms < SLACK, "{run}");
    run.expect_outcome(ALIVE, "ok");
}

#[test]
fn silence_is_given_up_and_nobody_waits_for_it() {
    let lab = Lab::usual();
    let _coturn = Coturn::usual(&lab);
    // Silence of every kind, in one run: datagrams, SYNs, an ear without a mouth, and TLS to it.
    let _ear = Evil::tcp(&lab.server, addr("203.0.113.77:7000"), Manner::Silent);
    let servers = [
        "stun:203.0.113.66",
        "turn:203.0.113.66?transport=udp",
        "turn:203.0.113.66?transport=tcp",
        "turn:203.0.113.77:7000?transport=tcp",
        "turns:203.0.113.77:7000?transport=tcp",
        "turns:203.0.113.66?transport=udp",
        ALIVE,
    ];
    let run = gather_with(&lab, &servers);
    run.expect_code(1);
    expect_prompt(&run);
    for silent in &servers[..6] {
        let server = run.expect_outcome(silent, "timeout");
        assert!(server.error.is_some(), "{run}");
    }
    assert!(run.report.gather.complete_ms.unwrap() < GIVE_UP + SLACK, "{run}");
    // What a browser would call 701.
    assert!(run.report.gather.errors.iter().all(|e| e.error_code == 701), "{run}");
    assert!(run.report.gather.errors.len() >= 6, "{run}");
}

#[test]
fn requests_are_sent_again_before_they_are_given_up() {
    let lab = Lab::usual();
    let stun = Evil::udp(&lab.server, addr("203.0.113.77:3478"), Manner::Silent);
    let turn = Evil::udp(&lab.server, addr("203.0.113.77:3479"), Manner::Silent);
    let run = gather_with(&lab, &["stun:203.0.113.77", "turn:203.0.113.77:3479?transport=udp"]);
    run.expect_code(1);
    // What the report says was sent is what arrives: four copies of each request.
    assert_eq!(run.expect_outcome("stun:203.0.113.77", "timeout").error.as_deref().map(says_four), Some(true), "{run}");
    run.expect_outcome("turn:203.0.113.77:3479", "timeout");
    assert_eq!((stun.datagrams(), turn.datagrams()), (4, 8), "{run}");
    assert!(run.report.gather.complete_ms.unwrap() < GIVE_UP + SLACK, "{run}");
}

fn says_four(text: &str) -> bool {
    text.contains("4 copies")
}

#[test]
fn the_whole_run_ends_when_its_time_is_up() {
    let lab = Lab::usual();
    let _coturn = Coturn::usual(&lab);
    let run = gather_with(&lab, &["turn:203.0.113.66?transport=tcp", ALIVE, "--timeout", "1s"]);
    run.expect_code(1);
    expect_prompt(&run);
    assert!(run.finished.took < Duration::from_secs(4), "{run}");
    assert!(run.server("turn:203.0.113.66?transport=tcp").error.is_some(), "{run}");
}

#[test]
fn events_are_told_the_moment_they_happen() {
    let lab = Lab::usual();
    let _coturn = Coturn::usual(&lab);
    let file = lab.dir().join("events");
    // The silent server keeps the run going.
    let script = format!(
        "exec {} gather --output jsonl {ALIVE} stun:203.0.113.66 > {}",
        env!("CARGO_BIN_EXE_rtcprobe"),
        file.display()
    );
    let mut running = lab.client.spawn(Cmd::new("sh").args(["-c", &script]));
    let found = || std::fs::read_to_string(&file).unwrap_or_default();
    while !found().contains("typ srflx") {
        assert!(running.running(), "the run was over before anything was told:\n{}", found());
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(running.running());
    running.finish();
    let events: Vec<serde_json::Value> = found().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(events.iter().all(|event| event["elapsedMs"].is_number()), "{events:#?}");
    assert_eq!(events.last().unwrap()["event"], "report", "{events:#?}");
}

#[test]
fn lost_datagrams_are_made_up_for() {
    let lab = Lab::new(Topology { loss_percent: 25, ..Topology::default() });
    let coturn = Coturn::usual(&lab);
    // Many servers, so that some request and some answer is surely lost.
    let servers: Vec<_> = (0..12).map(|n| format!("stun:198.18.0.{}", n + 1)).collect();
    let _servers = stun_servers(&lab.server, (1..=12).map(|n| addr(&format!("198.18.0.{n}:3478"))).collect());
    let mut args: Vec<_> = servers.iter().map(String::as_str).collect();
    args.push("turn:203.0.113.10?transport=udp");
    let run = gather_with(&lab, &args);
    // Each request fails with a chance of 0.44 a copy: 4 copies leave 4 % of the servers silent.
    let answered = run.report.servers.iter().filter(|server| server.outcome == "ok").count();
    assert!(answered >= 10, "{answered} of 13\n{run}");
    assert_eq!(coturn.allocations_left(), 0, "{}", coturn.log());
}

#[test]
fn refusals_are_believed_at_once() {
    let lab = Lab::usual();
    let _coturn = Coturn::usual(&lab);
    let servers = [
        "stun:203.0.113.77",
        "turn:203.0.113.77?transport=udp",
        "turn:203.0.113.77?transport=tcp",
        "turns:203.0.113.77?transport=tcp",
        "turns:203.0.113.77?transport=udp",
        ALIVE,
    ];
    let run = gather_with(&lab, &servers);
    run.expect_code(1);
    expect_prompt(&run);
    for refusing in &servers[..5] {
        run.expect_outcome(refusing, "refused");
    }
    assert!(run.report.gather.errors.iter().all(|e| e.error_code == 701 && e.elapsed_ms < SLACK), "{run}");
    assert!(run.report.gather.complete_ms.unwrap() < SLACK, "{run}");
}

#[test]
fn no_way_there_is_believed_at_once() {
    let lab = Lab::usual();
    let _coturn = Coturn::usual(&lab);
    let servers = ["stun:203.0.113.88", "turn:203.0.113.88?transport=tcp", "turns:203.0.113.88?transport=tcp", ALIVE];
    let run = gather_with(&lab, &servers);
    run.expect_code(1);
    expect_prompt(&run);
    for unreachable in &servers[..3] {
        run.expect_outcome(unreachable, "unreachable");
    }
    assert!(run.report.gather.complete_ms.unwrap() < SLACK, "{run}");
}

#[test]
fn a_host_that_is_not_there_is_unreachable_or_silent() {
    let lab = Lab::usual();
    let _coturn = Coturn::usual(&lab);
    let servers = [&format!("stun:{}", at::ABSENT), &format!("turn:{}?transport=tcp", at::ABSENT), ALIVE];
    let run = gather_with(&lab, &servers);
    run.expect_code(1);
    expect_prompt(&run);
    for absent in &servers[..2] {
        let outcome = &run.server(absent).outcome;
        assert!(["unreachable", "timeout"].contains(&outcome.as_str()), "{run}");
    }
    assert!(run.report.gather.complete_ms.unwrap() < GIVE_UP + SLACK, "{run}");
}

#[test]
fn an_ipv6_server_is_out_of_reach_without_ipv6() {
    let lab = Lab::new(Topology { ipv6: false, ..Default::default() });
    let _coturn = Coturn::usual(&lab);
    let run = gather(&lab.client, &["stun:[2001:db8:77::10]", ALIVE]);
    run.expect_code(1);
    expect_prompt(&run);
    let outcome = &run.server("stun:[2001:db8:77::10]").outcome;
    assert!(["unreachable", "skipped"].contains(&outcome.as_str()), "{run}");
}

#[test]
fn names_that_do_not_resolve_are_dns_errors() {
    let lab = Lab::usual();
    let _dns = Dns::usual(&lab);
    let _coturn = Coturn::usual(&lab);
    let servers = [
        "stun:nowhere.lab.test",
        "stun:servfail.lab.test",
        "stun:empty.lab.test",
        "turn:silent.lab.test?transport=tcp",
        ALIVE,
    ];
    let run = gather_with(&lab, &servers);
    run.expect_code(1);
    expect_prompt(&run);
    let mut said: Vec<_> =
        servers[..4].iter().map(|s| run.expect_outcome(s, "dns-error").error.clone().unwrap()).collect();
    said.dedup_by(|a, b| a.replace(".lab.test", "") == b.replace(".lab.test", ""));
    assert_eq!(said.len(), 4, "one sentence for different troubles: {said:#?}");
    assert!(run.report.gather.complete_ms.unwrap() < 12_000.0, "{run}");
}

#[test]
fn blocked_udp_leaves_the_relays_over_streams() {
    for (firewall, outcome) in [(Firewall::UdpBlocked, "timeout"), (Firewall::UdpRejected, "unreachable")] {
        let lab = Lab::firewalled(firewall);
        let authority = Authority::new(lab.dir());
        let _coturn = Coturn::with_identity(&lab, authority.issue(Leaf::Good));
        let ca = authority.file();
        let servers = [
            ALIVE,
            "turn:203.0.113.10:3478?transport=udp",
            "turn:203.0.113.10:3478?transport=tcp",
            "turns:203.0.113.10:5349?transport=tcp",
            "--ca-file",
            &ca,
        ];
        let run = gather_with(&lab, &servers);
        run.expect_code(1);
        let code = if outcome == "timeout" { "turn-udp-filtered" } else { "turn-udp-rejected" };
        assert_eq!(run.report.codes(), [code], "{run}");
        for protocol in ["tcp", "tls"] {
            assert!(run.only("relay", Some(protocol)).elapsed_ms < SLACK, "{firewall:?}\n{run}");
        }
        for udp in &servers[..2] {
            run.expect_outcome(udp, outcome);
        }
        if firewall == Firewall::UdpRejected {
            assert!(run.report.gather.complete_ms.unwrap() < SLACK, "{run}");
        }
    }
}

#[test]
fn servers_that_are_mad_are_told_from_servers_that_are_dead() {
    let lab = Lab::usual();
    let authority = Authority::new(lab.dir());
    let identity = authority.issue(Leaf::Good);
    let _coturn = Coturn::usual(&lab);
    let manners = [Manner::Reset, Manner::Http, Manner::Truncated, Manner::Dripping, Manner::Endless, Manner::Garbage];
    let (mut servers, mut keep) = (Vec::new(), Vec::new());
    for (port, manner) in (7001..).zip(manners) {
        keep.push(Evil::tcp(&lab.server, addr(&format!("203.0.113.11:{port}")), manner));
        servers.push(format!("turn:203.0.113.11:{port}?transport=tcp"));
        keep.push(Evil::tls(&lab.server, addr(&format!("203.0.113.11:{}", port + 100)), &identity, manner));
        servers.push(format!("turns:203.0.113.11:{}?transport=tcp", port + 100));
        keep.push(Evil::udp(&lab.server, addr(&format!("203.0.113.11:{port}")), manner));
        servers.push(format!("turn:203.0.113.11:{port}?transport=udp"));
    }
    let ca = authority.file();
    let mut args: Vec<_> = servers.iter().map(String::as_str).collect();
    args.extend([ALIVE, "--ca-file", &ca]);
    let (finished, memory, _) = start_gather(&lab.client, &[&LOGIN, args.as_slice()].concat()).finish_watched();
    let run = Run::from(finished);
    run.expect_code(1);
    expect_prompt(&run);
    println!("{memory} KiB");
    println!("{:#?}", run.report.servers.iter().map(|s| (&s.url, &s.outcome, &s.error)).collect::<Vec<_>>());
    for server in &servers {
        let found = run.server(server);
        // Silence and noise over UDP are alike to a client: no answer to what it asked.
        assert!(["error", "refused", "timeout", "tls-error"].contains(&found.outcome.as_str()), "{run}");
        assert!(found.error.is_some(), "{run}");
    }
    let tcp = |manner| {
        let n = manners.iter().position(|m| *m == manner).unwrap();
        run.server(&servers[3 * n]).outcome.clone()
    };
    for manner in [Manner::Http, Manner::Truncated, Manner::Garbage] {
        assert_eq!(tcp(manner), "error", "{manner:?}\n{run}");
    }
    assert!(run.report.gather.complete_ms.unwrap() < GIVE_UP + 2.0 * SLACK, "{run}");
    assert!(run.finished.took < Duration::from_secs(10), "{run}");
    // What comes in a stream without end is not kept.
    assert!(memory < 64 * 1024, "{memory} KiB");
}

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

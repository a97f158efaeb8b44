//! Very many servers, half of them dead.

use std::net::SocketAddr;

use crate::evil::stun_servers;
use crate::rtcprobe::{Run, start_gather};
use crate::topology::Lab;

#[test]
fn fifty_live_servers_do_not_wait_for_fifty_dead_ones() {
    let lab = Lab::usual();
    let alive: Vec<SocketAddr> = (1..=50).map(|n| format!("198.18.0.{n}:3478").parse().unwrap()).collect();
    let _servers = stun_servers(&lab.server, alive);
    let urls: Vec<_> = (1..=50).chain(129..=178).map(|n| format!("stun:198.18.0.{n}")).collect();
    let args: Vec<_> = urls.iter().map(String::as_str).collect();
    let (finished, memory, files) = start_gather(&lab.client, &args).finish_watched();
    let run: Run = finished.into();
    run.expect_code(1);
    let count = |outcome| run.report.servers.iter().filter(|server| server.outcome == outcome).count();
    assert_eq!((count("ok"), count("timeout")), (50, 50), "{run}");
    assert!(run.only("srflx", None).elapsed_ms < 1000.0, "{run}");
    let slowest = run.report.servers.iter().filter_map(|server| server.rtt_ms).fold(0.0, f64::max);
    let complete = run.report.gather.complete_ms.unwrap();
    println!("100 servers: slowest answer {slowest:.1} ms, complete {complete:.0} ms, {memory} KiB, {files} files");
    assert!(slowest < 1500.0, "{run}");
    assert!(complete < 6000.0, "{run}");
    assert!(memory < 64 * 1024, "{memory} KiB");
    assert!(files < 64, "{files} open files");
}

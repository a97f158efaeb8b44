//! Loss, paths that are cut, and networks that let no UDP through.

use std::thread;
use std::time::Duration;

use super::caller::{Report, call};
use super::meeting::{View, meet};
use super::place::Place;
use crate::behaviour::report::side_by_side;
use crate::certificates::{Authority, Leaf};
use crate::coturn::{Coturn, Options};
use crate::nat::{Firewall, Nat};
use crate::path::Path;
use crate::site::{Gate, Site};

/// Two rtcprobes at two sites.
fn introduce(place: &Place, [a, b]: [&Site; 2], args: &[&str]) -> ([View; 2], [Report; 2]) {
    let (offer, offered) = call(place, &a.client, true, args);
    let (answer, answered) = call(place, &b.client, false, args);
    (meet(offer, answer, |_| true), [offered, answered])
}

/// Lets pairs of homes connect over paths that lose one packet in ten each way; the times that it took.
fn connect_in_spite_of_loss(runs: u64, at_a_time: usize) {
    let runs: Vec<u64> = (0..runs).collect();
    let mut times = Vec::new();
    for some in runs.chunks(20) {
        let place = Place::new();
        let list = place.servers("stun", &[]);
        let args = ["--ice-servers", list.to_str().unwrap(), "--duration", "300ms"];
        times.extend(side_by_side(at_a_time, some, |run| {
            let lossy = |n| Path { loss: 10, seed: run * 4 + n, ..Path::default() };
            let site = |n| place.world.site_over(Gate::called("eim-apdf"), [lossy(n), lossy(n + 1)]);
            let (_, reports) = introduce(&place, [&site(0), &site(2)], &args);
            for report in &reports {
                assert_eq!(report.path(), "direct", "run {run}: {:#}", report.connect());
            }
            let connect = reports[0].connect();
            connect["connectedMs"].as_f64().unwrap() - connect["checkingMs"].as_f64().unwrap()
        }));
    }
    times.sort_by(f64::total_cmp);
    println!("{} runs: median {:.0} ms, most {:.0} ms", times.len(), times[times.len() / 2], times[times.len() - 1]);
}

#[test]
fn ten_pairs_connect_where_one_packet_in_ten_is_lost() {
    connect_in_spite_of_loss(10, 5);
}

#[test]
#[ignore = "minutes; times with --nocapture"]
fn a_hundred_pairs_connect_where_one_packet_in_ten_is_lost() {
    connect_in_spite_of_loss(100, 5);
}

#[test]
fn where_no_udp_passes_a_relay_is_reached_over_tcp_and_tls() {
    let place = Place::bare();
    let authority = Authority::new(place.world.dir());
    let options = Options {
        listen: vec!["203.0.113.10"],
        relay: vec!["203.0.113.10"],
        identity: Some(authority.issue(Leaf::Good)),
        ..Options::default()
    };
    let _coturn = Coturn::start_on(&place.world.server, place.world.dir(), options);
    let blocked = || place.world.site(Gate::Kernel(Nat::Masquerade, Firewall::UdpBlocked));
    let (here, there, open) = (blocked(), blocked(), place.world.site(Gate::called("none")));
    for (name, url, other) in [
        ("tcp", "turn:203.0.113.10:3478?transport=tcp", &open),
        ("tls", "turns:203.0.113.10:5349?transport=tcp", &open),
        ("both-tls", "turns:203.0.113.10:5349?transport=tcp", &there),
    ] {
        let list = place.servers(name, &[url]);
        let ca = authority.file();
        let args =
            ["--ice-servers", list.to_str().unwrap(), "--ca-file", &ca, "--duration", "300ms", "--timing", "fast"];
        let (views, reports) = introduce(&place, [&here, other], &args);
        for report in &reports {
            assert_eq!(report.path(), "relay", "{name}: {views:#?}\n{:#}", report.connect());
        }
    }
}

#[test]
#[ignore = "a minute, for consent to expire"]
fn a_path_that_is_cut_restored_and_cut_for_good_is_told_with_its_times() {
    let place = Place::new();
    let site = || place.world.site(Gate::called("none"));
    let (a, b) = (site(), site());
    let args = ["--no-default-servers", "--until-failure"];
    let server = place.world.server.clone();
    let cut = || server.nft("table ip cut { chain forward { type filter hook forward priority filter; drop\n}\n}\n");
    let restore = || server.nft("delete table ip cut\n");
    let reports = thread::scope(|scope| {
        let introduced = scope.spawn(|| introduce(&place, [&a, &b], &args));
        thread::sleep(Duration::from_secs(3));
        cut();
        thread::sleep(Duration::from_secs(14));
        restore();
        thread::sleep(Duration::from_secs(8));
        cut();
        introduced.join().unwrap().1
    });
    for report in &reports {
        let connect = report.connect();
        let states = connect["states"].as_array().unwrap();
        let states: Vec<_> = states.iter().map(|one| one["state"].as_str().unwrap().to_owned()).collect();
        println!("{:#} {:#}", connect["states"], connect["cuts"]);
        let want = ["checking", "connected", "disconnected", "connected", "disconnected", "failed"];
        let states: Vec<_> = states.iter().filter(|state| *state != "new" && *state != "closed").collect();
        assert_eq!(states, want, "{:#}", connect["states"]);
        let cuts = connect["cuts"].as_array().unwrap();
        assert_eq!(cuts.len(), 2, "{cuts:#?}");
        let time = |n: usize, field: &str| cuts[n][field].as_f64().unwrap_or_else(|| panic!("{field}: {cuts:#?}"));
        let gone = time(0, "restoredMs") - time(0, "lastHeardMs");
        assert!((10_000.0..25_000.0).contains(&gone), "{cuts:#?}");
        let expired = time(1, "failedMs") - time(1, "lastHeardMs");
        assert!((29_900.0..32_000.0).contains(&expired), "{cuts:#?}");
    }
}

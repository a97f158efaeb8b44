//! How long idle mappings live.

use std::time::Duration;

use rtcprobe::machine::Time;
use rtcprobe::probes::nat::ServerSpec;
use rtcprobe::proto::auth::Credentials;
use rtcprobe::report::Event;
use rtcprobe::report::nat::LifetimeMethod;
use rtcprobe::server;
use rtcprobe::server::nat::{NatConfig, Pooling};
use rtcprobe::wire::{attribute, uri};

use super::{Stage, Told, good_server, stage_behind, told};

fn nat(kind: &str, lifetime: u64, change: impl FnOnce(&mut NatConfig)) -> NatConfig {
    let mut config: NatConfig = kind.parse().unwrap();
    config.lifetime = Duration::from_secs(lifetime);
    change(&mut config);
    config
}

fn measuring(seed: u8, nat: NatConfig, server: server::Config, longest: u64) -> Stage {
    let mut stage = stage_behind(seed, nat, server);
    stage.config.lifetime = Some(Duration::from_secs(longest));
    stage
}

/// The range in seconds.
fn range(told: &Told) -> (f64, Option<f64>) {
    let (alive, gone) = told.nat.mapping_lifetime_range_ms.unwrap_or_else(|| panic!("{:?}", told.unknown));
    (alive / 1e3, gone.map(|gone| gone / 1e3))
}

fn found(told: &Told, lifetime: f64, within: f64) {
    let (alive, gone) = range(told);
    let gone = gone.expect("an end");
    assert!(alive <= lifetime + 0.1 && lifetime <= gone, "{lifetime} s is not in {alive} to {gone}");
    let middle = told.nat.mapping_lifetime_ms.unwrap() / 1e3;
    assert!((middle - lifetime).abs() <= within, "{middle} for {lifetime}");
}

#[test]
fn thirty_seconds_are_found_to_two_within_forty() {
    for kind in ["eim-eif", "eim-adf", "eim-apdf", "adm-apdf", "apdm-apdf"] {
        let told = measuring(1, nat(kind, 30, |_| {}), good_server(), 300).run();
        found(&told, 30.0, 2.0);
        assert!(told.at < Time::from_millis(40_000), "{kind}: {}", told.at);
        assert_eq!(told.nat.mapping_lifetime_method, Some(LifetimeMethod::ResponsePort));
        assert_eq!(told.nat.mapping_refresh_inbound, Some(false), "{kind}");
    }
}

#[test]
fn the_whole_costs_what_the_lifetime_does() {
    for (lifetime, within) in [(15, 1.0), (60, 1.5), (120, 2.5), (280, 6.0)] {
        let told = measuring(1, nat("port-restricted-cone", lifetime, |_| {}), good_server(), 300).run();
        found(&told, lifetime as f64, within);
        let limit = Duration::from_secs(lifetime) + Duration::from_secs(7).max(Duration::from_secs(lifetime) / 10);
        assert!(told.at < Time::from(limit), "{lifetime}: {}", told.at);
    }
}

#[test]
fn loss_is_not_taken_for_the_end() {
    for seed in 0..12 {
        let mut stage = measuring(seed, nat("port-restricted-cone", 30, |_| {}), good_server(), 120);
        stage.world.link.loss = 0.2;
        let told = stage.run();
        found(&told, 30.0, 2.0);
        assert!(
            told.nat.contradictions.iter().all(|text| !text.contains("equally long")),
            "{:?}",
            told.nat.contradictions
        );
    }
}

#[test]
fn packets_from_outside_that_refresh_are_noticed_and_do_not_mislead() {
    for loss in [0.0, 0.2] {
        let config = nat("port-restricted-cone", 30, |config| config.refresh_inbound = true);
        let mut stage = measuring(1, config, good_server(), 120);
        stage.world.link.loss = loss;
        let told = stage.run();
        found(&told, 30.0, 2.0);
        assert_eq!(told.nat.mapping_refresh_inbound, Some(true));
    }
}

#[test]
fn what_outlives_the_measurement_has_no_end() {
    let told = measuring(1, nat("port-restricted-cone", 120, |_| {}), good_server(), 40).run();
    let (alive, gone) = range(&told);
    assert!(alive > 39.0 && gone.is_none(), "{alive} {gone:?}");
    assert_eq!(told.nat.mapping_lifetime_ms, None);
    assert_eq!(told.unknown["/nat/mappingLifetimeMs"], "outlived-the-measurement");
    assert!(told.at < Time::from_millis(47_000), "{}", told.at);
}

#[test]
fn arbitrary_pooling_is_no_end() {
    let pool = |many: u8| (0..many).map(|n| [203, 0, 113, 10 + n].into()).collect();
    let few = nat("port-restricted-cone", 30, |config| (config.pooling, config.public) = (Pooling::Arbitrary, pool(2)));
    found(&measuring(1, few, good_server(), 60).run(), 30.0, 2.0);
    let many =
        nat("port-restricted-cone", 30, |config| (config.pooling, config.public) = (Pooling::Arbitrary, pool(200)));
    let told = measuring(1, many, good_server(), 60).run();
    assert_eq!((told.nat.mapping_lifetime_ms, told.nat.mapping_lifetime_range_ms), (None, None));
    assert_eq!(told.unknown["/nat/mappingLifetimeRangeMs"], "arbitrary-pooling");
}

fn without_response_port() -> server::Config {
    server::Config { unheard_of: vec![attribute::RESPONSE_PORT], ..good_server() }
}

#[test]
fn without_response_port_a_new_port_shows_the_end_where_ports_are_not_kept() {
    let told = measuring(1, nat("symmetric", 30, |_| {}), without_response_port(), 120).run();
    found(&told, 30.0, 2.0);
    assert_eq!(told.nat.mapping_lifetime_method, Some(LifetimeMethod::Remap));
    assert_eq!(told.nat.mapping_refresh_inbound, None);
}

#[test]
fn where_ports_are_kept_nothing_is_said_without_response_port() {
    let told = measuring(1, nat("port-restricted-cone", 30, |_| {}), without_response_port(), 120).run();
    assert_eq!((told.nat.mapping_lifetime_ms, told.nat.mapping_lifetime_range_ms), (None, None));
    assert_eq!(told.unknown["/nat/mappingLifetimeRangeMs"], "not-supported-by-server");
    assert!(told.at < Time::from_millis(5_000), "{}", told.at);
}

#[test]
fn without_response_port_a_relay_shows_the_end() {
    for (loss, refreshes) in [(0.0, false), (0.0, true), (0.2, false)] {
        let relay: Vec<std::net::IpAddr> = vec!["198.51.100.1".parse().unwrap()];
        let config = server::Config { relay, users: server::Users::one("alice", "s3same"), ..without_response_port() };
        let nat = nat("port-restricted-cone", 30, |config| config.refresh_inbound = refreshes);
        let mut stage = measuring(1, nat, config, 120);
        stage.config.servers.push(turn_server());
        stage.world.link.loss = loss;
        let told = stage.run();
        found(&told, 30.0, 2.0);
        assert_eq!(told.nat.mapping_lifetime_method, Some(LifetimeMethod::Turn));
        assert_eq!(told.nat.mapping_refresh_inbound, Some(refreshes));
    }
}

#[test]
fn a_relay_is_kept_as_long_as_it_is_needed() {
    let relay: Vec<std::net::IpAddr> = vec!["198.51.100.1".parse().unwrap()];
    let config = server::Config { relay, users: server::Users::one("alice", "s3same"), ..without_response_port() };
    let nat = nat("port-restricted-cone", 800, |_| {});
    let mut stage = measuring(1, nat, config, 900);
    stage.config.servers.push(turn_server());
    found(&stage.run(), 800.0, 15.0);
}

fn turn_server() -> ServerSpec {
    let credentials = Credentials { username: "alice".into(), password: "s3same".into() };
    ServerSpec { uri: uri::parse("turn:198.51.100.1").unwrap().uri, credentials: Some(credentials) }
}

#[test]
fn a_lifetime_that_never_shows_by_remapping_stays_open() {
    let told = measuring(1, nat("symmetric", 300, |_| {}), without_response_port(), 20).run();
    assert_eq!(told.nat.mapping_lifetime_range_ms, None);
    assert_eq!(told.unknown["/nat/mappingLifetimeRangeMs"], "same-port-after-every-wait");
}

#[test]
fn a_stop_keeps_what_is_known() {
    let mut stage = measuring(1, nat("port-restricted-cone", 120, |_| {}), good_server(), 300);
    let log = stage.begin();
    stage.world.run_until(Time::from_millis(25_000));
    stage.world.stop(stage.client);
    assert!(stage.world.run_until_done(stage.client, Time::from_millis(26_000)));
    let told = told(log);
    let (alive, gone) = range(&told);
    assert!((20.0..25.0).contains(&alive) && gone.is_none(), "{alive} {gone:?}");
}

#[test]
fn progress_narrows_the_range() {
    let told = measuring(1, nat("port-restricted-cone", 15, |_| {}), good_server(), 60).run();
    let mut last = 0.0;
    let mut steps = 0;
    for (_, event) in told.log.borrow().iter() {
        if let Event::Lifetime { alive_ms, .. } = event {
            assert!(*alive_ms >= last, "{alive_ms} after {last}");
            (last, steps) = (*alive_ms, steps + 1);
        }
    }
    assert!(steps > 10 && last > 13_000.0, "{steps} {last}");
}

#[test]
fn nothing_is_measured_unasked() {
    let told = stage_behind(1, nat("port-restricted-cone", 30, |_| {}), good_server()).run();
    assert_eq!(told.nat.mapping_lifetime_range_ms, None);
    assert_eq!(told.unknown["/nat/mappingLifetimeRangeMs"], "not-asked");
}

#[test]
#[ignore = "half a minute of figures, for whoever changes ages or copies: run it with --nocapture"]
fn two_seconds_hold_on_bad_networks() {
    for (loss, refreshes, kind, limit) in [
        (0.0, false, "eim-apdf", 40.0),
        (0.2, false, "eim-apdf", 46.0),
        (0.2, true, "eim-eif", 46.0),
        (0.3, false, "apdm-apdf", 60.0),
    ] {
        let (mut off, mut widest, mut latest, mut direction) = (0.0f64, 0.0f64, 0.0f64, 0);
        for seed in 0..100 {
            let config = nat(kind, 30, |config| config.refresh_inbound = refreshes);
            let mut stage = measuring(seed, config, good_server(), 120);
            stage.world.link.latency = Duration::from_millis(50);
            stage.world.link.jitter = Duration::from_millis(20);
            (stage.world.link.loss, stage.world.link.duplicate) = (loss, loss / 2.0);
            let told = stage.run();
            let (alive, gone) = range(&told);
            let gone = gone.expect("an end");
            assert!(alive <= 30.3 && 30.0 <= gone, "seed {seed}: {alive} to {gone}");
            off = off.max(((alive + gone) / 2.0 - 30.0).abs());
            widest = widest.max(gone - alive);
            latest = latest.max(told.at.millis() / 1e3);
            direction += u32::from(told.nat.mapping_refresh_inbound == Some(refreshes));
        }
        println!(
            "{kind}, {loss} lost each way: at most {off:.2} s off, ranges up to {widest:.2} s, done after {latest:.1} s, \
             refresh direction right in {direction} of 100"
        );
        assert!(off <= 2.0 && latest <= limit);
    }
}

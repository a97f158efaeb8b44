//! The same checks from other interfaces.

use rtcprobe::machine::Time;
use rtcprobe::probes::check::Interface;
use rtcprobe::report::{Event, RelayProtocol, Vantage};

use super::{Config, asked, staged, working};

/// With a second interface at 192.0.2.20.
fn asking() -> Config {
    let name = "wlan0".to_string();
    Config { interfaces: vec![Interface { name, addresses: vec!["192.0.2.20".parse().unwrap()] }], ..asked() }
}

fn vantages(events: &[Event]) -> Vec<Vantage> {
    let vantage = |event: &Event| match event {
        Event::Vantage { vantage, .. } => Some((**vantage).clone()),
        _ => None,
    };
    events.iter().filter_map(vantage).collect()
}

#[test]
fn every_url_is_checked_from_every_interface_and_the_first_one_counts() {
    for silent in [false, true] {
        let mut stage = staged(asking(), |_| {});
        stage.world.address(stage.client, "192.0.2.20");
        if silent {
            stage.world.silent.insert("192.0.2.20".parse().unwrap());
        }
        let events = stage.run();
        assert_eq!(working(&events).len(), 2, "{events:#?}");
        let found = vantages(&events);
        assert_eq!(found.len(), 2, "{found:#?}");
        for one in &found {
            // What is silent here is so over UDP.
            let works = !silent || one.transport == RelayProtocol::Tcp;
            assert_eq!((one.interface.as_str(), one.local.as_str(), one.works), ("wlan0", "192.0.2.20", Some(works)));
            assert_eq!(one.detail.is_none(), works, "a reason where it does not: {one:#?}");
        }
        let (made, released) = stage.allocations();
        assert_eq!(made, released);
    }
}

#[test]
fn a_quota_says_nothing_about_an_interface() {
    let mut stage = staged(asking(), |config| config.limits.allocations_per_user = 1);
    stage.world.address(stage.client, "192.0.2.20");
    let found = vantages(&stage.run());
    assert!(found.len() == 2 && found.iter().all(|one| one.works != Some(false)), "{found:#?}");
}

#[test]
fn a_stop_ends_the_checks_from_other_interfaces_too() {
    for ms in [150, 300, 600, 900, 1500] {
        let mut stage = staged(asking(), |_| {});
        stage.world.address(stage.client, "192.0.2.20");
        stage.world.run_until(Time::from_millis(ms));
        stage.world.stop(stage.client);
        stage.run();
        let (made, released) = stage.allocations();
        assert_eq!(made, released, "stopped after {ms} ms");
    }
}

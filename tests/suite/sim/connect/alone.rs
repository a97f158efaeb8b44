//! Both sides in one process.

use std::time::Duration;

use rtcprobe::machine::Time;
use rtcprobe::probes::connect::{Both, Config, Happening, PairKind, Policy};
use rtcprobe::report::connect::{Connect, ConnectPath, ConnectState, IceRole};
use rtcprobe::report::{CandidateKind, Event};
use rtcprobe::server::nat::{Hairpin, NatConfig};
use rtcprobe::wire::signal::Part;

use super::super::world::{Log, World};
use super::call::{SERVER, gathering, serve};

fn last(log: &Log<Happening>) -> Connect {
    let log = log.borrow();
    let connect = |(_, happening): &(Time, Happening)| match happening {
        Happening::Learned(event) => match &**event {
            Event::Connect { connect, .. } => Some((**connect).clone()),
            _ => None,
        },
        Happening::Say(_) | Happening::Trouble(_) => None,
    };
    log.iter().rev().find_map(connect).expect("a connection")
}

#[test]
fn a_nat_that_hairpins_lets_its_own_clients_meet_outside_and_another_does_not() {
    for (hairpin, state) in [(Hairpin::External, ConnectState::Connected), (Hairpin::Off, ConnectState::Failed)] {
        let mut world = World::new(2);
        serve(&mut world, |_| {});
        let host = world.host("client", &["10.0.0.2"]);
        let mut nat: NatConfig = "port-restricted-cone".parse().unwrap();
        nat.hairpin = hairpin;
        world.nat(nat, &[host]);
        let mut config = Config::usual(gathering("10.0.0.2".parse().unwrap(), &["stun:192.0.2.1"]), Part::Offer);
        config.pairs = vec![PairKind { local: CandidateKind::Srflx, remote: CandidateKind::Srflx }];
        let chance = world.chance();
        let log = world.start(host, Both::new(&config, chance));
        assert!(world.run_until_done(host, Time::from_millis(120_000)));
        let connect = last(&log);
        assert_eq!(connect.state, state, "{hairpin:?}: {connect:#?}");
        assert!(connect.pairs.iter().all(|pair| pair.remote.starts_with("203.0.113.7:")), "{:#?}", connect.pairs);
    }
}

#[test]
fn two_agents_in_one_process_reach_one_another_directly_or_through_a_relay() {
    for (policy, path) in [(Policy::All, ConnectPath::Direct), (Policy::Relay, ConnectPath::Relay)] {
        let mut world = World::new(1);
        serve(&mut world, |_| {});
        let host = world.host("client", &["10.0.0.2"]);
        world.nat("port-restricted-cone".parse().unwrap(), &[host]);
        let uris = ["stun:192.0.2.1", "turn:192.0.2.1?transport=udp"];
        let mut config = Config::usual(gathering("10.0.0.2".parse().unwrap(), &uris), Part::Offer);
        (config.policy, config.duration) = (policy, Duration::from_secs(2));
        let chance = world.chance();
        let log = world.start(host, Both::new(&config, chance));
        assert!(world.run_until_done(host, Time::from_millis(60_000)), "{SERVER}");
        let connect = last(&log);
        assert_eq!((connect.state, connect.role), (ConnectState::Connected, Some(IceRole::Controlling)));
        assert_eq!(connect.selected.as_ref().map(|selected| selected.path), Some(path), "{connect:#?}");
        assert_eq!(connect.other_view.as_ref().and_then(|view| view.ice_state.clone()).as_deref(), Some("connected"));
        assert_eq!(connect.echo.as_ref().and_then(|echo| echo.loss), Some(0.0));
        assert!(log.borrow().iter().all(|(_, happening)| !matches!(happening, Happening::Say(_))));
    }
}

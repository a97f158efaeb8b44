//! What is probed beside mapping and filtering, over the simulated network.

mod gateway;
mod lifetime;
mod packets;
mod tcp;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use rtcprobe::machine::Time;
use rtcprobe::probes::nat::{Config, Place, ServerSpec, Tests, probe};
use rtcprobe::proto::schedule::Schedule;
use rtcprobe::report::Event;
use rtcprobe::report::nat::Nat;
use rtcprobe::server::nat::NatConfig;
use rtcprobe::server::{self, Discovery, Listen, Server};
use rtcprobe::wire::uri;

use super::world::{HostId, Log, World};

const LIMIT: Time = Time::from_millis(7_200_000);

/// A client behind a NAT, and a server with two addresses that does RFC 5780, and STUN over TCP on all
/// four.
struct Stage {
    world: World,
    client: HostId,
    config: Config,
}

/// What was told at the end.
struct Told {
    nat: Nat,
    unknown: BTreeMap<String, String>,
    /// When.
    at: Time,
    log: Log<Event>,
}

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn good_server() -> server::Config {
    let all = ["198.51.100.1:3478", "198.51.100.1:3479", "198.51.100.2:3478", "198.51.100.2:3479"];
    let discovery = Discovery { primary: at(all[0]).ip(), alternate: at(all[2]).ip(), ports: (3478, 3479) };
    let tcp = all.iter().map(|address| at(address)).collect();
    server::Config {
        listen: Listen { tcp, discovery: vec![discovery], ..Listen::default() },
        ..server::Config::new("x")
    }
}

/// One address, one port, nothing but Binding.
fn plain_server() -> server::Config {
    let here = vec![at("198.51.100.1:3478")];
    server::Config { listen: Listen { udp: here.clone(), tcp: here, ..Listen::default() }, ..server::Config::new("x") }
}

fn stage(seed: u8, nat: &str, config: server::Config) -> Stage {
    stage_behind(seed, nat.parse().unwrap(), config)
}

fn stage_behind(seed: u8, nat: NatConfig, config: server::Config) -> Stage {
    let mut world = World::new(seed);
    let host = world.host("server", &["198.51.100.1", "198.51.100.2"]);
    let chance = world.chance();
    world.start(host, Server::new(config, chance));
    let client = world.host("client", &["10.0.0.2"]);
    world.nat(nat, &[client]);
    let config = Config {
        servers: vec![ServerSpec { uri: uri::parse("stun:198.51.100.1").unwrap().uri, credentials: None }],
        places: vec![Place { interface: None, address: at("10.0.0.2:0").ip(), gateway: None, mtu: Some(1500) }],
        schedule: Schedule::PROMPT,
        tests: Tests::default(),
        ports: None,
        lifetime: None,
        gateway: false,
        software: None,
        unix_time: 1_700_000_000,
        trace: false,
    };
    Stage { world, client, config }
}

impl Stage {
    fn begin(&mut self) -> Log<Event> {
        let chance = self.world.chance();
        self.world.start(self.client, probe(self.config.clone(), chance))
    }

    fn run(mut self) -> Told {
        let log = self.begin();
        assert!(self.world.run_until_done(self.client, LIMIT), "never ends");
        told(log)
    }
}

fn told(log: Log<Event>) -> Told {
    let found = log.borrow().iter().find_map(|(at, event)| match event {
        Event::Nat { nat, unknown, .. } => Some((*at, (**nat).clone(), unknown.clone())),
        _ => None,
    });
    let (at, nat, unknown) = found.expect("a result");
    Told { nat, unknown, at, log }
}

impl Told {
    fn detail(&self, test: &str) -> String {
        let test = self.nat.tests.iter().find(|other| other.name == test);
        test.and_then(|test| test.detail.clone()).unwrap_or_default()
    }
}

//! A client with a probe to be run, servers, and a NAT between.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use rtcprobe::machine::Time;
use rtcprobe::probes::nat::{Config, Place, ServerSpec, Tests, probe};
use rtcprobe::proto::schedule::Schedule;
use rtcprobe::report::Event;
use rtcprobe::report::nat::Nat;
use rtcprobe::server::nat::NatConfig;
use rtcprobe::server::{self, Listen, Server};
use rtcprobe::wire::uri;

use crate::sim::world::{HostId, Log, World};

const CLIENT: &str = "10.0.0.2";
const LIMIT: Time = Time::from_millis(3_600_000);

pub struct Scene {
    pub world: World,
    pub client: HostId,
    pub config: Config,
    pub log: Option<Log<Event>>,
}

impl Scene {
    /// A client without servers and without a NAT.
    pub fn new(seed: u8) -> Scene {
        let mut world = World::new(seed);
        let client = world.host("client", &[CLIENT]);
        let place =
            Place { interface: Some("eth0".into()), address: CLIENT.parse().unwrap(), gateway: None, mtu: Some(1500) };
        let config = Config {
            servers: Vec::new(),
            places: vec![place],
            schedule: Schedule::PROMPT,
            tests: Tests::default(),
            lifetime: None,
            gateway: false,
            software: None,
            unix_time: 1_700_000_000,
            trace: false,
        };
        Scene { world, client, config, log: None }
    }

    pub fn behind(mut self, nat: NatConfig) -> Scene {
        self.world.nat(nat, &[self.client]);
        self
    }

    /// A plain STUN server, asked on each of those ports.
    pub fn stun(mut self, address: &str, ports: &[u16]) -> Scene {
        let host = self.world.host(address, &[address]);
        let udp: Vec<SocketAddr> = ports.iter().map(|port| SocketAddr::new(address.parse().unwrap(), *port)).collect();
        let config = server::Config { listen: Listen { udp, ..Listen::default() }, ..server::Config::new("test") };
        let chance = self.world.chance();
        self.world.start(host, Server::new(config, chance));
        for port in ports {
            self.ask(&format!("stun:{address}:{port}"));
        }
        self
    }

    pub fn ask(&mut self, uri: &str) {
        self.config.servers.push(ServerSpec { uri: uri::parse(uri).unwrap().uri, credentials: None });
    }

    pub fn run(mut self) -> Nat {
        self.run_with_reasons().0
    }

    pub fn run_with_reasons(&mut self) -> (Nat, BTreeMap<String, String>) {
        let chance = self.world.chance();
        let log = self.world.start(self.client, probe(self.config.clone(), chance));
        self.log = Some(log.clone());
        assert!(self.world.run_until_done(self.client, LIMIT), "never ends: {:#?}", self.world.trace);
        let log = log.borrow();
        let found = log.iter().find_map(|(_, event)| match event {
            Event::Nat { nat, unknown, .. } => Some(((**nat).clone(), unknown.clone())),
            _ => None,
        });
        found.expect("a result")
    }
}

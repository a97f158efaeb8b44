//! A client with a probe to be run, servers, and a NAT between.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rtcprobe::machine::Time;
use rtcprobe::probes::nat::{Config, Place, ServerSpec, Tests, probe};
use rtcprobe::proto::auth::Credentials;
use rtcprobe::proto::schedule::Schedule;
use rtcprobe::report::Event;
use rtcprobe::report::nat::Nat;
use rtcprobe::server::faults::Faults;
use rtcprobe::server::nat::NatConfig;
use rtcprobe::server::{self, Discovery, Listen, Server, Users};
use rtcprobe::wire::uri;

use crate::sim::world::{HostId, Log, World};

const CLIENT: &str = "10.0.0.2";
pub const CLIENT6: &str = "2001:db8:c::2";
const LIMIT: Time = Time::from_millis(3_600_000);

pub struct Scene {
    pub world: World,
    pub client: HostId,
    pub config: Config,
    pub log: Option<Log<Event>>,
    turns: Vec<Log<server::Event>>,
    servers: Vec<HostId>,
    /// How long the run took, by the simulated clock.
    pub took: Duration,
}

impl Scene {
    /// A client without servers and without a NAT.
    pub fn new(seed: u8) -> Scene {
        Scene::seeded(seed, 0)
    }

    /// With more seeds than fit one byte.
    pub fn seeded(seed: u8, more: u8) -> Scene {
        let mut world = World::new(seed);
        for _ in 0..more {
            world.chance();
        }
        let client = world.host("client", &[CLIENT, CLIENT6]);
        let place =
            Place { interface: Some("eth0".into()), address: CLIENT.parse().unwrap(), gateway: None, mtu: Some(1500) };
        let config = Config {
            servers: Vec::new(),
            places: vec![place],
            schedule: Schedule::PROMPT,
            tests: Tests::default(),
            ports: None,
            lifetime: None,
            gateway: false,
            software: None,
            unix_time: 1_700_000_000,
            trace: false,
        };
        Scene { world, client, config, log: None, turns: Vec::new(), servers: Vec::new(), took: Duration::ZERO }
    }

    pub fn behind(mut self, nat: NatConfig) -> Scene {
        self.world.nat(nat, &[self.client]);
        self
    }

    /// A plain STUN server, asked on each of those ports.
    pub fn stun(mut self, address: &str, ports: &[u16]) -> Scene {
        let host = self.world.host(address, &[address]);
        self.servers.push(host);
        let udp: Vec<SocketAddr> = ports.iter().map(|port| SocketAddr::new(address.parse().unwrap(), *port)).collect();
        let config = server::Config { listen: Listen { udp, ..Listen::default() }, ..server::Config::new("test") };
        let chance = self.world.chance();
        self.world.start(host, Server::new(config, chance));
        for port in ports {
            self.ask(&format!("stun:{address}:{port}"));
        }
        self
    }

    /// A server with two addresses and two ports (RFC 5780).
    pub fn rfc5780(self, primary: &str, alternate: &str) -> Scene {
        self.rfc5780_with(primary, alternate, Faults::default())
    }

    pub fn rfc5780_with(mut self, primary: &str, alternate: &str, faults: Faults) -> Scene {
        let host = self.world.host(primary, &[primary, alternate]);
        let discovery =
            Discovery { primary: primary.parse().unwrap(), alternate: alternate.parse().unwrap(), ports: (3478, 3479) };
        let listen = Listen { discovery: vec![discovery], ..Listen::default() };
        let config = server::Config { listen, faults, ..server::Config::new("test") };
        let chance = self.world.chance();
        self.world.start(host, Server::new(config, chance));
        let at = SocketAddr::new(primary.parse().unwrap(), 3478);
        self.ask(&format!("stun:{at}"));
        self
    }

    /// A TURN server that relays at its own address.
    pub fn turn(mut self, address: &str) -> Scene {
        let host = self.world.host(address, &[address]);
        self.servers.push(host);
        let ip: IpAddr = address.parse().unwrap();
        let at = SocketAddr::new(ip, 3478);
        let config = server::Config {
            listen: Listen { udp: vec![at], tcp: vec![at], ..Listen::default() },
            relay: vec![ip],
            users: Users::one("alice", "s3same"),
            ..server::Config::new("example.org")
        };
        let chance = self.world.chance();
        let log = self.world.start(host, Server::new(config, chance));
        self.turns.push(log);
        self.ask(&format!("turn:{address}:3478?transport=udp"));
        self
    }

    pub fn ask(&mut self, uri: &str) {
        let uri = uri::parse(uri).unwrap().uri;
        let credentials = Credentials { username: "alice".into(), password: "s3same".into() };
        let credentials = uri.scheme.is_turn().then_some(credentials);
        self.config.servers.push(ServerSpec { uri, credentials });
    }

    /// One way, in milliseconds.
    pub fn far(mut self, latency: u64) -> Scene {
        self.world.link.latency = Duration::from_millis(latency);
        self
    }

    /// A line that loses, doubles and reorders, each way.
    pub fn bad(mut self, loss: f64) -> Scene {
        self.world.link.loss = loss;
        self.world.link.duplicate = 0.2;
        self.world.link.jitter = Duration::from_millis(20);
        self
    }

    /// Allocations that nobody gave back.
    pub fn held(&self) -> usize {
        let count = |log: &Log<server::Event>| {
            let log = log.borrow();
            let made = log.iter().filter(|(_, event)| matches!(event, server::Event::Allocated { .. })).count();
            made - log.iter().filter(|(_, event)| matches!(event, server::Event::Released { .. })).count()
        };
        self.turns.iter().map(count).sum()
    }

    pub fn run(mut self) -> Nat {
        self.run_with_reasons().0
    }

    pub fn run_with_reasons(&mut self) -> (Nat, BTreeMap<String, String>) {
        let began = self.begin();
        self.end(began)
    }

    /// The user stops it.
    pub fn stopped_after(&mut self, time: Duration) -> Nat {
        let began = self.begin();
        self.world.run_until(began + time);
        self.world.stop(self.client);
        self.end(began).0
    }

    /// The NAT begins anew.
    pub fn with_a_change(&mut self, after: Duration, config: NatConfig) -> Nat {
        let began = self.begin();
        self.world.run_until(began + after);
        self.world.change_nat(0, config);
        self.end(began).0
    }

    /// No datagram reaches a server.
    pub fn block_udp(&mut self) {
        for host in &self.servers {
            self.world.firewalls.insert(*host, 0..=65535);
        }
    }

    fn begin(&mut self) -> Time {
        // Servers are up before somebody asks.
        self.world.run_until(Time::from_millis(10));
        let chance = self.world.chance();
        self.log = Some(self.world.start(self.client, probe(self.config.clone(), chance)));
        self.world.now()
    }

    fn end(&mut self, began: Time) -> (Nat, BTreeMap<String, String>) {
        assert!(self.world.run_until_done(self.client, LIMIT), "never ends: {:#?}", self.world.trace);
        self.took = self.world.now() - began;
        // Whatever is on its way arrives.
        let soon = self.world.now() + Duration::from_secs(1);
        self.world.run_until(soon);
        let log = self.log.as_ref().unwrap().borrow();
        let found = log.iter().find_map(|(_, event)| match event {
            Event::Nat { nat, unknown, .. } => Some(((**nat).clone(), unknown.clone())),
            _ => None,
        });
        found.expect("a result")
    }
}

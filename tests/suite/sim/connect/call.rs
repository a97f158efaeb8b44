//! A call: two machines, what lies between them, and somebody who carries over what they say.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rtcprobe::machine::{Input, Time};
use rtcprobe::probes::connect::{Config, Foreseeing, Happening};
use rtcprobe::probes::gather;
use rtcprobe::proto::auth::Credentials;
use rtcprobe::proto::schedule::Schedule;
use rtcprobe::report::Event;
use rtcprobe::report::connect::Connect;
use rtcprobe::server::nat::{Filtering, Mapping, NatConfig};
use rtcprobe::server::{self, Listen, Server, Users};
use rtcprobe::wire::signal::{Message, Part};
use rtcprobe::wire::uri;

use super::super::world::{HostId, Log, World};

pub const SERVER: &str = "192.0.2.1";
/// Of the same server.
pub const SECOND: &str = "192.0.2.2";
pub const HOME: (Mapping, Filtering) = (Mapping::Eim, Filtering::Apdf);
const LIMIT: Time = Time::from_millis(3_600_000);

/// One of the two.
#[derive(Debug, Clone)]
pub struct Side {
    pub nat: Option<(Mapping, Filtering)>,
    pub uris: Vec<&'static str>,
    pub change: fn(&mut Config),
}

impl Side {
    pub fn open() -> Side {
        Side { nat: None, uris: vec!["stun:192.0.2.1"], change: |_| {} }
    }

    pub fn behind(nat: (Mapping, Filtering)) -> Side {
        Side { nat: Some(nat), ..Side::open() }
    }

    pub fn with_relay(self) -> Side {
        Side { uris: vec!["stun:192.0.2.1", "turn:192.0.2.1?transport=udp"], ..self }
    }

    pub fn that(self, change: fn(&mut Config)) -> Side {
        Side { change, ..self }
    }
}

pub struct Call {
    pub world: World,
    pub hosts: [HostId; 2],
    pub logs: [Log<Happening>; 2],
    server_log: Log<server::Event>,
    /// How much of what each side said was carried over.
    carried: [usize; 2],
    /// How long that takes.
    pub delay: Duration,
    /// Lets a line pass, changes it, or keeps it.
    pub carry: fn(usize, Message) -> Option<String>,
    on_the_way: Vec<(Time, usize, String)>,
}

impl Call {
    pub fn new(seed: u8, sides: [Side; 2]) -> Call {
        Call::with_server(seed, sides, |_| {})
    }

    pub fn with_server(seed: u8, sides: [Side; 2], change: impl FnOnce(&mut server::Config)) -> Call {
        let mut world = World::new(seed);
        let server_log = serve(&mut world, change);
        let mut hosts = Vec::new();
        for (number, side) in (1u8..).zip(&sides) {
            let public = IpAddr::from([198, 51, 100, number]);
            let translated = side.nat.is_some_and(|(mapping, _)| mapping != Mapping::None);
            let address = if translated { IpAddr::from([10, 0, number, 2]) } else { public };
            let host = world.host(&format!("side {number}"), &[&address.to_string()]);
            if let Some((mapping, filtering)) = side.nat {
                let mut nat = NatConfig::new(mapping, filtering);
                nat.public = vec![public];
                world.nat(nat, &[host]);
            }
            hosts.push((host, address));
        }
        let mut logs = Vec::new();
        for (side, ((host, address), part)) in sides.iter().zip(hosts.iter().zip([Part::Offer, Part::Answer])) {
            let mut config = Config::usual(gathering(*address, &side.uris), part);
            (side.change)(&mut config);
            let chance = world.chance();
            logs.push(world.start(*host, Foreseeing::new(config, chance)));
        }
        Call {
            world,
            hosts: [hosts[0].0, hosts[1].0],
            logs: logs.try_into().unwrap(),
            server_log,
            carried: [0, 0],
            delay: Duration::ZERO,
            carry: |_, message| Some(message.to_line()),
            on_the_way: Vec::new(),
        }
    }

    /// Runs both to their ends; what they say in the end.
    pub fn run(&mut self) -> [Connect; 2] {
        self.run_until(LIMIT);
        self.ends()
    }

    pub fn ends(&self) -> [Connect; 2] {
        [0, 1].map(|side| {
            self.connect(side).unwrap_or_else(|| panic!("side {side} says nothing: {:#?}", self.logs[side]))
        })
    }

    pub fn run_for(&mut self, time: Duration) {
        self.run_until(self.world.now() + time);
    }

    pub fn run_until(&mut self, limit: Time) {
        loop {
            self.carry_over();
            let due = self.on_the_way.iter().map(|(at, ..)| *at).min().unwrap_or(limit).min(limit);
            if self.over() || !self.world.step(due) {
                if self.over() || due >= limit || self.on_the_way.is_empty() {
                    break;
                }
                self.world.run_until(due);
            }
        }
    }

    /// Says a line to a side.
    pub fn tell(&mut self, side: usize, line: &str) {
        self.world.give(self.hosts[side].0, Input::Told { text: line });
    }

    /// Whatever a side sends over UDP is lost from now on.
    pub fn block_udp(&mut self, side: usize) {
        self.world.lost.insert(self.hosts[side], (1..100_000).collect());
    }

    pub fn stop(&mut self, side: usize) {
        self.world.stop(self.hosts[side]);
    }

    fn over(&self) -> bool {
        self.hosts.iter().all(|host| self.world.is_done(*host))
    }

    fn carry_over(&mut self) {
        let now = self.world.now();
        for side in 0..2 {
            let said: Vec<Message> = {
                let log = self.logs[side].borrow();
                let new = log.get(self.carried[side]..).unwrap_or_default();
                self.carried[side] = log.len();
                let say = |(_, happening): &(Time, Happening)| match happening {
                    Happening::Say(message) => Some(message.clone()),
                    _ => None,
                };
                new.iter().filter_map(say).collect()
            };
            for message in said {
                if let Some(line) = (self.carry)(side, message) {
                    self.on_the_way.push((now + self.delay, 1 - side, line));
                }
            }
        }
        while let Some(next) = self.on_the_way.iter().position(|(at, ..)| *at <= now) {
            let (_, to, line) = self.on_the_way.remove(next);
            self.tell(to, &line);
        }
    }

    /// The last thing that a side says of the connection.
    pub fn connect(&self, side: usize) -> Option<Connect> {
        let log = self.logs[side].borrow();
        log.iter().rev().find_map(|(_, happening)| match happening {
            Happening::Learned(event) => match &**event {
                Event::Connect { connect, .. } => Some((**connect).clone()),
                _ => None,
            },
            _ => None,
        })
    }

    pub fn troubles(&self, side: usize) -> Vec<String> {
        let log = self.logs[side].borrow();
        let trouble = |(_, happening): &(Time, Happening)| match happening {
            Happening::Trouble(sentence) => Some(sentence.clone()),
            _ => None,
        };
        log.iter().filter_map(trouble).collect()
    }

    pub fn took(&self) -> Duration {
        self.world.now().since_start()
    }

    /// Whatever was allocated was released.
    pub fn held_nothing(&mut self) {
        let soon = self.world.now() + Duration::from_secs(2);
        self.world.run_until(soon);
        let log = self.server_log.borrow();
        let made = log.iter().filter(|(_, event)| matches!(event, server::Event::Allocated { .. })).count();
        let released = log.iter().filter(|(_, event)| matches!(event, server::Event::Released { .. })).count();
        assert_eq!(made - released, 0, "{log:#?}");
    }
}

/// A STUN and TURN server at [`SERVER`].
pub fn serve(world: &mut World, change: impl FnOnce(&mut server::Config)) -> Log<server::Event> {
    let host = world.host("server", &[SERVER, SECOND]);
    let listen = [SERVER, SECOND].map(|address| SocketAddr::new(address.parse().unwrap(), 3478)).to_vec();
    let mut config = server::Config {
        listen: Listen { udp: listen.clone(), tcp: listen, ..Listen::default() },
        relay: vec![SERVER.parse().unwrap()],
        users: Users::one("alice", "s3same"),
        // The peers of this small world live in what is reserved for documentation.
        forbidden_peers: Vec::new(),
        ..server::Config::new("example.org")
    };
    change(&mut config);
    let chance = world.chance();
    world.start(host, Server::new(config, chance))
}

pub fn gathering(address: IpAddr, uris: &[&str]) -> gather::Config {
    let keys = Credentials { username: "alice".into(), password: "s3same".into() };
    let server = |text: &&str| {
        let uri = uri::parse(text).unwrap().uri;
        gather::ServerSpec { credentials: uri.scheme.is_turn().then(|| keys.clone()), uri }
    };
    gather::Config {
        servers: uris.iter().map(server).collect(),
        locals: vec![gather::Local { interface: "eth0".into(), address }],
        host: true,
        srflx: true,
        relay: true,
        schedule: Schedule::PROMPT,
        alternate: gather::Alternate::Follow,
        send_software: true,
        connections: 10,
        unix_time: None,
        keep: true,
        tcp: false,
    }
}

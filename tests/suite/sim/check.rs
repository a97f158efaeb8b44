//! Gathering and checks side by side over the simulated network.

mod interfaces;
mod ports;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rtcprobe::machine::Time;
use rtcprobe::probes::check::{Checking, Config};
use rtcprobe::probes::{gather, nat, turn};
use rtcprobe::proto::auth::Credentials;
use rtcprobe::proto::schedule::Schedule;
use rtcprobe::report::nat::{Behaviour, Nat, Udp};
use rtcprobe::report::{CandidateKind, Event};
use rtcprobe::server::{self, Listen, Server, Users};
use rtcprobe::wire::uri;

use super::world::{HostId, Log, World};

const SERVER: &str = "198.51.100.1";
const CLIENT: &str = "192.0.2.10";
const URIS: [&str; 3] = ["stun:198.51.100.1", "turn:198.51.100.1?transport=udp", "turn:198.51.100.1?transport=tcp"];

struct Stage {
    world: World,
    client: HostId,
    server_log: Log<server::Event>,
    log: Log<Event>,
}

fn stage(change: impl FnOnce(&mut server::Config)) -> Stage {
    staged(asked(), change)
}

fn staged(asked: Config, change: impl FnOnce(&mut server::Config)) -> Stage {
    let mut world = World::new(7);
    let host = world.host("server", &[SERVER]);
    let listen = vec![SocketAddr::new(SERVER.parse().unwrap(), 3478)];
    let mut config = server::Config {
        listen: Listen { udp: listen.clone(), tcp: listen, ..Listen::default() },
        relay: vec![SERVER.parse().unwrap()],
        users: Users::one("alice", "s3same"),
        ..server::Config::new("example.org")
    };
    change(&mut config);
    let chance = world.chance();
    let server_log = world.start(host, Server::new(config, chance));
    let client = world.host("client", &[CLIENT]);
    let chance = world.chance();
    let log = world.start(client, Checking::new(asked, chance));
    Stage { world, client, server_log, log }
}

fn asked() -> Config {
    let local: IpAddr = CLIENT.parse().unwrap();
    let keys = Credentials { username: "alice".into(), password: "s3same".into() };
    let server = |text: &str| {
        let uri = uri::parse(text).unwrap().uri;
        gather::ServerSpec { credentials: uri.scheme.is_turn().then(|| keys.clone()), uri }
    };
    Config {
        nat: None,
        other_ports: None,
        interfaces: Vec::new(),
        gather: gather::Config {
            servers: URIS.map(server).into(),
            locals: vec![gather::Local { interface: "eth0".into(), address: local }],
            host: true,
            srflx: true,
            relay: true,
            schedule: Schedule::PROMPT,
            alternate: gather::Alternate::Follow,
            send_software: true,
            connections: 10,
            unix_time: None,
            keep: false,
            tcp: false,
        },
        turn: turn::Config {
            schedule: Schedule::PROMPT,
            locals: vec![local],
            global_v6: true,
            reference: Vec::new(),
            send_software: true,
            controls: false,
            echo: None,
            options: turn::Options::default(),
            extras: turn::Extras::default(),
            audit: false,
            peers: Vec::new(),
            unix_time: 1_700_000_000,
            trace: false,
        },
    }
}

/// With a look at the NAT, within that time.
fn asked_with_nat(limit: Duration) -> Config {
    let mut asked = asked();
    let servers = asked.gather.servers.iter();
    let nat = nat::Config {
        servers: servers
            .map(|server| nat::ServerSpec { uri: server.uri.clone(), credentials: server.credentials.clone() })
            .collect(),
        places: vec![nat::Place { interface: None, address: CLIENT.parse().unwrap(), gateway: None, mtu: None }],
        schedule: Schedule::PROMPT,
        tests: nat::Tests::default(),
        ports: None,
        lifetime: None,
        gateway: false,
        software: None,
        unix_time: 1_700_000_000,
        trace: false,
    };
    asked.nat = Some((nat, limit));
    asked
}

impl Stage {
    fn run(&mut self) -> Vec<Event> {
        assert!(self.world.run_until_done(self.client, Time::from_millis(60_000)), "never ends");
        self.told()
    }

    fn told(&self) -> Vec<Event> {
        self.log.borrow().iter().map(|(_, event)| event.clone()).collect()
    }

    /// How many allocations were made, and how many of them were released.
    fn allocations(&mut self) -> (usize, usize) {
        let soon = self.world.now() + Duration::from_secs(2);
        self.world.run_until(soon);
        let log = self.server_log.borrow();
        let count = |is: fn(&server::Event) -> bool| log.iter().filter(|(_, event)| is(event)).count();
        (
            count(|event| matches!(event, server::Event::Allocated { .. })),
            count(|event| matches!(event, server::Event::Released { .. })),
        )
    }
}

fn working(events: &[Event]) -> Vec<&str> {
    let works = |event: &&Event| matches!(event, Event::Turn { turn, .. } if turn.works == Some(true));
    let mut urls: Vec<&str> = Vec::new();
    for event in events.iter().filter(works) {
        if let Event::Turn { turn, .. } = event {
            urls.push(&turn.url);
        }
    }
    urls.sort_unstable();
    urls
}

fn kinds(events: &[Event]) -> Vec<CandidateKind> {
    let kind = |event: &Event| match event {
        Event::Candidate { candidate, .. } => Some(candidate.kind),
        _ => None,
    };
    events.iter().filter_map(kind).collect()
}

#[test]
fn relay_candidates_come_from_the_checks() {
    let mut stage = stage(|_| {});
    let events = stage.run();
    assert_eq!(working(&events).len(), 2);
    assert_eq!(kinds(&events)[0], CandidateKind::Host);
    assert_eq!(kinds(&events).iter().filter(|kind| **kind == CandidateKind::Relay).count(), 2);
    assert!(matches!(events.last(), Some(Event::Complete { .. })), "{:?}", events.last());
    let (made, released) = stage.allocations();
    assert_eq!(made, released);
}

#[test]
fn a_quota_of_one_is_not_used_up_by_our_own_haste() {
    let mut stage = stage(|config| config.limits.allocations_per_user = 1);
    let events = stage.run();
    assert_eq!(working(&events).len(), 2, "{events:#?}");
    let turns = events.iter().filter(|event| matches!(event, Event::Turn { .. })).count();
    assert_eq!(turns, 2, "each address of each URL is told of once");
    let (made, released) = stage.allocations();
    assert_eq!(made, released);
}

#[test]
fn a_stop_releases_everything_and_starts_nothing() {
    // At 20 ms the Allocate request leaves, and the release on its heels finds the server making it.
    for ms in [1, 15, 19, 20, 21, 45, 61, 110, 400, 1700] {
        let mut stage = stage(|config| config.limits.allocations_per_user = 1);
        stage.world.run_until(Time::from_millis(ms));
        stage.world.stop(stage.client);
        let events = stage.run();
        assert!(!matches!(events.last(), Some(Event::Complete { .. })) || ms == 1700, "at {ms} ms");
        let (made, released) = stage.allocations();
        assert_eq!(made, released, "stopped after {ms} ms");
    }
}

fn found(events: &[Event]) -> Option<&Nat> {
    events.iter().find_map(|event| match event {
        Event::Nat { nat, .. } => Some(&**nat),
        _ => None,
    })
}

#[test]
fn the_nat_is_looked_at_when_the_checks_have_given_everything_back() {
    for quota in [1, 10] {
        let mut stage =
            staged(asked_with_nat(Duration::from_secs(15)), |config| config.limits.allocations_per_user = quota);
        let events = stage.run();
        assert_eq!(working(&events).len(), 2, "{events:#?}");
        let nat = found(&events).unwrap();
        assert_eq!((nat.udp, nat.nat), (Udp::Open, Some(false)));
        let place = |is: fn(&Event) -> bool| events.iter().position(is).unwrap();
        let complete = place(|event| matches!(event, Event::Complete { .. }));
        assert!(place(|event| matches!(event, Event::NatTest { .. })) > complete, "after the checks");
        let servers = events.iter().filter(|event| matches!(event, Event::Server { .. })).count();
        assert_eq!(servers, 2, "what the gathering asked, and nothing twice: {events:#?}");
        let (made, released) = stage.allocations();
        assert_eq!(made, released);
    }
}

#[test]
fn a_look_at_the_nat_ends_before_the_budget_does() {
    for ms in [200, 1000, 1500, 1800, 2500, 3500] {
        let limit = Duration::from_millis(ms);
        let mut stage = staged(asked_with_nat(limit), |_| {});
        let events = stage.run();
        assert_eq!(working(&events).len(), 2);
        if found(&events).is_some() {
            assert!(stage.world.now() < Time::ZERO + limit, "{ms} ms: it ends at {}", stage.world.now());
        }
        let (made, released) = stage.allocations();
        assert_eq!(made, released, "{ms} ms");
    }
}

#[test]
fn a_server_whose_check_failed_is_of_no_use_for_the_nat() {
    // It asks for credentials that nobody has.
    let mut stage = staged(asked_with_nat(Duration::from_secs(15)), |config| {
        config.users = Users::one("alice", "another");
    });
    let events = stage.run();
    assert_eq!(working(&events).len(), 0);
    let nat = found(&events).unwrap();
    assert_eq!(nat.filtering, Behaviour::Unknown, "no relay to look from: {nat:#?}");
    assert_eq!(stage.allocations().0, 0);
}

//! TURN servers checked over the simulated network.

mod aside;
mod audit;
mod extras;
mod options;
mod quality;
mod stopping;
mod verdicts;

use std::net::IpAddr;
use std::time::Duration;

use rtcprobe::machine::Time;
use rtcprobe::probes::turn::{Config, EchoPlan, Extras, Options, ServerSpec, checks};
use rtcprobe::proto::auth::Credentials;
use rtcprobe::proto::schedule::Schedule;
use rtcprobe::report::{Cause, Event, OptionTried, Step, StepName, StepOutcome, Turn};
use rtcprobe::server::{self, Listen, Server, Users};
use rtcprobe::wire::uri;

use super::world::{HostId, Limit, Log, World};

const SERVER: &str = "198.51.100.1";
const SERVER6: &str = "2001:db8::1";
const CLIENT: &str = "192.0.2.10";
const LIMIT: Time = Time::from_millis(3_600_000);

/// A server, a client with a check to be run, and what both say.
struct Stage {
    world: World,
    client: HostId,
    server: HostId,
    server_log: Log<server::Event>,
    uri: String,
    config: Config,
    credentials: Option<Credentials>,
}

/// A server that has alice for a user, at 198.51.100.1 and 2001:db8::1.
fn good_server() -> server::Config {
    let ips: Vec<IpAddr> = [SERVER, SERVER6].iter().map(|ip| ip.parse().unwrap()).collect();
    let listen: Vec<_> = ips.iter().map(|ip| std::net::SocketAddr::new(*ip, 3478)).collect();
    server::Config {
        listen: Listen { udp: listen.clone(), tcp: listen, ..Listen::default() },
        relay: ips,
        users: Users::one("alice", "s3same"),
        ..server::Config::new("example.org")
    }
}

fn stage(seed: u8, config: server::Config) -> Stage {
    stage_at(seed, config, CLIENT)
}

fn stage_at(seed: u8, config: server::Config, client: &str) -> Stage {
    let mut world = World::new(seed);
    let host = world.host("server", &[SERVER, SERVER6]);
    let chance = world.chance();
    let server_log = world.start(host, Server::new(config, chance));
    let client_host = world.host("client", &[client]);
    let config = Config {
        schedule: Schedule::PROMPT,
        locals: vec![client.parse().unwrap()],
        global_v6: true,
        reference: Vec::new(),
        send_software: true,
        controls: false,
        echo: None,
        options: Options::default(),
        extras: Extras::default(),
        audit: false,
        peers: Vec::new(),
        unix_time: 1_700_000_000,
        trace: false,
    };
    Stage {
        world,
        client: client_host,
        server: host,
        server_log,
        uri: "turn:198.51.100.1".into(),
        config,
        credentials: Some(Credentials { username: "alice".into(), password: "s3same".into() }),
    }
}

impl Stage {
    fn over_tcp(mut self) -> Stage {
        self.uri = "turn:198.51.100.1?transport=tcp".into();
        self
    }

    fn with_echo(mut self, count: u32, rate: f64, size: usize) -> Stage {
        self.config.echo = Some(EchoPlan { count, rate, size });
        self
    }

    fn begin(&mut self) -> Log<(usize, Event)> {
        let spec = ServerSpec { uri: uri::parse(&self.uri).unwrap().uri, credentials: self.credentials.clone() };
        let chance = self.world.chance();
        self.world.start(self.client, checks(&[spec], &self.config, chance))
    }

    /// Runs the check to its end.
    fn run(&mut self) -> Turn {
        let log = self.begin();
        assert!(self.world.run_until_done(self.client, LIMIT), "never ends: {:#?}", self.world.trace);
        self.held_nothing();
        turn(&log).expect("an entry")
    }

    /// The same where the last answers may be lost: what remains then expires.
    fn run_lossy(&mut self) -> Turn {
        let log = self.begin();
        assert!(self.world.run_until_done(self.client, LIMIT));
        turn(&log).expect("an entry")
    }

    /// Whatever was allocated was released.
    fn held_nothing(&mut self) {
        let soon = self.world.now() + Duration::from_secs(2);
        self.world.run_until(soon);
        assert_eq!(self.allocations(), 0, "{:#?}", self.server_log.borrow());
    }

    fn allocations(&self) -> usize {
        let log = self.server_log.borrow();
        let made = log.iter().filter(|(_, event)| matches!(event, server::Event::Allocated { .. })).count();
        made - log.iter().filter(|(_, event)| matches!(event, server::Event::Released { .. })).count()
    }
}

fn turn(log: &Log<(usize, Event)>) -> Option<Turn> {
    log.borrow().iter().find_map(|(_, (_, event))| match event {
        Event::Turn { turn, .. } => Some((**turn).clone()),
        _ => None,
    })
}

fn step(turn: &Turn, name: StepName) -> Step {
    turn.steps.iter().find(|step| step.name == name).cloned().expect("a step")
}

/// The first step that failed, and why.
fn failure(turn: &Turn) -> Option<(StepName, Option<Cause>)> {
    let failed = |step: &&Step| matches!(step.outcome, StepOutcome::Failed | StepOutcome::Timeout);
    turn.steps.iter().find(failed).map(|step| (step.name, step.cause))
}

fn option(turn: &Turn, name: &str) -> OptionTried {
    turn.options.iter().find(|option| option.name == name).cloned().expect("an option")
}

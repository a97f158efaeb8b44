//! Two ICE agents, each behind a NAT, on a clock that jumps.

use std::collections::{BTreeMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rtcprobe::machine::{Chance, Time};
use rtcprobe::proto::ice::{
    Agent, Config, Connection, Event, Failure, IceCredentials, Local, Pair, Remote, Role, Route, State, Transmit,
};
use rtcprobe::report::nat::{Behaviour, Path};
use rtcprobe::rules::forecast;
use rtcprobe::server::nat::{Filtering, Mapping, Nat, NatConfig, Protocol};
use rtcprobe::wire::candidate::{CandidateType, priority};

const INSIDE: Route = Route(0);
const RELAY: Route = Route(1);

/// An agent, its host, its NAT and its relay.
struct Side {
    agent: Agent,
    nat: Nat,
    inside: SocketAddr,
    relay: Option<SocketAddr>,
    /// Whom the relay lets in.
    permitted: HashSet<IpAddr>,
    events: Vec<Event>,
}

struct Network {
    sides: [Side; 2],
    way: BTreeMap<(Time, u64), (SocketAddr, SocketAddr, Vec<u8>)>,
    count: u64,
    now: Time,
    chance: Chance,
    /// In percent.
    loss: u64,
    latency: Duration,
    cut: bool,
}

/// What there is besides two agents.
#[derive(Clone, Copy, Default)]
struct Setting {
    relays: bool,
    loss: u64,
    seed: u8,
    roles: Option<[Role; 2]>,
}

impl Network {
    fn new(kinds: [(Mapping, Filtering); 2], setting: Setting) -> Network {
        let mut chance = Chance::from_seed([setting.seed; 32]);
        let roles = setting.roles.unwrap_or([Role::Controlling, Role::Controlled]);
        let mut number = 0;
        let sides = kinds.map(|(mapping, filtering)| {
            number += 1;
            let mut nat = NatConfig::new(mapping, filtering);
            nat.public = vec![IpAddr::from([198, 51, 100, number])];
            let public = mapping == Mapping::None;
            let inside = SocketAddr::from((if public { [198, 51, 100, number] } else { [10, 0, number, 2] }, 40_000));
            let credentials = IceCredentials::random(&mut chance);
            let config = Config::usual(roles[usize::from(number) - 1], credentials);
            Side {
                agent: Agent::new(config, chance.split()),
                nat: Nat::new(nat, chance.split()),
                inside,
                relay: setting.relays.then(|| SocketAddr::from(([203, 0, 113, number], 50_000))),
                permitted: HashSet::new(),
                events: Vec::new(),
            }
        });
        let latency = Duration::from_millis(10);
        let (way, loss) = (BTreeMap::new(), setting.loss);
        let mut network = Network { sides, way, count: 0, now: Time::ZERO, chance, loss, latency, cut: false };
        network.introduce();
        network
    }

    /// Gathers for both sides and carries everything over.
    fn introduce(&mut self) {
        let server = SocketAddr::from(([192, 0, 2, 1], 3478));
        let mut known: Vec<Vec<Remote>> = Vec::new();
        for side in &mut self.sides {
            let mapped = side.nat.outbound(self.now, Protocol::Udp, side.inside, server).unwrap();
            let mut candidates = vec![(CandidateType::Host, side.inside, side.inside, INSIDE)];
            if mapped != side.inside {
                candidates.push((CandidateType::Srflx, mapped, side.inside, INSIDE));
            }
            candidates.extend(side.relay.map(|relay| (CandidateType::Relay, relay, relay, RELAY)));
            let mut signalled = Vec::new();
            for (kind, address, base, route) in candidates {
                let (priority, foundation) = (priority(kind, 65_535, 1), format!("{}{base}", kind.as_str()));
                signalled.push(Remote { kind, address, priority, foundation: foundation.clone(), tcp: None });
                side.agent.add_local(Local { kind, address, base, route, priority, foundation, tcp: None });
            }
            side.agent.locals_complete();
            known.push(signalled);
        }
        for (to, from) in [(0, 1), (1, 0)] {
            let peer = self.sides[from].agent.credentials().clone();
            self.sides[to].agent.set_peer(self.now, peer);
            known[from].iter().for_each(|remote| self.sides[to].agent.add_remote(remote.clone()));
            self.sides[to].agent.remotes_complete();
        }
    }

    /// Runs until both are settled, or for so long.
    fn run(&mut self, limit: Duration) {
        let end = self.now + limit;
        while self.now < end && !self.settled() {
            self.step(end);
        }
        self.listen();
    }

    fn listen(&mut self) {
        for side in &mut self.sides {
            side.events.extend(std::iter::from_fn(|| side.agent.event()));
        }
    }

    fn run_on(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.step(end);
        }
    }

    fn settled(&self) -> bool {
        self.sides.iter().all(|side| matches!(side.agent.connection(), Connection::Connected | Connection::Failed))
    }

    fn step(&mut self, end: Time) {
        for index in 0..2 {
            self.sides[index].agent.wake(self.now);
            while let Some(transmit) = self.sides[index].agent.transmit() {
                self.send(index, transmit);
            }
        }
        if let Some((&(at, number), _)) = self.way.first_key_value()
            && at <= self.now
        {
            let (from, to, bytes) = self.way.remove(&(at, number)).unwrap();
            return self.arrive(from, to, &bytes);
        }
        let due = self.sides.iter().filter_map(|side| side.agent.due());
        let next = due.chain(self.way.keys().map(|(at, _)| *at)).min().unwrap_or(end).min(end);
        // Nobody may ask to be woken without end.
        self.now = if next > self.now { next } else { self.now + Duration::from_micros(1) };
    }

    fn send(&mut self, index: usize, Transmit { route, to, bytes }: Transmit) {
        let side = &mut self.sides[index];
        let from = match route {
            RELAY => {
                side.permitted.insert(to.ip());
                side.relay
            }
            _ => side.nat.outbound(self.now, Protocol::Udp, side.inside, to),
        };
        if self.cut || self.chance.below(100) < self.loss {
            return;
        }
        if let Some(from) = from {
            self.count += 1;
            self.way.insert((self.now + self.latency, self.count), (from, to, bytes));
        }
    }

    fn arrive(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let now = self.now;
        for side in &mut self.sides {
            let private = matches!(to.ip(), IpAddr::V4(v4) if v4.octets()[0] == 10);
            let here = side.nat.owns(to.ip()) || side.inside == to && !private;
            if side.relay == Some(to) && side.permitted.contains(&from.ip()) {
                assert!(side.agent.received(now, RELAY, from, bytes));
            } else if here && side.nat.inbound(now, Protocol::Udp, from, to) == Some(side.inside) {
                assert!(side.agent.received(now, INSIDE, from, bytes));
            }
        }
    }

    /// How the two are connected: both the same way, or not at all.
    fn outcome(&self) -> Path {
        let relayed = self.sides.each_ref().map(|side| {
            let pair = &side.agent.pairs()[side.agent.selected()?];
            let kinds = (side.agent.locals()[pair.local].kind, side.agent.remotes()[pair.remote].kind);
            Some(kinds.0 == CandidateType::Relay || kinds.1 == CandidateType::Relay)
        });
        match relayed {
            [Some(false), Some(false)] => Path::Direct,
            [None, None] => Path::Unknown,
            [Some(_), Some(_)] => Path::Relay,
            mixed => {
                let sides = self.sides.each_ref().map(|side| {
                    let pair = |pair: &Pair| {
                        let (local, remote) = (&side.agent.locals()[pair.local], &side.agent.remotes()[pair.remote]);
                        format!(
                            "\n  {} {} {:?} {:?} {:?}",
                            local.address, remote.address, pair.state, pair.failure, pair.spoken
                        )
                    };
                    let pairs: String = side.agent.pairs().iter().map(pair).collect();
                    format!("{:?}{pairs}\n{:?}\n", side.nat.config(), side.events)
                });
                panic!("one side is connected and the other is not: {mixed:?}\n{}\n{}", sides[0], sides[1])
            }
        }
    }
}

/// Every kind of NAT, in the order of the forecast.
pub const KINDS: [(Mapping, Filtering); 10] = [
    (Mapping::None, Filtering::Eif),
    (Mapping::Eim, Filtering::Eif),
    (Mapping::Eim, Filtering::Adf),
    (Mapping::Eim, Filtering::Apdf),
    (Mapping::Adm, Filtering::Eif),
    (Mapping::Adm, Filtering::Adf),
    (Mapping::Adm, Filtering::Apdf),
    (Mapping::Apdm, Filtering::Eif),
    (Mapping::Apdm, Filtering::Adf),
    (Mapping::Apdm, Filtering::Apdf),
];

pub fn behaviours((mapping, filtering): (Mapping, Filtering)) -> (Behaviour, Behaviour) {
    let mapping_word = match mapping {
        Mapping::None => return (Behaviour::None, Behaviour::None),
        Mapping::Eim => Behaviour::EndpointIndependent,
        Mapping::Adm => Behaviour::AddressDependent,
        Mapping::Apdm => Behaviour::AddressAndPortDependent,
    };
    let filtering_word = match filtering {
        Filtering::Eif => Behaviour::EndpointIndependent,
        Filtering::Adf => Behaviour::AddressDependent,
        Filtering::Apdf => Behaviour::AddressAndPortDependent,
    };
    (mapping_word, filtering_word)
}

#[test]
fn connects_directly_exactly_where_the_forecast_says_so() {
    let mut wrong = Vec::new();
    for one in KINDS {
        for other in KINDS {
            let expected = forecast::outcome(behaviours(one), behaviours(other));
            let mut network = Network::new([one, other], Setting { seed: 1, ..Setting::default() });
            network.run(Duration::from_secs(60));
            let found = match network.outcome() {
                Path::Unknown => Path::Relay,
                found => found,
            };
            if found != expected {
                wrong.push(format!("{one:?} and {other:?}: {found:?}, not {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_relay_connects_everybody_and_a_direct_path_goes_before_it() {
    for one in KINDS {
        for other in KINDS {
            let mut network = Network::new([one, other], Setting { relays: true, seed: 2, ..Setting::default() });
            network.run(Duration::from_secs(60));
            let expected = forecast::outcome(behaviours(one), behaviours(other));
            assert_eq!(network.outcome(), expected, "{one:?} and {other:?}");
        }
    }
}

#[test]
fn connects_in_spite_of_loss() {
    let home = (Mapping::Eim, Filtering::Apdf);
    for seed in 0..200 {
        let mut network = Network::new([home, home], Setting { loss: 10, seed, ..Setting::default() });
        network.run(Duration::from_secs(30));
        assert_eq!(network.outcome(), Path::Direct, "seed {seed}");
    }
}

#[test]
fn two_of_the_same_role_come_to_an_agreement() {
    let home = (Mapping::Eim, Filtering::Apdf);
    for role in [Role::Controlling, Role::Controlled] {
        for seed in 0..20 {
            let setting = Setting { seed, roles: Some([role, role]), ..Setting::default() };
            let mut network = Network::new([home, home], setting);
            network.run(Duration::from_secs(30));
            assert_eq!(network.outcome(), Path::Direct, "{role:?} {seed}");
            assert_ne!(network.sides[0].agent.role(), network.sides[1].agent.role(), "{role:?} {seed}");
        }
    }
}

#[test]
fn says_why_a_pair_failed_and_that_nothing_is_left() {
    let symmetric = (Mapping::Apdm, Filtering::Apdf);
    let mut network = Network::new([symmetric, symmetric], Setting::default());
    network.run(Duration::from_secs(60));
    for side in &network.sides {
        let failed = Event::Connection { at: Time::from_millis(39_500), state: Connection::Failed };
        assert_eq!(side.events.last(), Some(&failed), "not before RFC 8863 allows it");
        assert_eq!(side.agent.connection(), Connection::Failed);
        assert!(!side.agent.pairs().is_empty());
        for pair in side.agent.pairs() {
            assert_eq!((pair.state, &pair.failure), (State::Failed, &Some(Failure::NoAnswer { copies: 7 })));
            assert_eq!((pair.spoken.requests_sent, pair.spoken.responses_received), (7, 0));
        }
    }
}

#[test]
fn notices_a_path_that_is_cut_and_one_that_comes_back() {
    let home = (Mapping::Eim, Filtering::Apdf);
    let mut network = Network::new([home, home], Setting::default());
    network.run(Duration::from_secs(5));
    network.run_on(Duration::from_secs(60));
    assert_eq!(network.sides[0].agent.connection(), Connection::Connected, "consent is kept");
    network.cut = true;
    network.run_on(Duration::from_secs(14));
    assert_eq!(network.sides[0].agent.connection(), Connection::Disconnected);
    network.cut = false;
    network.run_on(Duration::from_secs(7));
    assert_eq!(network.sides[0].agent.connection(), Connection::Connected);
    network.cut = true;
    network.run_on(Duration::from_secs(31));
    assert_eq!(network.sides.each_ref().map(|side| side.agent.connection()), [Connection::Failed; 2]);
}

#[test]
fn paces_its_checks_and_nominates_one_pair_once() {
    let open = (Mapping::None, Filtering::Eif);
    let mut network = Network::new([open, open], Setting { relays: true, ..Setting::default() });
    network.run(Duration::from_secs(5));
    for side in &network.sides {
        let selected = side.events.iter().filter(|event| matches!(event, Event::Selected { .. })).count();
        assert_eq!(selected, 1, "{:?}", side.events);
    }
    assert!(network.now.since_start() < Duration::from_millis(200), "{}", network.now);
}

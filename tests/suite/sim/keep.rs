//! What gathering keeps, in use: datagrams over its sockets and relays, permissions, refusals, the end.

use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, OpCode};
use hickory_proto::rr::{RData, Record};
use rtcprobe::machine::{Input, Machine, Output, Socket, Time, Want};
use rtcprobe::probes::gather::keep::{Heard, Way};
use rtcprobe::probes::gather::{Alternate, Config, Gathering, Local, ServerSpec};
use rtcprobe::proto::auth::Credentials;
use rtcprobe::proto::schedule::Schedule;
use rtcprobe::report::{Candidate, CandidateKind, Event, TcpKind};
use rtcprobe::server::{self, Listen, Network, Server, Users};
use rtcprobe::wire::message::Method;
use rtcprobe::wire::uri;

use super::world::{HostId, Log, World};

const SERVER: &str = "198.51.100.1";
const ANNA: &str = "192.0.2.10";
const BERT: &str = "192.0.2.20";

/// A gathering that can be spoken to while it runs.
#[derive(Clone)]
struct Handle(Rc<RefCell<(Gathering, Vec<Heard>)>>);

impl Machine for Handle {
    type Event = Event;

    fn input(&mut self, now: Time, input: Input<'_>) {
        self.0.borrow_mut().0.input(now, input);
        self.collect();
    }

    fn output(&mut self, now: Time) -> Output<Event> {
        let output = self.0.borrow_mut().0.output(now);
        self.collect();
        output
    }
}

impl Handle {
    fn collect(&self) {
        let (gathering, heard) = &mut *self.0.borrow_mut();
        heard.extend(std::iter::from_fn(|| gathering.heard()));
    }
}

/// One who gathers, and what was heard.
struct Agent {
    host: HostId,
    handle: Handle,
    log: Log<Event>,
}

struct Stage {
    world: World,
    server: Log<server::Event>,
}

fn stage(change: impl FnOnce(&mut server::Config)) -> Stage {
    let mut world = World::new(11);
    let host = world.host("server", &[SERVER]);
    let listen = |port| vec![SocketAddr::new(SERVER.parse().unwrap(), port)];
    let mut config = server::Config {
        listen: Listen {
            udp: listen(3478),
            tcp: listen(3478),
            tls: listen(5349),
            dtls: listen(5349),
            ..Listen::default()
        },
        relay: vec![SERVER.parse().unwrap()],
        users: Users::one("alice", "s3same"),
        ..server::Config::new("example.org")
    };
    change(&mut config);
    let chance = world.chance();
    let server = world.start(host, Server::new(config, chance));
    Stage { world, server }
}

fn asked(locals: &[&str], uris: &[&str]) -> Config {
    let keys = Credentials { username: "alice".into(), password: "s3same".into() };
    let server = |text: &&str| {
        let uri = uri::parse(text).unwrap().uri;
        ServerSpec { credentials: uri.scheme.is_turn().then(|| keys.clone()), uri }
    };
    let local = |text: &&str| Local { interface: "eth0".into(), address: text.parse::<IpAddr>().unwrap() };
    Config {
        servers: uris.iter().map(server).collect(),
        locals: locals.iter().map(local).collect(),
        host: true,
        srflx: true,
        relay: true,
        schedule: Schedule::PROMPT,
        alternate: Alternate::Follow,
        send_software: true,
        connections: 10,
        unix_time: None,
        keep: true,
        tcp: false,
    }
}

impl Stage {
    fn agent(&mut self, name: &str, addresses: &[&str], uris: &[&str]) -> Agent {
        let host = self.world.host(name, addresses);
        self.agent_on(host, addresses, uris)
    }

    fn agent_on(&mut self, host: HostId, addresses: &[&str], uris: &[&str]) -> Agent {
        self.start(host, asked(addresses, uris))
    }

    fn start(&mut self, host: HostId, config: Config) -> Agent {
        let chance = self.world.chance();
        let handle = Handle(Rc::new(RefCell::new((Gathering::new(config, chance), Vec::new()))));
        let log = self.world.start(host, handle.clone());
        Agent { host, handle, log }
    }

    /// One with TCP host candidates, and without servers.
    fn tcp_agent(&mut self, name: &str, address: &str) -> Agent {
        let host = self.world.host(name, &[address]);
        self.start(host, Config { tcp: true, ..asked(&[address], &[]) })
    }

    fn pass(&mut self, time: Duration) {
        let until = self.world.now() + time;
        self.world.run_until(until);
    }

    /// Until all is gathered.
    fn gather(&mut self) {
        self.pass(Duration::from_secs(10));
    }

    fn send(&mut self, agent: &Agent, way: Way, to: SocketAddr, bytes: &[u8]) {
        agent.handle.0.borrow_mut().0.send(self.world.now(), way, to, bytes.to_vec());
        self.world.poke(agent.host);
    }

    fn soon(&mut self) {
        self.pass(Duration::from_secs(1));
    }

    fn release(&mut self, agent: &Agent) {
        let now = self.world.now();
        agent.handle.0.borrow_mut().0.release(now);
        self.world.poke(agent.host);
        let limit = now + Duration::from_secs(20);
        assert!(self.world.run_until_done(agent.host, limit), "it does not end");
    }

    fn count(&self, is: impl Fn(&server::Event) -> bool) -> usize {
        self.server.borrow().iter().filter(|(_, event)| is(event)).count()
    }

    fn asked_for(&self, wanted: Method) -> usize {
        self.count(|event| matches!(event, server::Event::Answered { method, .. } if *method == wanted))
    }

    /// Allocations made and ended.
    fn allocations(&self) -> (usize, usize) {
        (
            self.count(|event| matches!(event, server::Event::Allocated { .. })),
            self.count(|event| matches!(event, server::Event::Released { .. })),
        )
    }
}

impl Agent {
    fn heard(&self) -> Vec<Heard> {
        self.handle.0.borrow().1.clone()
    }

    /// What was heard since this was asked last.
    fn news(&self) -> Vec<Heard> {
        std::mem::take(&mut self.handle.0.borrow_mut().1)
    }

    fn found(&self, wanted: CandidateKind) -> Vec<(Way, SocketAddr, Candidate)> {
        let of_kind = |heard| match heard {
            Heard::Found { way, base, candidate } if candidate.kind == wanted => Some((way, base, candidate)),
            _ => None,
        };
        self.heard().into_iter().filter_map(of_kind).collect()
    }

    fn tcp(&self, wanted: TcpKind) -> (Way, SocketAddr) {
        let mut found = self.found(CandidateKind::Host).into_iter();
        let (way, base, candidate) = found.find(|(_, _, candidate)| candidate.tcp_type == Some(wanted)).unwrap();
        assert_eq!(base, SocketAddr::new(candidate.address.parse().unwrap(), candidate.port));
        (way, base)
    }

    fn only(&self, wanted: CandidateKind) -> (Way, SocketAddr) {
        let found = self.found(wanted);
        let [(way, _, candidate)] = &found[..] else { panic!("{wanted:?}: {found:#?}") };
        (*way, SocketAddr::new(candidate.address.parse().unwrap(), candidate.port))
    }
}

fn bytes(way: Way, from: SocketAddr, bytes: &[u8]) -> Heard {
    Heard::Bytes { way, from, bytes: bytes.to_vec() }
}

#[test]
fn candidates_are_told_with_their_ways_and_as_ever() {
    let mut stage = stage(|_| {});
    let anna =
        stage.agent("anna", &[ANNA], &["stun:198.51.100.1", "turn:198.51.100.1", "turn:198.51.100.1?transport=tcp"]);
    stage.gather();
    let host = anna.only(CandidateKind::Host);
    assert_eq!(host.1.ip(), ANNA.parse::<IpAddr>().unwrap());
    let relays = anna.found(CandidateKind::Relay);
    assert_eq!(relays.len(), 2, "{relays:?}");
    assert_ne!(relays[0].0, relays[1].0);
    assert!(
        relays
            .iter()
            .all(|(_, base, candidate)| base.to_string() == format!("{}:{}", candidate.address, candidate.port))
    );
    let found: Vec<Candidate> = anna
        .heard()
        .into_iter()
        .filter_map(|heard| match heard {
            Heard::Found { candidate, .. } => Some(candidate),
            _ => None,
        })
        .collect();
    let told: Vec<Candidate> = anna
        .log
        .borrow()
        .iter()
        .filter_map(|(_, event)| match event {
            Event::Candidate { candidate, .. } => Some(candidate.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(found, told);
    assert_eq!(anna.heard().last(), Some(&Heard::Complete));
    assert_eq!(stage.allocations(), (2, 0));
    stage.release(&anna);
    assert_eq!(stage.allocations(), (2, 2));
}

#[test]
fn datagrams_go_from_relay_to_relay_and_from_relay_to_host() {
    for uri in [
        "turn:198.51.100.1",
        "turn:198.51.100.1?transport=tcp",
        "turns:198.51.100.1",
        "turns:198.51.100.1?transport=udp",
    ] {
        let mut stage = stage(|_| {});
        let (anna, bert) = (stage.agent("anna", &[ANNA], &[uri]), stage.agent("bert", &[BERT], &[uri]));
        stage.gather();
        let (a, b) = (anna.only(CandidateKind::Relay), bert.only(CandidateKind::Relay));
        let host = bert.only(CandidateKind::Host);
        anna.news();
        bert.news();
        // The first opens the way out, and is dropped by the other relay, which expects nobody.
        stage.send(&anna, a.0, b.1, b"one");
        stage.soon();
        assert_eq!(bert.news(), [], "{uri}");
        stage.send(&bert, b.0, a.1, b"two");
        stage.soon();
        assert_eq!(anna.news(), [bytes(a.0, b.1, b"two")], "{uri}");
        for text in [&b"three"[..], b"four"] {
            stage.send(&anna, a.0, b.1, text);
            stage.soon();
            assert_eq!(bert.news(), [bytes(b.0, a.1, text)], "{uri}");
        }
        stage.send(&anna, a.0, host.1, b"five");
        stage.soon();
        assert_eq!(bert.news(), [bytes(host.0, a.1, b"five")], "{uri}");
        stage.send(&bert, host.0, a.1, b"six");
        stage.soon();
        assert_eq!(anna.news(), [bytes(a.0, host.1, b"six")], "{uri}");
        stage.release(&anna);
        stage.release(&bert);
        assert_eq!(stage.allocations(), (2, 2), "{uri}");
    }
}

#[test]
fn a_channel_is_bound_once_data_went_both_ways() {
    let mut stage = stage(|_| {});
    let anna = stage.agent("anna", &[ANNA], &["turn:198.51.100.1"]);
    let bert = stage.agent("bert", &[BERT], &[]);
    stage.gather();
    let (relay, host) = (anna.only(CandidateKind::Relay), bert.only(CandidateKind::Host));
    stage.send(&anna, relay.0, host.1, b"one");
    stage.soon();
    assert_eq!(stage.asked_for(Method::CHANNEL_BIND), 0);
    stage.send(&bert, host.0, relay.1, b"two");
    stage.soon();
    stage.send(&anna, relay.0, host.1, b"three");
    stage.send(&bert, host.0, relay.1, b"four");
    stage.soon();
    assert_eq!(stage.asked_for(Method::CHANNEL_BIND), 1);
    assert!(anna.heard().contains(&bytes(relay.0, host.1, b"four")));
    assert!(bert.heard().contains(&bytes(host.0, relay.1, b"three")));
}

#[test]
fn peers_of_one_instant_share_a_request_and_one_who_is_forbidden_does_not_spoil_it() {
    let mut stage = stage(|config| {
        config.forbidden_peers = vec![Network { address: BERT.parse().unwrap(), prefix: 32 }];
    });
    let anna = stage.agent("anna", &[ANNA], &["turn:198.51.100.1"]);
    let carl = stage.agent("carl", &["192.0.2.30"], &[]);
    let dora = stage.agent("dora", &["192.0.2.40"], &[]);
    stage.gather();
    let relay = anna.only(CandidateKind::Relay);
    let (carls, doras) = (carl.only(CandidateKind::Host), dora.only(CandidateKind::Host));
    let send = |stage: &Stage, to| anna.handle.0.borrow_mut().0.send(stage.world.now(), relay.0, to, b"hello".to_vec());
    send(&stage, carls.1);
    send(&stage, doras.1);
    stage.world.poke(anna.host);
    stage.soon();
    assert_eq!(stage.asked_for(Method::CREATE_PERMISSION), 1);
    for (agent, host) in [(&carl, carls), (&dora, doras)] {
        assert!(agent.heard().contains(&bytes(host.0, relay.1, b"hello")));
    }
    anna.news();
    let emil = stage.agent("emil", &["192.0.2.50"], &[]);
    stage.gather();
    let emils = emil.only(CandidateKind::Host);
    let forbidden = SocketAddr::new(BERT.parse().unwrap(), 4000);
    send(&stage, forbidden);
    send(&stage, emils.1);
    stage.world.poke(anna.host);
    stage.soon();
    assert!(emil.heard().contains(&bytes(emils.0, relay.1, b"hello")));
    send(&stage, forbidden);
    stage.world.poke(anna.host);
    stage.soon();
    let refused: Vec<(Way, SocketAddr, u16)> = anna
        .news()
        .into_iter()
        .map(|heard| match heard {
            Heard::Refused { way, to, code, .. } => (way, to, code),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(refused, [(relay.0, forbidden, 403)], "told once");
}

#[test]
fn what_is_kept_stays_usable_for_hours_and_the_nat_open() {
    let mut stage = stage(|config| config.lifetimes.default = Duration::from_secs(600));
    let inside = stage.world.host("anna", &["10.0.0.2"]);
    let mut nat: rtcprobe::server::nat::NatConfig = "full-cone".parse().unwrap();
    nat.public = vec!["203.0.113.1".parse().unwrap()];
    nat.lifetime = Duration::from_secs(30);
    stage.world.nat(nat, &[inside]);
    let anna = stage.agent_on(inside, &["10.0.0.2"], &["stun:198.51.100.1", "turn:198.51.100.1?transport=tcp"]);
    let bert = stage.agent("bert", &[BERT], &[]);
    stage.gather();
    let (srflx, relay) = (anna.only(CandidateKind::Srflx), anna.only(CandidateKind::Relay));
    let host = bert.only(CandidateKind::Host);
    assert_eq!(srflx.0, anna.only(CandidateKind::Host).0);
    assert_eq!(srflx.1.ip().to_string(), "203.0.113.1");
    stage.send(&anna, relay.0, host.1, b"one");
    stage.pass(Duration::from_secs(7200));
    anna.news();
    stage.send(&bert, host.0, srflx.1, b"two");
    stage.send(&bert, host.0, relay.1, b"three");
    stage.soon();
    assert_eq!(anna.news(), [bytes(srflx.0, host.1, b"two"), bytes(relay.0, host.1, b"three")]);
    stage.release(&anna);
    assert_eq!(stage.allocations(), (1, 1));
}

#[test]
fn closed_ports_are_told_on_sockets_and_relays() {
    let mut stage = stage(|_| {});
    let anna = stage.agent("anna", &[ANNA], &["turn:198.51.100.1"]);
    stage.world.host("bert", &[BERT]);
    stage.gather();
    let (relay, host) = (anna.only(CandidateKind::Relay), anna.only(CandidateKind::Host));
    anna.news();
    let closed = SocketAddr::new(BERT.parse().unwrap(), 4000);
    stage.send(&anna, host.0, closed, b"one");
    stage.send(&anna, relay.0, closed, b"two");
    stage.soon();
    let told: Vec<(Way, SocketAddr)> = anna
        .news()
        .into_iter()
        .map(|heard| match heard {
            Heard::Unreachable { way, to, .. } => (way, to),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(told, [(host.0, closed), (relay.0, closed)]);
}

#[test]
fn strangers_do_not_pass_a_relay_and_channels_that_nobody_bound_are_nothing() {
    let mut stage = stage(|_| {});
    let anna = stage.agent("anna", &[ANNA], &["turn:198.51.100.1"]);
    let bert = stage.agent("bert", &[BERT], &[]);
    stage.gather();
    let (relay, anna_host) = (anna.only(CandidateKind::Relay), anna.only(CandidateKind::Host));
    let host = bert.only(CandidateKind::Host);
    anna.news();
    stage.send(&bert, host.0, relay.1, b"let me in");
    // Looks like ChannelData, but does not come from the server: it is the peer's own.
    stage.send(&bert, host.0, anna_host.1, &[0x40, 0, 0, 1, 7]);
    stage.soon();
    assert_eq!(anna.news(), [bytes(anna_host.0, host.1, &[0x40, 0, 0, 1, 7])]);
    let (forged, server) = (vec![0x40, 7, 0, 1, 7], SocketAddr::new(SERVER.parse().unwrap(), 3478));
    stage.world.inject(server, anna_host.1, forged);
    stage.soon();
    assert_eq!(anna.news(), []);
}

#[test]
fn a_stop_gives_everything_back() {
    let mut stage = stage(|_| {});
    let anna = stage.agent("anna", &[ANNA], &["turn:198.51.100.1", "turns:198.51.100.1"]);
    stage.gather();
    assert_eq!(stage.allocations(), (2, 0));
    stage.world.stop(anna.host);
    let limit = stage.world.now() + Duration::from_secs(5);
    assert!(stage.world.run_until_done(anna.host, limit));
    assert_eq!(stage.allocations(), (2, 2));
}

#[test]
fn released_in_the_middle_of_gathering_nothing_stays() {
    for millis in [5, 25, 45, 65, 85] {
        let mut stage = stage(|_| {});
        let anna = stage.agent("anna", &[ANNA], &["turn:198.51.100.1", "turn:198.51.100.1?transport=tcp"]);
        stage.pass(Duration::from_millis(millis));
        stage.release(&anna);
        stage.soon();
        let (made, ended) = stage.allocations();
        assert_eq!(made, ended, "after {millis} ms");
    }
}

#[test]
fn a_relay_whose_allocation_is_forgotten_is_lost() {
    let mut stage = stage(|config| config.lifetimes.default = Duration::from_secs(600));
    let anna = stage.agent("anna", &[ANNA], &["turn:198.51.100.1"]);
    stage.gather();
    let relay = anna.only(CandidateKind::Relay);
    anna.news();
    stage.world.silent.insert(SERVER.parse().unwrap());
    stage.pass(Duration::from_secs(700));
    let news = anna.news();
    assert!(matches!(&news[..], [Heard::Lost { way, .. }] if *way == relay.0), "{news:?}");
    stage.release(&anna);
}

#[test]
fn a_relay_whose_connection_ends_is_lost_and_the_others_stay() {
    let mut stage = stage(|_| {});
    let uris = ["turn:198.51.100.1", "turn:198.51.100.1?transport=tcp", "turns:198.51.100.1"];
    let anna = stage.agent("anna", &[ANNA], &uris);
    let bert = stage.agent("bert", &[BERT], &[]);
    stage.gather();
    let relays = anna.found(CandidateKind::Relay);
    let host = bert.only(CandidateKind::Host);
    anna.news();
    stage.world.reset_connections();
    stage.soon();
    let lost: Vec<Way> = anna
        .news()
        .into_iter()
        .map(|heard| match heard {
            Heard::Lost { way, why } if why.ends_with("ended: it was reset") => way,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(lost.len(), 2);
    for (way, ..) in &relays {
        stage.send(&anna, *way, host.1, b"hello");
    }
    stage.soon();
    let heard = bert.heard().into_iter().filter(|heard| matches!(heard, Heard::Bytes { .. })).count();
    assert_eq!(heard, 1, "over the one that stays");
    stage.release(&anna);
    stage.soon();
    assert_eq!(stage.allocations(), (3, 3));
}

#[test]
fn an_active_candidate_connects_to_a_passive_one_and_packets_go_both_ways() {
    let mut stage = stage(|_| {});
    let (anna, bert) = (stage.tcp_agent("anna", ANNA), stage.tcp_agent("bert", BERT));
    stage.gather();
    let (active, passive) = (anna.tcp(TcpKind::Active), bert.tcp(TcpKind::Passive));
    assert_eq!(active.1.port(), 9);
    let udp = anna.found(CandidateKind::Host).into_iter().find(|(_, _, found)| found.tcp_type.is_none()).unwrap();
    assert!(anna.found(CandidateKind::Host).iter().all(|(_, _, found)| found.priority <= udp.2.priority));
    anna.news();
    bert.news();
    for text in [&b"one"[..], b"one", b"two"] {
        stage.send(&anna, active.0, passive.1, text);
    }
    stage.soon();
    let news = bert.news();
    let Some(Heard::Bytes { from, .. }) = news.first() else { panic!("{news:?}") };
    let from = *from;
    assert_eq!(news, [bytes(passive.0, from, b"one"), bytes(passive.0, from, b"two")]);
    let long = vec![7; 1400];
    for text in [&b"three"[..], &long] {
        stage.send(&bert, passive.0, from, text);
    }
    stage.soon();
    assert_eq!(anna.news(), [bytes(active.0, passive.1, b"three"), bytes(active.0, passive.1, &long)]);
    stage.release(&bert);
    stage.soon();
    let news = anna.news();
    assert!(
        matches!(&news[..], [Heard::NoConnection { way, to, .. }] if (*way, *to) == (active.0, passive.1)),
        "{news:?}"
    );
    stage.release(&anna);
}

#[test]
fn a_connection_that_cannot_be_had_is_told_once_for_a_while() {
    let mut stage = stage(|_| {});
    let anna = stage.tcp_agent("anna", ANNA);
    stage.world.host("bert", &[BERT]);
    stage.gather();
    let (active, passive) = (anna.tcp(TcpKind::Active), anna.tcp(TcpKind::Passive));
    let closed = SocketAddr::new(BERT.parse().unwrap(), 4000);
    anna.news();
    for _ in 0..3 {
        stage.send(&anna, active.0, closed, b"check");
        stage.soon();
    }
    let news = anna.news();
    assert!(matches!(&news[..], [Heard::NoConnection { why, .. }] if why == "refused (RST)"), "{news:?}");
    stage.pass(Duration::from_secs(10));
    stage.send(&anna, active.0, closed, b"check");
    stage.soon();
    assert_eq!(anna.news().len(), 1, "tried anew");
    stage.send(&anna, passive.0, closed, b"check");
    assert_eq!(anna.news().len(), 1, "nobody has connected from there");
}

#[test]
fn who_only_sits_in_a_connection_makes_room_and_who_was_answered_stays() {
    let mut stage = stage(|_| {});
    let (anna, bert) = (stage.tcp_agent("anna", ANNA), stage.tcp_agent("bert", BERT));
    stage.gather();
    let (active, passive) = (anna.tcp(TcpKind::Active), bert.tcp(TcpKind::Passive));
    stage.send(&anna, active.0, passive.1, b"hello");
    stage.soon();
    let from = bert.heard().into_iter().find_map(|heard| match heard {
        Heard::Bytes { from, .. } => Some(from),
        _ => None,
    });
    stage.send(&bert, passive.0, from.unwrap(), b"hello back");
    stage.soon();
    let crowd: Vec<Agent> = (30..60).map(|n| stage.tcp_agent("stranger", &format!("192.0.2.{n}"))).collect();
    stage.gather();
    bert.news();
    for stranger in &crowd {
        let way = stranger.tcp(TcpKind::Active).0;
        stage.send(stranger, way, passive.1, b"anybody");
        stage.soon();
    }
    anna.news();
    stage.send(&bert, passive.0, from.unwrap(), b"still here");
    stage.soon();
    assert_eq!(anna.news(), [bytes(active.0, passive.1, b"still here")]);
    let thrown_out = crowd
        .iter()
        .filter(|stranger| stranger.heard().iter().any(|heard| matches!(heard, Heard::NoConnection { .. })));
    assert_eq!(thrown_out.count(), 30 - 15);
}

/// Answers by multicast for one name, or by unicast to where the question came from.
pub(super) struct Responder {
    name: &'static str,
    address: IpAddr,
    own: IpAddr,
    unicast: bool,
    /// Questions that it does not hear.
    deaf: usize,
    started: bool,
    out: Vec<Output<()>>,
}

const GROUP: &str = "224.0.0.251:5353";

impl Responder {
    pub(super) fn new(name: &'static str, address: &str, own: &str) -> Responder {
        let (address, own) = (address.parse().unwrap(), own.parse().unwrap());
        Responder { name, address, own, unicast: false, deaf: 0, started: false, out: Vec::new() }
    }
}

impl Machine for Responder {
    type Event = ();

    fn input(&mut self, _now: Time, input: Input<'_>) {
        let Input::Received { socket, from, bytes } = input else { return };
        let Ok(asked) = Message::from_vec(bytes) else { return };
        let Some(query) = asked.queries.first().filter(|_| asked.metadata.message_type == MessageType::Query) else {
            return;
        };
        let of_kind = query.query_type().is_ip_addr() && query.name().to_string() == format!("{}.", self.name);
        if !of_kind || self.deaf > 0 {
            self.deaf -= usize::from(of_kind);
            return;
        }
        let mut answer =
            Message::new(if self.unicast { asked.metadata.id } else { 0 }, MessageType::Response, OpCode::Query);
        let IpAddr::V4(ip) = self.address else { panic!("IPv4 only") };
        answer.add_answer(Record::from_rdata(query.name().clone(), 120, RData::A(ip.into())));
        let to = if self.unicast { from } else { GROUP.parse().unwrap() };
        self.out.push(Output::Send { socket, to, bytes: answer.to_vec().unwrap() });
    }

    fn output(&mut self, _now: Time) -> Output<()> {
        if !std::mem::replace(&mut self.started, true) {
            let want = Want::Group { group: GROUP.parse().unwrap(), local: self.own };
            return Output::Open { socket: Socket(0), want };
        }
        self.out.pop().unwrap_or(Output::WaitUntil(Time::NEVER, "questions"))
    }
}

impl Stage {
    fn responder(&mut self, name: &'static str, own: &str, change: impl FnOnce(&mut Responder)) {
        let host = self.world.host("responder", &[own]);
        let mut responder = Responder::new(name, own, own);
        change(&mut responder);
        self.world.start(host, responder);
    }

    fn resolve(&mut self, agent: &Agent, name: &str) {
        agent.news();
        agent.handle.0.borrow_mut().0.resolve(name);
        self.world.poke(agent.host);
    }
}

fn resolved(agent: &Agent) -> Vec<(String, Result<String, String>)> {
    let of_name = |heard| match heard {
        Heard::Resolved { name, address } => (name, address.map(|ip| ip.to_string())),
        other => panic!("{other:?}"),
    };
    agent.news().into_iter().map(of_name).collect()
}

#[test]
fn names_of_candidates_are_resolved_by_multicast_however_the_answer_comes() {
    for (unicast, deaf) in [(false, 0), (true, 0), (false, 5), (true, 5)] {
        let mut stage = stage(|_| {});
        let anna = stage.agent("anna", &[ANNA], &[]);
        stage.responder("b-1.local", BERT, |it| (it.unicast, it.deaf) = (unicast, deaf));
        stage.gather();
        stage.resolve(&anna, "b-1.local");
        stage.resolve(&anna, "b-1.local");
        stage.pass(Duration::from_millis(if deaf > 0 { 1100 } else { 100 }));
        assert_eq!(resolved(&anna), [("b-1.local".to_string(), Ok(BERT.to_string()))], "{unicast} {deaf}");
        stage.release(&anna);
    }
}

#[test]
fn a_name_that_nobody_answers_for_is_given_up_after_three_questions() {
    let mut stage = stage(|_| {});
    let anna = stage.agent("anna", &[ANNA], &[]);
    stage.responder("b-1.local", BERT, |it| it.address = "0.0.0.0".parse().unwrap());
    stage.gather();
    for name in ["nobody.local", "b-1.local", "turn.example.org"] {
        stage.resolve(&anna, name);
    }
    let told = |why: &str, name: &str| (name.to_string(), Err(why.to_string()));
    stage.pass(Duration::from_millis(4900));
    let why = "it is no name of multicast DNS, which has one label and .local";
    assert_eq!(resolved(&anna), [told(why, "turn.example.org")]);
    stage.pass(Duration::from_millis(200));
    let why = "no answer by multicast (mDNS) in 5 s";
    assert_eq!(resolved(&anna), [told(why, "nobody.local"), told(why, "b-1.local")]);
    let asked = stage.world.trace.iter().filter(|line| line.contains(&format!("{ANNA}:5353 > {GROUP}"))).count();
    assert_eq!(asked, 2 * 2 * 3, "two names, two families, three times");
    stage.release(&anna);
}

/// Connects, and says something that is not of ICE.
struct Rude {
    to: SocketAddr,
    says: Vec<u8>,
    out: Vec<Output<()>>,
    closed: Rc<RefCell<bool>>,
}

impl Machine for Rude {
    type Event = ();

    fn input(&mut self, _now: Time, input: Input<'_>) {
        match input {
            Input::Opened { socket, .. } => {
                self.out.push(Output::Send { socket, to: self.to, bytes: self.says.clone() });
            }
            Input::Closed { .. } => *self.closed.borrow_mut() = true,
            _ => {}
        }
    }

    fn output(&mut self, _now: Time) -> Output<()> {
        self.out.pop().unwrap_or(Output::WaitUntil(Time::NEVER, "the end"))
    }
}

#[test]
fn a_packet_that_is_too_long_ends_its_connection_and_half_a_one_costs_nothing() {
    let http = b"GET / HTTP/1.1\r\n\r\n".to_vec();
    for (says, ends) in [(vec![0x7f, 0xff, 1, 2, 3], true), (http, true), (vec![0, 20, 1, 2, 3], false)] {
        let mut stage = stage(|_| {});
        let bert = stage.tcp_agent("bert", BERT);
        stage.gather();
        let passive = bert.tcp(TcpKind::Passive);
        bert.news();
        let host = stage.world.host("rude", &[ANNA]);
        let closed = Rc::new(RefCell::new(false));
        let open = Output::Open { socket: Socket(0), want: Want::Tcp { local: None, to: passive.1 } };
        stage.world.start(host, Rude { to: passive.1, says, out: vec![open], closed: closed.clone() });
        stage.pass(Duration::from_secs(60));
        assert_eq!(*closed.borrow(), ends);
        let news = bert.news();
        assert!(news.iter().all(|heard| matches!(heard, Heard::NoConnection { .. })), "{news:?}");
        assert_eq!(news.len(), usize::from(ends));
        stage.release(&bert);
    }
}

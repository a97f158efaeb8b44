//! The simulated network itself.

use std::time::Duration;

use rtcprobe::machine::{Fragments, Input, Machine, Output, Peer, Refusal, Socket, Time, Trust, Unreachability, Want};

use super::world::{HostId, Log, World};

/// What a talker heard.
#[derive(Debug, Clone, PartialEq)]
enum Heard {
    Opened(String),
    Refused(Refusal),
    Datagram(String, Vec<u8>),
    Unreachable(Unreachability),
    Closed,
}

/// Opens one socket, sends numbered words every so often, and says what it hears. Echoes when it has
/// nothing to send itself.
struct Talker {
    want: Option<Want>,
    to: Option<(std::net::SocketAddr, u8, Duration)>,
    out: Vec<Output<Heard>>,
    open: Option<Socket>,
    sent: u8,
    /// Bytes of each word.
    size: usize,
    next: Time,
}

fn talker(want: Want) -> Talker {
    Talker { want: Some(want), to: None, out: Vec::new(), open: None, sent: 0, size: 1, next: Time::NEVER }
}

fn udp(local: &str) -> Want {
    Want::udp(local.parse().unwrap())
}

fn caller(local: &str, to: &str, words: u8, every: u64) -> Talker {
    Talker { to: Some((to.parse().unwrap(), words, Duration::from_millis(every))), ..talker(udp(local)) }
}

impl Machine for Talker {
    type Event = Heard;

    fn input(&mut self, now: Time, input: Input<'_>) {
        let heard = match input {
            Input::Opened { socket, local, .. } => {
                if self.to.is_some() {
                    (self.open, self.next) = (Some(socket), now);
                }
                Heard::Opened(local.to_string())
            }
            Input::Refused { why, .. } => Heard::Refused(why.clone()),
            Input::Received { socket, from, bytes } => {
                if self.to.is_none() {
                    self.out.push(Output::Send { socket, to: from, bytes: bytes.to_vec() });
                }
                Heard::Datagram(from.to_string(), bytes.to_vec())
            }
            Input::Unreachable { icmp, .. } => Heard::Unreachable(icmp.meaning),
            Input::Closed { .. } => Heard::Closed,
            _ => return,
        };
        self.out.push(Output::Event(heard));
    }

    fn output(&mut self, now: Time) -> Output<Heard> {
        if let Some(want) = self.want.take() {
            return Output::Open { socket: Socket(0), want };
        }
        if let (Some((to, words, every)), Some(socket)) = (self.to, self.open)
            && self.sent < words
            && self.next <= now
        {
            self.sent += 1;
            self.next = now + every;
            return Output::Send { socket, to, bytes: vec![self.sent; self.size] };
        }
        let more = self.to.is_some_and(|(_, words, _)| self.sent < words);
        self.out.pop().unwrap_or(Output::WaitUntil(if more { self.next } else { Time::NEVER }, "words"))
    }
}

const SERVER: &str = "198.51.100.1:7";

/// A client that sends words to an echo server, and what it hears.
fn call(world: &mut World, words: u8) -> (HostId, Log<Heard>) {
    let server = world.host("server", &["198.51.100.1"]);
    world.start(server, talker(udp(SERVER)));
    let client = world.host("client", &["10.0.0.2"]);
    let log = world.start(client, caller("10.0.0.2:0", SERVER, words, 100));
    (client, log)
}

fn words(log: &Log<Heard>) -> Vec<u8> {
    log.borrow()
        .iter()
        .filter_map(|(_, heard)| match heard {
            Heard::Datagram(_, bytes) => Some(bytes[0]),
            _ => None,
        })
        .collect()
}

#[test]
fn a_round_trip_takes_twice_the_latency() {
    let mut world = World::new(1);
    let (_, log) = call(&mut world, 1);
    world.run_until(Time::from_millis(1000));
    let (when, heard) = log.borrow().last().unwrap().clone();
    assert_eq!((when, heard), (Time::from_millis(20), Heard::Datagram(SERVER.into(), vec![1])));
}

#[test]
fn loses_what_is_listed_or_drawn() {
    let mut world = World::new(1);
    let (client, log) = call(&mut world, 5);
    world.lost.insert(client, [3, 4].into());
    world.run_until(Time::from_millis(5000));
    assert_eq!(words(&log), [1, 2, 5]);

    let run = |seed| {
        let mut world = World::new(seed);
        world.link.loss = 0.3;
        let (_, log) = call(&mut world, 100);
        world.run_until(Time::from_millis(60_000));
        words(&log)
    };
    let heard = run(7);
    assert!((30..70).contains(&heard.len()), "{}", heard.len());
    assert_eq!(heard, run(7));
    assert_ne!(heard, run(8));
}

#[test]
fn duplicates_and_reorders() {
    let mut world = World::new(1);
    world.link.duplicate = 1.0;
    let (_, log) = call(&mut world, 1);
    world.run_until(Time::from_millis(1000));
    assert_eq!(words(&log), [1, 1, 1, 1]);

    let mut world = World::new(1);
    world.link.jitter = Duration::from_millis(500);
    let (_, log) = call(&mut world, 20);
    world.run_until(Time::from_millis(60_000));
    let heard = words(&log);
    let mut sorted = heard.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (1..=20).collect::<Vec<u8>>());
    assert_ne!(heard, sorted);
}

#[test]
fn a_closed_port_says_so_and_a_silent_host_nothing() {
    let mut world = World::new(1);
    world.host("server", &["198.51.100.1"]);
    let client = world.host("client", &["10.0.0.2"]);
    let log = world.start(client, caller("10.0.0.2:0", SERVER, 1, 100));
    world.run_until(Time::from_millis(1000));
    assert_eq!(log.borrow().last().unwrap().1, Heard::Unreachable(Unreachability::Port));

    let mut world = World::new(1);
    world.silent.insert("198.51.100.1".parse().unwrap());
    let (_, log) = call(&mut world, 1);
    world.run_until(Time::from_millis(1000));
    assert!(words(&log).is_empty());
}

#[test]
fn a_nat_translates_and_filters() {
    let mut world = World::new(1);
    let server = world.host("server", &["198.51.100.1"]);
    let seen = world.start(server, talker(udp(SERVER)));
    let client = world.host("client", &["10.0.0.2"]);
    world.nat("port-restricted-cone".parse().unwrap(), &[client]);
    let log = world.start(client, caller("10.0.0.2:5000", SERVER, 1, 100));
    let stranger = world.host("stranger", &["198.51.100.9"]);
    world.start(stranger, caller("198.51.100.9:0", "203.0.113.7:5000", 3, 100));
    world.run_until(Time::from_millis(1000));
    assert_eq!(words(&log), [1]);
    assert!(seen.borrow().iter().any(|(_, heard)| *heard == Heard::Datagram("203.0.113.7:5000".into(), vec![1])));
}

#[test]
fn a_nat_hairpins_and_keeps_its_inside_to_itself() {
    for (kind, filtered) in [("full-cone", false), ("port-restricted-cone", true)] {
        let mut world = World::new(1);
        let one = world.host("one", &["10.0.0.2"]);
        let two = world.host("two", &["10.0.0.3"]);
        let server = world.host("server", &["198.51.100.1"]);
        world.start(server, talker(udp(SERVER)));
        world.nat(kind.parse().unwrap(), &[one, two]);
        let log = world.start(one, caller("10.0.0.2:5000", SERVER, 1, 100));
        world.run_until(Time::from_millis(500));
        world.start(two, caller("10.0.0.3:6000", "203.0.113.7:5000", 1, 100));
        let outside = world.host("outside", &["198.51.100.9"]);
        world.start(outside, caller("198.51.100.9:0", "10.0.0.2:5000", 1, 100));
        world.run_until(Time::from_millis(2000));
        let hairpinned = Heard::Datagram("203.0.113.7:6000".into(), vec![1]);
        assert_eq!(log.borrow().iter().any(|(_, heard)| *heard == hairpinned), !filtered, "{kind}");
        assert_eq!(words(&log).len(), if filtered { 1 } else { 2 }, "{kind}");
    }
}

/// Sends one datagram of that size; what comes back.
fn large(world: &mut World, size: usize, fragments: Fragments) -> Vec<Heard> {
    let server = world.host("server", &["198.51.100.1"]);
    world.start(server, talker(udp(SERVER)));
    let client = world.host("client", &["10.0.0.2"]);
    let want = Want::Udp { local: "10.0.0.2:0".parse().unwrap(), connect: None, fragments };
    let to = Some((SERVER.parse().unwrap(), 1, Duration::from_millis(1)));
    let log = world.start(client, Talker { to, size, ..talker(want) });
    world.run_until(Time::from_millis(1000));
    let log = log.borrow();
    log.iter().map(|(_, heard)| heard.clone()).collect()
}

#[test]
fn a_large_datagram_is_cut_or_stopped() {
    let answered = |heard: &[Heard]| heard.iter().any(|heard| matches!(heard, Heard::Datagram(..)));
    let stopped = |heard: &[Heard]| heard.contains(&Heard::Unreachable(Unreachability::TooLarge));
    let narrow = |says: bool, fragments: bool| {
        let mut world = World::new(1);
        (world.link.mtu, world.link.says_too_large, world.link.fragments) = (1280, says, fragments);
        world
    };
    let heard = large(&mut narrow(true, true), 1252, Fragments::Forbidden);
    assert!(answered(&heard) && !stopped(&heard));
    let heard = large(&mut narrow(true, true), 1253, Fragments::Forbidden);
    assert!(!answered(&heard) && stopped(&heard));
    let heard = large(&mut narrow(false, true), 1253, Fragments::Forbidden);
    assert!(!answered(&heard) && !stopped(&heard), "a black hole says nothing");
    let heard = large(&mut narrow(false, true), 1473, Fragments::Forbidden);
    assert!(!answered(&heard) && stopped(&heard), "the interface itself always does");
    let heard = large(&mut narrow(true, true), 3000, Fragments::Allowed);
    assert!(answered(&heard) && !stopped(&heard));
    let heard = large(&mut narrow(true, false), 3000, Fragments::Allowed);
    assert!(!answered(&heard) && !stopped(&heard), "fragments are dropped in silence");
}

/// What comes of connecting, and when.
fn connect(world: &mut World, listen: Option<Want>, want: Want) -> Vec<(Time, Heard)> {
    let server = world.host("server", &["198.51.100.1"]);
    if let Some(listen) = listen {
        world.start(server, talker(listen));
    }
    let client = world.host("client", &["10.0.0.2"]);
    let to = SERVER.parse().unwrap();
    let log = world.start(client, Talker { to: Some((to, 3, Duration::from_millis(1))), ..talker(want) });
    world.run_until(Time::from_millis(20_000));
    log.borrow().clone()
}

fn to_server(kind: &str) -> Want {
    let to = SERVER.parse().unwrap();
    let peer = Peer { name: "simulated".into(), trust: Trust::Verify, alpn: Vec::new() };
    match kind {
        "tcp" => Want::Tcp { local: None, to },
        "tls" => Want::Tls { local: None, to, peer },
        _ => Want::Dtls { local: None, to, peer },
    }
}

#[test]
fn connections_stand_after_their_round_trips() {
    let local = SERVER.parse().unwrap();
    let listen = |kind: &str| match kind {
        "tcp" => Want::TcpListen { local },
        "tls" => Want::TlsListen { local },
        _ => Want::DtlsListen { local },
    };
    for (kind, tls_round_trips, expected) in [("tcp", 1, 20), ("tls", 1, 40), ("tls", 2, 60), ("dtls", 1, 40)] {
        let mut world = World::new(1);
        world.link.tls_round_trips = tls_round_trips;
        let heard = connect(&mut world, Some(listen(kind)), to_server(kind));
        assert!(matches!(heard[0].1, Heard::Opened(_)), "{kind}");
        assert_eq!(heard[0].0, Time::from_millis(expected), "{kind}");
        let bytes: Vec<u8> = heard
            .iter()
            .filter_map(|(_, heard)| match heard {
                Heard::Datagram(_, bytes) => Some(bytes.clone()),
                _ => None,
            })
            .flatten()
            .collect();
        assert_eq!(bytes, [1, 2, 3], "{kind}");
        let refused = connect(&mut World::new(1), None, to_server(kind));
        assert_eq!(refused, [(Time::from_millis(20), Heard::Refused(Refusal::ConnectionRefused))], "{kind}");
        let mut world = World::new(1);
        world.silent.insert("198.51.100.1".parse().unwrap());
        let silent = connect(&mut world, Some(listen(kind)), to_server(kind));
        assert!(matches!(silent[..], [(_, Heard::Refused(Refusal::TimedOut { .. }))]), "{kind}: {silent:?}");
    }
    let plain = connect(&mut World::new(1), Some(listen("tcp")), to_server("tls"));
    assert!(matches!(plain[..], [(_, Heard::Refused(Refusal::Handshake { .. }))]), "{plain:?}");
}

//! The server by hand-written requests: what each of them is answered with.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use rtcprobe::machine::{Chance, Ending, Icmp, Input, Machine, Output, Refusal, Socket, Time, Unreachability, Want};
use rtcprobe::server::faults::{Fault, Faults, Personality, Rule, StreamFault, Which};
use rtcprobe::server::{Config, CookieBits, Discovery, End, Event, Limits, Listen, Network, Security, Server, Users};
use rtcprobe::wire::attribute::{self, Family, PasswordAlgorithm, Value};
use rtcprobe::wire::integrity::{self, Integrity, Key, KeyAlgorithm, Preparation};
use rtcprobe::wire::message::{Builder, Class, Message, Method, TransactionId};
use rtcprobe::wire::{channel_data, rest};

const CLIENT: &str = "127.0.0.1:5000";
const PEER: &str = "127.0.0.1:7000";

/// A server with everything it asks for, and a clock that is set by hand.
struct Desk {
    server: Server,
    now: Time,
    local: HashMap<Socket, SocketAddr>,
    wants: Vec<(Socket, Want)>,
    /// Addresses that cannot be bound.
    unavailable: Vec<&'static str>,
    next_port: u16,
    next_id: u8,
    events: Vec<Event>,
}

#[derive(Debug, Clone, PartialEq)]
struct Sent {
    from: SocketAddr,
    to: SocketAddr,
    bytes: Vec<u8>,
}

impl Sent {
    fn message(&self) -> Message {
        Message::decode(&self.bytes).unwrap()
    }
}

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn config() -> Config {
    let config = Config::loopback(Users::one("alice", "s3same"));
    Config {
        listen: Listen { udp: vec![at("127.0.0.1:3478")], tcp: vec![at("127.0.0.1:3478")], ..config.listen },
        ..config
    }
}

fn desk(config: Config) -> Desk {
    desk_without(config, Vec::new())
}

fn desk_without(config: Config, unavailable: Vec<&'static str>) -> Desk {
    let mut desk = Desk {
        server: Server::new(config, Chance::from_seed([1; 32])),
        now: Time::ZERO,
        local: HashMap::new(),
        wants: Vec::new(),
        unavailable,
        next_port: 40_000,
        next_id: 0,
        events: Vec::new(),
    };
    assert!(desk.pump().is_empty());
    desk
}

impl Desk {
    /// Does what the server wants until it waits; what it sent.
    fn pump(&mut self) -> Vec<Sent> {
        let mut sent = Vec::new();
        for _ in 0..10_000 {
            match self.server.output(self.now) {
                Output::Open { socket, want } => self.open(socket, want),
                Output::Close { socket } => assert!(self.local.remove(&socket).is_some(), "{socket:?} is not open"),
                Output::Send { socket, to, bytes } => sent.push(Sent { from: self.local[&socket], to, bytes }),
                Output::Event(event) => self.events.push(event),
                Output::WaitUntil(until, _) => {
                    assert!(until > self.now, "the past is not waited for");
                    return sent;
                }
                Output::Done => return sent,
                Output::Lookup { .. } => panic!("a server asks no DNS"),
            }
        }
        panic!("never stops wanting");
    }

    fn open(&mut self, socket: Socket, want: Want) {
        self.wants.push((socket, want.clone()));
        let (Want::Udp { mut local, .. }
        | Want::TcpListen { mut local }
        | Want::TlsListen { mut local }
        | Want::DtlsListen { mut local }) = want
        else {
            // Left to the test.
            return;
        };
        if local.port() == 0 {
            self.next_port += 1;
            local.set_port(self.next_port);
        }
        let taken = self.unavailable.iter().any(|address| local.to_string().starts_with(address));
        if taken {
            let why = Refusal::Bind { text: "in use".into() };
            self.server.input(self.now, Input::Refused { socket, why: &why });
        } else {
            self.local.insert(socket, local);
            self.server.input(self.now, Input::Opened { socket, local, secure: None });
        }
    }

    fn socket(&self, local: &str) -> Socket {
        let local = at(local);
        let udp = |socket: &Socket| {
            self.wants.iter().any(|(other, want)| other == socket && matches!(want, Want::Udp { .. }))
        };
        *self.local.iter().find(|(socket, own)| **own == local && udp(socket)).unwrap().0
    }

    /// A datagram from a client to the server.
    fn hear(&mut self, from: &str, bytes: &[u8]) -> Vec<Sent> {
        self.hear_at("127.0.0.1:3478", from, bytes)
    }

    fn hear_at(&mut self, local: &str, from: &str, bytes: &[u8]) -> Vec<Sent> {
        let socket = self.socket(local);
        self.server.input(self.now, Input::Received { socket, from: at(from), bytes });
        self.pump()
    }

    fn pass(&mut self, seconds: u64) -> Vec<Sent> {
        self.now = self.now + Duration::from_secs(seconds);
        self.server.input(self.now, Input::Tick);
        self.pump()
    }

    fn id(&mut self) -> TransactionId {
        self.next_id += 1;
        TransactionId([self.next_id; 12])
    }

    fn request(&mut self, method: Method) -> Builder {
        let id = self.id();
        Builder::new(Class::Request, method, id)
    }

    fn ask(&mut self, from: &str, request: Builder) -> Message {
        let sent = self.hear(from, &request.build());
        assert_eq!(sent.len(), 1, "{sent:?}");
        assert_eq!(sent[0].to, at(from));
        sent[0].message()
    }

    /// An authenticated exchange.
    fn signed(&mut self, from: &str, method: Method, values: Vec<Value>) -> Message {
        self.signed_as(from, method, values, "alice", "s3same")
    }

    fn signed_as(&mut self, from: &str, method: Method, values: Vec<Value>, user: &str, password: &str) -> Message {
        let plain = self.request(Method::ALLOCATE);
        let challenge = self.ask(from, plain);
        let (request, _) = self.sign(&challenge, method, values, user, password);
        self.ask(from, request)
    }

    fn sign(
        &mut self,
        challenge: &Message,
        method: Method,
        values: Vec<Value>,
        user: &str,
        password: &str,
    ) -> (Builder, Key) {
        let realm = challenge.get(attribute::REALM).unwrap().to_vec();
        let nonce = challenge.get(attribute::NONCE).unwrap().to_vec();
        let key = Key::long_term(user, &realm, password, KeyAlgorithm::Md5, Preparation::Opaque);
        let request = values.into_iter().fold(self.request(method), Builder::with);
        let request = request.with(Value::Username(user.into())).with(Value::Realm(realm)).with(Value::Nonce(nonce));
        (request.integrity(&key), key)
    }

    fn allocate(&mut self, from: &str) -> SocketAddr {
        let answer = self.signed(from, Method::ALLOCATE, vec![Value::RequestedTransport(17)]);
        answer.address(attribute::XOR_RELAYED_ADDRESS).unwrap()
    }

    fn last_released(&self) -> Option<End> {
        self.events.iter().rev().find_map(|event| match event {
            Event::Released { why, .. } => Some(*why),
            _ => None,
        })
    }
}

fn code(message: &Message) -> u16 {
    assert_eq!(message.class, Class::Error, "{message:?}");
    message.error().unwrap().code
}

fn key() -> Key {
    Key::long_term("alice", b"rtcprobe.test", "s3same", KeyAlgorithm::Md5, Preparation::Opaque)
}

#[test]
fn tells_a_client_its_address() {
    let mut desk = desk(config());
    let request = desk.request(Method::BINDING).fingerprint();
    let answer = desk.ask(CLIENT, request);
    assert_eq!(answer.class, Class::Success);
    assert_eq!(answer.address(attribute::XOR_MAPPED_ADDRESS), Some(at(CLIENT)));
    assert_eq!(answer.address(attribute::MAPPED_ADDRESS), Some(at(CLIENT)));
    assert_eq!(answer.address(attribute::RESPONSE_ORIGIN), Some(at("127.0.0.1:3478")));
    assert!(!answer.has(attribute::OTHER_ADDRESS));
    assert!(answer.text(attribute::SOFTWARE).unwrap().starts_with("rtcprobe"));
    assert_eq!(answer.fingerprint(), integrity::Fingerprint::Valid);
}

#[test]
fn says_nothing_to_what_is_no_request() {
    let mut desk = desk(config());
    let mut damaged = desk.request(Method::BINDING).fingerprint().build();
    *damaged.last_mut().unwrap() ^= 1;
    assert!(desk.hear(CLIENT, &damaged).is_empty());
    let id = desk.id();
    for class in [Class::Indication, Class::Success, Class::Error] {
        assert!(desk.hear(CLIENT, &Builder::new(class, Method::BINDING, id).build()).is_empty());
    }
    let unknown = desk.request(Method(0x123)).build();
    assert!(desk.hear(CLIENT, &unknown).is_empty());
    for bytes in [&b""[..], b"\0", b"hello", &[0xff; 100], &[0x40, 0, 0, 0]] {
        assert!(desk.hear(CLIENT, bytes).is_empty());
    }
}

#[test]
fn refuses_what_it_does_not_understand() {
    let mut desk = desk(config());
    let request = desk.request(Method::BINDING).with(Value::Raw(0x7ffe, vec![1])).with(Value::Raw(0xfffe, vec![1]));
    let answer = desk.ask(CLIENT, request);
    assert_eq!((code(&answer), answer.unknown_attributes()), (420, vec![0x7ffe]));
}

#[test]
fn answers_clients_of_rfc_3489() {
    let mut desk = desk(config());
    let request = desk.request(Method::BINDING).without_cookie(*b"ABCD").build();
    let sent = desk.hear(CLIENT, &request);
    let answer = sent[0].message();
    assert!(!answer.cookie && sent[0].bytes[4..20] == request[4..20]);
    assert_eq!(answer.address(attribute::MAPPED_ADDRESS), Some(at(CLIENT)));
    assert_eq!(answer.address(attribute::CHANGED_ADDRESS), Some(at("127.0.0.1:3478")));
    assert!(!answer.has(attribute::XOR_MAPPED_ADDRESS));
}

fn discovery() -> Config {
    let quad = Discovery {
        primary: "127.0.0.1".parse().unwrap(),
        alternate: "127.0.0.2".parse().unwrap(),
        ports: (3478, 3479),
    };
    Config { listen: Listen { discovery: vec![quad], ..Listen::default() }, ..config() }
}

#[test]
fn answers_from_where_it_is_asked_to() {
    let mut desk = desk(discovery());
    let origins = ["127.0.0.1:3478", "127.0.0.1:3479", "127.0.0.2:3478", "127.0.0.2:3479"];
    for (asked, here) in origins.iter().enumerate() {
        for (ip, port) in [(false, false), (false, true), (true, false), (true, true)] {
            let expected = at(origins[asked ^ (2 * usize::from(ip) + usize::from(port))]);
            let request = desk.request(Method::BINDING).with(Value::ChangeRequest { ip, port }).build();
            let sent = desk.hear_at(here, CLIENT, &request);
            let answer = sent[0].message();
            assert_eq!(sent[0].from, expected);
            assert_eq!(answer.address(attribute::RESPONSE_ORIGIN), Some(expected));
            assert_eq!(answer.address(attribute::OTHER_ADDRESS), Some(at(origins[asked ^ 3])));
        }
    }
}

#[test]
fn sends_the_answer_to_the_port_that_is_named() {
    let mut desk = desk(discovery());
    let request = desk.request(Method::BINDING).with(Value::ResponsePort(5005)).build();
    let sent = desk.hear(CLIENT, &request);
    assert_eq!(sent[0].to, at("127.0.0.1:5005"));
    assert_eq!(sent[0].message().address(attribute::XOR_MAPPED_ADDRESS), Some(at(CLIENT)));
    let both = desk.request(Method::BINDING).with(Value::ResponsePort(5005)).with(Value::Padding(100));
    assert_eq!(code(&desk.ask(CLIENT, both)), 400);
    let padded = desk.request(Method::BINDING).with(Value::Padding(100));
    assert!(desk.ask(CLIENT, padded).get(attribute::PADDING).unwrap().len() >= 1280);
}

#[test]
fn goes_on_without_a_second_address() {
    let mut desk = desk_without(discovery(), vec!["127.0.0.2"]);
    assert!(desk.events.iter().any(|event| matches!(event, Event::CannotListen { .. })));
    assert_eq!(desk.server.addresses().udp, [at("127.0.0.1:3478"), at("127.0.0.1:3479")]);
    assert!(desk.server.addresses().discovery.is_empty());
    let request = desk.request(Method::BINDING).with(Value::ChangeRequest { ip: true, port: true });
    let answer = desk.ask(CLIENT, request);
    assert_eq!((code(&answer), answer.unknown_attributes()), (420, vec![attribute::CHANGE_REQUEST]));
}

#[test]
fn takes_other_ports_when_the_second_address_has_not_those_of_the_first() {
    let mut config = discovery();
    config.listen.discovery[0].ports = (0, 0);
    let desk = desk_without(config, vec!["127.0.0.2:40001"]);
    let (primary, other) = desk.server.addresses().discovery[0];
    assert_ne!(primary.port(), 40_001);
    assert!(primary.ip() != other.ip() && primary.port() != other.port());
    // What the first attempt opened is closed again.
    assert_eq!(desk.local.len(), 4);
    assert!(matches!(desk.events.last(), Some(Event::Listening(addresses)) if addresses.contains(other)));
}

#[test]
fn challenges_and_then_allocates() {
    let mut desk = desk(config());
    let plain = desk.request(Method::ALLOCATE).with(Value::RequestedTransport(17));
    let challenge = desk.ask(CLIENT, plain);
    assert_eq!(code(&challenge), 401);
    assert_eq!(challenge.text(attribute::REALM).as_deref(), Some("rtcprobe.test"));
    assert!(!challenge.has(attribute::PASSWORD_ALGORITHMS) && !challenge.has(attribute::MESSAGE_INTEGRITY));
    let values = vec![Value::RequestedTransport(17), Value::Lifetime(60)];
    let (request, key) = desk.sign(&challenge, Method::ALLOCATE, values, "alice", "s3same");
    let bytes = request.build();
    let sent = desk.hear(CLIENT, &bytes);
    let answer = sent[0].message();
    assert_eq!(answer.class, Class::Success);
    assert_eq!(answer.integrity(&key), Integrity::Valid { sha256: false });
    assert_eq!(answer.address(attribute::XOR_MAPPED_ADDRESS), Some(at(CLIENT)));
    assert_eq!(answer.lifetime(), Some(600));
    let relayed = answer.address(attribute::XOR_RELAYED_ADDRESS).unwrap();
    assert!(desk.local.values().any(|local| *local == relayed));
    // The same request once more is answered as before; a new one is a mismatch.
    assert_eq!(desk.hear(CLIENT, &bytes), sent);
    let again = desk.signed(CLIENT, Method::ALLOCATE, vec![Value::RequestedTransport(17)]);
    assert_eq!(code(&again), 437);
    assert_eq!(desk.server.allocations(), 1);
}

#[test]
fn refuses_wrong_credentials() {
    let mut desk = desk(config());
    let values = || vec![Value::RequestedTransport(17)];
    for (user, password) in [("alice", "wrong"), ("mallory", "s3same")] {
        let answer = desk.signed_as(CLIENT, Method::ALLOCATE, values(), user, password);
        assert_eq!(code(&answer), 401);
        assert!(answer.has(attribute::NONCE) && !answer.has(attribute::MESSAGE_INTEGRITY));
    }
    let incomplete = desk.request(Method::ALLOCATE).with(Value::Username("alice".into())).integrity(&key());
    assert_eq!(code(&desk.ask(CLIENT, incomplete)), 400);
    // A nonce is good for the client that it was made for only (RFC 8489 §9.2.4).
    let plain = desk.request(Method::ALLOCATE);
    let challenge = desk.ask(CLIENT, plain);
    let (request, _) = desk.sign(&challenge, Method::ALLOCATE, values(), "alice", "s3same");
    assert_eq!(code(&desk.ask("127.0.0.1:5001", request)), 438);
}

#[test]
fn a_nonce_grows_stale() {
    let mut desk = desk(config());
    let plain = desk.request(Method::ALLOCATE);
    let challenge = desk.ask(CLIENT, plain);
    desk.pass(601);
    let (request, key) =
        desk.sign(&challenge, Method::ALLOCATE, vec![Value::RequestedTransport(17)], "alice", "s3same");
    let stale = desk.ask(CLIENT, request);
    assert_eq!(code(&stale), 438);
    assert_eq!(stale.integrity(&key), Integrity::Valid { sha256: false });
    let (request, _) = desk.sign(&stale, Method::ALLOCATE, vec![Value::RequestedTransport(17)], "alice", "s3same");
    assert_eq!(desk.ask(CLIENT, request).class, Class::Success);
}

#[test]
fn checks_what_is_asked_for() {
    let mut desk = desk(Config { dont_fragment: false, ..config() });
    let udp = Value::RequestedTransport(17);
    let cases: Vec<(u16, Vec<Value>)> = vec![
        (400, vec![]),
        (442, vec![Value::RequestedTransport(99)]),
        (400, vec![Value::RequestedTransport(6)]),
        (420, vec![udp.clone(), Value::DontFragment]),
        (440, vec![udp.clone(), Value::RequestedAddressFamily(Family::V6)]),
        (400, vec![udp.clone(), Value::RequestedAddressFamily(Family::V4), Value::AdditionalAddressFamily(Family::V6)]),
        (400, vec![udp.clone(), Value::AdditionalAddressFamily(Family::V4)]),
        (400, vec![udp.clone(), Value::EvenPort { reserve: false }, Value::ReservationToken([1; 8])]),
        (508, vec![udp.clone(), Value::ReservationToken([1; 8])]),
    ];
    for (expected, values) in cases {
        let shown = format!("{values:?}");
        assert_eq!(code(&desk.signed(CLIENT, Method::ALLOCATE, values)), expected, "{shown}");
    }
    assert_eq!(desk.server.allocations(), 0);
    for method in [Method::REFRESH, Method::CREATE_PERMISSION, Method::CHANNEL_BIND] {
        assert_eq!(code(&desk.signed(CLIENT, method, vec![Value::XorPeerAddress(at(PEER))])), 437);
    }
}

#[test]
fn gives_both_families_or_says_which_it_has_not() {
    let both = vec![Value::RequestedTransport(17), Value::AdditionalAddressFamily(Family::V6)];
    let relay = ["127.0.0.1", "::1"].map(|address| address.parse().unwrap()).to_vec();
    let mut dual = desk(Config { relay, ..config() });
    let answer = dual.signed(CLIENT, Method::ALLOCATE, both.clone());
    let relayed = answer.addresses(attribute::XOR_RELAYED_ADDRESS);
    assert!(matches!(relayed[..], [SocketAddr::V4(_), SocketAddr::V6(_)]));
    // One of them can be deleted alone (RFC 8656 §8).
    let values = vec![Value::Lifetime(0), Value::RequestedAddressFamily(Family::V6)];
    assert_eq!(dual.signed(CLIENT, Method::REFRESH, values.clone()).lifetime(), Some(0));
    assert_eq!(dual.server.allocations(), 1);
    assert_eq!(code(&dual.signed(CLIENT, Method::REFRESH, values)), 443);
    let peer = Value::XorPeerAddress(at("[::1]:7"));
    assert_eq!(code(&dual.signed(CLIENT, Method::CREATE_PERMISSION, vec![peer])), 443);

    let mut single = desk(config());
    let answer = single.signed(CLIENT, Method::ALLOCATE, both);
    assert_eq!(answer.addresses(attribute::XOR_RELAYED_ADDRESS).len(), 1);
    assert_eq!(answer.address_errors()[0].code, 440);
}

#[test]
fn reserves_the_port_beside_an_even_one() {
    let mut desk = desk(config());
    let values = vec![Value::RequestedTransport(17), Value::EvenPort { reserve: true }];
    let answer = desk.signed(CLIENT, Method::ALLOCATE, values);
    let even = answer.address(attribute::XOR_RELAYED_ADDRESS).unwrap().port();
    let token: [u8; 8] = answer.get(attribute::RESERVATION_TOKEN).unwrap().try_into().unwrap();
    assert_eq!(even % 2, 0);
    let values = vec![Value::RequestedTransport(17), Value::ReservationToken(token)];
    let answer = desk.signed("127.0.0.1:5001", Method::ALLOCATE, values.clone());
    assert_eq!(answer.address(attribute::XOR_RELAYED_ADDRESS).unwrap().port(), even + 1);
    assert_eq!(code(&desk.signed("127.0.0.1:5002", Method::ALLOCATE, values)), 508);
}

#[test]
fn an_unclaimed_reservation_ends() {
    let mut desk = desk(config());
    let values = vec![Value::RequestedTransport(17), Value::EvenPort { reserve: true }];
    desk.signed(CLIENT, Method::ALLOCATE, values);
    assert_eq!(desk.local.len(), 4);
    desk.pass(31);
    assert_eq!(desk.local.len(), 3);
}

#[test]
fn relays_both_ways_as_long_as_it_is_permitted() {
    let mut desk = desk(config());
    let relayed = desk.allocate(CLIENT).to_string();
    let indication = |desk: &mut Desk, data: &[u8]| {
        let id = desk.id();
        let values = [Value::XorPeerAddress(at(PEER)), Value::Data(data.to_vec())];
        values.into_iter().fold(Builder::new(Class::Indication, Method::SEND, id), Builder::with).build()
    };
    let send = indication(&mut desk, b"ping");
    assert!(desk.hear(CLIENT, &send).is_empty());
    assert!(desk.hear_at(&relayed, PEER, b"pong").is_empty());

    let permit = desk.signed(CLIENT, Method::CREATE_PERMISSION, vec![Value::XorPeerAddress(at("127.0.0.1:1"))]);
    assert_eq!(permit.class, Class::Success);
    assert_eq!(desk.hear(CLIENT, &send), [Sent { from: at(&relayed), to: at(PEER), bytes: b"ping".to_vec() }]);
    let back = desk.hear_at(&relayed, PEER, b"pong");
    let data = back[0].message();
    assert_eq!((data.class, data.method), (Class::Indication, Method::DATA));
    assert_eq!(data.address(attribute::XOR_PEER_ADDRESS), Some(at(PEER)));
    assert_eq!(data.get(attribute::DATA), Some(&b"pong"[..]));
    // Permissions are for addresses, and end after five minutes whatever is sent (RFC 8656 §9).
    assert!(desk.hear_at(&relayed, "127.0.0.2:7000", b"pong").is_empty());
    desk.pass(299);
    assert_eq!(desk.hear(CLIENT, &send).len(), 1);
    desk.pass(1);
    assert!(desk.hear(CLIENT, &send).is_empty());
    assert!(desk.hear_at(&relayed, PEER, b"pong").is_empty());
}

#[test]
fn tells_the_client_that_a_peer_is_unreachable() {
    let mut desk = desk(config());
    let relayed = desk.allocate(CLIENT).to_string();
    desk.signed(CLIENT, Method::CREATE_PERMISSION, vec![Value::XorPeerAddress(at(PEER))]);
    let socket = desk.socket(&relayed);
    let icmp = Icmp { kind: None, code: None, v6: false, offender: None, mtu: None, meaning: Unreachability::Port };
    desk.server.input(desk.now, Input::Unreachable { socket, to: at(PEER), icmp });
    let sent = desk.pump();
    let told = sent[0].message().icmp().unwrap();
    assert_eq!((told.kind, told.code), (3, 3));
}

#[test]
fn channels_carry_data_until_they_expire() {
    let mut desk = desk(config());
    let relayed = desk.allocate(CLIENT).to_string();
    let bind = |number, peer: &str| vec![Value::ChannelNumber(number), Value::XorPeerAddress(at(peer))];
    assert_eq!(desk.signed(CLIENT, Method::CHANNEL_BIND, bind(0x4001, PEER)).class, Class::Success);
    for (number, peer) in [(0x4001, "127.0.0.1:7001"), (0x4002, PEER), (0x5000, "127.0.0.1:9"), (0x3fff, "127.0.0.1:9")]
    {
        assert_eq!(code(&desk.signed(CLIENT, Method::CHANNEL_BIND, bind(number, peer))), 400, "{number:x} {peer}");
    }
    let ping = channel_data::encode(0x4001, b"ping", false).unwrap();
    assert_eq!(desk.hear(CLIENT, &ping), [Sent { from: at(&relayed), to: at(PEER), bytes: b"ping".to_vec() }]);
    let back = desk.hear_at(&relayed, PEER, b"pong!");
    assert_eq!(back[0].bytes, channel_data::encode(0x4001, b"pong!", false).unwrap());
    // Another port of the same peer has the permission, but no channel.
    assert_eq!(desk.hear_at(&relayed, "127.0.0.1:7009", b"x")[0].message().method, Method::DATA);
    desk.pass(300);
    assert!(desk.hear(CLIENT, &ping).is_empty(), "the permission is over, the channel is not");
    desk.signed(CLIENT, Method::CREATE_PERMISSION, vec![Value::XorPeerAddress(at(PEER))]);
    assert_eq!(desk.hear(CLIENT, &ping).len(), 1);
    desk.pass(299);
    desk.signed(CLIENT, Method::REFRESH, vec![]);
    desk.pass(1);
    assert!(desk.hear(CLIENT, &ping).is_empty());
}

#[test]
fn forbids_some_peers() {
    let net = Network { address: "127.0.0.0".parse().unwrap(), prefix: 8 };
    let mut desk = desk(Config { forbidden_peers: vec![net], ..config() });
    desk.allocate(CLIENT);
    let peers = vec![Value::XorPeerAddress(at("192.0.2.1:1")), Value::XorPeerAddress(at(PEER))];
    assert_eq!(code(&desk.signed(CLIENT, Method::CREATE_PERMISSION, peers)), 403);
    let values = vec![Value::ChannelNumber(0x4000), Value::XorPeerAddress(at(PEER))];
    assert_eq!(code(&desk.signed(CLIENT, Method::CHANNEL_BIND, values)), 403);
    // All or none (RFC 8656 §10.2).
    let id = desk.id();
    let send = Builder::new(Class::Indication, Method::SEND, id).with(Value::XorPeerAddress(at("192.0.2.1:1")));
    assert!(desk.hear(CLIENT, &send.with(Value::Data(vec![1])).build()).is_empty());
}

#[test]
fn an_allocation_ends_when_it_is_deleted_or_not_refreshed() {
    let mut desk = desk(config());
    let before = desk.local.len();
    desk.allocate(CLIENT);
    let answer = desk.signed(CLIENT, Method::REFRESH, vec![Value::Lifetime(0)]);
    assert_eq!(answer.lifetime(), Some(0));
    assert_eq!((desk.last_released(), desk.local.len()), (Some(End::Deleted), before));
    assert_eq!(code(&desk.signed(CLIENT, Method::REFRESH, vec![Value::Lifetime(0)])), 437);

    desk.allocate(CLIENT);
    desk.pass(500);
    assert_eq!(desk.signed(CLIENT, Method::REFRESH, vec![Value::Lifetime(99_999)]).lifetime(), Some(3600));
    desk.pass(3599);
    assert_eq!(desk.server.allocations(), 1);
    desk.pass(1);
    assert_eq!((desk.last_released(), desk.local.len()), (Some(End::Expired), before));
}

#[test]
fn keeps_users_apart_and_within_their_quota() {
    let users = Users::one("alice", "s3same").and("bob", "b");
    let limits = Limits { allocations: 2, allocations_per_user: 1, ..Limits::default() };
    let mut desk = desk(Config { users, limits, ..config() });
    let values = || vec![Value::RequestedTransport(17)];
    desk.allocate(CLIENT);
    assert_eq!(code(&desk.signed("127.0.0.1:5001", Method::ALLOCATE, values())), 486);
    assert_eq!(code(&desk.signed_as(CLIENT, Method::REFRESH, vec![], "bob", "b")), 441);
    assert_eq!(desk.signed_as("127.0.0.1:5002", Method::ALLOCATE, values(), "bob", "b").class, Class::Success);
    assert_eq!(code(&desk.signed_as("127.0.0.1:5003", Method::ALLOCATE, values(), "bob", "b")), 486);
}

#[test]
fn says_when_it_is_full() {
    let mut full = desk(Config { limits: Limits { allocations: 1, ..Limits::default() }, ..config() });
    full.allocate(CLIENT);
    assert_eq!(code(&full.signed("127.0.0.1:5001", Method::ALLOCATE, vec![Value::RequestedTransport(17)])), 508);
    let mut stuck = desk_without(Config { relay_ports: Some(6000..=6001), ..config() }, vec!["127.0.0.1:6"]);
    assert_eq!(code(&stuck.signed(CLIENT, Method::ALLOCATE, vec![Value::RequestedTransport(17)])), 508);
    assert_eq!(stuck.server.allocations(), 0);
}

#[test]
fn takes_credentials_of_the_rest_api_until_they_expire() {
    let users = Users::from_secret("north");
    let mut desk = desk(Config { users, unix_time_at_start: 1_700_000_000, ..config() });
    let user = rest::username(1_700_000_100, Some("alice"));
    let password = rest::credential("north", &user);
    let values = || vec![Value::RequestedTransport(17)];
    assert_eq!(desk.signed_as(CLIENT, Method::ALLOCATE, values(), &user, &password).class, Class::Success);
    assert_eq!(code(&desk.signed_as("127.0.0.1:5001", Method::ALLOCATE, values(), &user, "wrong")), 401);
    desk.pass(100);
    assert_eq!(code(&desk.signed_as("127.0.0.1:5001", Method::ALLOCATE, values(), &user, &password)), 401);
}

#[test]
fn speaks_rfc_8489_when_told_to() {
    let security = Security::Rfc8489 { userhash: true, cookie: CookieBits::Both };
    let mut desk = desk(Config { security, ..config() });
    let plain = desk.request(Method::ALLOCATE);
    let challenge = desk.ask(CLIENT, plain);
    let nonce = challenge.get(attribute::NONCE).unwrap().to_vec();
    let realm = challenge.get(attribute::REALM).unwrap().to_vec();
    let cookie = integrity::nonce_cookie(&nonce).unwrap();
    assert!(cookie.password_algorithms && cookie.username_anonymity);
    let offered = challenge.password_algorithms().unwrap();
    let chosen = PasswordAlgorithm { number: PasswordAlgorithm::SHA256, parameters: Vec::new() };
    let key = Key::long_term("alice", &realm, "s3same", KeyAlgorithm::Sha256, Preparation::Opaque);
    let request = |desk: &mut Desk, list: Vec<PasswordAlgorithm>| {
        desk.request(Method::ALLOCATE)
            .with(Value::RequestedTransport(17))
            .with(Value::Userhash(integrity::userhash("alice", &realm, Preparation::Opaque)))
            .with(Value::Realm(realm.clone()))
            .with(Value::Nonce(nonce.clone()))
            .with(Value::PasswordAlgorithms(list))
            .with(Value::PasswordAlgorithm(chosen.clone()))
            .integrity_sha256(&key)
    };
    // A list that is not the one sent was tampered with (RFC 8489 §9.2.4).
    let tampered = request(&mut desk, offered[..1].to_vec());
    assert_eq!(code(&desk.ask(CLIENT, tampered)), 400);
    let right = request(&mut desk, offered.clone());
    let answer = desk.ask(CLIENT, right);
    assert_eq!(answer.class, Class::Success);
    assert_eq!(answer.integrity(&key), Integrity::Valid { sha256: true });
    // A client of RFC 5389 is welcome as well.
    assert_eq!(
        desk.signed("127.0.0.1:5001", Method::ALLOCATE, vec![Value::RequestedTransport(17)]).class,
        Class::Success
    );
}

/// A client's TCP connection.
struct Tcp {
    socket: Socket,
    from: SocketAddr,
}

impl Desk {
    fn accept(&mut self, n: u64) -> Tcp {
        let listener = self.wants.iter().find(|(_, want)| matches!(want, Want::TcpListen { .. })).unwrap().0;
        self.accept_at(listener, n)
    }

    fn accept_at(&mut self, listener: Socket, n: u64) -> Tcp {
        let (socket, from) = (Socket(Socket::ACCEPTED + n), SocketAddr::new([127, 0, 0, 1].into(), 6000 + n as u16));
        let local = self.local[&listener];
        self.local.insert(socket, local);
        self.server.input(self.now, Input::Accepted { listener, socket, local, from });
        Tcp { socket, from }
    }

    fn down(&mut self, tcp: &Tcp, bytes: &[u8]) -> Vec<Sent> {
        self.server.input(self.now, Input::Received { socket: tcp.socket, from: tcp.from, bytes });
        self.pump()
    }

    fn signed_down(&mut self, tcp: &Tcp, method: Method, values: Vec<Value>) -> Message {
        let plain = self.request(Method::ALLOCATE).build();
        let challenge = self.down(tcp, &plain)[0].message();
        let (request, _) = self.sign(&challenge, method, values, "alice", "s3same");
        let request = request.build();
        let (one, two) = request.split_at(7);
        assert!(self.down(tcp, one).is_empty());
        self.down(tcp, two)[0].message()
    }
}

#[test]
fn relays_over_a_stream_until_it_closes() {
    let mut desk = desk(config());
    let tcp = desk.accept(1);
    let answer = desk.signed_down(&tcp, Method::ALLOCATE, vec![Value::RequestedTransport(17)]);
    let relayed = answer.address(attribute::XOR_RELAYED_ADDRESS).unwrap().to_string();
    let values = vec![Value::ChannelNumber(0x4000), Value::XorPeerAddress(at(PEER))];
    assert_eq!(desk.signed_down(&tcp, Method::CHANNEL_BIND, values).class, Class::Success);
    let one = channel_data::encode(0x4000, b"a", true).unwrap();
    let two = channel_data::encode(0x4000, b"bc", true).unwrap();
    assert_eq!(one.len(), 8);
    let sent = desk.down(&tcp, &[one, two].concat());
    assert_eq!(sent.iter().map(|sent| sent.bytes.as_slice()).collect::<Vec<_>>(), [&b"a"[..], b"bc"]);
    assert_eq!(desk.hear_at(&relayed, PEER, b"abc")[0].bytes, channel_data::encode(0x4000, b"abc", true).unwrap());
    desk.server.input(desk.now, Input::Closed { socket: tcp.socket, why: &Ending::Reset });
    desk.local.remove(&tcp.socket);
    desk.pump();
    assert_eq!(desk.last_released(), Some(End::Disconnected));
    assert_eq!(desk.local.len(), 2);
}

#[test]
fn closes_streams_that_are_idle_or_make_no_sense() {
    let limits = Limits { streams: 2, ..Limits::default() };
    let mut desk = desk(Config { limits, ..config() });
    let babbler = desk.accept(1);
    desk.down(&babbler, b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03 a ClientHello");
    assert_eq!(desk.local.len(), 2);
    desk.accept(2);
    let busy = desk.accept(3);
    desk.accept(4);
    desk.pump();
    assert_eq!(desk.local.len(), 4, "a third stream is one too many");
    desk.signed_down(&busy, Method::ALLOCATE, vec![Value::RequestedTransport(17)]);
    desk.pass(61);
    assert_eq!(desk.local.len(), 4, "the one with an allocation stays, with its relay");
}

#[test]
fn relays_tcp_to_peers() {
    let mut desk = desk(config());
    let control = desk.accept(1);
    let answer = desk.signed_down(&control, Method::ALLOCATE, vec![Value::RequestedTransport(6)]);
    let relayed = answer.address(attribute::XOR_RELAYED_ADDRESS).unwrap();
    // From the client to a peer.
    let plain = desk.request(Method::ALLOCATE).build();
    let challenge = desk.down(&control, &plain)[0].message();
    let peer = vec![Value::XorPeerAddress(at(PEER))];
    let (connect, _) = desk.sign(&challenge, Method::CONNECT, peer.clone(), "alice", "s3same");
    assert!(desk.down(&control, &connect.build()).is_empty());
    let (link, want) = desk.wants.last().unwrap().clone();
    assert!(matches!(want, Want::Tcp { to, .. } if to == at(PEER)));
    assert_eq!(code(&desk.signed_down(&control, Method::CONNECT, peer)), 446);
    desk.local.insert(link, relayed);
    desk.server.input(desk.now, Input::Opened { socket: link, local: relayed, secure: None });
    let id = desk.pump()[0].message().connection_id().unwrap();
    desk.server.input(desk.now, Input::Received { socket: link, from: at(PEER), bytes: b"early" });
    assert!(desk.pump().is_empty());
    // The nonce of the control connection is good for the data connection too.
    let data = desk.accept(2);
    let (bind, _) = desk.sign(&challenge, Method::CONNECTION_BIND, vec![Value::ConnectionId(id)], "alice", "s3same");
    let sent = desk.down(&data, &bind.build());
    assert_eq!(sent[0].message().class, Class::Success);
    assert_eq!(sent[1].bytes, b"early");
    assert_eq!(desk.down(&data, b"raw")[0].bytes, b"raw");
    desk.server.input(desk.now, Input::Closed { socket: link, why: &Ending::Finished });
    desk.local.remove(&link);
    desk.pump();
    assert!(!desk.local.contains_key(&data.socket));

    // From a peer to the client.
    let listener = *desk.local.iter().find(|(_, local)| **local == relayed).unwrap().0;
    let stranger = desk.accept_at(listener, 3);
    desk.pump();
    assert!(!desk.local.contains_key(&stranger.socket));
    let peer = vec![Value::XorPeerAddress(at("127.0.0.1:6004"))];
    desk.signed_down(&control, Method::CREATE_PERMISSION, peer);
    desk.accept_at(listener, 4);
    let attempt = desk.pump()[0].message();
    assert_eq!((attempt.method, attempt.class), (Method::CONNECTION_ATTEMPT, Class::Indication));
    assert_eq!(attempt.address(attribute::XOR_PEER_ADDRESS), Some(at("127.0.0.1:6004")));
    desk.pass(31);
    assert!(!desk.local.contains_key(&Socket(Socket::ACCEPTED + 4)));
}

#[test]
fn tells_that_a_tcp_peer_refused() {
    let mut desk = desk(config());
    let control = desk.accept(1);
    desk.signed_down(&control, Method::ALLOCATE, vec![Value::RequestedTransport(6)]);
    let plain = desk.request(Method::ALLOCATE).build();
    let challenge = desk.down(&control, &plain)[0].message();
    let peer = vec![Value::XorPeerAddress(at(PEER))];
    let (connect, _) = desk.sign(&challenge, Method::CONNECT, peer, "alice", "s3same");
    desk.down(&control, &connect.build());
    let link = desk.wants.last().unwrap().0;
    desk.server.input(desk.now, Input::Refused { socket: link, why: &Refusal::ConnectionRefused });
    assert_eq!(code(&desk.pump()[0].message()), 447);
}

fn faulty(faults: Faults) -> Desk {
    desk(Config { faults, ..config() })
}

#[test]
fn misbehaves_as_it_is_told() {
    let bind = |fault| faulty(Faults::on(Method::BINDING, fault));
    let ask = |desk: &mut Desk| {
        let request = desk.request(Method::BINDING).build();
        desk.hear(CLIENT, &request)
    };
    assert!(ask(&mut bind(Fault::Drop)).is_empty());
    assert_eq!(ask(&mut bind(Fault::Duplicate)).len(), 2);
    assert_ne!(ask(&mut bind(Fault::FromElsewhere))[0].from, at("127.0.0.1:3478"));
    assert_eq!(ask(&mut bind(Fault::Truncate(9)))[0].bytes.len(), 9);
    assert_eq!(ask(&mut bind(Fault::Replace(b"HTTP/1.1 400".to_vec())))[0].bytes, b"HTTP/1.1 400");
    let wrong = ask(&mut bind(Fault::WrongTransaction))[0].message();
    assert_ne!(wrong.transaction, TransactionId([1; 12]));
    let less = ask(&mut bind(Fault::Without(attribute::XOR_MAPPED_ADDRESS)))[0].message();
    assert!(!less.has(attribute::XOR_MAPPED_ADDRESS) && less.has(attribute::MAPPED_ADDRESS));
    let more = ask(&mut bind(Fault::With(0x7ffe, vec![1, 2])))[0].message();
    assert_eq!(more.get(0x7ffe), Some(&[1, 2][..]));
    let hostile = Fault::Error { code: 500, phrase: b"\x1b[31m\n\xff".to_vec(), signed: false };
    let error = ask(&mut bind(hostile))[0].message();
    assert_eq!((code(&error), error.get(attribute::ERROR_CODE)), (500, Some(&b"\0\0\x05\0\x1b[31m\n\xff"[..])));

    let mut late = bind(Fault::Delay(Duration::from_secs(2)));
    assert!(ask(&mut late).is_empty());
    assert!(late.pass(1).is_empty());
    assert_eq!(late.pass(1).len(), 1);

    let mut second = faulty(Faults::default().and(Rule::on(Method::BINDING, Fault::Drop).only(Which::Nth(2))));
    assert_eq!((ask(&mut second).len(), ask(&mut second).len(), ask(&mut second).len()), (1, 0, 1));
}

#[test]
fn misbehaves_towards_those_who_allocate() {
    let allocate = |fault| {
        let rule = Rule::on(Method::ALLOCATE, fault).signed();
        faulty(Faults::default().and(rule)).signed(CLIENT, Method::ALLOCATE, vec![Value::RequestedTransport(17)])
    };
    assert_eq!(allocate(Fault::WrongIntegrity).integrity(&key()), Integrity::Invalid { sha256: false });
    assert_eq!(allocate(Fault::NoIntegrity).integrity(&key()), Integrity::Absent);
    assert_eq!(code(&allocate(Fault::StaleNonce)), 438);
    let to = vec![at("127.0.0.2:3478")];
    let redirect = |signed| Fault::Redirect { to: to.clone(), domain: None, signed };
    let unsigned = allocate(redirect(false));
    assert_eq!((code(&unsigned), unsigned.addresses(attribute::ALTERNATE_SERVER)), (300, to.clone()));
    assert_eq!(unsigned.integrity(&key()), Integrity::Absent);
    assert_eq!(allocate(redirect(true)).integrity(&key()), Integrity::Valid { sha256: false });

    let mut bare = faulty(Faults::on(Method::ALLOCATE, Fault::BareChallenge));
    let request = bare.request(Method::ALLOCATE);
    let challenge = bare.ask(CLIENT, request);
    assert!(code(&challenge) == 401 && !challenge.has(attribute::REALM) && !challenge.has(attribute::NONCE));
}

#[test]
fn has_the_habits_of_others_when_told_to() {
    let personality = |personality| faulty(Faults { personality, ..Faults::default() });
    let mut pion = personality(Personality::Pion);
    let answer = pion.signed_as(CLIENT, Method::ALLOCATE, vec![], "alice", "wrong");
    assert_eq!((code(&answer), answer.error().unwrap().reason.as_str()), (400, ""));
    assert!(!answer.has(attribute::SOFTWARE));

    let mut node = personality(Personality::NodeTurn);
    let request = node.request(Method::BINDING).with(Value::Raw(0x7ffe, vec![])).build();
    assert!(node.hear(CLIENT, &request).is_empty());

    let mut old = personality(Personality::Rfc3489);
    let request = old.request(Method::BINDING);
    let answer = old.ask(CLIENT, request);
    assert!(answer.has(attribute::MAPPED_ADDRESS) && !answer.has(attribute::XOR_MAPPED_ADDRESS));
    let request = old.request(Method::ALLOCATE).build();
    assert!(old.hear(CLIENT, &request).is_empty());
}

#[test]
fn spoils_streams_as_it_is_told() {
    let spoiled = |streams| faulty(Faults { streams, ..Faults::default() });
    let request = |desk: &mut Desk| desk.request(Method::BINDING).build();

    let mut silent = spoiled(StreamFault::Silent);
    let tcp = silent.accept(1);
    let bytes = request(&mut silent);
    assert!(silent.down(&tcp, &bytes).is_empty());

    let mut greeting = spoiled(StreamFault::Greeting(b"220 smtp".to_vec()));
    greeting.accept(1);
    assert_eq!(greeting.pump()[0].bytes, b"220 smtp");

    let mut endless = spoiled(StreamFault::Endless);
    let tcp = endless.accept(1);
    let bytes = request(&mut endless);
    assert_eq!(endless.down(&tcp, &bytes).len(), 1);
    assert!(!endless.pass(1).is_empty() && !endless.pass(1).is_empty());

    let mut closing = spoiled(StreamFault::Close);
    closing.accept(1);
    closing.pump();
    assert_eq!(closing.local.len(), 2);

    let mut cut = faulty(Faults::on(Method::BINDING, Fault::CutAndClose(9)));
    let tcp = cut.accept(1);
    let bytes = request(&mut cut);
    assert_eq!(cut.down(&tcp, &bytes)[0].bytes.len(), 9);
    assert_eq!(cut.local.len(), 2);

    let mut slow = faulty(Faults::on(Method::BINDING, Fault::Trickle(Duration::from_millis(500))));
    let tcp = slow.accept(1);
    let bytes = request(&mut slow);
    let mut received: Vec<u8> = slow.down(&tcp, &bytes).into_iter().flat_map(|sent| sent.bytes).collect();
    assert!(received.len() <= 1);
    for _ in 0..200 {
        received.extend(slow.pass(1).into_iter().flat_map(|sent| sent.bytes));
    }
    assert_eq!(Message::decode(&received).unwrap().class, Class::Success);
}

#[test]
fn puts_everything_away_when_stopped() {
    let mut desk = desk(config());
    desk.allocate(CLIENT);
    desk.accept(1);
    desk.server.input(desk.now, Input::Stop);
    desk.pump();
    assert!(desk.local.is_empty());
    assert_eq!(desk.last_released(), Some(End::Stopped));
    assert_eq!(desk.server.output(desk.now), Output::Done);
}

#[test]
fn no_bytes_make_it_panic() {
    let mut desk = desk(config());
    let mut chance = Chance::from_seed([9; 32]);
    let relayed = desk.allocate(CLIENT).to_string();
    desk.signed(CLIENT, Method::CHANNEL_BIND, vec![Value::ChannelNumber(0x4000), Value::XorPeerAddress(at(PEER))]);
    let plain = desk.request(Method::ALLOCATE);
    let challenge = desk.ask("127.0.0.1:5009", plain);
    let signed = |desk: &mut Desk, method, values| desk.sign(&challenge, method, values, "alice", "s3same").0.build();
    let peer = || Value::XorPeerAddress(at(PEER));
    let seeds = [
        desk.request(Method::BINDING).with(Value::ChangeRequest { ip: true, port: true }).fingerprint().build(),
        desk.request(Method::BINDING).with(Value::Padding(9)).with(Value::ResponsePort(9)).build(),
        signed(&mut desk, Method::ALLOCATE, vec![Value::RequestedTransport(17), Value::EvenPort { reserve: true }]),
        signed(&mut desk, Method::CREATE_PERMISSION, vec![peer(), peer()]),
        signed(&mut desk, Method::CHANNEL_BIND, vec![Value::ChannelNumber(0x4001), peer()]),
        signed(&mut desk, Method::CONNECT, vec![peer()]),
        signed(&mut desk, Method::CONNECTION_BIND, vec![Value::ConnectionId(1)]),
        channel_data::encode(0x4000, b"data", true).unwrap(),
    ];
    let tcp = desk.accept(1);
    let mut stream = Some(tcp);
    for n in 0..5_000 {
        let mut bytes = seeds[chance.below(seeds.len() as u64) as usize].clone();
        for _ in 0..chance.below(4) {
            let at = chance.below(bytes.len() as u64) as usize;
            bytes[at] = chance.bytes::<1>()[0];
        }
        bytes.truncate(bytes.len() - (chance.below(3) * chance.below(bytes.len() as u64) / 4) as usize);
        let from = ["127.0.0.1:5009", CLIENT, PEER][n % 3];
        desk.hear(from, &bytes);
        desk.hear_at(&relayed, PEER, &bytes);
        match &stream {
            Some(tcp) if desk.local.contains_key(&tcp.socket) => {
                desk.down(tcp, &bytes);
            }
            _ => stream = Some(desk.accept(10 + n as u64)),
        }
    }
}

//! The server by hand-written requests: what each of them is answered with.

mod allocation;
mod binding;
mod credentials;
mod faults;
mod relay;
mod streams;

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

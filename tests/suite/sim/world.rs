//! A simulated network on a clock that jumps.
//!
//! Hosts run machines; between them lie links with latency, loss, duplication and reordering, and
//! NATs. Everything that is left to chance comes from one seed, so a run can be repeated.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use rtcprobe::machine::{
    Certificate, Chance, Ending, Icmp, Input, Lookup, LookupFailure, Machine, Output, Phase, Record, Refusal, Secure,
    Socket, Time, Unreachability, Want,
};
use rtcprobe::server::nat::{Nat, NatConfig, Protocol};

use super::zone::Zone;

/// How long the simulated system waits for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A world that does more than this at one run goes round in circles.
const STEPS: usize = 2_000_000;

/// What happened to a machine, and when.
pub type Log<E> = Rc<RefCell<Vec<(Time, E)>>>;

/// How packets travel between any two hosts.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// One way.
    pub latency: Duration,
    /// Added to datagrams by chance, up to this: more than the gap between two reorders them.
    pub jitter: Duration,
    /// Chance that a datagram is lost, 0 to 1.
    pub loss: f64,
    /// Chance that a datagram arrives twice.
    pub duplicate: f64,
    /// Cut streams into pieces of any length.
    pub cut: bool,
    /// Round trips of a TLS handshake: 1 for TLS 1.3, 2 for TLS 1.2.
    pub tls_round_trips: u32,
}

impl Default for Link {
    fn default() -> Link {
        Link {
            latency: Duration::from_millis(10),
            jitter: Duration::ZERO,
            loss: 0.0,
            duplicate: 0.0,
            cut: true,
            tls_round_trips: 1,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostId(usize);

pub struct World {
    pub link: Link,
    pub zone: Zone,
    /// Where packets vanish.
    pub silent: HashSet<IpAddr>,
    /// Datagrams of each host that are lost, counted from 1 in the order in which they are sent.
    pub lost: HashMap<HostId, HashSet<u64>>,
    /// Closed UDP ports say nothing.
    pub no_icmp: bool,
    /// One line for each packet.
    pub trace: Vec<String>,
    now: Time,
    chance: Chance,
    serial: u64,
    queue: BTreeMap<(Time, u64), What>,
    hosts: Vec<Host>,
    nats: Vec<Nat>,
    connections: Vec<Connection>,
}

impl std::hash::Hash for HostId {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

struct Host {
    name: String,
    addresses: Vec<IpAddr>,
    nat: Option<usize>,
    node: Option<Box<dyn Node>>,
    sockets: HashMap<Socket, Own>,
    wake: Time,
    next_port: u16,
    next_accepted: u64,
    datagrams: u64,
}

/// What a socket of a host is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Own {
    Udp { local: SocketAddr, connect: Option<SocketAddr> },
    Listener { local: SocketAddr, kind: Kind },
    End { connection: usize, side: usize },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Tcp,
    Tls,
    Dtls,
}

struct Connection {
    kind: Kind,
    ends: [End; 2],
}

#[derive(Debug, Clone, Copy)]
struct End {
    host: usize,
    /// `None` once it is closed, and for the far end until it is accepted.
    socket: Option<Socket>,
    local: SocketAddr,
    /// The other end's address as this one sees it.
    peer: SocketAddr,
    /// Nothing arrives here before what arrived last.
    last: Time,
}

/// Something on its way.
enum What {
    Datagram { from: SocketAddr, to: SocketAddr, bytes: Vec<u8>, sender: (usize, Socket, SocketAddr) },
    /// To one end of a connection.
    Segment { connection: usize, side: usize, bytes: Vec<u8> },
    Finish { connection: usize, side: usize, why: Ending },
    Accept { connection: usize, listener: SocketAddr },
    Tell { host: usize, what: Told },
}

/// An [`Input`] that owns what it says.
enum Told {
    Connected(Socket, SocketAddr),
    Opened(Socket, SocketAddr, Option<Secure>),
    Refused(Socket, Refusal),
    Unreachable(Socket, SocketAddr, Icmp),
    Answered(Lookup, Result<Vec<Record>, LookupFailure>),
}

/// A machine whose events go elsewhere.
trait Node {
    fn input(&mut self, now: Time, input: Input<'_>);
    fn output(&mut self, now: Time) -> Output<()>;
}

struct Recording<M: Machine> {
    machine: M,
    log: Log<M::Event>,
}

impl<M: Machine> Node for Recording<M> {
    fn input(&mut self, now: Time, input: Input<'_>) {
        self.machine.input(now, input);
    }

    fn output(&mut self, now: Time) -> Output<()> {
        loop {
            return match self.machine.output(now) {
                Output::Event(event) => {
                    self.log.borrow_mut().push((now, event));
                    continue;
                }
                Output::Open { socket, want } => Output::Open { socket, want },
                Output::Close { socket } => Output::Close { socket },
                Output::Send { socket, to, bytes } => Output::Send { socket, to, bytes },
                Output::Lookup { lookup, question } => Output::Lookup { lookup, question },
                Output::WaitUntil(until, why) => Output::WaitUntil(until, why),
                Output::Done => Output::Done,
            };
        }
    }
}

impl World {
    pub fn new(seed: u8) -> World {
        World {
            link: Link::default(),
            zone: Zone::default(),
            silent: HashSet::new(),
            lost: HashMap::new(),
            no_icmp: false,
            trace: Vec::new(),
            now: Time::ZERO,
            chance: Chance::from_seed([seed; 32]),
            serial: 0,
            queue: BTreeMap::new(),
            hosts: Vec::new(),
            nats: Vec::new(),
            connections: Vec::new(),
        }
    }

    pub fn now(&self) -> Time {
        self.now
    }

    pub fn chance(&mut self) -> Chance {
        self.chance.split()
    }

    /// A host with these addresses; the first of a family is the source of what it sends.
    pub fn host(&mut self, name: &str, addresses: &[&str]) -> HostId {
        self.hosts.push(Host {
            name: name.into(),
            addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
            nat: None,
            node: None,
            sockets: HashMap::new(),
            wake: Time::NEVER,
            next_port: 50_000,
            next_accepted: Socket::ACCEPTED,
            datagrams: 0,
        });
        HostId(self.hosts.len() - 1)
    }

    /// Puts hosts behind a NAT, on one network.
    pub fn nat(&mut self, config: NatConfig, inside: &[HostId]) {
        let chance = self.chance();
        self.nats.push(Nat::new(config, chance));
        for HostId(host) in inside {
            self.hosts[*host].nat = Some(self.nats.len() - 1);
        }
    }

    /// Lets a machine run on a host; its events are logged.
    pub fn start<M: Machine + 'static>(&mut self, HostId(host): HostId, machine: M) -> Log<M::Event>
    where
        M::Event: 'static,
    {
        let log: Log<M::Event> = Rc::default();
        self.hosts[host].node = Some(Box::new(Recording { machine, log: log.clone() }));
        self.pump(host);
        log
    }

    /// Tells a host's machine to stop.
    pub fn stop(&mut self, HostId(host): HostId) {
        self.give(host, Input::Stop);
    }

    /// Runs until that machine is done or nothing happens any more, but not past `limit`. Says
    /// whether the machine is done.
    pub fn run_until_done(&mut self, HostId(host): HostId, limit: Time) -> bool {
        for _ in 0..STEPS {
            if self.hosts[host].node.is_none() {
                return true;
            }
            if !self.step(limit) {
                return false;
            }
        }
        panic!("the world goes round in circles: {:?}", self.trace.iter().rev().take(20).collect::<Vec<_>>());
    }

    /// Runs until that time.
    pub fn run_until(&mut self, limit: Time) {
        for _ in 0..STEPS {
            if !self.step(limit) {
                self.now = self.now.max(limit);
                return;
            }
        }
        panic!("the world goes round in circles: {:?}", self.trace.iter().rev().take(20).collect::<Vec<_>>());
    }

    /// Lets the next thing happen; false when that is after `limit`, or never.
    fn step(&mut self, limit: Time) -> bool {
        let wake = self.hosts.iter().map(|host| host.wake).min().unwrap_or(Time::NEVER);
        let arrival = self.queue.first_key_value().map_or(Time::NEVER, |((at, _), _)| *at);
        let next = wake.min(arrival);
        if next > limit || next == Time::NEVER {
            return false;
        }
        self.now = self.now.max(next);
        if arrival <= wake {
            if let Some((_, what)) = self.queue.pop_first() {
                self.happen(what);
            }
        } else {
            let due: Vec<usize> = (0..self.hosts.len()).filter(|host| self.hosts[*host].wake <= self.now).collect();
            for host in due {
                self.hosts[host].wake = Time::NEVER;
                self.give(host, Input::Tick);
            }
        }
        true
    }

    fn later(&mut self, at: Time, what: What) {
        self.serial += 1;
        self.queue.insert((at, self.serial), what);
    }

    fn tell(&mut self, after: Duration, host: usize, what: Told) {
        self.later(self.now + after, What::Tell { host, what });
    }

    fn give(&mut self, host: usize, input: Input<'_>) {
        let now = self.now;
        if let Some(node) = &mut self.hosts[host].node {
            node.input(now, input);
        }
        self.pump(host);
    }

    /// Does what a host's machine wants until it waits.
    fn pump(&mut self, host: usize) {
        for _ in 0..100_000 {
            let now = self.now;
            let Some(node) = &mut self.hosts[host].node else { return };
            match node.output(now) {
                Output::WaitUntil(until, _) => {
                    self.hosts[host].wake = until;
                    return;
                }
                Output::Done => {
                    let host = &mut self.hosts[host];
                    host.node = None;
                    host.wake = Time::NEVER;
                    return;
                }
                Output::Open { socket, want } => self.open(host, socket, want),
                Output::Close { socket } => self.close(host, socket),
                Output::Send { socket, to, bytes } => self.send(host, socket, to, bytes),
                Output::Lookup { lookup, question } => {
                    let (after, answer) = self.zone.ask(&question, self.link.latency * 2);
                    self.trace.push(format!("{} {:?} {}: {answer:?}", self.now, question.kind, question.name));
                    self.tell(after, host, Told::Answered(lookup, answer));
                }
                Output::Event(()) => {}
            }
        }
        panic!("{} never stops wanting", self.hosts[host].name);
    }

    fn open(&mut self, host: usize, socket: Socket, want: Want) {
        assert!(!self.hosts[host].sockets.contains_key(&socket), "{socket:?} is in use");
        match want {
            Want::Udp { local, connect } => self.bind(host, socket, local, |local| Own::Udp { local, connect }),
            Want::TcpListen { local } => self.listen(host, socket, local, Kind::Tcp),
            Want::TlsListen { local } => self.listen(host, socket, local, Kind::Tls),
            Want::DtlsListen { local } => self.listen(host, socket, local, Kind::Dtls),
            Want::Tcp { local, to } => self.connect(host, socket, local, to, Kind::Tcp),
            Want::Tls { local, to, .. } => self.connect(host, socket, local, to, Kind::Tls),
            Want::Dtls { local, to, .. } => self.connect(host, socket, local, to, Kind::Dtls),
        }
    }

    fn listen(&mut self, host: usize, socket: Socket, local: SocketAddr, kind: Kind) {
        self.bind(host, socket, local, |local| Own::Listener { local, kind });
    }

    fn bind(&mut self, host: usize, socket: Socket, wanted: SocketAddr, own: impl FnOnce(SocketAddr) -> Own) {
        let Some(local) = self.local(host, wanted) else {
            let text = format!("{} has no address {wanted}", self.hosts[host].name);
            return self.tell(Duration::ZERO, host, Told::Refused(socket, Refusal::Bind { text }));
        };
        let own = own(local);
        let same = |other: &Own| match (other, &own) {
            (Own::Udp { local, .. }, Own::Udp { local: wanted, .. }) => local == wanted,
            (Own::Listener { local, kind }, Own::Listener { local: wanted, kind: new }) => {
                local == wanted && (*kind == Kind::Dtls) == (*new == Kind::Dtls)
            }
            _ => false,
        };
        if self.hosts[host].sockets.values().any(same) {
            let text = format!("{local} is in use");
            return self.tell(Duration::ZERO, host, Told::Refused(socket, Refusal::Bind { text }));
        }
        self.hosts[host].sockets.insert(socket, own);
        self.tell(Duration::ZERO, host, Told::Opened(socket, local, None));
    }

    /// An address and port of the host for what was wanted.
    fn local(&mut self, host: usize, wanted: SocketAddr) -> Option<SocketAddr> {
        let host = &mut self.hosts[host];
        let ip = if wanted.ip().is_unspecified() {
            host.addresses.iter().copied().find(|own| own.is_ipv4() == wanted.is_ipv4())?
        } else {
            host.addresses.iter().copied().find(|own| *own == wanted.ip())?
        };
        let port = if wanted.port() == 0 {
            host.next_port += 1;
            host.next_port
        } else {
            wanted.port()
        };
        Some(SocketAddr::new(ip, port))
    }

    fn close(&mut self, host: usize, socket: Socket) {
        if let Some(Own::End { connection, side }) = self.hosts[host].sockets.remove(&socket) {
            self.connections[connection].ends[side].socket = None;
            let what = What::Finish { connection, side: 1 - side, why: Ending::Finished };
            self.to_end(connection, 1 - side, what);
        }
    }

    fn send(&mut self, host: usize, socket: Socket, to: SocketAddr, bytes: Vec<u8>) {
        match self.hosts[host].sockets.get(&socket).copied() {
            Some(Own::Udp { local, .. }) => self.datagram(host, socket, local, to, bytes),
            Some(Own::End { connection, side }) => {
                assert_eq!(self.connections[connection].ends[side].peer, to, "a stream has one far end");
                if self.connections[connection].kind == Kind::Dtls {
                    if !self.is_lost(host) {
                        let what = What::Segment { connection, side: 1 - side, bytes };
                        self.later(self.now + self.link.latency, what);
                    }
                    return;
                }
                for bytes in self.pieces(bytes) {
                    let what = What::Segment { connection, side: 1 - side, bytes };
                    self.to_end(connection, 1 - side, what);
                }
            }
            other => panic!("{} sends through {socket:?}, which is {other:?}", self.hosts[host].name),
        }
    }

    /// To one end of a connection, in order.
    fn to_end(&mut self, connection: usize, side: usize, what: What) {
        let end = &mut self.connections[connection].ends[side];
        end.last = end.last.max(self.now + self.link.latency);
        let at = end.last;
        self.later(at, what);
    }

    fn pieces(&mut self, mut bytes: Vec<u8>) -> VecDeque<Vec<u8>> {
        let mut pieces = VecDeque::new();
        while self.link.cut && bytes.len() > 1 && self.chance.below(2) == 0 {
            let rest = bytes.split_off(1 + self.chance.below(bytes.len() as u64 - 1) as usize);
            pieces.push_back(std::mem::replace(&mut bytes, rest));
        }
        pieces.push_back(bytes);
        pieces
    }

    fn is_lost(&mut self, host: usize) -> bool {
        self.hosts[host].datagrams += 1;
        let count = self.hosts[host].datagrams;
        let listed = self.lost.get(&HostId(host)).is_some_and(|lost| lost.contains(&count));
        listed || self.happens(self.link.loss)
    }

    fn happens(&mut self, probability: f64) -> bool {
        probability > 0.0 && (self.chance.below(1_000_000) as f64) < probability * 1e6
    }

    fn datagram(&mut self, host: usize, socket: Socket, local: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        let sender = (host, socket, to);
        let lost = self.is_lost(host);
        let state = if lost { " (lost)" } else { "" };
        self.trace.push(format!("{} {local} > {to}: {} bytes{state}", self.now, bytes.len()));
        let Some((from, to)) = self.leave(host, Protocol::Udp, local, to) else { return };
        if lost {
            return;
        }
        let copies = if self.happens(self.link.duplicate) { 2 } else { 1 };
        for _ in 0..copies {
            let jitter = self.chance.below(self.link.jitter.as_micros() as u64 + 1);
            let at = self.now + self.link.latency + Duration::from_micros(jitter);
            self.later(at, What::Datagram { from, to, bytes: bytes.clone(), sender });
        }
    }

    /// The way out of a host's own network: source and destination as they are from there on.
    fn leave(
        &mut self,
        host: usize,
        protocol: Protocol,
        from: SocketAddr,
        to: SocketAddr,
    ) -> Option<(SocketAddr, SocketAddr)> {
        let Some(site) = self.hosts[host].nat else { return Some((from, to)) };
        let inside = self.hosts.iter().any(|other| other.nat == Some(site) && other.addresses.contains(&to.ip()));
        let (now, nat) = (self.now, &mut self.nats[site]);
        if inside {
            Some((from, to))
        } else if nat.owns(to.ip()) {
            nat.hairpin(now, protocol, from, to)
        } else {
            Some((nat.outbound(now, protocol, from, to)?, to))
        }
    }

    /// The host and the address on it that a packet reaches.
    fn arrive(&mut self, protocol: Protocol, from: SocketAddr, to: SocketAddr) -> Option<(usize, SocketAddr)> {
        if self.silent.contains(&to.ip()) {
            return None;
        }
        let now = self.now;
        let neighbours = |host: &Host, other: &Host| host.nat.is_some() && host.nat == other.nat;
        if let Some(site) = self.nats.iter().position(|nat| nat.owns(to.ip())) {
            let inside = self.nats[site].inbound(now, protocol, from, to)?;
            let host = self.hosts.iter().position(|host| host.nat == Some(site) && host.addresses.contains(&inside.ip()));
            return host.map(|host| (host, inside));
        }
        let host = self.hosts.iter().position(|host| host.addresses.contains(&to.ip()))?;
        let sender = self.hosts.iter().find(|other| other.addresses.contains(&from.ip()));
        match self.hosts[host].nat {
            None => Some((host, to)),
            Some(_) if sender.is_some_and(|sender| neighbours(sender, &self.hosts[host])) => Some((host, to)),
            Some(site) => {
                // A hairpinned packet is through already; else only a firewall without translation
                // leads to an inside address.
                let hairpinned = self.nats[site].owns(from.ip());
                let nat = &mut self.nats[site];
                let translated = nat.source(now, protocol, to, from).is_none();
                if hairpinned {
                    Some((host, to))
                } else if translated {
                    None
                } else {
                    nat.inbound(now, protocol, from, to).map(|inside| (host, inside))
                }
            }
        }
    }

    fn happen(&mut self, what: What) {
        match what {
            What::Datagram { from, to, bytes, sender } => self.datagram_arrives(from, to, &bytes, sender),
            What::Segment { connection, side, bytes } => self.segment_arrives(connection, side, &bytes),
            What::Finish { connection, side, why } => {
                let end = &mut self.connections[connection].ends[side];
                if let Some(socket) = end.socket.take() {
                    let host = end.host;
                    self.hosts[host].sockets.remove(&socket);
                    self.give(host, Input::Closed { socket, why: &why });
                }
            }
            What::Accept { connection, listener } => self.accept(connection, listener),
            What::Tell { host, what } => self.told(host, what),
        }
    }

    fn told(&mut self, host: usize, what: Told) {
        let known = |world: &World, socket: &Socket| world.hosts[host].sockets.contains_key(socket);
        match what {
            Told::Connected(socket, local) if known(self, &socket) => {
                self.give(host, Input::Connected { socket, local });
            }
            Told::Opened(socket, local, secure) if known(self, &socket) => {
                self.give(host, Input::Opened { socket, local, secure: secure.as_ref() });
            }
            Told::Refused(socket, why) => {
                self.hosts[host].sockets.remove(&socket);
                self.give(host, Input::Refused { socket, why: &why });
            }
            Told::Unreachable(socket, to, icmp) if known(self, &socket) => {
                self.give(host, Input::Unreachable { socket, to, icmp });
            }
            Told::Answered(lookup, answer) => self.give(host, Input::Answered { lookup, answer: &answer }),
            Told::Connected(..) | Told::Opened(..) | Told::Unreachable(..) => {}
        }
    }

    fn datagram_arrives(
        &mut self,
        from: SocketAddr,
        to: SocketAddr,
        bytes: &[u8],
        sender: (usize, Socket, SocketAddr),
    ) {
        let Some((host, local)) = self.arrive(Protocol::Udp, from, to) else { return };
        let mut sockets = self.hosts[host].sockets.iter();
        let socket = sockets.find_map(|(socket, own)| match own {
            Own::Udp { local: own, connect } => {
                (*own == local && connect.is_none_or(|peer| peer == from)).then_some(*socket)
            }
            _ => None,
        });
        match socket {
            Some(socket) => self.give(host, Input::Received { socket, from, bytes }),
            None if self.no_icmp => {}
            None => {
                let (host, socket, sent_to) = sender;
                let icmp = Icmp {
                    kind: Some(if to.is_ipv4() { 3 } else { 1 }),
                    code: Some(if to.is_ipv4() { 3 } else { 4 }),
                    v6: to.is_ipv6(),
                    offender: Some(to.ip()),
                    mtu: None,
                    meaning: Unreachability::Port,
                };
                self.tell(self.link.latency, host, Told::Unreachable(socket, sent_to, icmp));
            }
        }
    }

    fn connect(&mut self, host: usize, socket: Socket, local: Option<SocketAddr>, to: SocketAddr, kind: Kind) {
        let any = SocketAddr::new(if to.is_ipv4() { [0; 4].into() } else { [0; 16].into() }, 0);
        let Some(local) = self.local(host, local.unwrap_or(any)) else {
            let why = Refusal::Unreachable { icmp: None, text: "network is unreachable".into() };
            return self.tell(Duration::ZERO, host, Told::Refused(socket, why));
        };
        self.trace.push(format!("{} {local} > {to}: connect {kind:?}", self.now));
        let protocol = if kind == Kind::Dtls { Protocol::Udp } else { Protocol::Tcp };
        let way = self.leave(host, protocol, local, to);
        let reached = way.and_then(|(from, to)| Some((from, self.arrive(protocol, from, to)?)));
        // Until it is accepted the socket stands for nothing that could be sent through.
        let connection = self.connections.len();
        self.hosts[host].sockets.insert(socket, Own::End { connection, side: 0 });
        let Some((from, (far, far_local))) = reached else {
            let during = if kind == Kind::Dtls { Phase::Handshake } else { Phase::Connect };
            let end = End { host, socket: Some(socket), local, peer: to, last: self.now };
            self.connections.push(Connection { kind, ends: [end, End { socket: None, ..end }] });
            return self.tell(CONNECT_TIMEOUT, host, Told::Refused(socket, Refusal::TimedOut { during }));
        };
        let near = End { host, socket: Some(socket), local, peer: to, last: self.now };
        let other = End { host: far, socket: None, local: far_local, peer: from, last: self.now };
        self.connections.push(Connection { kind, ends: [near, other] });
        let (latency, round_trip) = (self.link.latency, self.link.latency * 2);
        let listener = self.hosts[far].sockets.values().find_map(|own| match own {
            Own::Listener { local, kind } if *local == far_local => Some(*kind),
            _ => None,
        });
        let handshake = match kind {
            Kind::Tcp => Duration::ZERO,
            Kind::Tls => round_trip * self.link.tls_round_trips,
            Kind::Dtls => round_trip,
        };
        match listener.filter(|far| (*far == Kind::Dtls) == (kind == Kind::Dtls)) {
            None => self.tell(round_trip, host, Told::Refused(socket, Refusal::ConnectionRefused)),
            Some(far) if far != kind => {
                let text = "the other end does not speak TLS".into();
                self.tell(round_trip * 2, host, Told::Refused(socket, Refusal::Handshake { text }));
            }
            Some(_) => {
                if kind == Kind::Tls {
                    self.tell(round_trip, host, Told::Connected(socket, local));
                }
                let secure = (kind != Kind::Tcp).then(|| secure(kind, round_trip, handshake, &self.link));
                let accepted = self.now + handshake + latency;
                self.later(accepted, What::Accept { connection, listener: far_local });
                self.tell(round_trip + handshake, host, Told::Opened(socket, local, secure));
            }
        }
    }

    fn accept(&mut self, connection: usize, listener: SocketAddr) {
        let Connection { kind, ends } = &self.connections[connection];
        let (kind, End { host, local, peer, .. }) = (*kind, ends[1]);
        let mut sockets = self.hosts[host].sockets.iter();
        let found = sockets.find(|(_, own)| **own == Own::Listener { local: listener, kind }).map(|(name, _)| *name);
        let Some(listener) = found else {
            let what = What::Finish { connection, side: 0, why: Ending::Reset };
            return self.to_end(connection, 0, what);
        };
        let socket = Socket(self.hosts[host].next_accepted);
        self.hosts[host].next_accepted += 1;
        self.hosts[host].sockets.insert(socket, Own::End { connection, side: 1 });
        self.connections[connection].ends[1].socket = Some(socket);
        self.give(host, Input::Accepted { listener, socket, local, from: peer });
    }

    fn segment_arrives(&mut self, connection: usize, side: usize, bytes: &[u8]) {
        let End { host, socket, peer, .. } = self.connections[connection].ends[side];
        match socket {
            Some(socket) => self.give(host, Input::Received { socket, from: peer, bytes }),
            // Nobody there any more: RST.
            None if self.connections[connection].kind != Kind::Dtls => {
                let what = What::Finish { connection, side: 1 - side, why: Ending::Reset };
                self.to_end(connection, 1 - side, what);
            }
            None => {}
        }
    }
}

fn secure(kind: Kind, connect: Duration, handshake: Duration, link: &Link) -> Secure {
    let version = match kind {
        Kind::Dtls => "DTLSv1.2",
        _ if link.tls_round_trips == 1 => "TLSv1.3",
        _ => "TLSv1.2",
    };
    Secure {
        version: version.into(),
        cipher_suite: "TLS_SIMULATED".into(),
        alpn: None,
        chain: vec![Certificate {
            subject: "CN=simulated".into(),
            issuer: "CN=simulated root".into(),
            names: vec!["simulated".into()],
            not_before: 0,
            not_after: 4_102_444_800,
            self_signed: false,
            fingerprint: "00".repeat(32),
            key: "ECDSA P-256".into(),
        }],
        trust: Ok(()),
        connect: (kind == Kind::Tls).then(|| connect.into()),
        handshake: handshake.into(),
    }
}

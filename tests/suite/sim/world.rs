//! A simulated network on a clock that jumps.
//!
//! Hosts run machines; between them lie links with latency, loss, duplication and reordering, and
//! NATs. Everything that is left to chance comes from one seed, so a run can be repeated.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use rtcprobe::machine::{
    Chance, Ending, Fragments, Icmp, Input, Lookup, LookupFailure, Machine, Output, Record, Refusal, Secure, Socket,
    Time, Want,
};
use rtcprobe::server::nat::{Nat, NatConfig};

use super::zone::Zone;

/// How long the simulated system waits for a connection.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
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
    /// The largest IP packet of the hosts' interfaces.
    pub interface_mtu: usize,
    /// The largest IP packet that routers take.
    pub mtu: usize,
    /// Routers say so when they cannot take one.
    pub says_too_large: bool,
    /// Datagrams in fragments arrive.
    pub fragments: bool,
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
            interface_mtu: 1500,
            mtu: 1500,
            says_too_large: true,
            fragments: true,
            cut: true,
            tls_round_trips: 1,
        }
    }
}

/// A bucket of tokens, one for each datagram.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    pub per_second: f64,
    pub most: f64,
    tokens: f64,
    since: Time,
}

impl Limit {
    pub fn new(per_second: f64, most: f64) -> Limit {
        Limit { per_second, most, tokens: most, since: Time::ZERO }
    }

    pub(super) fn takes(&mut self, now: Time) -> bool {
        let passed = (now - self.since).as_secs_f64();
        (self.tokens, self.since) = ((self.tokens + passed * self.per_second).min(self.most), now);
        let takes = self.tokens >= 1.0;
        if takes {
            self.tokens -= 1.0;
        }
        takes
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostId(pub(super) usize);

pub struct World {
    pub link: Link,
    pub zone: Zone,
    /// Where packets vanish.
    pub silent: HashSet<IpAddr>,
    /// Datagrams of each host that are lost, counted from 1 in the order in which they are sent.
    pub lost: HashMap<HostId, HashSet<u64>>,
    /// NATs rewrite public addresses in what they let in (UDP).
    pub alg: bool,
    /// Something in front of a host that counts the datagrams to its port 3478.
    pub limits: HashMap<HostId, Limit>,
    /// Closed UDP ports say nothing.
    pub no_icmp: bool,
    /// NATs that are behind another one.
    pub outer: HashMap<usize, usize>,
    /// UDP ports of a host that only those reach who were sent to from there.
    pub firewalls: HashMap<HostId, std::ops::RangeInclusive<u16>>,
    /// Who was sent to from where.
    pub(super) flows: HashSet<(SocketAddr, SocketAddr)>,
    /// One line for each packet.
    pub trace: Vec<String>,
    pub(super) now: Time,
    pub(super) chance: Chance,
    pub(super) serial: u64,
    pub(super) queue: BTreeMap<(Time, u64), What>,
    pub(super) hosts: Vec<Host>,
    pub(super) nats: Vec<Nat>,
    pub(super) connections: Vec<Connection>,
}

impl std::hash::Hash for HostId {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

pub(super) struct Host {
    pub(super) name: String,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) nat: Option<usize>,
    pub(super) node: Option<Box<dyn Node>>,
    pub(super) sockets: HashMap<Socket, Own>,
    pub(super) wake: Time,
    pub(super) next_port: u16,
    pub(super) next_accepted: u64,
    pub(super) datagrams: u64,
}

/// What a socket of a host is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Own {
    Udp {
        local: SocketAddr,
        connect: Option<SocketAddr>,
        fragments: Fragments,
    },
    /// Hears what is sent to the group on its network.
    Group {
        local: SocketAddr,
        group: SocketAddr,
    },
    Listener {
        local: SocketAddr,
        kind: Kind,
    },
    End {
        connection: usize,
        side: usize,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Tcp,
    Tls,
    Dtls,
}

pub(super) struct Connection {
    pub(super) kind: Kind,
    pub(super) ends: [End; 2],
}

#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    pub(super) host: usize,
    /// `None` once it is closed, and for the far end until it is accepted.
    pub(super) socket: Option<Socket>,
    pub(super) local: SocketAddr,
    /// The other end's address as this one sees it.
    pub(super) peer: SocketAddr,
    /// Nothing arrives here before what arrived last.
    pub(super) last: Time,
}

/// Something on its way.
pub(super) enum What {
    Datagram {
        from: SocketAddr,
        to: SocketAddr,
        bytes: Vec<u8>,
        sender: (usize, Socket, SocketAddr),
    },
    /// To one member of a group.
    ToMember {
        host: usize,
        socket: Socket,
        from: SocketAddr,
        bytes: Vec<u8>,
    },
    /// To one end of a connection.
    Segment {
        connection: usize,
        side: usize,
        bytes: Vec<u8>,
    },
    Finish {
        connection: usize,
        side: usize,
        why: Ending,
    },
    Accept {
        connection: usize,
        listener: SocketAddr,
    },
    Tell {
        host: usize,
        what: Told,
    },
}

/// An [`Input`] that owns what it says.
pub(super) enum Told {
    Connected(Socket, SocketAddr),
    Opened(Socket, SocketAddr, Option<Secure>),
    Refused(Socket, Refusal),
    Unreachable(Socket, SocketAddr, Icmp),
    Answered(Lookup, Result<Vec<Record>, LookupFailure>),
}

/// A machine whose events go elsewhere.
pub(super) trait Node {
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
            alg: false,
            limits: HashMap::new(),
            no_icmp: false,
            firewalls: HashMap::new(),
            outer: HashMap::new(),
            flows: HashSet::new(),
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

    /// Gives a host another address.
    pub fn address(&mut self, HostId(host): HostId, address: &str) {
        self.hosts[host].addresses.push(address.parse().unwrap());
    }

    /// Puts hosts behind a NAT, on one network.
    pub fn nat(&mut self, config: NatConfig, inside: &[HostId]) {
        let chance = self.chance();
        self.nats.push(Nat::new(config, chance));
        for HostId(host) in inside {
            self.hosts[*host].nat = Some(self.nats.len() - 1);
        }
    }

    /// Puts a host into the network of another.
    pub fn join(&mut self, HostId(host): HostId, HostId(other): HostId) {
        self.hosts[host].nat = self.hosts[other].nat;
    }

    /// Puts the last NAT behind another one.
    pub fn behind_another(&mut self, config: NatConfig) {
        let chance = self.chance();
        self.outer.insert(self.nats.len() - 1, self.nats.len());
        self.nats.push(Nat::new(config, chance));
    }

    /// The NAT forgets everything, and behaves in that way from now on.
    pub fn change_nat(&mut self, site: usize, config: NatConfig) {
        let chance = self.chance();
        self.nats[site] = Nat::new(config, chance);
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

    pub fn is_done(&self, HostId(host): HostId) -> bool {
        self.hosts[host].node.is_none()
    }

    /// Tells a machine that the user wants to stop.
    pub fn stop(&mut self, HostId(host): HostId) {
        self.give(host, Input::Stop);
    }

    /// Asks a machine what it wants, as somebody has spoken to it in another way than by an input.
    pub fn poke(&mut self, HostId(host): HostId) {
        self.pump(host);
    }

    /// Resets every connection.
    pub fn reset_connections(&mut self) {
        for connection in 0..self.connections.len() {
            for side in 0..2 {
                self.toward(connection, side, What::Finish { connection, side, why: Ending::Reset });
            }
        }
    }

    /// A datagram that claims to come from there.
    pub fn inject(&mut self, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        let sender = (usize::MAX, Socket(0), to);
        self.later(self.now, What::Datagram { from, to, bytes, sender });
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
    pub(super) fn step(&mut self, limit: Time) -> bool {
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

    pub(super) fn later(&mut self, at: Time, what: What) {
        self.serial += 1;
        self.queue.insert((at, self.serial), what);
    }

    pub(super) fn tell(&mut self, after: Duration, host: usize, what: Told) {
        self.later(self.now + after, What::Tell { host, what });
    }

    pub(super) fn give(&mut self, host: usize, input: Input<'_>) {
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
            Want::Udp { local, connect, fragments } => {
                self.bind(host, socket, local, |local| Own::Udp { local, connect, fragments });
            }
            Want::Group { group, local } => {
                self.bind(host, socket, SocketAddr::new(local, group.port()), |local| Own::Group { local, group });
            }
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
    pub(super) fn local(&mut self, host: usize, wanted: SocketAddr) -> Option<SocketAddr> {
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

    fn send(&mut self, host: usize, socket: Socket, to: SocketAddr, bytes: Vec<u8>) {
        match self.hosts[host].sockets.get(&socket).copied() {
            Some(Own::Udp { local, fragments, .. }) => {
                if to.ip().is_multicast() {
                    self.multicast(host, local, to, &bytes);
                } else if self.fits(host, socket, to, bytes.len(), fragments) {
                    self.datagram(host, socket, local, to, bytes);
                }
            }
            Some(Own::Group { local, .. }) if to.ip().is_multicast() => self.multicast(host, local, to, &bytes),
            Some(Own::Group { local, .. }) => self.datagram(host, socket, local, to, bytes),
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
                    self.toward(connection, 1 - side, what);
                }
            }
            other => panic!("{} sends through {socket:?}, which is {other:?}", self.hosts[host].name),
        }
    }

    fn happen(&mut self, what: What) {
        match what {
            What::Datagram { from, to, bytes, sender } => self.datagram_arrives(from, to, &bytes, sender),
            What::ToMember { host, socket, from, bytes } if self.hosts[host].sockets.contains_key(&socket) => {
                self.give(host, Input::Received { socket, from, bytes: &bytes });
            }
            What::ToMember { .. } => {}
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
}

//! The far end: a STUN and TURN server (RFC 8489, RFC 8656, RFC 6062, RFC 5780) as a machine, with
//! faults on request and a NAT to stand in front of it.
//!
//! It shares a grammar with the client and no behaviour, so that a misread RFC in one is caught by
//! the other. For trials and tests; never for production.

mod allocation;
mod answer;
mod auth;
mod behind;
mod binding;
mod config;
mod demo;
mod event;
pub mod faults;
mod listeners;
mod making;
pub mod nat;
mod relay;
mod request;
mod stream;
mod tcp_relay;

pub use behind::Behind;
pub use config::{Config, CookieBits, Discovery, Lifetimes, Limits, Listen, Network, Security, Users};
pub use demo::{DEMO_REALM, DEMO_USER, Demo, DemoAddresses, DemoPorts, demo};
pub use event::{Addresses, End, Event};

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::SocketAddr;

use crate::machine::{Chance, Input, Machine, Output, Socket, Time};
use crate::wire::uri::Transport;

use allocation::{Allocation, Reservation};
use answer::Signature;
use auth::Nonces;
use binding::Quad;
use faults::Tally;
use listeners::Opening;
use making::Making;
use stream::Stream;
use tcp_relay::PeerLink;

/// A STUN and TURN server.
pub struct Server {
    config: Config,
    chance: Chance,
    nonces: Nonces,
    tally: Tally,
    addresses: Addresses,
    opening: Opening,
    quads: Vec<Quad>,
    /// What each socket is for.
    roles: HashMap<Socket, Role>,
    allocations: HashMap<FiveTuple, Allocation>,
    /// Allocations whose relay sockets are still being opened.
    making: HashMap<FiveTuple, Making>,
    reservations: HashMap<[u8; 8], Reservation>,
    /// Peer connections that wait for their ConnectionBind (RFC 6062 §4.3).
    unclaimed: HashMap<u32, Socket>,
    /// When something may have to be ended. Checked against the thing itself when it comes.
    dues: BTreeSet<(Time, Due)>,
    later: BTreeMap<(Time, u64), Later>,
    out: VecDeque<Output<Event>>,
    next_name: u64,
    streams: usize,
    started: bool,
    stopped: bool,
}

/// The client's side of an allocation: the server's socket tells server address and transport
/// (RFC 8656 §3.1).
type FiveTuple = (Socket, SocketAddr);

/// Where a request came from, and where its answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Route {
    socket: Socket,
    transport: Transport,
    client: SocketAddr,
    /// The server's own address.
    local: SocketAddr,
}

impl Route {
    /// The client's address as the client knows it: an IPv6 socket shows IPv4 clients in disguise.
    fn seen(&self) -> SocketAddr {
        SocketAddr::new(self.client.ip().to_canonical(), self.client.port())
    }

    fn tuple(&self) -> FiveTuple {
        (self.socket, self.client)
    }
}

/// What a socket is for.
enum Role {
    Listener {
        transport: Transport,
        local: SocketAddr,
        open: bool,
    },
    /// One of the four of RFC 5780.
    Quad {
        index: usize,
        local: SocketAddr,
    },
    /// For answers from a wrong port.
    Spare {
        local: SocketAddr,
    },
    /// A client's connection.
    Client(Stream),
    /// A relayed transport address.
    Relay(FiveTuple),
    /// The odd port of a pair, held for its reservation.
    Reserved,
    /// A peer's connection to a TCP allocation, or to be one.
    Peer(PeerLink),
}

/// What may be over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Allocation(FiveTuple),
    Idle(Socket),
    Reservation([u8; 8]),
    Unclaimed(u32),
}

/// What is put off, by a fault.
enum Later {
    Send { socket: Socket, to: SocketAddr, bytes: Vec<u8> },
    Close(Socket),
    Flood(Socket),
}

impl Server {
    /// A server that opens its sockets as soon as it is run.
    #[must_use]
    pub fn new(config: Config, mut chance: Chance) -> Server {
        Server {
            nonces: Nonces { secret: chance.bytes() },
            config,
            chance,
            tally: Tally::default(),
            addresses: Addresses::default(),
            opening: Opening::default(),
            quads: Vec::new(),
            roles: HashMap::new(),
            allocations: HashMap::new(),
            making: HashMap::new(),
            reservations: HashMap::new(),
            unclaimed: HashMap::new(),
            dues: BTreeSet::new(),
            later: BTreeMap::new(),
            out: VecDeque::new(),
            next_name: 0,
            streams: 0,
            started: false,
            stopped: false,
        }
    }

    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// How many allocations there are.
    #[must_use]
    pub fn allocations(&self) -> usize {
        self.allocations.len()
    }

    /// A new name for a socket.
    fn name(&mut self, role: Role) -> Socket {
        let socket = Socket(self.next_name);
        self.next_name += 1;
        self.roles.insert(socket, role);
        socket
    }

    fn close(&mut self, socket: Socket) {
        if let Some(role) = self.roles.remove(&socket) {
            if matches!(role, Role::Client(_)) {
                self.streams = self.streams.saturating_sub(1);
            }
            self.out.push_back(Output::Close { socket });
        }
    }

    fn send(&mut self, socket: Socket, to: SocketAddr, bytes: Vec<u8>) {
        self.out.push_back(Output::Send { socket, to, bytes });
    }

    fn say(&mut self, event: Event) {
        self.out.push_back(Output::Event(event));
    }

    fn put_off(&mut self, until: Time, what: Later) {
        let serial = self.next_name;
        self.next_name += 1;
        self.later.insert((until, serial), what);
    }

    /// Where a datagram on that socket comes from; `None` when the socket takes none.
    fn route(&self, socket: Socket, client: SocketAddr) -> Option<Route> {
        let (transport, local) = match self.roles.get(&socket)? {
            Role::Listener { transport, local, open: true } => (*transport, *local),
            Role::Quad { local, .. } => (Transport::Udp, *local),
            Role::Client(stream) => (stream.transport, stream.local),
            _ => return None,
        };
        Some(Route { socket, transport, client, local })
    }

    fn opened(&mut self, now: Time, socket: Socket, local: SocketAddr) {
        match self.roles.get_mut(&socket) {
            Some(Role::Listener { .. } | Role::Quad { .. }) => self.listener_opened(socket, local),
            Some(Role::Spare { local: own }) => *own = local,
            Some(Role::Relay(tuple)) => {
                let tuple = *tuple;
                self.relay_opened(now, tuple, socket, local);
            }
            Some(Role::Peer(_)) => self.peer_connected(now, socket),
            Some(Role::Client(_) | Role::Reserved) | None => {}
        }
    }

    fn received(&mut self, now: Time, socket: Socket, from: SocketAddr, bytes: &[u8]) {
        match self.roles.get(&socket) {
            Some(Role::Listener { .. } | Role::Quad { .. }) => {
                if let Some(route) = self.route(socket, from) {
                    self.datagram(now, route, bytes);
                }
            }
            Some(Role::Client(_)) => self.take_stream(now, socket, bytes),
            Some(Role::Relay(tuple)) => self.take_datagram(now, *tuple, from, bytes),
            Some(Role::Peer(_)) => self.take_peer_bytes(socket, bytes),
            Some(Role::Spare { .. } | Role::Reserved) | None => {}
        }
    }

    /// A socket is gone, by whatever cause.
    fn gone(&mut self, socket: Socket) {
        match self.roles.get(&socket) {
            Some(Role::Client(_)) => self.stream_ended(socket),
            Some(Role::Peer(_)) => {
                self.peer_ended(socket);
            }
            _ => {
                self.roles.remove(&socket);
            }
        }
    }

    /// Ends what is over, and does what was put off until now.
    fn tidy(&mut self, now: Time) {
        while let Some(&(time, due)) = self.dues.first().filter(|(time, _)| *time <= now) {
            self.dues.remove(&(time, due));
            match due {
                Due::Allocation(tuple) => self.allocation_due(now, tuple),
                Due::Idle(socket) => self.idle_due(now, socket),
                Due::Reservation(token) => self.reservation_due(token),
                Due::Unclaimed(id) => self.unclaimed_due(id),
            }
        }
        while let Some(entry) = self.later.first_entry().filter(|entry| entry.key().0 <= now) {
            match entry.remove() {
                Later::Send { socket, to, bytes } if self.roles.contains_key(&socket) => self.send(socket, to, bytes),
                Later::Close(socket) => {
                    self.stream_ended(socket);
                    self.out.push_back(Output::Close { socket });
                }
                Later::Flood(socket) => self.flood(now, socket),
                Later::Send { .. } => {}
            }
        }
    }

    fn stop(&mut self) {
        let tuples: Vec<FiveTuple> = self.allocations.keys().copied().collect();
        for tuple in tuples {
            self.release(tuple, End::Stopped);
        }
        let mut sockets: Vec<Socket> = self.roles.keys().copied().collect();
        sockets.sort();
        for socket in sockets {
            self.close(socket);
        }
        self.stopped = true;
    }
}

impl Machine for Server {
    type Event = Event;

    fn input(&mut self, now: Time, input: Input<'_>) {
        if self.stopped {
            return;
        }
        match input {
            Input::Opened { socket, local, .. } => self.opened(now, socket, local),
            Input::Refused { socket, why } => match self.roles.get(&socket) {
                Some(Role::Listener { .. } | Role::Quad { .. }) => self.listener_refused(socket, why),
                Some(Role::Relay(tuple)) => {
                    let tuple = *tuple;
                    self.roles.remove(&socket);
                    self.relay_refused(now, tuple);
                }
                Some(Role::Peer(_)) => self.peer_refused(now, socket),
                _ => {
                    self.roles.remove(&socket);
                }
            },
            Input::Accepted { listener, socket, local, from } => self.accepted(now, listener, socket, local, from),
            Input::Received { socket, from, bytes } => self.received(now, socket, from, bytes),
            Input::Unreachable { socket, to, icmp } => self.unreachable(now, socket, to, icmp),
            Input::Closed { socket, .. } => self.gone(socket),
            Input::Stop => self.stop(),
            Input::Tick | Input::Connected { .. } | Input::Answered { .. } | Input::Told { .. } => {}
        }
    }

    fn output(&mut self, now: Time) -> Output<Event> {
        if !self.started {
            self.started = true;
            self.open_listeners();
        }
        if self.out.is_empty() && !self.stopped {
            self.tidy(now);
        }
        if let Some(output) = self.out.pop_front() {
            return output;
        }
        if self.stopped {
            return Output::Done;
        }
        let due = self.dues.first().map(|(time, _)| *time);
        let later = self.later.first_key_value().map(|((time, _), _)| *time);
        let next = due.into_iter().chain(later).min();
        Output::WaitUntil(next.unwrap_or(Time::NEVER), "requests")
    }
}

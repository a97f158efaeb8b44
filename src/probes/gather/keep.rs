//! What gathering keeps for whoever wants to use the candidates: the sockets, the connections, the allocations.

pub(super) mod names;
pub(super) mod relay;
pub(super) mod streams;

use std::net::{IpAddr, SocketAddr};

use super::{Gathering, LocalState, Owner, words};
use crate::machine::{Icmp, Input, Output, Socket, Time, Want};
use crate::report::{Candidate, CandidateKind, Event, Protocol, TcpKind};
use crate::wire::candidate::TcpType;
use crate::wire::channel_data;

/// Where datagrams leave and arrive: a local socket, an allocation, or a TCP host candidate's listener and its
/// connections. A server-reflexive candidate has the way of its base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Way(pub u32);

/// What came over the ways that are kept.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// A candidate, and the address that datagrams of its way leave from: the host's, or the relayed one.
    Found { way: Way, base: SocketAddr, candidate: Candidate },
    /// No more candidates.
    Complete,
    /// A datagram that was no answer to gathering; through a relay, without its wrapping.
    Bytes { way: Way, from: SocketAddr, bytes: Vec<u8> },
    /// An ICMP error, met here or at the relay.
    Unreachable { way: Way, to: SocketAddr, icmp: Icmp },
    /// The relay does not want to send to that peer; the server's code and phrase, or 701 and why where it gave none.
    /// Said once for each peer.
    Refused { way: Way, to: SocketAddr, code: u16, reason: String },
    /// A TCP connection of ICE could not be had, or has ended.
    NoConnection { way: Way, to: SocketAddr, why: String },
    /// What [`Gathering::resolve`] was asked for; why not, where it could not be resolved.
    Resolved { name: String, address: Result<IpAddr, String> },
    /// Nothing comes or goes here any more: the allocation was lost, or its connection.
    Lost { way: Way, why: String },
}

/// A local address has three ways (its UDP socket, its TCP listener, the connections that it opens), and each question
/// to a server one.
const WAYS: usize = 3;

/// The way of what a question to a server gave.
pub(super) fn relay_way(locals: usize, task: usize) -> Way {
    Way(u32::try_from(WAYS * locals + task).unwrap_or(u32::MAX))
}

/// What a way is.
enum Place {
    Local(usize),
    /// A TCP listener and what it lets in.
    Passive,
    /// TCP connections that are opened from a local address.
    Active(usize),
    Task(usize),
}

/// The port of a candidate that only opens connections (RFC 6544 §4.5).
const DISCARD: u16 = 9;

impl Gathering {
    /// The next thing that came over what is kept. To be asked after every [`crate::machine::Machine::input`], until
    /// it gives none.
    pub fn heard(&mut self) -> Option<Heard> {
        self.heard.pop_front()
    }

    /// Sends a datagram. A relay asks for the permission first; what it refuses comes as [`Heard::Refused`]. An active
    /// TCP candidate opens a connection first; one that cannot be had comes as [`Heard::NoConnection`].
    pub fn send(&mut self, now: Time, way: Way, to: SocketAddr, bytes: Vec<u8>) {
        match self.place(way) {
            Some(Place::Local(index)) => {
                if let Some(LocalState::Open { socket, .. }) = self.locals.get(index).copied() {
                    self.out.push_back(Output::Send { socket, to, bytes });
                }
            }
            Some(Place::Task(index)) => {
                self.tasks[index].relay(to, bytes);
                self.stirred = true;
            }
            Some(Place::Passive) => self.send_stream(now, (way, to), None, bytes),
            Some(Place::Active(index)) => self.send_stream(now, (way, to), Some(index), bytes),
            None => {}
        }
    }

    /// Lets a peer's datagrams in before anything is sent to it: asks the relay for the permission. Nothing elsewhere.
    pub fn permit(&mut self, way: Way, peer: SocketAddr) {
        if let Some(Place::Task(index)) = self.place(way) {
            self.tasks[index].permit(peer);
            self.stirred = true;
        }
    }

    /// The way is the selected pair's: a relay binds a channel for the peer.
    pub fn settle(&mut self, way: Way, peer: SocketAddr) {
        if let Some(Place::Task(index)) = self.place(way) {
            self.tasks[index].settle(peer);
            self.stirred = true;
        }
    }

    /// Resolves a `.local` name by multicast; [`Heard::Resolved`] says what came of it, within a few seconds.
    pub fn resolve(&mut self, name: &str) {
        if !self.stopping {
            self.names.ask(name.to_owned(), &mut self.chance, &mut self.heard);
            self.stirred = true;
        }
    }

    /// Goes on with the names that are being resolved.
    pub(super) fn resolve_names(&mut self, now: Time) {
        // This machine's own names are asked for on loopback only where there is nothing else.
        let locals = || self.config.locals.iter().map(|local| local.address);
        let outside = locals().any(|ip| !ip.is_loopback());
        let mut next = self.next_name;
        let name = || {
            next += 1;
            Socket(next - 1)
        };
        self.names.open(locals().filter(|ip| !(outside && ip.is_loopback())), name, &mut self.out);
        self.next_name = next;
        self.names.advance(now, &mut self.out, &mut self.heard);
    }

    /// Gives everything back; the machine is done once that is confirmed or given up.
    pub fn release(&mut self, now: Time) {
        self.stop(now);
        self.stirred = true;
    }

    fn place(&self, way: Way) -> Option<Place> {
        let (way, locals) = (way.0 as usize, self.config.locals.len());
        match way.checked_sub(WAYS * locals) {
            Some(task) => (task < self.tasks.len()).then_some(Place::Task(task)),
            None if way < locals => Some(Place::Local(way)),
            None if way < 2 * locals => Some(Place::Passive),
            None => Some(Place::Active(way - 2 * locals)),
        }
    }

    /// Tells of the candidates that were found just now, and lets go of what none of them needs.
    pub(super) fn found(&mut self, task: Option<usize>) {
        let mut needed = false;
        for fresh in self.harvest.fresh() {
            let of_task = task.filter(|_| fresh.candidate.kind == CandidateKind::Relay);
            let way = match of_task {
                Some(task) => self.hold(task).then(|| relay_way(self.config.locals.len(), task)),
                None if fresh.candidate.tcp_type.is_some() && fresh.candidate.kind == CandidateKind::Host => {
                    let passive = fresh.candidate.tcp_type == Some(TcpKind::Passive);
                    Some(self.tcp_way(fresh.local, if passive { 1 } else { 2 }))
                }
                None if fresh.candidate.protocol == Protocol::Udp && self.is_base(fresh.local, fresh.base) => {
                    u32::try_from(fresh.local).ok().map(Way)
                }
                None => None,
            };
            needed |= way.is_some();
            self.heard.extend(way.map(|way| Heard::Found { way, base: fresh.base, candidate: fresh.candidate }));
        }
        if let (Some(task), false) = (task, needed) {
            self.tasks[task].let_go();
        }
    }

    /// Keeps a relay, whose connection does not keep others from theirs; but not more than there could be at once.
    fn hold(&mut self, task: usize) -> bool {
        if !self.tasks[task].is_kept() {
            return false;
        }
        let Some(socket) = self.tasks[task].own_socket() else { return true };
        if self.held.len() >= self.config.connections.max(1) {
            return false;
        }
        if self.held.insert(socket) {
            self.connection_over();
        }
        true
    }

    fn is_base(&self, local: usize, base: SocketAddr) -> bool {
        matches!(self.locals[local], LocalState::Open { address, .. } if address == base)
    }

    fn tcp_way(&self, local: usize, nth: usize) -> Way {
        Way(u32::try_from(nth * self.config.locals.len() + local).unwrap_or(u32::MAX))
    }

    /// Opens the TCP listeners.
    pub(super) fn listen(&mut self) {
        for index in 0..self.listeners.len() {
            let socket = self.name();
            self.sockets.insert(socket, Owner::Listener(index));
            let local = SocketAddr::new(self.config.locals[index].address, 0);
            self.out.push_back(Output::Open { socket, want: Want::TcpListen { local } });
        }
    }

    /// From that local address connections can be opened.
    pub(super) fn connects(&mut self, now: Time, index: usize) {
        if !self.listeners.is_empty() {
            let from = (index, SocketAddr::new(self.config.locals[index].address, DISCARD));
            self.harvest.tcp_host(now, from, TcpType::Active, &self.config, &mut self.out);
        }
    }

    fn name(&mut self) -> Socket {
        self.next_name += 1;
        Socket(self.next_name - 1)
    }

    fn send_stream(&mut self, now: Time, (way, to): (Way, SocketAddr), active: Option<usize>, bytes: Vec<u8>) {
        if self.stopping {
            return;
        }
        let say = (&mut self.out, &mut self.heard);
        let first = self.streams.send(now, (way, to), active.is_some(), bytes, say);
        if let (Some(first), Some(index)) = (first, active) {
            let socket = self.name();
            let local = SocketAddr::new(self.config.locals[index].address, 0);
            self.streams.open(socket, (way, to), local, first, &mut self.out);
        }
    }

    /// Takes in what concerns listeners, the connections of ICE and the names of candidates; true when it did.
    pub(super) fn is_kept_apart(&mut self, now: Time, input: Input<'_>) -> bool {
        match input {
            Input::Accepted { listener, socket, from, .. } => {
                match self.sockets.get(&listener) {
                    Some(Owner::Listener(index)) if !self.stopping => {
                        let way = self.tcp_way(*index, 1);
                        self.streams.accepted(way, socket, from, &mut self.out);
                    }
                    _ => self.out.push_back(Output::Close { socket }),
                }
                true
            }
            Input::Connected { socket, .. }
            | Input::Opened { socket, .. }
            | Input::Refused { socket, .. }
            | Input::Received { socket, .. }
            | Input::Unreachable { socket, .. }
            | Input::Closed { socket, .. } => {
                if let Some(Owner::Listener(index)) = self.sockets.get(&socket).copied() {
                    self.of_listener(now, index, input);
                    return true;
                }
                if self.names.holds(socket) {
                    self.names.input(socket, input, &mut self.heard);
                    return true;
                }
                let ours = self.streams.holds(socket);
                self.streams.input(now, socket, input, (&mut self.out, &mut self.heard));
                ours
            }
            Input::Tick | Input::Answered { .. } | Input::Told { .. } | Input::Stop => false,
        }
    }

    fn of_listener(&mut self, now: Time, index: usize, input: Input<'_>) {
        match input {
            Input::Opened { socket, local, .. } => {
                self.listeners[index] = LocalState::Open { socket, address: local };
                self.harvest.tcp_host(now, (index, local), TcpType::Passive, &self.config, &mut self.out);
                self.found(None);
            }
            Input::Refused { why, .. } => {
                self.listeners[index] = LocalState::Refused;
                let text = words::no_local_socket("TCP listener", &self.config.locals[index], why);
                self.out.push_back(Output::Event(Event::Note { elapsed_ms: now.millis(), text }));
            }
            _ => {}
        }
    }

    /// A datagram that answers nothing; true when it is not for gathering.
    pub(super) fn peer_said(&mut self, local: usize, from: SocketAddr, bytes: &[u8]) -> bool {
        if !self.config.keep {
            return false;
        }
        let mut shared = self.tasks.iter_mut().filter(|task| task.shares(local));
        if channel_data::decode(bytes).is_some_and(|message| shared.any(|task| task.channel(from, message))) {
            return true;
        }
        if let Ok(way) = u32::try_from(local) {
            self.heard.push_back(Heard::Bytes { way: Way(way), from, bytes: bytes.to_vec() });
        }
        false
    }

    /// An ICMP error that is not about a server.
    pub(super) fn peer_unreachable(&mut self, local: usize, to: SocketAddr, icmp: Icmp) {
        let server = self.tasks.iter().any(|task| task.shares(local) && task.speaks_to(to));
        if let (true, false, Ok(way)) = (self.config.keep, server, u32::try_from(local)) {
            self.heard.push_back(Heard::Unreachable { way: Way(way), to, icmp });
        }
    }
}

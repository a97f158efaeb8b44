//! What gathering keeps for whoever wants to use the candidates: the sockets, the connections, the allocations.

pub(super) mod relay;

use std::net::SocketAddr;

use super::{Gathering, LocalState};
use crate::machine::{Icmp, Output, Time};
use crate::report::{Candidate, CandidateKind, Protocol};
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
    Task(usize),
}

impl Gathering {
    /// The next thing that came over what is kept. To be asked after every [`crate::machine::Machine::input`], until
    /// it gives none.
    pub fn heard(&mut self) -> Option<Heard> {
        self.heard.pop_front()
    }

    /// Sends a datagram. A relay asks for the permission first; what it refuses comes as [`Heard::Refused`].
    pub fn send(&mut self, _now: Time, way: Way, to: SocketAddr, bytes: Vec<u8>) {
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

    /// Gives everything back; the machine is done once that is confirmed or given up.
    pub fn release(&mut self, now: Time) {
        self.stop(now);
        self.stirred = true;
    }

    fn place(&self, way: Way) -> Option<Place> {
        let (way, locals) = (way.0 as usize, self.config.locals.len());
        match way.checked_sub(WAYS * locals) {
            Some(task) => (task < self.tasks.len()).then_some(Place::Task(task)),
            None => (way < locals).then_some(Place::Local(way)),
        }
    }

    /// Tells of the candidates that were found just now, and lets go of what none of them needs.
    pub(super) fn found(&mut self, task: Option<usize>) {
        let mut needed = false;
        for fresh in self.harvest.fresh() {
            let of_task = task.filter(|_| fresh.candidate.kind == CandidateKind::Relay);
            let way = match of_task {
                Some(task) => self.hold(task).then(|| relay_way(self.config.locals.len(), task)),
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

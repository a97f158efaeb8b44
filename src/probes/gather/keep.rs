//! What gathering keeps for whoever wants to use the candidates: the sockets, the connections, the allocations.

use std::net::SocketAddr;

use crate::machine::Icmp;
use crate::report::Candidate;

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
    /// The relay does not want to send to that peer; the server's code and phrase.
    Refused { way: Way, to: SocketAddr, code: u16, reason: String },
    /// A TCP connection of ICE could not be had, or has ended.
    NoConnection { way: Way, to: SocketAddr, why: String },
    /// Nothing comes or goes here any more: the allocation was lost, or its connection.
    Lost { way: Way, why: String },
}

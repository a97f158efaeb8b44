//! What a study has learned so far. Everything that ends in the report is derived from here.

use std::net::SocketAddr;
use std::time::Duration;

use crate::machine::Icmp;
use crate::report::nat::{Behaviour, Gateway, Method, NatTest};

/// Grows while the study runs; a stop leaves it as it is.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub tests: Vec<NatTest>,
    /// Every mapping that was seen, in the order of seeing.
    pub sightings: Vec<Sighting>,
    pub filters: Vec<Filter>,
    pub hairpin: Option<Hairpin>,
    /// One for each address of a server.
    pub servers: Vec<ServerFacts>,
    /// Of the ports that were opened in one go, in that order.
    pub sequence: Vec<SocketAddr>,
    pub contradictions: Vec<String>,
    pub more: More,
}

/// How one of our ports was seen from one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sighting {
    pub local: SocketAddr,
    pub to: SocketAddr,
    pub mapped: SocketAddr,
    /// MAPPED-ADDRESS of the same answer, where there was one.
    pub plain: Option<SocketAddr>,
    pub by: Method,
}

/// Whether a packet from somewhere came through to a port that had only talked to somewhere else.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Filter {
    pub method: Method,
    pub local: SocketAddr,
    /// Whom the port had talked to.
    pub talked: SocketAddr,
    /// From where the packet came, or should have come.
    pub vantage: SocketAddr,
    pub arrived: bool,
    /// Copies that had the chance to arrive.
    pub copies: u32,
    /// The probability that silence is nothing but loss.
    pub doubt: f64,
}

/// Packets between two own ports by their public addresses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hairpin {
    /// The source of what arrived, and what it would be with an external or an internal source.
    pub arrived: Option<(SocketAddr, SocketAddr, SocketAddr)>,
    pub doubt: f64,
}

/// What one address of a server is good for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ServerFacts {
    /// Index into [`super::Config::servers`].
    pub spec: usize,
    pub address: SocketAddr,
    pub udp: bool,
    /// `None` while it is being asked.
    pub answered: Option<bool>,
    /// Answered over TCP, when it was asked there.
    pub tcp: Option<bool>,
    pub round_trip: Option<Duration>,
    pub software: Option<String>,
    pub icmp: Option<Icmp>,
    /// Why it is of no use.
    pub error: Option<String>,
    pub other: Option<SocketAddr>,
    /// Relayed addresses that were had there.
    pub relayed: Vec<SocketAddr>,
}

/// Results of the tests that stand beside mapping and filtering.
#[derive(Debug, Default)]
pub(super) struct More {
    pub fragments: Option<bool>,
    pub path_mtu: Option<u32>,
    /// An idle mapping was alive after the first, gone after the second.
    pub lifetime: Option<(Duration, Option<Duration>)>,
    pub gateway: Option<Gateway>,
    pub tcp_mapping: Option<Behaviour>,
    /// Why something is not known: the field's name in JSON, and the reason.
    pub unknown: Vec<(&'static str, String)>,
}

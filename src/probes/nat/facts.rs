//! What a study has learned so far. Everything that ends in the report is derived from here.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::machine::Icmp;
use crate::report::Cause;
use crate::report::nat::{Behaviour, Gateway, HairpinSource, LifetimeMethod, Method, NatTest};

/// Grows while the study runs; a stop leaves it as it is.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub tests: Vec<NatTest>,
    /// Every mapping that was seen, in the order of seeing.
    pub sightings: Vec<Sighting>,
    pub filters: Vec<Filter>,
    pub controls: Vec<Control>,
    /// Servers beside the main one whose second address is tried.
    pub controls_begun: usize,
    pub hairpin: Option<Hairpin>,
    /// One for each address of a server.
    pub servers: Vec<ServerFacts>,
    /// Local addresses of ports that were opened in one go, in that order, and asked one server.
    pub sequence: Vec<SocketAddr>,
    pub main: Option<SocketAddr>,
    /// Pairs of neighbouring ports among them.
    pub neighbours: Vec<(SocketAddr, SocketAddr)>,
    pub contradictions: Vec<String>,
    /// What servers say of themselves and is not so.
    pub disbelieved: Vec<String>,
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
    /// Whom the port had talked to.
    pub talked: SocketAddr,
    /// From where the packet was to come. What arrived came from there.
    pub vantage: SocketAddr,
    pub arrived: bool,
    /// The probability that silence is nothing but loss.
    pub doubt: f64,
}

/// Whether packets from a vantage point come through at all, where no filter has a reason to drop
/// them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Control {
    pub vantage: SocketAddr,
    pub proof: Proof,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// One came through, from there.
    Proven,
    /// The server takes the request, but nothing could show what it sends: where every destination
    /// has a mapping of its own, a filter may have dropped that, too.
    Plausible,
    /// None came.
    Refuted,
}

/// Packets between two own ports by their public addresses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hairpin {
    pub arrived: Option<HairpinSource>,
    pub doubt: f64,
}

/// What one address of a server is good for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ServerFacts {
    /// Which of [`super::Config::servers`] is there. `stun:` and `turn:` at one address are one, so that it
    /// is asked once; what is twice `turn:` is two, since each may have credentials of its own.
    pub specs: Vec<usize>,
    pub address: SocketAddr,
    pub udp: bool,
    /// `None` while it is being asked.
    pub answered: Option<bool>,
    /// Something came back over UDP, if only a refusal or from another address: UDP passes.
    pub heard: bool,
    /// Answered over TCP, when it was asked there.
    pub tcp: Option<bool>,
    pub round_trip: Option<Duration>,
    pub software: Option<String>,
    pub icmp: Option<Icmp>,
    /// Why its answers are of no use.
    pub error: Option<String>,
    /// Why it gave no relayed address, and the same in one word.
    pub no_relay: Option<(String, Cause)>,
    /// OTHER-ADDRESS, where it can be true.
    pub other: Option<SocketAddr>,
    /// Its other places have been asked.
    pub explored: bool,
    /// Relayed addresses that were had there.
    pub relayed: Vec<SocketAddr>,
}

impl Facts {
    /// Says what does not fit together, once.
    pub(super) fn contradict(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.contradictions.contains(&text) {
            self.contradictions.push(text);
        }
    }

    /// Says what a server claims and is not so, once.
    pub(super) fn disbelieve(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.disbelieved.contains(&text) {
            self.disbelieved.push(text);
        }
    }

    /// The entries of one address.
    pub(super) fn at(&mut self, address: SocketAddr, udp: bool) -> impl Iterator<Item = &mut ServerFacts> {
        self.servers.iter_mut().filter(move |server| (server.address, server.udp) == (address, udp))
    }

    /// Public addresses that were seen.
    pub(super) fn public(&self) -> Vec<IpAddr> {
        let mut seen: Vec<IpAddr> = self.sightings.iter().map(|sighting| sighting.mapped.ip()).collect();
        seen.sort_unstable();
        seen.dedup();
        seen
    }

    /// The server that most is asked of: one with a second address, else the first that answered.
    pub(super) fn best(&self) -> Option<&ServerFacts> {
        let mut alive = self.servers.iter().filter(|server| server.answered == Some(true));
        alive.clone().find(|server| server.other.is_some()).or_else(|| alive.next())
    }
}

/// Results of the tests that stand beside mapping and filtering.
#[derive(Debug, Default)]
pub(super) struct More {
    pub fragments: Option<bool>,
    pub path_mtu: Option<u32>,
    /// What is too large vanishes without a word.
    pub black_hole: Option<bool>,
    /// An idle mapping was alive after the first, gone after the second.
    pub lifetime: Option<(Duration, Option<Duration>)>,
    pub lifetime_method: Option<LifetimeMethod>,
    pub refresh_inbound: Option<bool>,
    pub gateway: Option<Gateway>,
    pub tcp_mapping: Option<Behaviour>,
    /// How one port was seen over TCP.
    pub tcp: Vec<Sighting>,
    /// Why something is not known: the field's name in JSON, and the reason.
    pub unknown: Vec<(&'static str, String)>,
}

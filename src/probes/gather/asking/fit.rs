//! Which questions fit a server, and from which of our addresses.

use crate::probes::gather::{Config, ServerSpec};
use crate::report::CandidateKind;
use crate::wire::attribute::Family;
use crate::wire::uri::Transport;

/// What a server of that kind can be expected to give, of what is to be gathered.
pub(super) fn wanted(server: &ServerSpec, config: &Config) -> Vec<CandidateKind> {
    let uri = &server.uri;
    let mut wanted = Vec::new();
    if config.srflx && (!uri.scheme.is_turn() || uri.transport() == Transport::Udp) {
        wanted.push(CandidateKind::Srflx);
    }
    if config.relay && uri.scheme.is_turn() {
        wanted.push(CandidateKind::Relay);
    }
    wanted
}

/// The local addresses to ask from: loopback ones for servers on loopback, the others for the rest,
/// unless there are no such.
pub(super) fn fitting(config: &Config, family: Family, loopback: bool) -> Vec<usize> {
    let of_family = || config.locals.iter().enumerate().filter(move |(_, local)| of(local.address) == family);
    let fits = of_family().filter(|(_, local)| local.address.is_loopback() == loopback);
    let mut found: Vec<usize> = fits.map(|(index, _)| index).collect();
    if found.is_empty() {
        found = of_family().map(|(index, _)| index).collect();
    }
    found
}

pub(super) fn name(kind: CandidateKind) -> &'static str {
    match kind {
        CandidateKind::Host => "host",
        CandidateKind::Srflx => "srflx",
        CandidateKind::Prflx => "prflx",
        CandidateKind::Relay => "relay",
    }
}

pub(super) fn of(address: std::net::IpAddr) -> Family {
    if address.is_ipv4() { Family::V4 } else { Family::V6 }
}

//! This side: the candidates that were gathered, which of them are used, and what the other side was told of them.

use std::net::SocketAddr;

use super::{Config, Only, Policy};
use crate::probes::gather::keep::Way;
use crate::proto::ice::{Local, Route};
use crate::report::{
    Candidate, CandidateKind, Protocol, RelayProtocol, TcpKind, connect::SideNat, connect::UnusedCandidate,
};
use crate::wire::candidate::{CandidateType, TcpType};

/// A candidate of this side, and where its datagrams leave.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub way: Way,
    pub base: SocketAddr,
    pub address: SocketAddr,
    pub candidate: Candidate,
    /// The other side gets to know it.
    pub told: bool,
}

/// This side.
#[derive(Debug, Default)]
pub(super) struct Here {
    pub found: Vec<Found>,
    pub unused: Vec<UnusedCandidate>,
    pub complete: bool,
    /// How many of `found` the other side was told of, in this generation.
    said: usize,
    said_complete: bool,
    /// What stands in front of it.
    pub nat: Option<SideNat>,
    pub said_nat: bool,
}

impl Here {
    /// Takes in a candidate; gives it back for the agent if it is used.
    pub fn take(&mut self, way: Way, base: SocketAddr, candidate: Candidate, config: &Config) -> Option<Found> {
        let address = candidate.address.parse().ok().map(|ip| SocketAddr::new(ip, candidate.port))?;
        if let Some(reason) = left_out(&candidate, config) {
            self.unused.push(UnusedCandidate { candidate: candidate.candidate, reason: reason.into() });
            return None;
        }
        let told = config.pairs.is_empty() || config.pairs.iter().any(|pair| pair.local == candidate.kind);
        if !told {
            let reason = "the other side is not told of it: no pair of its type is wanted".into();
            self.unused.push(UnusedCandidate { candidate: candidate.candidate.clone(), reason });
        }
        let found = Found { way, base, address, candidate, told };
        self.found.push(found.clone());
        Some(found)
    }

    /// Candidate lines that the other side does not know yet.
    pub fn unsaid(&mut self) -> Vec<String> {
        let new = self.found.get(self.said..).unwrap_or_default();
        self.said = self.found.len();
        new.iter().filter(|found| found.told).map(|found| found.candidate.candidate.clone()).collect()
    }

    /// Whether it is to be said now that there are no more candidates.
    pub fn ends(&mut self) -> bool {
        self.complete && !std::mem::replace(&mut self.said_complete, self.complete)
    }

    /// For a new generation everything is to be said again.
    pub fn forget_said(&mut self) {
        (self.said, self.said_complete) = (0, false);
    }

    /// The candidate at that transport address.
    pub fn at(&self, address: SocketAddr) -> Option<&Found> {
        self.found.iter().find(|found| found.address == address)
    }
}

impl Found {
    /// As the agent takes it.
    pub fn local(&self) -> Local {
        Local {
            kind: of_kind(self.candidate.kind),
            address: self.address,
            base: self.base,
            route: Route(self.way.0),
            priority: self.candidate.priority,
            foundation: self.candidate.foundation.clone(),
            tcp: (self.candidate.protocol == Protocol::Tcp).then(|| of_tcp(self.candidate.tcp_type)),
        }
    }
}

/// Why a candidate is not used at all.
fn left_out(candidate: &Candidate, config: &Config) -> Option<&'static str> {
    let relay = candidate.kind == CandidateKind::Relay;
    if config.policy == Policy::Relay && !relay {
        return Some("only relays are wanted");
    }
    let over_tcp = match candidate.relay_protocol {
        Some(RelayProtocol::Tcp | RelayProtocol::Tls) => true,
        Some(RelayProtocol::Udp | RelayProtocol::Dtls) => false,
        None => candidate.protocol == Protocol::Tcp,
    };
    if candidate.protocol == Protocol::Tcp && !config.tcp {
        return Some("candidates over TCP are not wanted");
    }
    match (config.only, over_tcp) {
        (Some(Only::Udp), true) => Some("only ways over UDP are wanted"),
        (Some(Only::Tcp), false) => Some("only ways over TCP are wanted"),
        _ => None,
    }
}

pub(super) fn of_kind(kind: CandidateKind) -> CandidateType {
    match kind {
        CandidateKind::Host => CandidateType::Host,
        CandidateKind::Srflx => CandidateType::Srflx,
        CandidateKind::Prflx => CandidateType::Prflx,
        CandidateKind::Relay => CandidateType::Relay,
    }
}

pub(super) fn kind_of(kind: CandidateType) -> CandidateKind {
    match kind {
        CandidateType::Host => CandidateKind::Host,
        CandidateType::Srflx => CandidateKind::Srflx,
        CandidateType::Prflx => CandidateKind::Prflx,
        CandidateType::Relay => CandidateKind::Relay,
    }
}

/// A TCP line without a type is read as passive, as libwebrtc does.
fn of_tcp(kind: Option<TcpKind>) -> TcpType {
    match kind {
        Some(TcpKind::Active) => TcpType::Active,
        Some(TcpKind::So) => TcpType::So,
        Some(TcpKind::Passive) | None => TcpType::Passive,
    }
}

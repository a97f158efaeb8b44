//! From addresses to candidates: priorities, foundations, redundancy (RFC 8445 §5.1).

use std::collections::VecDeque;
use std::net::SocketAddr;

use super::{Config, ServerSpec};
use crate::machine::{Output, Time};
use crate::report::{self, CandidateKind, Event, Protocol, RelayProtocol, TcpKind};
use crate::wire::candidate::{self, CandidateType, TcpType};
use crate::wire::uri::Transport;

/// The candidates found so far.
pub struct Harvest {
    /// For each server, how many TURN servers stand before it.
    turn_rank: Vec<usize>,
    turns: usize,
    locals: usize,
    /// Address and base of each, for redundancy.
    found: Vec<(Protocol, SocketAddr, SocketAddr)>,
    /// Those that were found last, for whoever keeps them.
    fresh: Vec<Fresh>,
}

/// A candidate that may be kept.
pub(super) struct Fresh {
    pub local: usize,
    pub base: SocketAddr,
    pub candidate: report::Candidate,
}

/// A server-reflexive or relayed address, and how it came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Find {
    pub kind: CandidateKind,
    pub address: SocketAddr,
    /// The local socket's address (srflx), or the relayed address itself.
    pub base: SocketAddr,
    /// raddr and rport: the base, or for a relay the mapped address (RFC 8839 §5.1).
    pub related: Option<SocketAddr>,
    pub server: usize,
    pub local: usize,
    pub server_address: SocketAddr,
    pub transport: Transport,
    pub url: String,
}

type Out = VecDeque<Output<Event>>;

impl Harvest {
    pub fn new(config: &Config) -> Harvest {
        let mut turns = 0;
        let rank = |server: &ServerSpec| {
            let before = turns;
            turns += usize::from(server.uri.scheme.is_turn());
            before
        };
        let turn_rank = config.servers.iter().map(rank).collect();
        Harvest { turn_rank, turns, locals: config.locals.len(), found: Vec::new(), fresh: Vec::new() }
    }

    /// What was found since this was asked last; nothing unless it is kept.
    pub(super) fn fresh(&mut self) -> Vec<Fresh> {
        std::mem::take(&mut self.fresh)
    }

    /// A TCP host candidate (RFC 6544 §4.1): a listener's address, or port 9 for connections that are opened.
    pub(super) fn tcp_host(
        &mut self,
        now: Time,
        (local, address): (usize, SocketAddr),
        kind: TcpType,
        config: &Config,
        out: &mut Out,
    ) {
        let line = candidate::Candidate {
            foundation: candidate::foundation(CandidateType::Host, address.ip(), None, "tcp"),
            component: 1,
            transport: "tcp".into(),
            priority: candidate::tcp_host_priority(kind, 8191 - u16::try_from(local).unwrap_or(8191).min(8191), 1),
            address: address.ip().to_string(),
            port: address.port(),
            kind: CandidateType::Host,
            related: None,
            tcp_type: Some(kind),
            extensions: Vec::new(),
        };
        self.tell(now, &line, None, None, (local, address), config, out);
    }

    pub(super) fn host(&mut self, now: Time, local: usize, address: SocketAddr, config: &Config, out: &mut Out) {
        self.found.push((Protocol::Udp, address, address));
        if !config.host {
            return;
        }
        let line = candidate::Candidate {
            foundation: candidate::foundation(CandidateType::Host, address.ip(), None, "udp"),
            component: 1,
            transport: "udp".into(),
            priority: candidate::priority(CandidateType::Host, preference(local), 1),
            address: address.ip().to_string(),
            port: address.port(),
            kind: CandidateType::Host,
            related: None,
            tcp_type: None,
            extensions: Vec::new(),
        };
        self.tell(now, &line, None, None, (local, address), config, out);
    }

    /// Takes in a find unless it is redundant: same address and same base as one that is there
    /// (RFC 8445 §5.1.3; when trickling the newcomer goes, RFC 8838 §9).
    pub fn take(&mut self, now: Time, find: &Find, config: &Config, out: &mut Out) {
        let protocol = match (find.kind, find.transport) {
            (CandidateKind::Srflx, Transport::Tcp | Transport::Tls) => Protocol::Tcp,
            _ => Protocol::Udp,
        };
        let key = (protocol, find.address, find.base);
        if self.found.contains(&key) {
            return;
        }
        self.found.push(key);
        let (kind, rank) = match find.kind {
            CandidateKind::Relay => (CandidateType::Relay, self.relay_rank(find)),
            _ => (CandidateType::Srflx, find.server * self.locals + find.local),
        };
        let related = find.related.map_or(("0.0.0.0".to_string(), 9), |r| (r.ip().to_string(), r.port()));
        // A relay's foundation depends on the protocol to the server as well: two relays of one
        // server over UDP and TLS fail apart.
        let toward = match find.kind {
            CandidateKind::Relay => find.transport.as_str(),
            _ => "udp",
        };
        let line = candidate::Candidate {
            foundation: candidate::foundation(kind, find.base.ip(), Some(find.server_address), toward),
            component: 1,
            transport: if protocol == Protocol::Tcp { "tcp" } else { "udp" }.into(),
            priority: candidate::priority(kind, preference(rank), 1),
            address: find.address.ip().to_string(),
            port: find.address.port(),
            kind,
            related: Some(related),
            tcp_type: (protocol == Protocol::Tcp).then_some(TcpType::Passive),
            extensions: Vec::new(),
        };
        let relay = (find.kind == CandidateKind::Relay).then_some(find.transport);
        self.tell(now, &line, relay, Some(find.url.clone()), (find.local, find.base), config, out);
    }

    /// UDP before DTLS, TCP and TLS; then servers in their order; then local addresses in theirs.
    fn relay_rank(&self, find: &Find) -> usize {
        let protocol = match find.transport {
            Transport::Udp => 0,
            Transport::Dtls => 1,
            Transport::Tcp => 2,
            Transport::Tls => 3,
        };
        (protocol * self.turns + self.turn_rank[find.server]) * self.locals + find.local
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one candidate")]
    fn tell(
        &mut self,
        now: Time,
        line: &candidate::Candidate,
        relay: Option<Transport>,
        url: Option<String>,
        (local, base): (usize, SocketAddr),
        config: &Config,
        out: &mut Out,
    ) {
        let candidate = report::Candidate {
            elapsed_ms: now.millis(),
            candidate: line.to_string(),
            component: "rtp".into(),
            foundation: line.foundation.clone(),
            protocol: if line.transport == "tcp" { Protocol::Tcp } else { Protocol::Udp },
            address: line.address.clone(),
            port: line.port,
            priority: line.priority,
            kind: match line.kind {
                CandidateType::Host => CandidateKind::Host,
                CandidateType::Srflx => CandidateKind::Srflx,
                CandidateType::Prflx => CandidateKind::Prflx,
                CandidateType::Relay => CandidateKind::Relay,
            },
            tcp_type: line.tcp_type.map(|kind| match kind {
                TcpType::Active => TcpKind::Active,
                TcpType::Passive => TcpKind::Passive,
                TcpType::So => TcpKind::So,
            }),
            related_address: line.related.as_ref().map(|(address, _)| address.clone()),
            related_port: line.related.as_ref().map(|(_, port)| *port),
            relay_protocol: relay.map(|transport| match transport {
                Transport::Udp => RelayProtocol::Udp,
                Transport::Tcp => RelayProtocol::Tcp,
                Transport::Tls => RelayProtocol::Tls,
                Transport::Dtls => RelayProtocol::Dtls,
            }),
            url,
            interface: Some(config.locals[local].interface.clone()),
        };
        if config.keep {
            self.fresh.push(Fresh { local, base, candidate: candidate.clone() });
        }
        out.push_back(Output::Event(Event::Candidate { elapsed_ms: now.millis(), candidate }));
    }
}

/// 65535 for the first, one less for each that follows (RFC 8445 §5.1.2.1: unique within a type).
fn preference(rank: usize) -> u16 {
    u16::MAX - u16::try_from(rank).unwrap_or(u16::MAX)
}

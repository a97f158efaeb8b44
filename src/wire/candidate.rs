//! ICE candidates: types, priorities, foundations (RFC 8445 §5.1) and candidate lines (RFC 8839 §5.1).

use std::net::{IpAddr, SocketAddr};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CandidateType {
    Host,
    Srflx,
    Prflx,
    Relay,
}

impl CandidateType {
    /// 126, 100, 110, 0 (RFC 8445 §5.1.2.2).
    #[must_use]
    pub fn preference(self) -> u8 {
        todo!()
    }

    /// `host`, `srflx`, `prflx`, `relay`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        todo!()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TcpType {
    Active,
    Passive,
    So,
}

/// A candidate as it stands on a line. Extensions that are not understood are kept, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub foundation: String,
    pub component: u16,
    /// `udp` or `tcp`, lower case.
    pub transport: String,
    pub priority: u32,
    /// An IP address, or a `.local` name.
    pub address: String,
    pub port: u16,
    pub kind: CandidateType,
    /// raddr and rport.
    pub related: Option<(String, u16)>,
    pub tcp_type: Option<TcpType>,
    pub extensions: Vec<(String, String)>,
}

/// `2^24 · type + 2^8 · local + (256 − component)` (RFC 8445 §5.1.2.1).
#[must_use]
pub fn priority(kind: CandidateType, local_preference: u16, component: u16) -> u32 {
    let _ = (kind, local_preference, component);
    todo!()
}

/// The same for equal type, base address, server address and transport, different otherwise
/// (RFC 8445 §5.1.1.3): a decimal number as Chromium prints it.
#[must_use]
pub fn foundation(kind: CandidateType, base: IpAddr, server: Option<SocketAddr>, transport: &str) -> String {
    let _ = (kind, base, server, transport);
    todo!()
}

/// Why a line is no candidate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadCandidate(pub String);

impl std::str::FromStr for Candidate {
    type Err = BadCandidate;
    /// Reads a line with or without `a=` and `candidate:` in front.
    fn from_str(line: &str) -> Result<Candidate, BadCandidate> {
        let _ = line;
        todo!()
    }
}

impl std::fmt::Display for Candidate {
    /// `candidate:842163049 1 udp 1677729535 198.51.100.7 46154 typ srflx raddr 10.0.0.2 rport 46154`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let _ = f;
        todo!()
    }
}

//! ICE server URIs: `stun:`, `stuns:` (RFC 7064), `turn:`, `turns:` (RFC 7065, RFC 7350).

use std::net::IpAddr;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    Stun,
    Stuns,
    Turn,
    Turns,
}

impl Scheme {
    #[must_use]
    pub fn is_turn(self) -> bool {
        matches!(self, Scheme::Turn | Scheme::Turns)
    }

    #[must_use]
    pub fn is_secure(self) -> bool {
        matches!(self, Scheme::Stuns | Scheme::Turns)
    }
}

/// Between us and the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    Udp,
    Tcp,
    Tls,
    Dtls,
}

impl Transport {
    /// `udp`, `tcp`, `tls`, `dtls`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
            Transport::Dtls => "dtls",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    Ip(IpAddr),
    /// In A-labels, lower case, without a trailing dot.
    Name(String),
}

/// A parsed URI. `Display` prints it as browsers do, IPv6 in brackets, the transport always said
/// for `turn:` and `turns:`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IceUri {
    pub scheme: Scheme,
    pub host: Host,
    /// As written; `None` leaves it to SRV records or the default (RFC 7064 §3.2, RFC 5928).
    pub port: Option<u16>,
    /// `?transport=` as written, `udp` or `tcp`.
    pub query: Option<Query>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Query {
    Udp,
    Tcp,
}

impl IceUri {
    /// How the server is talked to: the scheme and `?transport=` (RFC 7065 §4, RFC 7350 §4.6);
    /// without a query `stun` and `turn` are UDP, `stuns` and `turns` TLS.
    #[must_use]
    pub fn transport(&self) -> Transport {
        match (self.scheme.is_secure(), self.query) {
            (false, Some(Query::Tcp)) => Transport::Tcp,
            (false, _) => Transport::Udp,
            (true, Some(Query::Udp)) => Transport::Dtls,
            (true, _) => Transport::Tls,
        }
    }

    /// 3478, or 5349 for `stuns` and `turns`.
    #[must_use]
    pub fn default_port(&self) -> u16 {
        if self.scheme.is_secure() { 5349 } else { 3478 }
    }
}

/// A message that says what is wrong and shows the right form. Never contains user info.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadUri(pub String);

/// A parsed URI and what a browser would think of it, where that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    pub uri: IceUri,
    /// For instance "browsers refuse a scheme or a transport in capitals".
    pub warnings: Vec<String>,
}

/// Parses strictly by the RFCs.
pub fn parse(text: &str) -> Result<Parsed, BadUri> {
    let _ = text;
    todo!()
}

/// Parses the value of `--stun` or `--turn`: `host`, `host:port` or a URI of that kind. For a bare
/// host the scheme is `stun` or `turn`, and the port `None`.
pub fn parse_target(text: &str, turn: bool) -> Result<Parsed, BadUri> {
    let _ = (text, turn);
    todo!()
}

impl std::fmt::Display for IceUri {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let _ = f;
        todo!()
    }
}

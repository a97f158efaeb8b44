//! What is to be gathered.

use std::net::IpAddr;

use crate::proto::auth::Credentials;
use crate::proto::schedule::Schedule;
use crate::wire::uri::IceUri;

/// A server to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSpec {
    pub uri: IceUri,
    pub credentials: Option<Credentials>,
}

/// A local address to gather from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Local {
    pub interface: String,
    pub address: IpAddr,
}

/// What to gather.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub servers: Vec<ServerSpec>,
    /// In order of preference.
    pub locals: Vec<Local>,
    /// Which kinds of candidates to gather; a server whose kinds are all off is skipped.
    pub host: bool,
    pub srflx: bool,
    pub relay: bool,
    pub schedule: Schedule,
    /// Follow 300 Try Alternate: RFC 8489 §10 wants it authenticated, coturn sends it unsigned.
    pub alternate: Alternate,
    pub send_software: bool,
    /// Connections that may be open at once, so that file descriptors stay bounded.
    pub connections: usize,
    /// Seconds since 1970, for credentials that carry a time; `None` leaves them unread.
    pub unix_time: Option<u64>,
    /// Keeps sockets and allocations when all is known, for whoever wants to use the candidates, until
    /// [`super::Gathering::release`].
    pub keep: bool,
    /// TCP host candidates as well (RFC 6544); only with `keep`.
    pub tcp: bool,
}

/// What to do about 300 Try Alternate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alternate {
    /// Follow it, to the same address family only, at most five times, never in a circle; say when it was unsigned.
    #[default]
    Follow,
    /// Follow it only when MESSAGE-INTEGRITY verifies.
    Signed,
    Ignore,
}

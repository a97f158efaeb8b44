//! What a server tells whoever runs it: lines for a log.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use crate::machine::Refusal;
use crate::wire::message::Method;
use crate::wire::uri::Transport;

/// Something that happened at the server. `Display` is a line for a log.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Every socket that was asked for is open or was refused.
    Listening(Addresses),
    /// One of them was refused; the server goes on with the others.
    CannotListen {
        transport: Transport,
        local: SocketAddr,
        why: Refusal,
    },
    /// A request was answered with success, or an indication taken (Binding and the like).
    Answered {
        client: SocketAddr,
        transport: Transport,
        method: Method,
    },
    /// A request was answered with an error.
    Refused {
        client: SocketAddr,
        transport: Transport,
        method: Method,
        code: u16,
        reason: String,
    },
    Allocated {
        client: SocketAddr,
        transport: Transport,
        user: Option<String>,
        relayed: Vec<SocketAddr>,
        lifetime: Duration,
    },
    Released {
        client: SocketAddr,
        transport: Transport,
        relayed: Vec<SocketAddr>,
        why: End,
    },
    /// A fault that was asked for was committed.
    Misbehaved {
        client: SocketAddr,
        fault: String,
    },
}

/// Why an allocation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The client asked for it (LIFETIME 0).
    Deleted,
    Expired,
    /// The client's connection ended (RFC 8656 §3.1).
    Disconnected,
    /// The server was stopped.
    Stopped,
}

/// Where a server listens, as the system decided.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Addresses {
    /// The first of `discovery` among them.
    pub udp: Vec<SocketAddr>,
    pub tcp: Vec<SocketAddr>,
    pub tls: Vec<SocketAddr>,
    pub dtls: Vec<SocketAddr>,
    /// Primary address and OTHER-ADDRESS of each set of four sockets (RFC 5780).
    pub discovery: Vec<(SocketAddr, SocketAddr)>,
}

impl Addresses {
    /// Whether `address` is one of them.
    #[must_use]
    pub fn contains(&self, address: SocketAddr) -> bool {
        let four = |&(primary, other): &(SocketAddr, SocketAddr)| {
            [primary.ip(), other.ip()].contains(&address.ip())
                && [primary.port(), other.port()].contains(&address.port())
        };
        [&self.udp, &self.tcp, &self.tls, &self.dtls].into_iter().any(|list| list.contains(&address))
            || self.discovery.iter().any(four)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Listening(addresses) => {
                let lists = [
                    ("udp", &addresses.udp),
                    ("tcp", &addresses.tcp),
                    ("tls", &addresses.tls),
                    ("dtls", &addresses.dtls),
                ];
                let all: Vec<String> =
                    lists.iter().flat_map(|(name, list)| list.iter().map(move |at| format!("{name} {at}"))).collect();
                write!(f, "listening on {}", all.join(", "))
            }
            Event::CannotListen { transport, local, why } => {
                write!(f, "cannot listen on {} {local}: {}", transport.as_str(), reason(why, *local))
            }
            Event::Answered { client, transport, method } => {
                write!(f, "{client} {}: {method} answered", transport.as_str())
            }
            Event::Refused { client, transport, method, code, reason } => {
                write!(f, "{client} {}: {method} refused, {code} {}", transport.as_str(), reason.escape_debug())
            }
            Event::Allocated { client, transport, user, relayed, lifetime } => {
                let user = user.as_deref().unwrap_or("anybody").escape_debug();
                let seconds = lifetime.as_secs();
                write!(f, "{client} {}: allocated {} to {user} for {seconds} s", transport.as_str(), list(relayed))
            }
            Event::Released { client, transport, relayed, why } => {
                let why = match why {
                    End::Deleted => "deleted",
                    End::Expired => "expired",
                    End::Disconnected => "connection ended",
                    End::Stopped => "server stopped",
                };
                write!(f, "{client} {}: released {}, {why}", transport.as_str(), list(relayed))
            }
            Event::Misbehaved { client, fault } => write!(f, "{client}: fault {fault}"),
        }
    }
}

/// The system's words, without the address that is named already.
fn reason(why: &Refusal, local: SocketAddr) -> String {
    match why {
        Refusal::Bind { text }
        | Refusal::Exhausted { text }
        | Refusal::Unsupported { text }
        | Refusal::Unreachable { text, .. }
        | Refusal::Handshake { text }
        | Refusal::Other { text } => text.strip_prefix(&format!("{local}: ")).unwrap_or(text).to_owned(),
        Refusal::ConnectionRefused | Refusal::TimedOut { .. } | Refusal::Untrusted { .. } => {
            "the system refused it".to_owned()
        }
    }
}

fn list(addresses: &[SocketAddr]) -> String {
    addresses.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(" and ")
}

//! The hands: sockets, TLS, DTLS, DNS, HTTP, interfaces, signals, the clock, randomness.
//!
//! Runs machines on tokio. Knows nothing of STUN. Nothing outside this room touches the world.
//!
//! [`run`] owns one machine and a table of its sockets. Every socket that has to wait for something
//! is a task; what happens to it arrives, stamped, on one channel ([`arrivals`]), whose memory is
//! bounded per socket. Datagrams are sent from the loop itself, so that the time the machine notes
//! is the time they leave. What costs something to have (trust store, resolver) is had on first use.

#![allow(clippy::disallowed_methods, reason = "this is the room that may touch clock, sockets and environment")]

mod arrivals;
mod certificate;
mod clock;
#[cfg(feature = "dtls")]
mod dtls;
mod ear;
mod fragmentation;
mod gateways;
mod icmp;
mod interfaces;
mod kinds;
mod limits;
mod listen;
mod multicast;
mod refusals;
mod resolve;
mod run;
mod shared;
pub mod signal;
mod signals;
mod stream;
mod tcp;
mod tls;
mod trust;
mod udp;
pub mod web;

pub use clock::{now_utc, rfc3339};
pub use ear::{Ear, Mouth, ear};
pub use gateways::{Gateway, gateways};
pub use interfaces::{Interface, InterfaceAddress, interfaces, source_address};
pub use kinds::{Description, InterfaceKind, kind_of};
pub use limits::{LEAST_DESCRIPTORS, enough_descriptors, file_limit, raise_file_limit, seed};
pub use run::{block_on, run, run_told};
pub use signals::interrupted;
pub use trust::{check_authorities, is_server_name};

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// How the world is to be touched.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Trust these roots instead of the system's (PEM).
    pub authorities: Option<Vec<u8>>,
    /// Go on with certificates that do not verify; the verdict is still recorded.
    pub insecure: bool,
    /// The name for SNI and the certificate, in place of the URL's host.
    pub sni: Option<String>,
    /// Ask this DNS server instead of the system's.
    pub nameserver: Option<SocketAddr>,
    /// Bind sockets to this interface as well (SO_BINDTODEVICE), where the system can.
    pub device: Option<String>,
    /// Local UDP ports to choose from.
    pub port_range: Option<(u16, u16)>,
    /// Limit for connecting, and another for the handshake; `None` is 5 s.
    pub connect_timeout: Option<Duration>,
    /// Certificate and key for listeners (PEM).
    pub serve_certificate: Option<(Vec<u8>, Vec<u8>)>,
    /// Answers to names that are not asked of the DNS (the demo's own names).
    pub hosts: Vec<(String, IpAddr)>,
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The machine said `Done`.
    Done,
    /// The user interrupted (the machine was told `Stop` and then said `Done`, or was cut off by a
    /// second interrupt or two seconds later).
    Interrupted,
    /// The limit was reached (the machine was told `Stop` as above).
    TimedOut,
}

/// Why a run could not even start.
#[derive(Debug, thiserror::Error)]
pub enum CannotRun {
    #[error("cannot trust the certificates that were given: {0}")]
    Authorities(String),
    #[error("{0}")]
    Other(String),
}

//! The hands: sockets, TLS, DTLS, DNS, interfaces, signals, the clock, randomness.
//!
//! Runs machines on tokio. Knows nothing of STUN. Nothing outside this room touches the world.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::machine::{Machine, Time};

/// How the world is to be touched.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Trust these roots instead of the system's (PEM).
    pub ca_file: Option<PathBuf>,
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
    #[error("cannot read {path}: {why}")]
    File { path: PathBuf, why: String },
    #[error("{0}")]
    Other(String),
}

/// Runs a machine until it is done, interrupted (Ctrl-C, SIGTERM) or `limit` has passed. Each event
/// is handed to `learn` the moment it comes.
pub async fn run<M: Machine>(
    machine: &mut M,
    options: &Options,
    limit: Option<Duration>,
    learn: impl FnMut(Time, M::Event),
) -> Result<Ended, CannotRun> {
    let _ = (machine, options, limit, learn);
    todo!()
}

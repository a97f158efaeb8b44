//! Whether two agents reach one another, by which pair of candidates, and why not by the others.
//!
//! The candidates are those that gathering finds, on the sockets and relays that it keeps for it; the checks are
//! those of [`crate::proto::ice`]. What the other side says comes in as [`crate::machine::Input::Told`], a line of
//! [`signal`]; what is said to it leaves as [`Happening::Say`].

use std::time::Duration;

use super::gather;
use crate::report::Event;
use crate::wire::signal::{self, Part};

/// How to connect.
#[derive(Debug, Clone)]
pub struct Config {
    pub gather: gather::Config,
    /// Offers and decides, or answers.
    pub part: Part,
    /// Candidates are told one by one; otherwise the description waits until all are known.
    pub trickle: bool,
    pub policy: Policy,
    /// Candidates of this transport only.
    pub only: Option<Only>,
    /// Pairs of these types only; empty allows all.
    pub pairs: Vec<PairKind>,
    /// Packets are sent over the selected pair that long; zero ends the run when it is selected.
    pub duration: Duration,
    /// Goes on until the path is lost for good.
    pub until_failure: bool,
    /// Begins anew that long after a pair was selected (RFC 8445 §9).
    pub restart: Option<Duration>,
    /// How long the other side is waited for, before and while it can be checked.
    pub wait: Duration,
    /// TCP host candidates as well (RFC 6544).
    pub tcp: bool,
    /// Resolves `.local` names of the other side by multicast (RFC 6762).
    pub mdns: bool,
}

/// As `RTCIceTransportPolicy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    #[default]
    All,
    Relay,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Only {
    Udp,
    Tcp,
}

/// Types of a local and a remote candidate, as in `host-srflx`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairKind {
    pub local: crate::report::CandidateKind,
    pub remote: crate::report::CandidateKind,
}

/// Something for whoever runs the machine.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// For the report.
    Learned(Box<Event>),
    /// For the other side.
    Say(signal::Message),
}

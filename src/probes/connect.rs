//! Whether two agents reach one another, by which pair of candidates, and why not by the others.
//!
//! The candidates are those that gathering finds, on the sockets and relays that it keeps for it; the checks are
//! those of [`crate::proto::ice`]. What the other side says comes in as [`crate::machine::Input::Told`], a line of
//! [`signal`]; what is said to it leaves as [`Happening::Say`].

mod account;
mod both;
mod connecting;
mod description;
mod ending;
mod fairness;
mod foresight;
mod here;
mod hidden;
mod pairs;
mod quality;
mod there;
mod told;
mod traffic;
mod view;
mod words;

use std::time::Duration;

/// How often a side without an answer is checked while it may not have heard of this one.
const ASLEEP: Duration = Duration::from_secs(2);

pub use both::Both;
pub use connecting::Connecting;
pub use foresight::Foreseeing;

use super::{gather, nat};
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
    /// Only ways out of this machine over this transport; a relay counts by how it is reached.
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
    /// How to look at the NAT beside it ([`Foreseeing`] does).
    pub nat: Option<nat::Config>,
}

impl Config {
    /// What is usual, with these servers and addresses.
    #[must_use]
    pub fn usual(gather: gather::Config, part: Part) -> Config {
        Config {
            gather,
            part,
            trickle: true,
            policy: Policy::All,
            only: None,
            pairs: Vec::new(),
            duration: Duration::ZERO,
            until_failure: false,
            restart: None,
            wait: Duration::from_secs(60),
            tcp: false,
            mdns: false,
            nat: None,
        }
    }
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
    /// What the other side said cannot be used, in one sentence for whoever carried it over. The machine goes on
    /// waiting for something better.
    Trouble(String),
}

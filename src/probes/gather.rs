//! Which candidates can be had from here, and from which servers not, and why.

use std::net::IpAddr;

use crate::machine::{Chance, Input, Machine, Output, Time};
use crate::proto::auth::Credentials;
use crate::proto::schedule::Schedule;
use crate::report::Event;
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

/// The machine that gathers.
pub struct Gathering {
    _config: Config,
    _chance: Chance,
}

impl Gathering {
    #[must_use]
    pub fn new(config: Config, chance: Chance) -> Gathering {
        Gathering { _config: config, _chance: chance }
    }
}

impl Machine for Gathering {
    type Event = Event;
    fn input(&mut self, _now: Time, _input: Input<'_>) {}
    fn output(&mut self, _now: Time) -> Output<Event> {
        Output::Done
    }
}

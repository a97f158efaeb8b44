//! How the network between here and the servers treats packets, in the words of RFC 4787.
//!
//! Three vantage points are used side by side and checked against each other: a server with two
//! addresses (RFC 5780), several plain STUN servers asked from one socket, and relayed addresses of
//! TURN servers. Everything runs at once, so that the whole costs about one negative window: the
//! time after which silence means something.
//!
//! Each local address and family is one study ([`study`]): its sockets are [`port::Port`]s, fresh and
//! with random numbers (RFC 5780 §4.1), its surroundings the [`ground::Ground`], what it learned the
//! [`facts::Facts`]. What the facts amount to is decided at the end, by a pure function
//! ([`conclude`]).
//!
//! RFC 5780 §5 asks for at most ten new transactions a second. The opening burst is more than that,
//! a dozen or two small packets to each server, once: pooling and port allocation can only be seen on
//! many sockets, and a NAT is in the same mood only for so long. What follows is retransmission.

mod alg;
mod beside;
mod burst;
mod conclude;
mod facts;
mod filtering;
mod fragments;
mod gateway;
mod ground;
mod hairpin;
mod lifetime;
mod mapping;
mod pace;
mod path_mtu;
mod port;
mod reach;
mod relay;
mod study;
mod tcp;
mod vantage;

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use crate::machine::Chance;
use crate::machine::script::Script;
use crate::proto::auth::Credentials;
use crate::proto::schedule::Schedule;
use crate::report::Event;
use crate::wire::uri::IceUri;

pub use ground::ports_needed;

/// A STUN or TURN server to stand on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSpec {
    pub uri: IceUri,
    /// For TURN; those made from a secret are made before.
    pub credentials: Option<Credentials>,
}

/// Where to probe from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub interface: Option<String>,
    /// The routed source address: "no NAT" means that servers see exactly this one.
    pub address: IpAddr,
    /// The next hop of the default route, to be asked with [`Config::gateway`]; its port does not
    /// matter, the scope of a link-local address does.
    pub gateway: Option<SocketAddr>,
    /// Of the interface, in bytes.
    pub mtu: Option<u32>,
}

/// What to probe, from where, with whose help.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub servers: Vec<ServerSpec>,
    /// In order of preference: the first that reaches a server becomes the top of the result, the
    /// rest its `others`.
    pub places: Vec<Place>,
    /// How long a server that never answered is asked. What is known to be alive is waited for as
    /// long as its round-trip times and the loss seen so far call for.
    pub schedule: Schedule,
    pub tests: Tests,
    /// Local ports to use, where not any will do; see [`ports_needed`].
    pub ports: Option<(u16, u16)>,
    /// Measure how long an idle mapping lives, up to this long.
    pub lifetime: Option<Duration>,
    /// Ask the router: PCP, NAT-PMP, UPnP.
    pub gateway: bool,
    /// The name that servers are told.
    pub software: Option<String>,
    /// Seconds since 1970, for credentials that carry a time.
    pub unix_time: u64,
    /// Tell every test's packets, too.
    pub trace: bool,
}

/// What is looked at beside mapping and filtering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tests {
    pub hairpinning: bool,
    /// Allocation order, parity, contiguity, pooling: what takes many sockets.
    pub ports: bool,
    pub tcp: bool,
    pub fragments: bool,
    pub path_mtu: bool,
}

impl Default for Tests {
    fn default() -> Tests {
        Tests { hairpinning: true, ports: true, tcp: true, fragments: true, path_mtu: true }
    }
}

/// The machine that probes: [`Event::NatTest`] for each test as it ends, [`Event::Server`] for each
/// server and family, and one [`Event::Nat`] at the end, or when it is stopped.
#[must_use]
pub fn probe(config: Config, chance: Chance) -> Script<Event> {
    Script::new(move |hands| study::all(hands, Rc::new(config), chance))
}

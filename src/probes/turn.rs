//! Whether a TURN server works, step by step, and if not, which step fails and why.
//!
//! Each URL and each address behind it is checked on its own, all at once. Data is sent through the
//! relay in four ways, because only together they tell causes apart: from a second socket of ours to
//! the relayed address, from there to that socket, to a STUN server and back, and to the relayed
//! address of a second allocation.

mod aside;
mod audit;
mod burst;
mod check;
mod controls;
mod echo;
mod exposure;
mod form;
mod ground;
mod judge;
mod opening;
mod options;
mod poison;
mod proofs;
mod record;
mod reference;
mod release;
mod resolve;
mod setup;
mod sizes;
mod unpermitted;

use std::net::IpAddr;
use std::rc::Rc;

pub use reference::references;

use reference::References;

use crate::machine::script::{Part, Script, all, either};
use crate::machine::{Chance, Join};
use crate::proto::auth::Credentials;
use crate::proto::schedule::Schedule;
use crate::report::Event;
use crate::wire::uri::IceUri;

/// Addresses of one name and family that are checked.
const ADDRESSES: usize = 4;

/// A TURN server to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSpec {
    pub uri: IceUri,
    pub credentials: Option<Credentials>,
}

/// How to check.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub schedule: Schedule,
    /// Local addresses to check from, the first of each family is taken; without one of a family its
    /// servers are out of reach.
    pub locals: Vec<IpAddr>,
    /// The system has a way to IPv6 addresses of the Internet. Without one a name's global IPv6 address is left out
    /// where it has an IPv4 address, as clients do that go by the routes (RFC 6724 §5).
    pub global_v6: bool,
    /// STUN servers over UDP that tell the second socket's own address, that data is reflected from, and
    /// that others are measured by ([`references`]).
    pub reference: Vec<IceUri>,
    pub send_software: bool,
    /// Try credentials that must be refused, too.
    pub controls: bool,
    /// Measure quality through the relay.
    pub echo: Option<EchoPlan>,
    pub options: Options,
    pub extras: Extras,
    /// Ask which peers the server would relay to.
    pub audit: bool,
    /// Peers that calls need: whether the server would relay to these.
    pub peers: Vec<IpAddr>,
    /// Seconds since 1970, for credentials that carry a time.
    pub unix_time: u64,
    /// Tell every STUN message that is sent and received, except data.
    pub trace: bool,
}

/// Datagrams to be sent to and fro through the relay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EchoPlan {
    pub count: u32,
    /// Per second.
    pub rate: f64,
    /// Bytes of payload.
    pub size: usize,
}

/// Options of the protocol to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// REQUESTED-ADDRESS-FAMILY IPv6.
    pub ipv6_relay: bool,
    /// ADDITIONAL-ADDRESS-FAMILY.
    pub dual: bool,
    /// RFC 6062.
    pub tcp_relay: bool,
    /// EVEN-PORT and RESERVATION-TOKEN.
    pub even_port: bool,
    pub dont_fragment: bool,
    /// RFC 8016.
    pub mobility: bool,
    /// Seconds to ask for.
    pub lifetime: Option<u32>,
}

/// What is asked beyond the steps, each only where its answer could change the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extras {
    /// Which sizes of payload get through the relay.
    pub relay_mtu: bool,
    /// Whether a burst is lost where paced requests are not.
    pub burst: bool,
    /// Whether one datagram to a private address that nobody has ends all relaying. The server sends it into
    /// its own network: only with the consent of whoever asks for an audit.
    pub poison: bool,
}

/// The machine that checks all servers at once.
#[must_use]
pub fn checks(servers: &[ServerSpec], config: &Config, mut chance: Chance) -> Join<usize, Script<Event>> {
    let mut join = Join::new();
    for (index, server) in servers.iter().enumerate() {
        let (server, config, chance) = (server.clone(), Rc::new(config.clone()), chance.split());
        join.add(
            index,
            Script::new(move |hands| async move {
                let mut chance = chance;
                let references: Rc<References> = Rc::default();
                let finding = references.find(&hands, &config, chance.split());
                let checking = async {
                    let found = resolve::resolve(&hands, &server, &config, &mut chance).await;
                    let checks = found.into_iter().map(|found| {
                        let part = check::Check::new(&hands, &server, &config, Rc::clone(&references), chance.split());
                        Box::pin(async move { part.run(found).await }) as Part<'_, ()>
                    });
                    all(checks.collect()).await;
                };
                let finding = async {
                    finding.await;
                    std::future::pending::<()>().await;
                };
                either(checking, finding).await;
            }),
        );
    }
    join
}

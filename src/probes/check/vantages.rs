//! The same checks from the other interfaces of this machine, when those from the first one are over: they say
//! where a way is shut that browsers would try as well.

use std::net::IpAddr;

use crate::machine::script::Script;
use crate::machine::{Chance, Join};
use crate::probes::turn::{self, Config, Extras, Options, ServerSpec};
use crate::report::{Cause, Event, Turn, Vantage};

/// An interface to check from, and its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    pub name: String,
    pub addresses: Vec<IpAddr>,
}

pub(super) struct Vantages {
    interfaces: Vec<Interface>,
    begun: bool,
}

impl Vantages {
    pub(super) fn new(interfaces: Vec<Interface>) -> Vantages {
        Vantages { interfaces, begun: false }
    }

    /// A machine for each interface, the first time that it is asked for.
    pub(super) fn begin(
        &mut self,
        servers: &[ServerSpec],
        config: &Config,
        chance: &mut Chance,
    ) -> Vec<(usize, Join<usize, Script<Event>>)> {
        if std::mem::replace(&mut self.begun, true) || servers.is_empty() {
            return Vec::new();
        }
        // What a server is like does not depend on the interface: only whether it works is asked.
        let plain = |locals: &[IpAddr]| Config {
            locals: locals.to_vec(),
            controls: false,
            echo: None,
            options: Options::default(),
            extras: Extras::default(),
            audit: false,
            peers: Vec::new(),
            ..config.clone()
        };
        let interfaces = self.interfaces.iter().enumerate();
        interfaces
            .map(|(place, interface)| (place, turn::checks(servers, &plain(&interface.addresses), chance.split())))
            .collect()
    }

    /// What is kept of a check from that interface.
    pub(super) fn told(&self, place: usize, turn: &Turn) -> Option<Vantage> {
        let interface = self.interfaces.get(place)?;
        let is_v6 = |address: &str| address.contains('[');
        let same = |local: &&IpAddr| turn.address.as_deref().is_none_or(|address| is_v6(address) == local.is_ipv6());
        let local = interface.addresses.iter().find(same).or(interface.addresses.first())?;
        let failing = turn.failing().map(|(_, step)| step);
        // So many at once may be more than a quota allows; that says nothing about the interface.
        let quota = failing.is_some_and(|step| step.cause == Some(Cause::QuotaReached));
        Some(Vantage {
            interface: interface.name.clone(),
            local: local.to_string(),
            url: turn.url.clone(),
            address: turn.address.clone(),
            transport: turn.transport,
            works: turn.works.filter(|_| !quota),
            step: failing.map(|step| step.name),
            cause: failing.and_then(|step| step.cause),
            detail: failing.and_then(|step| step.detail.clone()),
            mapped: turn.mapped.clone(),
            relayed: turn.allocation.as_ref().map(|allocation| allocation.relayed.clone()),
        })
    }
}

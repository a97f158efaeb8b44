//! Candidates of the other side whose addresses hide behind names that only its own network knows (RFC 6762).

use std::net::IpAddr;

use super::connecting::Connecting;
use crate::machine::Time;
use crate::wire::candidate::Candidate;
use crate::wire::mdns;
use crate::wire::signal::CANDIDATES;

impl Connecting {
    /// Asks for the name of such a candidate; false when it has none, or names are not to be asked for.
    pub(super) fn unveil(&mut self, line: &str) -> bool {
        let name = line.parse::<Candidate>().ok().map(|candidate| candidate.address);
        let Some(name) = name.filter(|name| self.config.mdns && mdns::is_name(name)) else { return false };
        if self.there.hidden.len() + self.there.candidates.len() >= CANDIDATES {
            return false;
        }
        self.gathering.resolve(&name);
        self.stirred = true;
        self.there.hidden.push((name, line.to_owned()));
        true
    }

    /// What came of a name.
    pub(super) fn unveiled(&mut self, now: Time, name: &str, address: &Result<IpAddr, String>) {
        let hidden = std::mem::take(&mut self.there.hidden);
        let (those, others): (Vec<_>, Vec<_>) = hidden.into_iter().partition(|(own, _)| own == name);
        self.there.hidden = others;
        if let (false, Ok(ip)) = (those.is_empty(), address) {
            self.note(now, format!("{name} is {ip} by multicast DNS"));
        }
        for (_, line) in those {
            if let Some(remote) = self.there.unveiled(now, &line, address, &self.config) {
                self.agent.add_remote(remote);
            }
        }
        if self.there.complete {
            self.complete();
        }
    }
}

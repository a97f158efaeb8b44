use std::net::SocketAddr;

use crate::report::{Cause, OtherPort, RelayProtocol, Report, StepOutcome};
use crate::rules::{Contact, Diagnosis, contacts, rule, same_place};

rule! {
    /// # What it means
    ///
    /// Nothing at that address answers over any transport, or a router says that there is nobody: a
    /// stale DNS record, a stopped machine, a wrong address, or a firewall that drops everything.
    ///
    /// # How it is told apart
    ///
    /// UDP and TCP to the same address are both silent, or ICMP host or network unreachable comes
    /// back. One transport that answers makes it `turn-udp-filtered` or `turn-tcp-filtered`; a strict
    /// network here that lets only web ports out looks the same, which another server would show.
    ///
    /// # What to do
    ///
    /// Compare the DNS record with the machine's public address, start the machine, attach its
    /// address.
    ///
    /// # References
    ///
    /// RFC 1122 section 3.2.2.1
    "host-unreachable", Error, "The server's address cannot be reached", check,
    over ["server-silent"]
}

/// A port of the same machine, the other way, that nobody named and that is silent as well; nothing at all where
/// something came back from another port.
fn tried(report: &Report, contact: &Contact<'_>) -> Option<Option<usize>> {
    let ip = |port: &OtherPort| port.address.parse().ok().map(|address: SocketAddr| address.ip());
    let here = |port: &&OtherPort| contact.address.is_some_and(|address| ip(port) == Some(address.ip()));
    if report.other_ports.iter().filter(here).any(|port| port.outcome != StepOutcome::Timeout) {
        return None;
    }
    let datagram = |port: &OtherPort| matches!(port.transport, RelayProtocol::Udp | RelayProtocol::Dtls);
    Some(report.other_ports.iter().position(|port| here(&port) && datagram(port) != contact.is_datagram()))
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let say = |contact: &Contact<'_>| {
        let same = same_place(&all, contact);
        if contact.address.is_none() || same.iter().any(|other| other.answered.is_some() || other.refused().is_some()) {
            return None;
        }
        let fix = format!(
            "Compare {} with the server's public address (dig {}), see that the machine runs, and that its firewall \
             lets UDP and TCP port {} in.",
            contact.ip(),
            contact.url.host,
            contact.port()
        );
        if let Some(trouble) = contact.cause(Cause::Unreachable) {
            let detail = format!("The network says that {} cannot be reached.", contact.ip());
            return Some(Diagnosis::by(contact, trouble, detail).fix(fix));
        }
        let trouble = contact.silent()?;
        // What the network says of UDP, TCP may be left to find out by waiting.
        if let Some(told) = same.iter().find_map(|other| other.cause(Cause::Unreachable)) {
            let detail = format!("The network says that {} cannot be reached.", contact.ip());
            return Some(Diagnosis::by(contact, told, detail).shown(trouble).fix(fix));
        }
        let other = same.iter().find(|other| other.is_datagram() != contact.is_datagram() && other.silent().is_some());
        let tried = tried(report, contact)?;
        let other = match (other.and_then(|other| other.silent()), tried) {
            (Some(other), _) => (other.fact.clone(), other.text.to_string()),
            (None, Some(at)) => {
                (format!("/otherPorts/{at}"), format!("{} is silent, too", report.other_ports[at].address))
            }
            (None, None) => return None,
        };
        let detail = format!(
            "Neither UDP nor TCP to {} is answered: the address is wrong, the machine is down, or a firewall \
             drops everything.",
            contact.ip()
        );
        Some(Diagnosis::by(contact, trouble, detail).fact(other.0, other.1).fix(fix))
    };
    all.iter().filter_map(say).collect()
}

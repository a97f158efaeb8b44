use std::net::{IpAddr, SocketAddr};

use crate::report::{CandidateKind, Report};
use crate::rules::address::block;
use crate::rules::{Contact, Diagnosis, contacts, is_private, rule};

rule! {
    /// # What it means
    ///
    /// No peer outside the server's own network can send to it. The server stands behind a NAT and
    /// does not know its public address.
    ///
    /// # How it is told apart
    ///
    /// The relayed address is private while the server itself was reached at a public one. A relay on
    /// the same server still works, so tests from relay to relay pass.
    ///
    /// # What to do
    ///
    /// Tell coturn both addresses, exactly as the machine has them, and restart it:
    ///
    ///     external-ip=203.0.113.9/10.0.0.5
    ///
    /// eturnal: `relay_ipv4_addr`. In a container: `--external-ip=$(detect-external-ip)`.
    ///
    /// # References
    ///
    /// RFC 8656 section 7.2; coturn: external-ip
    "relay-address-private", Error, "The TURN server hands out a private relay address", check,
    over ["relay-ports-unreachable", "relay-address-wrong-public", "relay-egress-ip-mismatch",
        "server-behind-nat", "relay-port-rewritten"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let mut found: Vec<Diagnosis> = contacts(report)
        .iter()
        .filter_map(|contact| {
            let (turn, at) = contact.turn.as_ref()?;
            let relayed: SocketAddr = turn.allocation.as_ref()?.relayed.parse().ok()?;
            let server = contact.address?;
            let says = format!("the server itself was reached at {server}");
            private(contact, relayed, server.ip(), format!("{at}/allocation/relayed"), (format!("{at}/address"), says))
        })
        .collect();
    let candidates = report.gather.iter().flat_map(|gather| gather.candidates.iter().enumerate());
    for (number, candidate) in candidates.filter(|(_, candidate)| candidate.kind == CandidateKind::Relay) {
        let all = contacts(report);
        let contact =
            all.iter().find(|contact| Some(contact.url.text) == candidate.url.as_deref() && contact.answered.is_some());
        let Some((contact, ip)) = contact.zip(candidate.address.parse::<IpAddr>().ok()) else { continue };
        let Some(server) = contact.address else { continue };
        let relayed = SocketAddr::new(ip, candidate.port);
        let place = report.servers.iter().position(|server| server.url == contact.url.text).unwrap_or_default();
        let reached = (format!("/servers/{place}/resolved"), format!("the server itself was reached at {server}"));
        found.extend(private(contact, relayed, server.ip(), format!("/gather/candidates/{number}/address"), reached));
    }
    found
}

fn private(
    contact: &Contact<'_>,
    relayed: SocketAddr,
    server: IpAddr,
    fact: String,
    reached: (String, String),
) -> Option<Diagnosis> {
    if !is_private(relayed.ip()) || is_private(server) {
        return None;
    }
    let ip = relayed.ip();
    let detail = format!("{server} relays at {ip}, which no peer outside that network can reach.");
    let fix = format!(
        "Set external-ip={server}/{ip} in turnserver.conf and restart coturn. eturnal: relay_ipv4_addr: \
         \"{server}\"."
    );
    Some(
        Diagnosis::of(contact, detail)
            .fact(fact, format!("relayed address {ip} is in {}", block(ip)))
            .fact(reached.0, reached.1)
            .fix(fix),
    )
}

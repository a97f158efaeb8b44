use std::net::{IpAddr, SocketAddr};

use crate::report::{CandidateKind, Report};
use crate::rules::address::block;
use crate::rules::{Contact, Diagnosis, contacts, is_private, rule};

rule! {
    /// # What it means
    ///
    /// Something in front of the server replaces clients' addresses with its own: a container's
    /// proxy, Kubernetes with `externalTrafficPolicy: Cluster`, a router that masquerades inwards.
    /// Server reflexive candidates from it are useless.
    ///
    /// # How it is told apart
    ///
    /// The mapped address is private, and not this machine's own, while the server was reached at a
    /// public one. Where a private network leads to the server without a NAT, the server sees the
    /// machine as it is.
    ///
    /// # What to do
    ///
    /// Use the host's network, `externalTrafficPolicy: Local`, or switch the translation off.
    ///
    /// # References
    ///
    /// RFC 8489 section 14.2
    "mapped-address-private", Warning, "The server sees us at a private address", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        let server = contact.address.filter(|server| !is_private(server.ip()))?;
        let bound = turn.mapped.as_deref().map(|mapped| (mapped, format!("{at}/mapped")));
        let allocated = turn.allocation.as_ref().and_then(|allocation| allocation.mapped.as_deref());
        let (mapped, fact) = bound.or(allocated.map(|mapped| (mapped, format!("{at}/allocation/mapped"))))?;
        let mapped: SocketAddr = mapped.parse().ok()?;
        if !is_private(mapped.ip()) || is_own(report, mapped.ip()) {
            return None;
        }
        let detail = format!("{} sees us as {}, which is in {}.", server.ip(), mapped.ip(), block(mapped.ip()));
        let fix = "Run it on the host's network (--network host), with externalTrafficPolicy: Local, or without \
                   NAT on the way in.";
        Some(Diagnosis::of(contact, detail).fact(fact, format!("mapped {mapped}")).fix(fix))
    };
    let mut found: Vec<Diagnosis> = contacts(report).iter().filter_map(say).collect();
    let all = contacts(report);
    for (number, candidate) in report.gather.iter().flat_map(|gather| gather.candidates.iter().enumerate()) {
        let contact = all.iter().find(|contact| Some(contact.url.text) == candidate.url.as_deref());
        let ip = candidate.address.parse::<IpAddr>().ok().filter(|ip| is_private(*ip) && !is_own(report, *ip));
        let (Some(contact), Some(ip), CandidateKind::Srflx) = (contact, ip, candidate.kind) else { continue };
        if contact.address.is_none_or(|server| is_private(server.ip())) {
            continue;
        }
        let detail = format!("{} sees us as {ip}, which is in {}.", contact.ip(), block(ip));
        let fix = "Run it on the host's network (--network host), with externalTrafficPolicy: Local, or without \
                   NAT on the way in.";
        found.push(
            Diagnosis::of(contact, detail)
                .fact(format!("/gather/candidates/{number}/address"), format!("mapped {ip}"))
                .fix(fix),
        );
    }
    found
}

/// Whether this machine has that address itself; loopback is the server's.
fn is_own(report: &Report, ip: IpAddr) -> bool {
    if ip.is_loopback() {
        return false;
    }
    let mut addresses = report.environment.interfaces.iter().flat_map(|interface| &interface.addresses);
    addresses.any(|address| address.parse() == Ok(ip))
}

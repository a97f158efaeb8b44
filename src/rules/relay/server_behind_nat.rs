use std::net::SocketAddr;

use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, is_private, rule};

rule! {
    /// # What it means
    ///
    /// It stands behind a NAT. If it does not know its public address, it hands out private relay
    /// addresses.
    ///
    /// # How it is told apart
    ///
    /// RESPONSE-ORIGIN is private, the address that was asked is public. The relayed address decides:
    /// private is `relay-address-private`, public is fine.
    ///
    /// # What to do
    ///
    /// Set both addresses:
    ///
    ///     external-ip=203.0.113.9/10.0.0.5
    ///
    /// # References
    ///
    /// RFC 5780 section 7.3; coturn: external-ip
    "server-behind-nat", Info, "The server believes to be at a private address", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        let server = contact.address.filter(|server| !is_private(server.ip()))?.ip();
        let origin: SocketAddr = turn.response_origin.as_deref()?.parse().ok()?;
        let relayed: Option<SocketAddr> =
            turn.allocation.as_ref().and_then(|allocation| allocation.relayed.parse().ok());
        // With a public relayed address the server has been told.
        if !is_private(origin.ip()) || relayed.is_some_and(|relayed| !is_private(relayed.ip())) {
            return None;
        }
        let detail = format!("{server} says that it answers from {}.", origin.ip());
        let fix = format!("Set external-ip={server}/{} in turnserver.conf and restart coturn.", origin.ip());
        Some(
            Diagnosis::of(contact, detail)
                .fact(format!("{at}/responseOrigin"), format!("RESPONSE-ORIGIN {origin}"))
                .fix(fix),
        )
    };
    contacts(report).iter().filter_map(say).collect()
}

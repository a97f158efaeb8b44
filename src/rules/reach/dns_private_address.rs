use std::net::IpAddr;

use crate::report::{Cause, Report};
use crate::rules::address::{block, is_private};
use crate::rules::{Contact, Diagnosis, contacts, rule, same_place};

rule! {
    /// # What it means
    ///
    /// Clients elsewhere send their packets to an address of their own network, where the server is not.
    ///
    /// # How it is told apart
    ///
    /// The name of the URL leads to a private address, to this machine itself, or to 0.0.0.0; nothing
    /// answers there, and no network of this machine has that address in it. An address that answers is
    /// that of a server inside, and no finding.
    ///
    /// # What to do
    ///
    /// Publish the public address. A DNS with two faces gives out the inner one where it should not; an
    /// entry in a hosts file, or a filter against advertising, makes it 127.0.0.1 or 0.0.0.0:
    ///
    ///     dig +short turn.example.org
    ///     getent ahosts turn.example.org
    ///
    /// # References
    ///
    /// RFC 1918 section 5; RFC 6890
    "dns-private-address", Error, "The server's name leads to an address of a private network", check,
    over ["host-unreachable", "server-silent", "server-not-running", "turn-udp-filtered", "turn-udp-rejected",
        "client-path-blocked", "client-egress-443-only", "turn-tcp-filtered", "tls-listener-missing",
        "turn-udp-not-listening", "turn-tcp-not-listening"],
    like ["host-unreachable"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let say = |contact: &Contact<'_>| {
        let ip = contact.address?.ip();
        let here = ip.is_loopback() || ip.is_unspecified();
        let host = contact.url.host;
        if contact.url.is_address() || host.eq_ignore_ascii_case("localhost") || !(is_private(ip) || here) {
            return None;
        }
        // Whoever answers, or refuses, is within reach.
        let same = same_place(&all, contact);
        if same.iter().any(|other| other.answered.is_some() || (other.refused().is_some() && !here)) {
            return None;
        }
        if !here && is_of_ours(report, ip) {
            return None;
        }
        let dead = |cause| matches!(cause, Cause::NoAnswer | Cause::Refused | Cause::Unreachable | Cause::Prohibited);
        let trouble = contact.troubles.iter().find(|trouble| dead(trouble.cause))?;
        let (detail, fix) = if here {
            let which = if ip.is_unspecified() { "no address at all" } else { "this machine itself" };
            (
                format!("{host} is {ip} for this machine, which is {which}, and no server answers here."),
                format!(
                    "Look who says so (getent ahosts {host}; dig +short {host}): a hosts file, or a filter against \
                     advertising, writes that; or publish the server's public address."
                ),
            )
        } else {
            (
                format!("{host} is {ip}, which is in {}, and nothing answers there from here.", block(ip)),
                format!(
                    "Publish the server's public address as the A record of {host} (dig +short {host}); an inner address \
                     is for an inner DNS only. From inside that network, check again there."
                ),
            )
        };
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    };
    all.iter().filter_map(say).collect()
}

/// One of this machine's networks has that address in it.
fn is_of_ours(report: &Report, ip: IpAddr) -> bool {
    let mut details = report.environment.interfaces.iter().flat_map(|interface| &interface.details);
    details.any(|own| {
        let Some((address, length)) = own.address.parse::<IpAddr>().ok().zip(own.prefix_length) else { return false };
        match (address, ip) {
            (IpAddr::V4(own), IpAddr::V4(ip)) => {
                let mask = u32::MAX.checked_shl(32u32.saturating_sub(length.into())).unwrap_or(0);
                u32::from(own) & mask == u32::from(ip) & mask
            }
            (IpAddr::V6(own), IpAddr::V6(ip)) => {
                let mask = u128::MAX.checked_shl(128u32.saturating_sub(length.into())).unwrap_or(0);
                u128::from(own) & mask == u128::from(ip) & mask
            }
            _ => false,
        }
    })
}

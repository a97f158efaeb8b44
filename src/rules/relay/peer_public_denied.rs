use std::net::IpAddr;

use crate::report::{Cause, Report};
use crate::rules::{Diagnosis, each, is_private, rule};

rule! {
    /// # What it means
    ///
    /// Its policy forbids even ordinary peers, so no call can use it.
    ///
    /// # How it is told apart
    ///
    /// 403 to a permission for our own public address. For a private one it is `peer-private-denied`
    /// and usually right.
    ///
    /// # What to do
    ///
    /// Narrow the ranges that are denied, or allow what is needed:
    ///
    ///     denied-peer-ip=10.0.0.0-10.255.255.255
    ///     allowed-peer-ip=198.51.100.7
    ///
    /// # References
    ///
    /// RFC 8656 section 9.2; coturn: denied-peer-ip, allowed-peer-ip
    "peer-public-denied", Error, "The server refuses to relay to a public address", check,
    over ["peer-private-denied", "relay-self-denied"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::PeerForbidden, |contact, trouble| {
        let peer: IpAddr = trouble.text.rsplit(' ').next()?.parse().ok()?;
        if is_private(peer) {
            return None;
        }
        let detail = format!("{} answers 403 for the peer {peer}, a public address.", contact.place());
        let fix = format!("Narrow denied-peer-ip in turnserver.conf, or add allowed-peer-ip={peer}.");
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    })
}

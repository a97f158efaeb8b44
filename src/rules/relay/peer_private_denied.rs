use std::net::IpAddr;

use crate::report::{Cause, Report};
use crate::rules::{Diagnosis, each, is_private, rule};

rule! {
    /// # What it means
    ///
    /// That is what a careful server does. Here it means that data through the relay could not be
    /// tried, because this machine is at a private address for the server.
    ///
    /// # How it is told apart
    ///
    /// 403 to a permission for a private address.
    ///
    /// # What to do
    ///
    /// Nothing, unless a media server or peers really are there; then allow these only:
    ///
    ///     allowed-peer-ip=10.0.0.7
    ///
    /// # References
    ///
    /// RFC 8656 section 9.2; coturn: allowed-peer-ip
    "peer-private-denied", Info, "The server refuses to relay to a private address", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::PeerForbidden, |contact, trouble| {
        let peer: Option<IpAddr> = trouble.text.rsplit(' ').next().and_then(|word| word.parse().ok());
        if peer.is_some_and(|peer| !is_private(peer)) {
            return None;
        }
        let who = peer.map_or("this machine's address".to_string(), |peer| peer.to_string());
        let detail =
            format!("{} answers 403 for the peer {who}, which is private; data could not be tried.", contact.place());
        let fix = format!(
            "Leave it so, or add allowed-peer-ip={who} when peers are there; check the relay from outside that \
             network."
        );
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    })
}

use crate::report::Report;
use crate::rules::audit::allowed;
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// One datagram from a client becomes many in the server's network.
    ///
    /// # How it is told apart
    ///
    /// A permission for a multicast or broadcast address is granted. No data was sent.
    ///
    /// # What to do
    ///
    /// Forbid it:
    ///
    ///     no-multicast-peers
    ///     denied-peer-ip=255.255.255.255
    ///
    /// # References
    ///
    /// RFC 8656 section 21.1; coturn: no-multicast-peers
    "sec-multicast-peers", Info, "The server relays to multicast or broadcast addresses", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    allowed(report, &["multicast", "broadcast"], |contact, peers| {
        (
            format!("{} permits the peers {peers}.", contact.ip()),
            "Set no-multicast-peers and denied-peer-ip=255.255.255.255 in turnserver.conf and restart coturn.".into(),
        )
    })
}

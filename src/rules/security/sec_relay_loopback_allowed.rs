use crate::report::Report;
use crate::rules::audit::allowed;
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// Every client with credentials reaches services on the server that listen on loopback only,
    /// because they trust that address.
    ///
    /// # How it is told apart
    ///
    /// A permission for 127.0.0.1, 0.0.0.0 or ::1 is granted. No data was sent.
    ///
    /// # What to do
    ///
    /// Remove `allow-loopback-peers`, update coturn (0.0.0.0 and ::1 before 4.5.2), and deny the
    /// ranges:
    ///
    ///     denied-peer-ip=127.0.0.0-127.255.255.255
    ///     denied-peer-ip=0.0.0.0-0.255.255.255
    ///     denied-peer-ip=::1
    ///
    /// # References
    ///
    /// RFC 8656 section 21.1; CVE-2020-26262; coturn: allow-loopback-peers, denied-peer-ip
    "sec-relay-loopback-allowed", Error, "The server relays to itself over loopback", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    allowed(report, &["loopback", "unspecified"], |contact, peers| {
        (
            format!("{} permits the peers {peers}: itself.", contact.ip()),
            "Remove allow-loopback-peers, add denied-peer-ip=127.0.0.0-127.255.255.255, \
             denied-peer-ip=0.0.0.0-0.255.255.255 and denied-peer-ip=::1, update coturn."
                .into(),
        )
    })
}

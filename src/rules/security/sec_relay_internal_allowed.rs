use crate::report::{Report, Severity};
use crate::rules::audit::allowed;
use crate::rules::{Diagnosis, contacts, is_private, rule};

rule! {
    /// # What it means
    ///
    /// Every client with credentials reaches what the server reaches: machines behind it and the
    /// cloud's metadata service, which hands out keys.
    ///
    /// # How it is told apart
    ///
    /// A permission for a private, shared, link-local or metadata address is granted. No data was
    /// sent, and whether anybody is there is not known. When some ranges are denied and others not,
    /// the configuration may use `/8` notation, which coturn ignored up to 4.10.
    ///
    /// # What to do
    ///
    /// Deny the ranges, written with a hyphen, and allow media servers one by one:
    ///
    ///     denied-peer-ip=10.0.0.0-10.255.255.255
    ///     denied-peer-ip=172.16.0.0-172.31.255.255
    ///     denied-peer-ip=192.168.0.0-192.168.255.255
    ///     denied-peer-ip=100.64.0.0-100.127.255.255
    ///     denied-peer-ip=169.254.0.0-169.254.255.255
    ///     denied-peer-ip=fc00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
    ///     denied-peer-ip=fe80::-febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff
    ///
    /// # References
    ///
    /// RFC 8656 section 21.1; coturn: denied-peer-ip, allowed-peer-ip
    "sec-relay-internal-allowed", Error, "The server relays into private networks", check,
    like ["sec-denied-peer-cidr-ignored"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let classes = ["private", "cgnat", "link-local", "metadata", "unique-local"];
    let mut found = allowed(report, &classes, |contact, peers| {
        (
            format!("{} permits the peers {peers}.", contact.ip()),
            "Deny each range with a hyphen, not with a slash: denied-peer-ip=10.0.0.0-10.255.255.255 and so on \
                for 172.16.0.0-172.31.255.255, 192.168.0.0-192.168.255.255, 100.64.0.0-100.127.255.255, \
                169.254.0.0-169.254.255.255, fc00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff and \
                fe80::-febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff."
                .into(),
        )
    });
    // A server that is itself in a private network is there to relay into it.
    for diagnosis in &mut found {
        let mut of =
            contacts(report).into_iter().filter(|contact| diagnosis.servers.iter().any(|url| url == contact.url.text));
        if of.all(|contact| contact.address.is_some_and(|address| is_private(address.ip()))) {
            diagnosis.at_most = Severity::Warning;
        }
    }
    found
}

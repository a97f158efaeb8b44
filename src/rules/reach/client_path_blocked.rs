use crate::report::{Cause, Report};
use crate::rules::{Contact, Diagnosis, Trouble, contacts, rule};

rule! {
    /// # What it means
    ///
    /// The packet did not leave this machine: there is no route, or a local firewall forbids it. It
    /// says nothing about the server.
    ///
    /// # How it is told apart
    ///
    /// The system refuses at once, without an ICMP message from the network.
    ///
    /// # What to do
    ///
    /// Look at the routes and at the local firewall:
    ///
    ///     ip route get ADDRESS
    ///     nft list ruleset
    ///
    /// # References
    ///
    /// RFC 1122 section 3.3.1
    "client-path-blocked", Error, "This machine itself cannot send there", check,
    over ["host-unreachable", "server-silent"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let here = |contact: &Contact<'_>| {
        let local = |trouble: &&Trouble<'_>| match trouble.cause {
            Cause::Unreachable => ["no route from", "no way from"].iter().any(|words| trouble.text.starts_with(words)),
            Cause::Prohibited => trouble.text.contains("own firewall"),
            _ => false,
        };
        let trouble = contact.troubles.iter().find(local).filter(|_| contact.answered.is_none())?;
        let detail = format!("There is no way from this machine to {}.", contact.place());
        let fix = format!(
            "Look at the route (ip route get {}) and at this machine's firewall (nft list ruleset).",
            contact.ip()
        );
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    };
    contacts(report).iter().filter_map(here).collect()
}

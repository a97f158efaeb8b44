use crate::report::{Cause, Report, StepName};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// The server answered the first request and is silent to the second, which is longer and carries
    /// credentials.
    ///
    /// # How it is told apart
    ///
    /// The challenge came. Suspects: a packet that is too long for the way, a server that hangs on
    /// its user database, `relay-ip` that is not local with a client that does not wait, or a
    /// firewall that counts packets.
    ///
    /// # What to do
    ///
    /// Look into the server's log at that moment; try `?transport=tcp`.
    ///
    /// # References
    ///
    /// RFC 8489 section 6.2.1; coturn: userdb, relay-ip
    "alloc-no-answer", Error, "The authenticated request is not answered", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let trouble = contact.at(StepName::Allocate, Cause::NoAnswer)?;
        let detail = format!(
            "{} answered the first Allocate with a challenge and leaves the second without answer.",
            contact.url.host
        );
        let fix = "Look into the server's log at that moment (user database, relay-ip); try ?transport=tcp to \
                   rule out the network.";
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

use crate::report::{Cause, Report, StepName};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// The name leads to IPv6 addresses only, or to IPv4 addresses only, and this machine has no
    /// usable address of that family.
    ///
    /// # How it is told apart
    ///
    /// The name resolves, and nothing is sent.
    ///
    /// # What to do
    ///
    /// Add a record of the other family (A for IPv4, AAAA for IPv6), or probe from a network that has
    /// it.
    ///
    /// # References
    ///
    /// RFC 8445 section 5.1.1.1; RFC 6724
    "client-address-family-missing", Warning, "The server has only addresses of a family that is missing here", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let trouble = contact.at(StepName::Resolve, Cause::Unreachable)?;
        let detail = format!("{} cannot be reached from here: {}.", contact.url.host, trouble.text);
        let fix = format!(
            "Add a DNS record of the other family for {}, or probe from a network that has this one.",
            contact.url.host
        );
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

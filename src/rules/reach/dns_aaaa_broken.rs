use crate::report::{Cause, Report, StepOutcome};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// Clients with both families lose time or fail, because the AAAA record leads nowhere.
    ///
    /// # How it is told apart
    ///
    /// An IPv4 address of the same URL answers, its IPv6 address does not. Refused: no IPv6 listener.
    /// Silence: a firewall at the server, if another host answers over IPv6 from here; without one that
    /// was asked it is a suspicion, and if others are silent as well it is `client-ipv6-broken`.
    ///
    /// # What to do
    ///
    /// Let the server listen there (an explicit IPv4 `listening-ip` switches IPv6 off in coturn),
    /// open the IPv6 firewall, or delete the AAAA record.
    ///
    ///     listening-ip=2001:db8::9
    ///
    /// # References
    ///
    /// RFC 8421; RFC 6724; coturn: listening-ip
    "dns-aaaa-broken", Warning, "The server is published with IPv6, but does not answer there", check,
    over ["server-silent", "server-not-running", "host-unreachable", "turn-udp-rejected",
        "client-path-blocked"],
    like ["client-ipv6-broken"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let is_v6 = |address: &str| address.starts_with('[');
    let by_v6 = all.iter().any(|one| one.answered.is_some() && one.address.is_some_and(|address| address.is_ipv6()))
        || report
            .references
            .iter()
            .any(|one| one.outcome == StepOutcome::Ok && one.address.as_deref().is_some_and(is_v6));
    let say = |contact: &Contact<'_>| {
        let address = contact.address.filter(|address| address.is_ipv6() && contact.answered.is_none())?;
        let trouble = contact.troubles.iter().find(|trouble| {
            matches!(trouble.cause, Cause::NoAnswer | Cause::Refused | Cause::Unreachable | Cause::Prohibited)
        })?;
        let other = all.iter().find(|other| {
            other.url.text == contact.url.text
                && other.answered.is_some()
                && other.address.is_some_and(|address| address.is_ipv4())
        })?;
        let proof = other.answered.clone()?;
        let detail = format!("{} answers, {address} does not.", other.place());
        let fix = format!(
            "Add listening-ip={} in turnserver.conf and open the IPv6 firewall, or delete the AAAA record of {}.",
            address.ip(),
            contact.url.host
        );
        let diagnosis = Diagnosis::by(contact, trouble, detail).fact(proof, "the IPv4 address answers").fix(fix);
        if trouble.cause == Cause::Refused || by_v6 {
            return Some(diagnosis);
        }
        Some(diagnosis.suspected("another host that answers over IPv6 from here (--reference stun:[ADDRESS])"))
    };
    all.iter().filter_map(say).collect()
}

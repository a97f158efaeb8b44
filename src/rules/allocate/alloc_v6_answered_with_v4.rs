use crate::report::{Cause, Report, StepName};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// Clients that need an IPv6 relay get an address that their peers cannot use.
    ///
    /// # How it is told apart
    ///
    /// The relayed address is of another family than the one that was asked for. coturn up to 4.17
    /// does so when external-ip has no IPv6 address.
    ///
    /// # What to do
    ///
    /// Name both addresses, and update coturn:
    ///
    ///     external-ip=203.0.113.9/10.0.0.5
    ///     external-ip=2001:db8::9/2001:db8::9
    ///
    /// # References
    ///
    /// RFC 8656 section 7.2; coturn: external-ip
    "alloc-v6-answered-with-v4", Warning, "An IPv6 relay was asked for, an IPv4 one was given", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let trouble = contact.at(StepName::Ipv6Relay, Cause::ProtocolError)?;
        let detail = format!("{} answers a request for an IPv6 relay with an IPv4 one.", contact.url.host);
        let fix = format!(
            "Add external-ip=IPV6/IPV6 beside external-ip={} in turnserver.conf, and update coturn.",
            contact.ip()
        );
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// An IPv4 relay reaches IPv4 peers only, an IPv6 relay IPv6 peers only. Pairs of the other
    /// family cannot use it; others can.
    ///
    /// # How it is told apart
    ///
    /// 443 to CreatePermission or ChannelBind.
    ///
    /// # What to do
    ///
    /// Let the server relay both families, or give clients IPv4 relays:
    ///
    ///     allocation-default-address-family=ipv4
    ///
    /// # References
    ///
    /// RFC 8656 section 9.2; coturn: relay-ip, allocation-default-address-family
    "peer-family-mismatch", Warning, "The relay is of another address family than its peer", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let trouble = contact.troubles.iter().find(|trouble| trouble.code == Some(443))?;
        let detail = format!("{} answers 443: the peer is of another family than the relay.", contact.url.host);
        let fix = "Set relay-ip= for both families and allocation-default-address-family=ipv4 in turnserver.conf.";
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

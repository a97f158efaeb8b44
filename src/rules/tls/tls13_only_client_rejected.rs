use crate::report::{RelayProtocol, Report};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// Clients that insist on TLS 1.3 cannot connect; browsers and applications of today take both.
    ///
    /// # How it is told apart
    ///
    /// TLS 1.2 and 1.3 were offered, and the server chose 1.2. coturn 4.6.1 as Debian 12 and Ubuntu
    /// 24.04 have it does so. Told in an audit only.
    ///
    /// # What to do
    ///
    /// Update coturn to 4.6.2 or later.
    ///
    /// # References
    ///
    /// RFC 8446 section 4.1.3; coturn: tls-listening-port
    "tls13-only-client-rejected", Info, "The server speaks TLS 1.2 and nothing newer", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        contact.turn.as_ref().filter(|(turn, _)| !turn.audit.is_empty())?;
        let (tls, at) = contact.tls.as_ref().filter(|_| contact.transport == RelayProtocol::Tls)?;
        tls.version.as_deref().filter(|version| *version == "TLSv1.2")?;
        let detail = format!("{} chose TLS 1.2 where 1.3 was offered as well.", contact.place());
        let fix = "Update coturn to 4.6.2 or later; nothing needs it today.";
        Some(Diagnosis::of(contact, detail).fact(format!("{at}/version"), "TLSv1.2").fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

use crate::report::{Report, StepName};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// Browsers never authenticate Binding requests, so they get no server reflexive candidate here.
    ///
    /// # How it is told apart
    ///
    /// Binding is answered 401.
    ///
    /// # What to do
    ///
    /// Remove `secure-stun` from turnserver.conf.
    ///
    /// # References
    ///
    /// RFC 8489 section 9; RFC 8445 section 5.1.1.2; coturn: secure-stun
    "stun-binding-401-secure-stun", Info, "The server wants credentials for STUN", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let trouble =
            contact.troubles.iter().find(|trouble| trouble.step == StepName::Binding && trouble.code == Some(401))?;
        let detail = format!("{} answers Binding with 401.", contact.place());
        Some(Diagnosis::by(contact, trouble, detail).fix(
            "Remove secure-stun from turnserver.conf and restart \
             coturn.",
        ))
    };
    contacts(report).iter().filter_map(say).collect()
}

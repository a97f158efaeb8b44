use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// Clients may bring a token of a third party (RFC 7635). Browsers use passwords, which work as
    /// ever.
    ///
    /// # How it is told apart
    ///
    /// The challenge carries THIRD-PARTY-AUTHORIZATION.
    ///
    /// # What to do
    ///
    /// Nothing.
    ///
    /// # References
    ///
    /// RFC 7635; coturn: oauth
    "oauth-advertised", Info, "The server takes OAuth tokens beside passwords", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        let party = turn.challenge.as_ref()?.third_party.as_deref()?;
        let detail = format!("{} takes tokens of \"{party}\".", contact.url.host);
        let fact = format!("{at}/challenge/thirdParty");
        Some(Diagnosis::of(contact, detail).fact(fact, format!("\"{party}\"")).fix("Nothing is to be done."))
    };
    contacts(report).iter().filter_map(say).collect()
}

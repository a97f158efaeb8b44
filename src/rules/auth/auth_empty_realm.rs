use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// Some clients cannot authenticate with an empty realm, others can.
    ///
    /// # How it is told apart
    ///
    /// The challenge carries a REALM of length zero.
    ///
    /// # What to do
    ///
    /// Set a realm:
    ///
    ///     realm=turn.example.org
    ///
    /// # References
    ///
    /// RFC 8489 section 14.9; coturn: realm
    "auth-empty-realm", Warning, "The server's realm is empty", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        turn.challenge.as_ref()?.realm.as_deref().filter(|realm| realm.is_empty())?;
        let detail = format!("{} sends a realm without a letter in it.", contact.url.host);
        let fix = format!("Set realm={} in turnserver.conf and restart coturn.", contact.url.host);
        Some(Diagnosis::of(contact, detail).fact(format!("{at}/challenge/realm"), "empty").fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

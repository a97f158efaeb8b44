use crate::report::{CredentialForm, Report};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// Whoever tries the usual pairs may use the server, to reach others and to reach its own
    /// network.
    ///
    /// # How it is told apart
    ///
    /// The credentials that were given here are such a pair, and the server accepts them. No others
    /// were tried.
    ///
    /// # What to do
    ///
    /// Take a random secret, and credentials that last for hours:
    ///
    ///     static-auth-secret=SECRET
    ///
    /// # References
    ///
    /// RFC 8656 section 21.1; coturn: use-auth-secret
    "sec-weak-credentials", Warning, "The credentials stand in tutorials, or the password is the user name", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        turn.allocation.as_ref()?;
        turn.credential_form.filter(|form| *form == CredentialForm::WellKnown)?;
        let user = contact.username?;
        let detail = format!("{} lets \"{user}\" in with a password that can be guessed.", contact.url.host);
        let fix = "Make a secret with openssl rand -hex 32, set use-auth-secret and static-auth-secret= in \
                   turnserver.conf, and restart coturn.";
        let fact = format!("{at}/credentialForm");
        Some(Diagnosis::of(contact, detail).fact(fact, "a well-known pair").fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

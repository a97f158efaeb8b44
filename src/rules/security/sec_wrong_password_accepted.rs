use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// It asks for credentials and does not check them: an open relay that looks closed.
    ///
    /// # How it is told apart
    ///
    /// The same user with a wrong password gets an allocation.
    ///
    /// # What to do
    ///
    /// Configure one mechanism that checks passwords, and restart:
    ///
    ///     lt-cred-mech
    ///
    /// # References
    ///
    /// RFC 8489 section 9.2.4; coturn: lt-cred-mech, use-auth-secret, no-auth
    "sec-wrong-password-accepted", Error, "The server accepts a wrong password", check,
    over ["sec-long-lived-rest-credential"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        let (number, control) = turn.controls.iter().enumerate().find(|(_, control)| control.refused == Some(false))?;
        let detail = format!(
            "{} grants an allocation in spite of a control that must fail ({}).",
            contact.place(),
            control.name
        );
        let fix = "Set lt-cred-mech or use-auth-secret in turnserver.conf, remove no-auth, and restart coturn.";
        let fact = format!("{at}/controls/{number}/refused");
        Some(Diagnosis::of(contact, detail).fact(fact, format!("{} was not refused", control.name)).fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

use crate::report::{Cause, CredentialForm, Report};
use crate::rules::expiry::expiry;
use crate::rules::{Diagnosis, each, rule, user_name};

rule! {
    /// # What it means
    ///
    /// A server with use-auth-secret reads the end of the credentials from the user name, and
    /// refuses a name without one whatever the password.
    ///
    /// # How it is told apart
    ///
    /// 401, a password that has the form of an HMAC, and a user name without digits where the time
    /// belongs. A password that looks so by chance would be `auth-bad-credentials`.
    ///
    /// # What to do
    ///
    /// Write the time into the name before the password is made of it:
    ///
    ///     1795180683:alice
    ///
    /// # References
    ///
    /// draft-uberti-behave-turn-rest-00 section 2.2; coturn: use-auth-secret
    "auth-rest-username-no-timestamp", Error, "The password is made from a secret, but the user name carries no time", check,
    over ["auth-bad-credentials"],
    like ["auth-bad-credentials"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::Unauthorized, |contact, trouble| {
        let (turn, at) = contact.turn.as_ref()?;
        let user = contact.username?;
        let form = turn.credential_form?;
        if expiry(user).is_some() || form == CredentialForm::WellKnown {
            return None;
        }
        let detail = format!("\"{user}\" carries no time, and its password looks like one that is made from a secret.");
        let fix = "Make the user name (now + time to live):NAME, in seconds since 1970, and the password of that.";
        let fact = user_name(report, contact)?;
        let diagnosis = Diagnosis::by(contact, trouble, detail)
            .fact(fact, format!("\"{user}\""))
            .fact(format!("{at}/credentialForm"), "the form of an HMAC");
        Some(diagnosis.fix(fix).suspected("credentials made with --secret-file work"))
    })
}

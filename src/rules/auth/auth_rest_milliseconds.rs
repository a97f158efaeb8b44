use crate::report::{Cause, Report};
use crate::rules::expiry::expiry;
use crate::rules::{Diagnosis, each, rule, user_name};

rule! {
    /// # What it means
    ///
    /// The server reads seconds. coturn cuts the number to 32 bits, so the credentials work by chance
    /// on a few days of every seven weeks.
    ///
    /// # How it is told apart
    ///
    /// 401 to the request with credentials, and a number of 13 digits in the user name.
    ///
    /// # What to do
    ///
    /// Divide by 1000 where the credentials are made:
    ///
    ///     Math.floor(Date.now() / 1000) + ttl
    ///
    /// # References
    ///
    /// draft-uberti-behave-turn-rest-00 section 2.2
    "auth-rest-milliseconds", Error, "The time in the user name is in milliseconds", check,
    over ["auth-bad-credentials", "auth-rest-secret-mismatch", "auth-rest-expired",
        "auth-rest-expiry-after-2038"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::Unauthorized, |contact, trouble| {
        let user = contact.username?;
        expiry(user).filter(|end| end.millis)?;
        let detail = format!("The number in \"{user}\" can only be milliseconds.");
        let fix = "Use seconds where the credentials are made: Math.floor(Date.now() / 1000) + ttl.";
        let fact = user_name(report, contact)?;
        Some(Diagnosis::by(contact, trouble, detail).fact(fact, format!("\"{user}\"")).fix(fix))
    })
}

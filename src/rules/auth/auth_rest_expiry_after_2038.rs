use crate::report::{Cause, Report};
use crate::rules::expiry::{LAST_SECOND, expiry};
use crate::rules::{Diagnosis, each, rule, user_name};

rule! {
    /// # What it means
    ///
    /// coturn compares times as 32-bit numbers with a sign.
    ///
    /// # How it is told apart
    ///
    /// 401 to the request with credentials, and a time above 2147483647 in the user name. Other
    /// servers may take it; then another cause is behind the 401.
    ///
    /// # What to do
    ///
    /// Let credentials live for hours or days.
    ///
    /// # References
    ///
    /// draft-uberti-behave-turn-rest-00 section 2.2; coturn: use-auth-secret
    "auth-rest-expiry-after-2038", Error, "The credentials last beyond 2038, which coturn takes for the past", check,
    over ["auth-bad-credentials", "auth-rest-secret-mismatch"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::Unauthorized, |contact, trouble| {
        let user = contact.username?;
        expiry(user).filter(|end| !end.millis && end.at > LAST_SECOND)?;
        let detail = format!("The time in \"{user}\" is after 19 January 2038.");
        let fix = "Let credentials last for hours or days (TTL below 11 years).";
        let fact = user_name(report, contact)?;
        Some(Diagnosis::by(contact, trouble, detail).fact(fact, format!("\"{user}\"")).fix(fix))
    })
}

use crate::report::{Cause, Report};
use crate::rules::clock::{seconds, span};
use crate::rules::expiry::expiry;
use crate::rules::{Diagnosis, each, rule, user_name};

rule! {
    /// # What it means
    ///
    /// The time in the user name is past, so the server refuses them whatever the password.
    ///
    /// # How it is told apart
    ///
    /// 401 to the request with credentials, and the number in the user name lies before the start of
    /// this run by this machine's clock. A number below 2001 is a time to live that was taken for a
    /// time.
    ///
    /// # What to do
    ///
    /// Fetch fresh credentials before each connection, make them last longer than a session, and keep
    /// the issuer's clock right (NTP).
    ///
    /// # References
    ///
    /// draft-uberti-behave-turn-rest-00 section 2.2; coturn: use-auth-secret
    "auth-rest-expired", Error, "The time-limited credentials have expired", check,
    over ["auth-bad-credentials", "auth-rest-secret-mismatch", "config-credentials-expired"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::Unauthorized, |contact, trouble| {
        let user = contact.username?;
        let end = expiry(user).filter(|end| !end.millis)?;
        let now = seconds(&report.started_at).filter(|now| end.at <= *now)?;
        let why = if end.at < 1_000_000_000 {
            format!("The number in \"{user}\" is a time to live, not a time since 1970.")
        } else {
            format!("\"{user}\" ended {} ago by this machine's clock.", span(now - end.at))
        };
        let fix = "Issue the user name as (now + time to live):NAME in seconds, and fetch new credentials before \
                   each connection.";
        let fact = user_name(report, contact)?;
        Some(Diagnosis::by(contact, trouble, why).fact(fact, format!("\"{user}\"")).fix(fix))
    })
}

use crate::report::{Cause, Report};
use crate::rules::clock::{seconds, span};
use crate::rules::expiry::{LAST_SECOND, expiry};
use crate::rules::{Diagnosis, each, rule, user_name};

rule! {
    /// # What it means
    ///
    /// The user name is a valid time-limited one. What is left: server and issuer have different
    /// secrets, the password is not made as it should be, the server does not use the REST mechanism,
    /// or its clock is ahead.
    ///
    /// # How it is told apart
    ///
    /// 401 to the request with credentials whose time is in the future. With the secret itself
    /// (`--secret-file`) rtcprobe makes the password; a 401 to that leaves the server's side.
    ///
    /// # What to do
    ///
    /// Compare the secrets and recompute the password:
    ///
    ///     printf %s "USERNAME" | openssl dgst -sha1 -hmac "SECRET" -binary | base64
    ///     use-auth-secret
    ///     static-auth-secret=SECRET
    ///
    /// A password of 44 characters is SHA-256, of 40 hexadecimal, of 27 without its padding: none of
    /// them is accepted.
    ///
    /// # References
    ///
    /// draft-uberti-behave-turn-rest-00 section 2.2; coturn: static-auth-secret; eturnal: secret
    "auth-rest-secret-mismatch", Error, "Credentials in time are refused, so the secret probably differs", check,
    over ["auth-bad-credentials"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::Unauthorized, |contact, trouble| {
        let user = contact.username?;
        let end = expiry(user).filter(|end| !end.millis && end.at <= LAST_SECOND)?;
        let now = seconds(&report.started_at).filter(|now| end.at > *now)?;
        let order = if end.swapped { " Its time stands after the name, which not every server reads." } else { "" };
        let detail = format!(
            "\"{user}\" is valid for another {} by this machine's clock, and {} refuses it: another secret, a \
             password that is not base64(HMAC-SHA1(secret, user name)), or a server whose clock is ahead.{order}",
            span(end.at - now),
            contact.url.host
        );
        let fix = "Compare static-auth-secret with the issuer's; recompute: printf %s \"USERNAME\" | openssl \
                   dgst -sha1 -hmac \"SECRET\" -binary | base64. Restart coturn after a change. See timedatectl on both.";
        let fact = user_name(report, contact)?;
        Some(Diagnosis::by(contact, trouble, detail).fact(fact, format!("\"{user}\"")).fix(fix))
    })
}

use crate::report::{Cause, CredentialForm, Report};
use crate::rules::expiry::expiry;
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// A server with use-auth-secret computes base64(HMAC-SHA1(secret, user name)) and compares.
    /// Whatever else is done to the HMAC, in hexadecimal, without its padding, with SHA-256, makes
    /// another password.
    ///
    /// # How it is told apart
    ///
    /// 401 to credentials in time, and the password has the length and the letters of one of these
    /// forms. Which secret it was made with is not known.
    ///
    /// # What to do
    ///
    /// Make it as coturn does:
    ///
    ///     printf %s "USERNAME" | openssl dgst -sha1 -hmac "SECRET" -binary | base64
    ///
    /// # References
    ///
    /// draft-uberti-behave-turn-rest-00 section 2.2; RFC 4648 section 4
    "auth-rest-bad-encoding", Error, "The password of the time-limited credentials is made in another way", check,
    over ["auth-rest-secret-mismatch", "auth-bad-credentials"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::Unauthorized, |contact, trouble| {
        let (turn, at) = contact.turn.as_ref()?;
        let user = contact.username?;
        let form = turn.credential_form?;
        expiry(user)?;
        let looks = match form {
            CredentialForm::HmacSha1Unpadded => "base64 that lost the = at its end",
            CredentialForm::HmacSha1UrlSafe => "base64 with - and _ in place of + and /",
            CredentialForm::HmacSha1Hex => "a SHA-1 in hexadecimal digits",
            CredentialForm::HmacSha256 => "a SHA-256 in base64",
            CredentialForm::HmacSha256Hex => "a SHA-256 in hexadecimal digits",
            CredentialForm::HmacSha1 | CredentialForm::WellKnown => return None,
        };
        let detail = format!(
            "The password for \"{user}\" looks like {looks}; {} wants base64(HMAC-SHA1(secret, user name)), 28 \
             characters.",
            contact.url.host
        );
        let fix = "Make it so: printf %s \"USERNAME\" | openssl dgst -sha1 -hmac \"SECRET\" -binary | base64";
        let fact = format!("{at}/credentialForm");
        Some(Diagnosis::by(contact, trouble, detail).fact(fact, looks).fix(fix))
    })
}

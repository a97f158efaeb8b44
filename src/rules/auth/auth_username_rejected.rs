use crate::report::{Cause, Report, StepName};
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// coturn answers 400 when the user name has characters that it holds for insecure, such as
    /// spaces and quotation marks.
    ///
    /// # How it is told apart
    ///
    /// 400 to the request with credentials, right after a normal 401. Other reasons for 400 are
    /// possible; coturn's log says "wrong username".
    ///
    /// # What to do
    ///
    /// Use letters, digits and `:._@-` in user names.
    ///
    /// # References
    ///
    /// RFC 8489 section 14.3; coturn: user
    "auth-username-rejected", Error, "The server rejects the request with the user name as malformed", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::OtherError, |contact, trouble| {
        let user = contact.username.filter(|_| trouble.code == Some(400) && trouble.step == StepName::Allocate)?;
        let odd = user.chars().any(|c| !(c.is_ascii_alphanumeric() || ":._@-".contains(c)));
        let why = if odd { "has characters that coturn refuses" } else { "is a suspect, though it looks harmless" };
        let detail = format!("{} answers 400 to user \"{user}\"; the name {why}.", contact.url.host);
        let fix = "Use letters, digits and :._@- in user names; coturn's log says \"wrong username\" when that \
                   is it.";
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    })
}

use crate::report::{Cause, Report, Severity};
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// A `turn:` URL without user name and credential; a browser does not even start with it.
    ///
    /// # How it is told apart
    ///
    /// The first 401 is normal; here there is nothing to answer it with.
    ///
    /// # What to do
    ///
    /// Fill in both, in the client's `iceServers` and here with `--username` and `--credential-file`,
    /// or `--secret-file`.
    ///
    /// # References
    ///
    /// RFC 8489 section 9.2; W3C WebRTC section 4.2.4
    "auth-missing-in-client", Error, "The server wants credentials, and none were given", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::NoCredentials, |contact, trouble| {
        let detail = format!("{} asks who we are, and no user name is set for it.", contact.url.host);
        let fix =
            "Set username and credential in iceServers; here --username U --credential-file F, or --secret-file F.";
        let diagnosis = Diagnosis::by(contact, trouble, detail).fix(fix);
        // A check without credentials shows that the server is no open relay: that may be all that was asked.
        Some(if contact.turn.is_some() { diagnosis.at_most(Severity::Info) } else { diagnosis })
    })
}

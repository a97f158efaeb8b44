use crate::report::{Cause, Report};
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// Anybody can send traffic through it, to the Internet and to its own network. A coturn with
    /// nothing configured does this, the packaged default of Debian included.
    ///
    /// # How it is told apart
    ///
    /// Allocate succeeds without credentials.
    ///
    /// # What to do
    ///
    /// Configure credentials and restart:
    ///
    ///     use-auth-secret
    ///     static-auth-secret=SECRET
    ///     realm=turn.example.org
    ///
    /// # References
    ///
    /// RFC 8656 section 21.1; coturn: no-auth, lt-cred-mech, use-auth-secret
    "sec-open-relay", Error, "The server relays for everybody, without credentials", check,
    over ["sec-wrong-password-accepted"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::OpenRelay, |contact, trouble| {
        let detail = format!("{} granted an allocation to somebody who gave no name.", contact.place());
        let fix = "Remove no-auth; set use-auth-secret, static-auth-secret=SECRET and realm= in turnserver.conf, \
                   restart coturn.";
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    })
}

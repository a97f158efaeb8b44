use crate::report::{Cause, Report};
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// The 401 lacks the realm or the nonce, or offers only password algorithms that are unknown, so
    /// no client can log in.
    ///
    /// # How it is told apart
    ///
    /// The first 401 itself; no credentials were sent.
    ///
    /// # What to do
    ///
    /// Set `realm` and restart; if it stays so, the server or something in between breaks the
    /// protocol.
    ///
    /// # References
    ///
    /// RFC 8489 section 9.2.5; coturn: realm
    "auth-bad-challenge", Error, "The server's challenge cannot be answered", check,
    over ["auth-bad-credentials"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::BadChallenge, |contact, trouble| {
        let detail = format!("The 401 of {} lacks what an answer needs.", contact.url.host);
        Some(
            Diagnosis::by(contact, trouble, detail)
                .fix("Set realm= in turnserver.conf and restart; update the server."),
        )
    })
}

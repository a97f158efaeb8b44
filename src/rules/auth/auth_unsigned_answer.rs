use crate::report::{Cause, Report};
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// Without MESSAGE-INTEGRITY anybody could have sent the answer, so clients must discard it.
    ///
    /// # How it is told apart
    ///
    /// Success, but no MESSAGE-INTEGRITY. One that is there and wrong is `sip-alg-rewrite`.
    ///
    /// # What to do
    ///
    /// Update the server; look for a proxy that rewrites STUN.
    ///
    /// # References
    ///
    /// RFC 8489 section 9.2.5
    "auth-unsigned-answer", Error, "The answer to the authenticated request is not signed", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::IntegrityFailed, |contact, trouble| {
        if !trouble.text.contains("carries no MESSAGE-INTEGRITY") {
            return None;
        }
        let detail = format!("{} grants the request without signing the answer.", contact.url.host);
        Some(
            Diagnosis::by(contact, trouble, detail)
                .fix("Update the TURN server; take STUN-aware proxies out of the path."),
        )
    })
}

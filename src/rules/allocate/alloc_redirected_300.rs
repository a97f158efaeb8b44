use crate::report::{Cause, Report};
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// 300 Try Alternate names no server, none of this address family, or one that sends us back.
    ///
    /// # How it is told apart
    ///
    /// A redirection that works is followed and no finding.
    ///
    /// # What to do
    ///
    /// Correct `alternate-server`, and see that the servers do not name each other.
    ///
    /// # References
    ///
    /// RFC 8489 section 10; RFC 8656 section 7.2; coturn: alternate-server
    "alloc-redirected-300", Error, "The server sends us to another one that does not help", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::Redirected, |contact, trouble| {
        let detail = format!("{} answers 300, and that leads nowhere.", contact.url.host);
        Some(
            Diagnosis::by(contact, trouble, detail)
                .fix("Correct alternate-server in turnserver.conf; it must be reachable and must not point back."),
        )
    })
}

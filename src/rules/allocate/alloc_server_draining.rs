use crate::report::{Cause, Report, StepName};
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// 403 to Allocate is about us, not about a peer: the server is draining before a restart, or its
    /// policy excludes this user or this address.
    ///
    /// # How it is told apart
    ///
    /// 403 to Allocate. To CreatePermission it is about the peer (`peer-public-denied`).
    ///
    /// # What to do
    ///
    /// Wait for the restart or use another server; take servers out of the DNS before draining them
    /// (SIGUSR1).
    ///
    /// # References
    ///
    /// RFC 8656 section 7.2; coturn 4.6.3 and later: drain mode
    "alloc-server-draining", Error, "The server refuses the allocation itself", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::Forbidden, |contact, trouble| {
        if trouble.step != StepName::Allocate {
            return None;
        }
        let detail =
            format!("{} answers 403 to Allocate: it is draining, or its policy excludes us.", contact.url.host);
        Some(
            Diagnosis::by(contact, trouble, detail)
                .fix("Use another server, or wait for the restart; the server's log tells which it is."),
        )
    })
}

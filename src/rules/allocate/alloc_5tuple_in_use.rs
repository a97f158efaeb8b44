use crate::report::{Cause, Report};
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// An allocation lives on for up to ten minutes after its client is gone, and a client that comes
    /// back from the same address and port collides with it. A NAT that hands out the same port again
    /// does the same.
    ///
    /// # How it is told apart
    ///
    /// 437 even to the request without credentials, from fresh ports too.
    ///
    /// # What to do
    ///
    /// Let clients choose a new local port, and release allocations at the end (Refresh with lifetime
    /// 0).
    ///
    /// # References
    ///
    /// RFC 8656 section 7.2
    "alloc-5tuple-in-use", Error, "The server takes our address for one that has an allocation", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::AllocationMismatch, |contact, trouble| {
        let detail = format!("{} answers 437 again and again, from fresh ports too.", contact.url.host);
        let fix = "Use a new local port for each allocation and release it at the end; wait for the lifetime (10 \
                   minutes) to pass.";
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    })
}

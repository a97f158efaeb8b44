use crate::report::{Cause, Report};
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// The server no longer knows an allocation that it granted a moment ago: it restarted, a
    /// balancer switched servers, or a NAT changed our address.
    ///
    /// # How it is told apart
    ///
    /// 437 to a request on a standing allocation.
    ///
    /// # What to do
    ///
    /// Run the check again; if it comes back, look for a balancer without affinity (`lb-no-affinity`)
    /// and for a NAT with a short memory.
    ///
    /// # References
    ///
    /// RFC 8656 sections 8 and 9
    "alloc-lost", Error, "The allocation disappeared while it was in use", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::AllocationLost, |contact, trouble| {
        let detail = format!("{} granted an allocation and then did not know it any more.", contact.url.host);
        let fix = "See whether the server restarted (journalctl -u coturn), and whether a balancer in front of \
                   it has affinity.";
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    })
}

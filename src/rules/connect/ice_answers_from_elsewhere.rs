use super::{failed, named};
use crate::report::Report;
use crate::report::connect::FailureReason;
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// Answers to checks come from another address than was asked, so they do not count: whoever
    /// answers from elsewhere might be anybody.
    ///
    /// # How it is told apart
    ///
    /// The answer's transaction and integrity are right, its source is not.
    ///
    /// # What to do
    ///
    /// A host with several addresses must answer from the one that was asked (bind to it, or look at
    /// its routes). A NAT that rewrites sources of what goes between two inside hosts does so, too.
    ///
    /// # References
    ///
    /// RFC 8445 section 7.2.5; RFC 4787 section 6 (REQ-9)
    "ice-answers-from-elsewhere", Warning, "Answers come from another address than was asked", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let pairs = failed(report, FailureReason::WrongSource);
    let Some((first, pair)) = pairs.first() else { return Vec::new() };
    let says = pair.failure.as_ref().map(|failure| failure.detail.clone()).unwrap_or_default();
    let detail = format!("What was sent on {} was answered from another address.", named(&pairs));
    let diagnosis = Diagnosis::of_the_path(detail).fact(format!("/connect/pairs/{first}/failure"), says);
    vec![diagnosis.fix("Let the other side's program bind to the address that it names as its candidate.")]
}

use super::{failed, named, unconnected};
use crate::report::Report;
use crate::report::connect::FailureReason;
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// The two descriptions do not belong together. Checks arrive, and each side finds that they are
    /// signed for somebody else.
    ///
    /// # How it is told apart
    ///
    /// The other side answers checks with 401, or its own checks carry a user name or an integrity that
    /// this side's credentials do not give.
    ///
    /// # What to do
    ///
    /// Begin anew, and carry over the answer to this very offer: each run has credentials of its own.
    ///
    /// # References
    ///
    /// RFC 8445 section 7.2.2, 7.3; RFC 8489 section 9.1.3
    "ice-wrong-credentials", Error, "The two descriptions do not belong together", check,
    over ["ice-no-path", "ice-one-way"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let pairs = failed(report, FailureReason::WrongCredentials);
    let Some((first, pair)) = pairs.first() else { return Vec::new() };
    if unconnected(report).is_none() {
        return Vec::new();
    }
    let detail = format!(
        "The other side refuses the checks of {}: it was given other credentials than this side has, or this side \
         was given an old description of it.",
        named(&pairs)
    );
    let says = pair.failure.as_ref().map(|failure| failure.detail.clone()).unwrap_or_default();
    let diagnosis = Diagnosis::of_the_path(detail).fact(format!("/connect/pairs/{first}/failure"), says);
    vec![diagnosis.fix(
        "Start both sides again and carry each description over once, the answer back to the offer that it answers.",
    )]
}

use super::{failed, named, unconnected};
use crate::report::Report;
use crate::report::connect::FailureReason;
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// Both sides want to decide, or neither does, and they did not sort it out.
    ///
    /// # How it is told apart
    ///
    /// Checks were answered with 487 until the end, though this side changed its role as it should.
    ///
    /// # What to do
    ///
    /// It is a fault of the other side's ICE agent. Let the other side make the offer.
    ///
    /// # References
    ///
    /// RFC 8445 section 7.3.1
    "ice-role-conflict", Error, "The two sides do not agree on who decides", check,
    over ["ice-no-path"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let pairs = failed(report, FailureReason::RoleConflict);
    let Some((first, pair)) = pairs.first() else { return Vec::new() };
    if unconnected(report).is_none() {
        return Vec::new();
    }
    let says = pair.failure.as_ref().map(|failure| failure.detail.clone()).unwrap_or_default();
    let detail = format!("Checks on {} were answered with 487 until the end.", named(&pairs));
    let diagnosis = Diagnosis::of_the_path(detail).fact(format!("/connect/pairs/{first}/failure"), says);
    vec![diagnosis.fix("Let the other side make the offer; report it to the makers of its ICE agent.")]
}

use super::unconnected;
use crate::report::Report;
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// There is nothing to check: a side has no candidate, or none that fits one of the other side.
    ///
    /// # How it is told apart
    ///
    /// No pair could be made. IPv4 goes with IPv4 and UDP with UDP only, and filters (`--policy`,
    /// `--only`, `--pair`) leave candidates out.
    ///
    /// # What to do
    ///
    /// Look at both sides' candidates. Relay-only clients need a TURN server that answers. A side that
    /// has IPv6 alone needs a relay for IPv4 (RFC 8656 section 7, ADDITIONAL-ADDRESS-FAMILY).
    ///
    /// # References
    ///
    /// RFC 8445 section 6.1.2; W3C WebRTC section 4.2.1 (iceTransportPolicy)
    "ice-no-candidate", Error, "There is no pair of candidates to check", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let Some(connect) = unconnected(report).filter(|connect| connect.pairs.is_empty()) else { return Vec::new() };
    let (here, there) = (connect.local.candidates.len(), connect.remote.candidates.len());
    let detail = match (here, there) {
        (0, 0) => "Neither side has a candidate.".to_string(),
        (0, _) => format!("This side has no candidate; the other side has {there}."),
        (_, 0) => format!("The other side has no candidate that can be used; this side has {here}."),
        _ => format!("None of the {here} candidates here fits one of the {there} there (family, transport, filters)."),
    };
    let fix = "Look at what each side gathers (rtcprobe gather), at --policy, --only and --pair, and give a side that \
               has no usable address a TURN server.";
    let diagnosis = Diagnosis::of_the_path(detail)
        .fact("/connect/local/candidates", format!("{here} candidates here"))
        .fact("/connect/remote/candidates", format!("{there} candidates there"));
    vec![diagnosis.fix(fix)]
}

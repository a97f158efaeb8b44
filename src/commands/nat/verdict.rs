//! What a probe of a NAT amounts to.

use crate::report::nat::{Behaviour, Udp};
use crate::report::{Outcome, Report, Severity, Verdict};

/// The question is the network here. Where it was answered, a server that is of no use is no error.
pub fn spare(report: &mut Report) {
    if report.nat.as_ref().is_some_and(|nat| nat.udp == Udp::Open) {
        for finding in &mut report.findings {
            finding.severity = finding.severity.min(Severity::Warning);
        }
    }
}

/// Fails where calls cannot work without TCP, or nothing was found out; warns where calls need more
/// than a STUN server, or something is wrong on the way.
pub fn verdict(report: &Report) -> Verdict {
    let Some(nat) = report.nat.as_ref().filter(|nat| nat.udp == Udp::Open) else { return Verdict::Fail };
    let worst = report.findings.iter().map(|finding| finding.severity).max();
    let useless = report.servers.iter().any(|server| !matches!(server.outcome, Outcome::Ok | Outcome::Skipped));
    let cut_short = report.unknown.values().any(|why| matches!(why.as_str(), "interrupted" | "time-limit"));
    match worst {
        Some(Severity::Error) => Verdict::Fail,
        Some(Severity::Warning) => Verdict::Warn,
        // Whom the NAT lets in most public servers cannot tell; how it maps they all can.
        _ if useless || cut_short || nat.mapping == Behaviour::Unknown => Verdict::Warn,
        _ => Verdict::Pass,
    }
}

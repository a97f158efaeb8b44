//! What a gathering amounts to.

use crate::drive::Ended;
use crate::report::{Report, Verdict, Worth, standings};

/// Sets the verdict, and says what is not known and why. A run without servers is judged by whether
/// it found anything.
pub fn gathering(report: &mut Report, ended: Ended) {
    report.interrupted = ended == Ended::Interrupted;
    let missing = report.gather.as_ref().is_none_or(|gather| gather.complete_ms.is_none());
    if missing {
        let why = match ended {
            Ended::Interrupted => "interrupted",
            Ended::TimedOut => "time-limit",
            Ended::Done => "not-reached",
        };
        report.unknown.insert("/gather/completeMs".into(), why.into());
    }
    report.verdict = verdict(report);
}

fn verdict(report: &Report) -> Verdict {
    let standings = standings(&report.servers);
    let has = |worth| standings.iter().any(|standing| standing.worth == worth);
    let untrusted = report.servers.iter().any(|server| server.tls.as_ref().is_some_and(|tls| !tls.trusted));
    let nothing_found = report.gather.as_ref().is_none_or(|gather| gather.candidates.is_empty());
    if has(Worth::Nothing) || (nothing_found && !has(Worth::Full)) {
        Verdict::Fail
    } else if has(Worth::Part) || untrusted {
        Verdict::Warn
    } else {
        Verdict::Pass
    }
}

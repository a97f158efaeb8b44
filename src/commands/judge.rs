//! What a run amounts to.

use super::exit;
use crate::drive::Ended;
use crate::report::{Outcome, Report, Server, Severity, Verdict, Worth, standings};
use crate::rules;

/// Sets the findings and the verdict, and says what is not known and why. A run without servers is
/// judged by whether it found anything.
pub fn gathering(report: &mut Report, ended: Ended) {
    explain(report, ended);
    report.findings = rules::judge(report);
    report.verdict = verdict(report);
}

/// Says what is not known of a gathering, and why.
pub fn explain(report: &mut Report, ended: Ended) {
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
    explain_servers(report);
    report.findings = rules::judge(report);
    report.verdict = verdict(report);
}

/// Says why a server's round-trip time and its software are not known, where they are not.
pub fn explain_servers(report: &mut Report) {
    for (index, server) in report.servers.iter().enumerate() {
        let (rtt, software) = unknown(server);
        for (fact, why) in [("rttMs", rtt), ("software", software)] {
            if let Some(why) = why {
                report.unknown.insert(format!("/servers/{index}/{fact}"), why.into());
            }
        }
    }
}

/// Why a server's round-trip time and its software are not known.
fn unknown(server: &Server) -> (Option<&'static str>, Option<&'static str>) {
    let silent = match server.outcome {
        Outcome::Ok | Outcome::Unauthorized | Outcome::Error => None,
        Outcome::Skipped | Outcome::DnsError => Some("not-asked"),
        Outcome::Timeout | Outcome::Refused | Outcome::Unreachable | Outcome::TlsError => Some("no-answer"),
    };
    let rtt = server.rtt_ms.is_none().then(|| silent.unwrap_or("answered-only-after-retransmission"));
    let software = server.software.is_none().then(|| silent.unwrap_or("not-said-by-server"));
    (rtt, software)
}

/// The exit code that a report leads to.
pub fn code(report: &Report, strict: bool) -> u8 {
    match report.verdict {
        _ if report.interrupted => exit::INTERRUPTED,
        Verdict::Fail => exit::FAILED,
        Verdict::Warn if strict => exit::FAILED,
        Verdict::Pass | Verdict::Warn => exit::OK,
    }
}

fn verdict(report: &Report) -> Verdict {
    let standings = standings(&report.servers);
    let has = |worth| standings.iter().any(|standing| standing.worth == worth);
    let untrusted = report.servers.iter().any(|server| server.tls.as_ref().is_some_and(|tls| !tls.trusted));
    let finds = |weight| report.findings.iter().any(|finding| finding.severity == weight);
    let nothing_found = report.gather.as_ref().is_none_or(|gather| gather.candidates.is_empty());
    let useless = standings.iter().any(|standing| standing.useless) || (nothing_found && !has(Worth::Full));
    if useless || finds(Severity::Error) {
        Verdict::Fail
    } else if has(Worth::Part) || untrusted || finds(Severity::Warning) {
        Verdict::Warn
    } else {
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Environment, Event, Outcome, Server};

    fn judged(outcomes: &[(Outcome, &[&str])], ended: Ended) -> Report {
        let environment = Environment { os: String::new(), arch: String::new(), interfaces: Vec::new() };
        let mut report = Report::new("gather", String::new(), environment);
        for (number, (outcome, gave)) in outcomes.iter().enumerate() {
            let server = Server {
                url: format!("turn:{number}.example"),
                username: None,
                resolved: Vec::new(),
                outcome: *outcome,
                rtt_ms: None,
                software: None,
                error: None,
                cause: None,
                tls: None,
                gave: gave.iter().map(ToString::to_string).collect(),
                wanted: vec!["srflx".into(), "relay".into()],
            };
            report.learn(&Event::Server { elapsed_ms: 1.0, server });
        }
        if ended == Ended::Done {
            report.learn(&Event::Complete { elapsed_ms: 2.0 });
        }
        gathering(&mut report, ended);
        report
    }

    #[test]
    fn fails_when_a_server_gave_nothing_and_warns_when_it_gave_a_part() {
        let all = (Outcome::Ok, &["srflx", "relay"][..]);
        assert_eq!(judged(&[all, all], Ended::Done).verdict, Verdict::Pass);
        assert_eq!(judged(&[all, (Outcome::Error, &["relay"])], Ended::Done).verdict, Verdict::Warn);
        let no_relay = (Outcome::Unauthorized, &["srflx"][..]);
        assert_eq!(judged(&[all, no_relay], Ended::Done).verdict, Verdict::Fail, "a TURN server must relay");
        assert_eq!(judged(&[all, (Outcome::Timeout, &[])], Ended::Done).verdict, Verdict::Fail);
        assert_eq!(judged(&[], Ended::Done).verdict, Verdict::Fail, "no server and no candidate");
    }

    #[test]
    fn says_why_the_end_was_not_reached() {
        let report = judged(&[], Ended::Interrupted);
        assert!(report.interrupted);
        assert_eq!(report.unknown["/gather/completeMs"], "interrupted");
        let report = judged(&[], Ended::TimedOut);
        assert!(!report.interrupted);
        assert_eq!(report.unknown["/gather/completeMs"], "time-limit");
        assert!(judged(&[], Ended::Done).unknown.is_empty());
    }
}

//! What the checks amount to.

use crate::report::{Finding, RelayProtocol, Report, Severity, StepOutcome, Turn, Verdict, Way};

/// What has to work.
#[derive(Debug, Clone, Default)]
pub struct Demands {
    /// Every URL that is checked.
    pub urls: Vec<String>,
    /// Only these transports must work; none named: what the URLs say.
    pub required: Vec<RelayProtocol>,
    /// For each host that stands for several transports: those; one of them is enough.
    pub hosts: Vec<Vec<String>>,
}

/// Sets no fact; reads the checks, and the findings that are in the report already.
pub fn verdict(report: &Report, demands: &Demands) -> Verdict {
    let checked: Vec<(&str, bool)> = demands.urls.iter().map(|url| (url.as_str(), works(report, url))).collect();
    let failing: Vec<&str> = checked.iter().filter(|(_, works)| !works).map(|(url, _)| *url).collect();
    let excused: Vec<&str> = failing.iter().copied().filter(|url| is_excused(report, demands, url)).collect();
    let about_excused = |servers: &[String]| {
        !servers.is_empty() && servers.iter().all(|server| excused.iter().any(|url| url == server))
    };
    let errors =
        report.findings.iter().any(|finding| finding.severity == Severity::Error && !about_excused(&finding.servers));
    let open = report.turn.iter().any(|turn| turn.is_open_relay() || turn.accepts_anything());
    // `turn` was asked whether each of them works; `check`, what is wrong.
    let is_minor = |url: &str| report.command == "check" && is_minor(report, demands, url);
    let broken = failing.iter().any(|url| !excused.contains(url) && !is_minor(url));
    let useless =
        !checked.is_empty() && !checked.iter().any(|(url, works)| *works || entries(report, url).any(carries));
    if broken || useless || errors || open {
        return Verdict::Fail;
    }
    let doubts = report.findings.iter().any(|finding| finding.severity != Severity::Info);
    let untrusted = report.turn.iter().any(|turn| turn.tls.as_ref().is_some_and(|tls| !tls.trusted));
    let cut_short = report.unknown.contains_key("/turn");
    if failing.is_empty() && !doubts && !untrusted && !cut_short { Verdict::Pass } else { Verdict::Warn }
}

/// At every address, as far as it was found out.
fn works(report: &Report, url: &str) -> bool {
    let mut entries = entries(report, url).peekable();
    entries.peek().is_some() && entries.all(is_well)
}

fn is_well(turn: &Turn) -> bool {
    turn.works == Some(true) || turn.refuses_strangers()
}

/// What does not work is explained by findings that are no errors, and other URLs do the job.
fn is_minor(report: &Report, demands: &Demands, url: &str) -> bool {
    let mut about = report.findings.iter().filter(|finding| finding.servers.iter().any(|server| server == url));
    let says_so = |finding: &Finding| {
        finding.severity != Severity::Info || finding.evidence.iter().any(|one| one.fact.contains("/steps/"))
    };
    demands.required.is_empty() && about.any(says_so)
}

/// Something gets through the relay, though not all that should.
fn carries(turn: &Turn) -> bool {
    let mut proofs = turn.proofs.iter().filter(|proof| proof.way != Way::RelayToRelay);
    turn.allocation.is_some() && proofs.any(|proof| proof.outcome == StepOutcome::Ok)
}

/// Whether a URL that does not work may do so.
fn is_excused(report: &Report, demands: &Demands, url: &str) -> bool {
    // Nobody was patient enough to find out.
    if report.interrupted && entries(report, url).all(|turn| turn.works.is_none()) {
        return true;
    }
    if !demands.required.is_empty() {
        let transport = entries(report, url).next().map(|turn| turn.transport);
        return transport.is_some_and(|transport| !demands.required.contains(&transport));
    }
    let mut hosts = demands.hosts.iter().filter(|urls| urls.iter().any(|other| other == url)).peekable();
    let enough = |urls: &Vec<String>| urls.iter().any(|url| entries(report, url).any(is_well));
    hosts.peek().is_some() && hosts.all(enough)
}

fn entries<'a>(report: &'a Report, url: &'a str) -> impl Iterator<Item = &'a Turn> {
    report.turn.iter().filter(move |turn| turn.url == url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Cause, Clues, Environment, Finding, Step, StepName, StepOutcome};

    const URLS: [(&str, RelayProtocol); 2] = [("turn:a", RelayProtocol::Udp), ("turns:a", RelayProtocol::Tls)];

    fn turn((url, transport): (&str, RelayProtocol), cause: Option<Cause>) -> Turn {
        let outcome = if cause.is_some() { StepOutcome::Failed } else { StepOutcome::Ok };
        let step = Step {
            name: StepName::Challenge,
            outcome,
            duration_ms: None,
            error_code: None,
            error_text: None,
            detail: None,
            cause,
            icmp: None,
        };
        Turn {
            url: url.into(),
            address: None,
            transport,
            username: None,
            credential_form: None,
            local: None,
            software: None,
            works: Some(cause.is_none()),
            steps: vec![step],
            tls: None,
            works_untrusted: None,
            mapped: None,
            response_origin: None,
            challenge: None,
            allocation: None,
            proofs: Vec::new(),
            echo: None,
            controls: Vec::new(),
            options: Vec::new(),
            audit: Vec::new(),
            needed_peers: Vec::new(),
            exposure: None,
            clues: Clues::default(),
        }
    }

    fn report(causes: [Option<Cause>; 2]) -> Report {
        let environment = Environment { os: String::new(), arch: String::new(), interfaces: Vec::new() };
        let mut report = Report::new("turn", String::new(), environment);
        report.turn = URLS.into_iter().zip(causes).map(|(url, cause)| turn(url, cause)).collect();
        report
    }

    fn demands(required: &[RelayProtocol], bare: bool) -> Demands {
        let urls: Vec<String> = URLS.iter().map(|(url, _)| (*url).to_string()).collect();
        let hosts = if bare { vec![urls.clone()] } else { Vec::new() };
        Demands { urls, required: required.to_vec(), hosts }
    }

    #[test]
    fn every_uri_must_work_but_of_a_bare_host_one_transport() {
        let dead = Some(Cause::Refused);
        assert_eq!(verdict(&report([None, None]), &demands(&[], false)), Verdict::Pass);
        assert_eq!(verdict(&report([None, dead]), &demands(&[], false)), Verdict::Fail);
        assert_eq!(verdict(&report([None, dead]), &demands(&[], true)), Verdict::Warn);
        assert_eq!(verdict(&report([dead, dead]), &demands(&[], true)), Verdict::Fail);
        assert_eq!(verdict(&Report { turn: Vec::new(), ..report([None, None]) }, &demands(&[], false)), Verdict::Fail);
    }

    #[test]
    fn what_is_required_counts_and_nothing_else() {
        let one = report([None, Some(Cause::Refused)]);
        assert_eq!(verdict(&one, &demands(&[RelayProtocol::Udp], false)), Verdict::Warn);
        assert_eq!(verdict(&one, &demands(&[RelayProtocol::Tls], true)), Verdict::Fail);
    }

    #[test]
    fn an_open_relay_is_never_excused_and_a_closed_one_is_well() {
        assert_eq!(verdict(&report([None, Some(Cause::OpenRelay)]), &demands(&[], true)), Verdict::Fail);
        let closed = Some(Cause::NoCredentials);
        assert_eq!(verdict(&report([closed, closed]), &demands(&[], false)), Verdict::Pass);
    }

    #[test]
    fn an_error_about_a_transport_that_need_not_work_is_a_warning() {
        let mut one = report([None, Some(Cause::Refused)]);
        one.findings.push(Finding {
            code: "server-not-running".into(),
            severity: Severity::Error,
            title: String::new(),
            detail: String::new(),
            evidence: Vec::new(),
            fix: None,
            servers: vec!["turns:a".into()],
            suspected: false,
            confirm: None,
            alternatives: Vec::new(),
            references: Vec::new(),
        });
        assert_eq!(verdict(&one, &demands(&[], true)), Verdict::Warn);
        one.findings[0].servers.push("turn:a".into());
        assert_eq!(verdict(&one, &demands(&[], true)), Verdict::Fail);
    }

    #[test]
    fn a_uri_that_only_a_warning_explains_is_a_warning_while_another_works() {
        let dead = Some(Cause::Refused);
        for (causes, verdicts) in [([None, dead], Verdict::Warn), ([dead, dead], Verdict::Fail)] {
            let mut one = Report { command: "check".into(), ..report(causes) };
            one.findings.push(Finding {
                code: "turn-tcp-not-listening".into(),
                severity: Severity::Warning,
                title: String::new(),
                detail: String::new(),
                evidence: Vec::new(),
                fix: None,
                servers: URLS.iter().map(|(url, _)| (*url).to_string()).collect(),
                suspected: false,
                confirm: None,
                alternatives: Vec::new(),
                references: Vec::new(),
            });
            assert_eq!(verdict(&one, &demands(&[], false)), verdicts);
            one.command = "turn".into();
            assert_eq!(verdict(&one, &demands(&[], false)), Verdict::Fail, "turn was asked about each");
        }
    }
}

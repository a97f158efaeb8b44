//! What the checks say about the servers, and what is not known and why.

use std::net::SocketAddr;

use crate::drive::Ended;
use crate::report::{Cause, Outcome, RelayProtocol, Report, Server, Step, StepName, Turn};
use crate::wire::uri::Transport;

/// The entry of `servers` for a check. A Binding answer that took less than `rto_ms` was not asked
/// for twice.
pub fn server(turn: &Turn, rto_ms: f64) -> Server {
    let failing = turn.failing().map(|(_, step)| step);
    let binding = turn.step(StepName::Binding).filter(|_| turn.went_well(StepName::Binding));
    let gave = turn.went_well(StepName::Allocate).then(|| "relay".to_string());
    Server {
        url: turn.url.clone(),
        username: turn.username.clone(),
        resolved: turn.address.iter().cloned().collect(),
        outcome: failing.map_or(Outcome::Ok, |step| outcome(step.cause)),
        rtt_ms: binding.and_then(|step| step.duration_ms).filter(|ms| *ms < rto_ms),
        software: turn.software.clone(),
        error: failing.map(sentence),
        cause: failing.and_then(|step| step.cause),
        tls: turn.tls.clone(),
        gave: gave.into_iter().collect(),
        wanted: vec!["relay".into()],
    }
}

/// The entry for a server whose check never began.
fn unchecked(url: &str, ended: Ended) -> Server {
    Server {
        url: url.into(),
        username: None,
        resolved: Vec::new(),
        outcome: Outcome::Skipped,
        rtt_ms: None,
        software: None,
        error: Some(format!("not checked: {}", why(ended))),
        cause: Some(Cause::Stopped),
        tls: None,
        gave: Vec::new(),
        wanted: vec!["relay".into()],
    }
}

fn sentence(step: &Step) -> String {
    let name = step.name.as_str();
    match (&step.detail, step.error_code) {
        (Some(detail), _) => format!("{name}: {detail}"),
        (None, Some(code)) => format!("{name}: {code}"),
        (None, None) => format!("{name} failed"),
    }
}

fn outcome(cause: Option<Cause>) -> Outcome {
    match cause {
        Some(Cause::NoSuchName | Cause::DnsFailed) => Outcome::DnsError,
        Some(Cause::NoAnswer | Cause::HandshakeTimeout) => Outcome::Timeout,
        Some(Cause::Refused) => Outcome::Refused,
        Some(Cause::Unreachable | Cause::Prohibited) => Outcome::Unreachable,
        Some(
            Cause::CertificateExpired
            | Cause::CertificateNotYetValid
            | Cause::CertificateWrongName
            | Cause::CertificateSelfSigned
            | Cause::CertificateIncompleteChain
            | Cause::CertificateUntrusted
            | Cause::HandshakeFailed,
        ) => Outcome::TlsError,
        Some(Cause::Unauthorized | Cause::NoCredentials) => Outcome::Unauthorized,
        Some(Cause::Stopped) => Outcome::Skipped,
        _ => Outcome::Error,
    }
}

/// Brings the checks into the order of the command line, then of the addresses, and gives each its
/// entry in `servers`.
pub fn settle(report: &mut Report, urls: &[String], rto_ms: f64, ended: Ended) {
    let place = |url: &str| urls.iter().position(|other| other == url).unwrap_or(urls.len());
    let address = |turn: &Turn| turn.address.as_ref().and_then(|text| text.parse::<SocketAddr>().ok());
    report.turn.sort_by_key(|turn| (place(&turn.url), turn.username.clone(), address(turn)));
    report.servers = report.turn.iter().map(|turn| server(turn, rto_ms)).collect();
    for url in urls {
        if !report.servers.iter().any(|server| server.url == *url) {
            report.servers.push(unchecked(url, ended));
        }
    }
    report.servers.sort_by_key(|server| place(&server.url));
}

/// Says of what is `null` why; and of the whole, when it was cut short.
pub fn explain(report: &mut Report, ended: Ended, echo_wanted: bool) {
    if ended != Ended::Done && is_cut_short(report) {
        report.unknown.insert("/turn".into(), why(ended).into());
    }
    for (index, turn) in report.turn.iter().enumerate() {
        let stopped = turn.steps.iter().any(|step| step.cause == Some(Cause::Stopped));
        let failed = turn.failing().is_some();
        let not_reached = match (stopped, failed) {
            (true, _) => why(ended),
            (false, true) => "not-reached",
            (false, false) => "not-told-by-server",
        };
        let secure = matches!(turn.transport, RelayProtocol::Tls | RelayProtocol::Dtls);
        let untrusted = turn.tls.as_ref().is_some_and(|tls| !tls.trusted);
        let mut say = |fact: &str, null: bool, why: &str| {
            if null {
                report.unknown.insert(format!("/turn/{index}/{fact}"), why.into());
            }
        };
        say("works", turn.works.is_none(), if stopped { why(ended) } else { "not-reached" });
        say("address", turn.address.is_none(), "not-resolved");
        say("tls", turn.tls.is_none(), if secure { not_reached } else { "not-applicable" });
        say("worksUntrusted", turn.works_untrusted.is_none(), if untrusted { not_reached } else { "not-applicable" });
        say("mapped", turn.mapped.is_none(), not_reached);
        say("responseOrigin", turn.response_origin.is_none() && turn.mapped.is_some(), "not-told-by-server");
        say("software", turn.software.is_none(), not_reached);
        say("challenge", turn.challenge.is_none(), not_reached);
        say("allocation", turn.allocation.is_none(), not_reached);
        let no_echo = match not_reached {
            _ if !echo_wanted => "not-asked",
            "not-told-by-server" => "no-way-to-measure",
            other => other,
        };
        say("echo", turn.echo.is_none(), no_echo);
        let aside = [("plain", turn.clues.plain.is_none()), ("http", turn.clues.http.is_none())];
        let later = [("secondTry", turn.clues.second_try.is_none()), ("burst", turn.clues.burst.is_none())];
        say("clues/unpermitted", turn.clues.unpermitted.is_none(), "not-asked");
        for (fact, null) in aside.into_iter().chain(later) {
            say(&format!("clues/{fact}"), null, "not-needed");
        }
        for (place, control) in turn.controls.iter().enumerate() {
            say(&format!("controls/{place}/refused"), control.refused.is_none(), "not-answered");
        }
        for (place, option) in turn.options.iter().enumerate() {
            say(&format!("options/{place}/supported"), option.supported.is_none(), "not-found-out");
        }
    }
}

/// Whether a check was stopped, or never begun; what comes after the checks may be stopped without that.
fn is_cut_short(report: &Report) -> bool {
    let stopped = |turn: &Turn| turn.steps.iter().any(|step| step.cause == Some(Cause::Stopped));
    let begun = |url: &str| report.turn.iter().any(|turn| turn.url == url);
    let missing = report.servers.iter().any(|server| server.url.starts_with("turn") && !begun(&server.url));
    report.turn.is_empty() || missing || report.turn.iter().any(stopped)
}

fn why(ended: Ended) -> &'static str {
    match ended {
        Ended::Interrupted => "interrupted",
        Ended::TimedOut => "time-limit",
        Ended::Done => "not-reached",
    }
}

/// The transport, in the words of the report.
pub fn protocol(transport: Transport) -> RelayProtocol {
    match transport {
        Transport::Udp => RelayProtocol::Udp,
        Transport::Tcp => RelayProtocol::Tcp,
        Transport::Tls => RelayProtocol::Tls,
        Transport::Dtls => RelayProtocol::Dtls,
    }
}

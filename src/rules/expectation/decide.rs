//! The facts that decide an expectation. What the facts leave open is undecided, and says why.

use std::net::IpAddr;

use super::{Compare, Measure, Wanted};
use crate::report::nat::Behaviour;
use crate::report::{CandidateKind, RelayProtocol, Report, Severity, Turn};
use crate::rules::clock::seconds;

pub(super) struct Decided {
    pub met: Option<bool>,
    pub detail: String,
    pub facts: Vec<String>,
}

fn decided(met: Option<bool>, detail: impl Into<String>, facts: Vec<String>) -> Decided {
    Decided { met, detail: detail.into(), facts }
}

pub(super) fn decide(wanted: &Wanted, report: &Report) -> Decided {
    match wanted {
        Wanted::Host => candidate(report, CandidateKind::Host),
        Wanted::Srflx => srflx(report),
        Wanted::Relay(over) => relay(report, *over),
        Wanted::Ipv6 => ipv6(report),
        Wanted::Mapping(behaviour) => nat(report, "mapping", *behaviour, report.nat.as_ref().map(|nat| nat.mapping)),
        Wanted::Filtering(behaviour) => {
            nat(report, "filtering", *behaviour, report.nat.as_ref().map(|nat| nat.filtering))
        }
        Wanted::Measure(what, compare, bound) => measured(report, *what, *compare, *bound),
        Wanted::RelayEcho => echo(report),
        Wanted::NoFinding(code) => no_finding(report, code),
        Wanted::MaxSeverity(most) => max_severity(report, *most),
    }
}

/// Why the run did not get to its end, if it did not.
fn cut_short(report: &Report) -> Option<&str> {
    if report.interrupted {
        return Some("the run was interrupted");
    }
    let limited = report.unknown.values().any(|why| why == "time-limit");
    limited.then_some("the run was stopped at its time limit")
}

fn candidate(report: &Report, kind: CandidateKind) -> Decided {
    let Some(gather) = &report.gather else { return decided(None, "nothing was gathered", Vec::new()) };
    match gather.candidates.iter().position(|candidate| candidate.kind == kind) {
        Some(place) => {
            let found = &gather.candidates[place];
            let address = join(&found.address, found.port);
            decided(Some(true), address, vec![format!("/gather/candidates/{place}")])
        }
        None if gather.complete_ms.is_none() => {
            decided(None, cut_short(report).unwrap_or("gathering did not end"), Vec::new())
        }
        None => decided(Some(false), "no such candidate was found", vec!["/gather/candidates".into()]),
    }
}

fn srflx(report: &Report) -> Decided {
    let found = candidate(report, CandidateKind::Srflx);
    if found.met == Some(true) {
        return found;
    }
    // Without a NAT the candidate would be the host candidate once more.
    let told = report.servers.iter().position(|server| server.gave.iter().any(|kind| kind == "srflx"));
    match told {
        Some(place) => decided(
            Some(true),
            "a server sees the host's own address: there is no NAT",
            vec![format!("/servers/{place}/gave")],
        ),
        None => found,
    }
}

fn join(address: &str, port: u16) -> String {
    if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
}

fn relay(report: &Report, over: Option<RelayProtocol>) -> Decided {
    let fits = |turn: &Turn| over.is_none_or(|over| turn.transport == over);
    let checks: Vec<(usize, &Turn)> = report.turn.iter().enumerate().filter(|(_, turn)| fits(turn)).collect();
    let facts = |works| checks.iter().filter(move |(_, turn)| turn.works == works);
    if let Some((place, turn)) = facts(Some(true)).next() {
        return decided(Some(true), format!("{} relays", turn.url), vec![format!("/turn/{place}/works")]);
    }
    if let Some((place, turn)) = facts(None).next() {
        let why = cut_short(report).unwrap_or("the check did not get to its end");
        return decided(None, format!("{}: {why}", turn.url), vec![format!("/turn/{place}/steps")]);
    }
    let Some((place, turn)) = checks.first() else {
        let what = over.map_or(String::new(), |over| format!(" over {}", name(over)));
        return match cut_short(report) {
            Some(why) => decided(None, why, Vec::new()),
            None => decided(Some(false), format!("no TURN server{what} is named"), vec!["/servers".into()]),
        };
    };
    let step = turn.failing().map(|(_, step)| step.name.as_str()).unwrap_or("its check");
    decided(Some(false), format!("{} fails at {step}", turn.url), vec![format!("/turn/{place}/works")])
}

fn name(over: RelayProtocol) -> &'static str {
    match over {
        RelayProtocol::Udp => "udp",
        RelayProtocol::Tcp => "tcp",
        RelayProtocol::Tls => "tls",
        RelayProtocol::Dtls => "dtls",
    }
}

/// A server answered over IPv6.
fn ipv6(report: &Report) -> Decided {
    let is_v6 = |address: &str| address.starts_with('[');
    for (place, server) in report.servers.iter().enumerate() {
        let well = !server.gave.is_empty() || server.rtt_ms.is_some();
        if well && server.resolved.last().is_some_and(|address| is_v6(address)) {
            return decided(Some(true), format!("{} answers over IPv6", server.url), vec![format!("/servers/{place}")]);
        }
    }
    if let Some(why) = cut_short(report) {
        return decided(None, why, Vec::new());
    }
    let asked = report.servers.iter().position(|server| server.resolved.iter().any(|address| is_v6(address)));
    if let Some(place) = asked {
        let text = format!("{} does not answer over IPv6", report.servers[place].url);
        return decided(Some(false), text, vec![format!("/servers/{place}")]);
    }
    let global = |address: &String| {
        address.parse::<IpAddr>().is_ok_and(|ip| matches!(ip, IpAddr::V6(v6) if v6.segments()[0] & 0xe000 == 0x2000))
    };
    let own = report.environment.interfaces.iter().any(|interface| interface.addresses.iter().any(global));
    if own {
        decided(None, "no server with an IPv6 address was asked", vec!["/servers".into()])
    } else {
        decided(Some(false), "no interface has a global IPv6 address", vec!["/environment/interfaces".into()])
    }
}

fn nat(report: &Report, fact: &str, wanted: Behaviour, found: Option<Behaviour>) -> Decided {
    let place = format!("/nat/{fact}");
    match found {
        None => {
            let why = report.unknown.get("/nat").map_or(String::new(), |why| format!(": {}", why.replace('-', " ")));
            decided(None, format!("the NAT was not looked at{why}"), Vec::new())
        }
        Some(Behaviour::Unknown) => {
            let why = report.unknown.get(&place).cloned().unwrap_or_else(|| "it is not known".into());
            decided(None, why, vec![place])
        }
        Some(found) => {
            let word = serde_json::to_value(found).ok().and_then(|word| word.as_str().map(String::from));
            decided(Some(found == wanted), format!("it is {}", word.unwrap_or_default()), vec![place])
        }
    }
}

/// Of all values the worst decides.
fn measured(report: &Report, what: Measure, compare: Compare, bound: f64) -> Decided {
    let mut values: Vec<(f64, String)> = match what {
        Measure::CertDays => days(report),
        _ => report.turn.iter().enumerate().filter_map(|(place, turn)| of_echo(what, place, turn)).collect(),
    };
    if values.is_empty() && what == Measure::Rtt {
        let rtts = report.servers.iter().enumerate();
        values = rtts.filter_map(|(place, server)| Some((server.rtt_ms?, format!("/servers/{place}/rttMs")))).collect();
    }
    values.sort_by(|(one, _), (other, _)| compare.worse(*one, *other));
    let Some((value, fact)) = values.into_iter().next() else {
        let what = if what == Measure::CertDays { "no certificate was seen" } else { "it was not measured" };
        return decided(None, cut_short(report).unwrap_or(what), Vec::new());
    };
    let said = match what {
        Measure::Rtt | Measure::Jitter => format!("{value:.1} ms"),
        Measure::Loss => format!("{:.1} %", value * 100.0),
        Measure::CertDays => format!("{value:.0} days"),
    };
    decided(Some(compare.holds(value, bound)), format!("{said} at worst"), vec![fact])
}

fn of_echo(what: Measure, place: usize, turn: &Turn) -> Option<(f64, String)> {
    let echo = turn.echo.as_ref()?;
    let at = format!("/turn/{place}/echo");
    match what {
        Measure::Rtt => Some((echo.rtt_ms?.p50, format!("{at}/rttMs/p50"))),
        Measure::Loss => Some((echo.loss_ratio, format!("{at}/lossRatio"))),
        Measure::Jitter => Some((echo.jitter_ms?, format!("{at}/jitterMs"))),
        Measure::CertDays => None,
    }
}

/// Whole days that each certificate lasts from the start of the run.
fn days(report: &Report) -> Vec<(f64, String)> {
    let Some(now) = seconds(&report.started_at) else { return Vec::new() };
    let mut found = Vec::new();
    for (place, server) in report.servers.iter().enumerate() {
        let end = server.tls.as_ref().and_then(|tls| tls.not_after.as_deref()).and_then(seconds);
        if let Some(end) = end {
            let days = i32::try_from((end - now).div_euclid(86_400)).unwrap_or(i32::MAX);
            found.push((f64::from(days), format!("/servers/{place}/tls/notAfter")));
        }
    }
    found
}

fn echo(report: &Report) -> Decided {
    let mut silent = None;
    for (place, turn) in report.turn.iter().enumerate() {
        match &turn.echo {
            Some(echo) if echo.received > 0 => {
                let text = format!("{} of {} came back through {}", echo.received, echo.sent, turn.url);
                return decided(Some(true), text, vec![format!("/turn/{place}/echo/received")]);
            }
            Some(_) => silent = Some(place),
            None => {}
        }
    }
    match (silent, relay(report, None)) {
        (Some(place), _) => {
            let text = format!("nothing came back through {}", report.turn[place].url);
            decided(Some(false), text, vec![format!("/turn/{place}/echo/received")])
        }
        (None, relay) if relay.met == Some(false) => relay,
        _ => decided(None, cut_short(report).unwrap_or("nothing was sent through a relay"), Vec::new()),
    }
}

fn no_finding(report: &Report, code: &str) -> Decided {
    match report.findings.iter().position(|finding| finding.code == code) {
        Some(place) => decided(Some(false), report.findings[place].detail.clone(), vec![format!("/findings/{place}")]),
        None => absent(report, "there is none"),
    }
}

fn max_severity(report: &Report, most: Severity) -> Decided {
    match report.findings.iter().position(|finding| finding.severity > most) {
        Some(place) => {
            let finding = &report.findings[place];
            decided(Some(false), format!("{}: {}", finding.code, finding.title), vec![format!("/findings/{place}")])
        }
        None => absent(report, "no finding is worse"),
    }
}

/// What was not found may still be there when the run was cut short.
fn absent(report: &Report, text: &str) -> Decided {
    match cut_short(report) {
        Some(why) => decided(None, why, Vec::new()),
        None => decided(Some(true), text, vec!["/findings".into()]),
    }
}

//! Several reports side by side: who sees what.

use schemars::JsonSchema;
use serde::Serialize;

use super::place::without_port;
use crate::report::nat::Behaviour;
use crate::report::{CandidateKind, Outcome, Report, SCHEMA_VERSION, Server, Severity, Turn, Verdict};

/// How something went for one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Went {
    Well,
    Badly,
    Partly,
    /// A fact that is neither good nor bad.
    Fact,
    /// Not asked, or not found out.
    Open,
}

/// What one report says about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Says {
    pub went: Went,
    pub text: String,
}

/// One thing, and what each report says about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// `run`, `network`, `servers`, `turn`, `findings`.
    pub area: &'static str,
    pub name: String,
    pub says: Vec<Says>,
}

/// A report among the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Column {
    /// What it is called.
    pub name: String,
    pub command: String,
    pub started_at: String,
}

/// The table: what `rtcprobe report merge --output json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Merged {
    /// The same as of the reports.
    pub schema_version: u32,
    pub reports: Vec<Column>,
    pub rows: Vec<Row>,
}

/// Lays reports side by side.
#[must_use]
pub fn merge(reports: &[(String, Report)]) -> Merged {
    let of = |area, name: &str, says: &dyn Fn(&Report) -> Says| Row {
        area,
        name: name.into(),
        says: reports.iter().map(|(_, report)| says(report)).collect(),
    };
    let mut rows = vec![
        of("run", "verdict", &verdict),
        of("network", "public addresses", &public),
        of("network", "mapping", &|report| behaviour(report, |nat| nat.mapping)),
        of("network", "filtering", &|report| behaviour(report, |nat| nat.filtering)),
    ];
    let all = || reports.iter().map(|(_, report)| report);
    for (url, moves) in urls(reports) {
        rows.push(of("servers", &url, &|report| server(report, &url, moves)));
    }
    let mut codes: Vec<&str> = Vec::new();
    for finding in all().flat_map(|report| &report.findings).filter(|finding| finding.severity != Severity::Info) {
        if !codes.contains(&finding.code.as_str()) {
            codes.push(&finding.code);
        }
    }
    for code in codes {
        rows.push(of("findings", code, &|report| finding(report, code)));
    }
    rows.retain(|row| row.says.iter().any(|says| says.went != Went::Open));
    let column = |(name, report): &(String, Report)| Column {
        name: name.clone(),
        command: report.command.clone(),
        started_at: report.started_at.clone(),
    };
    Merged { schema_version: SCHEMA_VERSION, reports: reports.iter().map(column).collect(), rows }
}

fn says(went: Went, text: impl Into<String>) -> Says {
    Says { went, text: text.into() }
}

fn fact(text: Option<String>) -> Says {
    text.filter(|text| !text.is_empty()).map_or_else(|| says(Went::Open, ""), |text| says(Went::Fact, text))
}

fn verdict(report: &Report) -> Says {
    match report.verdict {
        _ if report.interrupted => says(Went::Partly, "interrupted"),
        Verdict::Pass => says(Went::Well, "pass"),
        Verdict::Warn => says(Went::Partly, "warn"),
        Verdict::Fail => says(Went::Badly, "fail"),
    }
}

fn public(report: &Report) -> Says {
    let candidates = report.gather.iter().flat_map(|gather| &gather.candidates);
    let mapped = candidates.filter(|candidate| candidate.kind == CandidateKind::Srflx);
    let mut addresses: Vec<&str> = mapped.map(|candidate| candidate.address.as_str()).collect();
    addresses.extend(report.nat.iter().flat_map(|nat| &nat.public_addresses).map(String::as_str));
    let seen = report.turn.iter().filter_map(|turn| turn.mapped.as_deref());
    addresses.extend(seen.filter_map(|mapped| mapped.rsplit_once(':')).map(|(host, _)| host));
    addresses.sort_unstable();
    addresses.dedup();
    fact(Some(addresses.join(" ")))
}

fn behaviour(report: &Report, of: fn(&crate::report::nat::Nat) -> Behaviour) -> Says {
    let word = |behaviour: Behaviour| (behaviour != Behaviour::Unknown).then(|| behaviour.as_str());
    fact(report.nat.as_ref().and_then(|nat| word(of(nat))).map(String::from))
}

/// The servers of all reports, and whether one may have another port in each report: that is so where
/// no report has two that differ in nothing else.
fn urls(reports: &[(String, Report)]) -> Vec<(String, bool)> {
    let mut groups: Vec<(String, Vec<String>, bool)> = Vec::new();
    for (_, report) in reports {
        let mut here: Vec<(String, &str)> = Vec::new();
        let servers = report.servers.iter().map(|server| server.url.as_str());
        for url in servers.chain(report.turn.iter().map(|turn| turn.url.as_str())) {
            let key = without_port(url);
            let twice = here.iter().any(|(there, other)| *there == key && *other != url);
            match groups.iter_mut().find(|(there, _, _)| *there == key) {
                Some((_, urls, moves)) => {
                    *moves &= !twice;
                    if !urls.iter().any(|there| there == url) {
                        urls.push(url.into());
                    }
                }
                None => groups.push((key.clone(), vec![url.into()], true)),
            }
            if !here.iter().any(|(_, there)| *there == url) {
                here.push((key, url));
            }
        }
    }
    let rows = groups.into_iter().flat_map(|(_, urls, moves)| {
        let shown = if moves { 1 } else { urls.len() };
        urls.into_iter().take(shown).map(move |url| (url, moves))
    });
    rows.collect()
}

/// What a report says about a server, on whichever port when it `moves`.
fn server(report: &Report, url: &str, moves: bool) -> Says {
    let same = |there: &str| there == url || (moves && without_port(there) == without_port(url));
    let found: Vec<&Turn> = report.turn.iter().filter(|turn| same(&turn.url)).collect();
    if !found.is_empty() {
        return station(&found);
    }
    let servers: Vec<&Server> = report.servers.iter().filter(|server| same(&server.url)).collect();
    let failed = servers.iter().find(|server| server.outcome != Outcome::Ok);
    let Some(server) = failed.or(servers.first()) else { return says(Went::Open, "") };
    let rtt = server.rtt_ms.map(|rtt| format!("{rtt:.1} ms"));
    match server.outcome {
        Outcome::Ok => says(Went::Well, rtt.unwrap_or_else(|| "ok".into())),
        Outcome::Skipped => says(Went::Open, ""),
        outcome => says(if server.gave.is_empty() { Went::Badly } else { Went::Partly }, outcome.as_str()),
    }
}

/// A URL over all its addresses: the worst of them.
fn station(entries: &[&Turn]) -> Says {
    if let Some(turn) = entries.iter().find(|turn| turn.works == Some(false)) {
        let step = turn.failing().map_or("unknown", |(_, step)| step.name.as_str());
        return says(Went::Badly, format!("fails at {step}"));
    }
    match entries.iter().all(|turn| turn.works == Some(true)) {
        true => {
            let rtt = entries.iter().find_map(|turn| turn.echo.as_ref()?.rtt_ms.as_ref());
            says(Went::Well, rtt.map_or("works".into(), |rtt| format!("works, {:.1} ms", rtt.p50)))
        }
        false => says(Went::Open, "not found out"),
    }
}

fn finding(report: &Report, code: &str) -> Says {
    let found = report.findings.iter().filter(|finding| finding.code == code).map(|finding| finding.severity).max();
    match found {
        Some(Severity::Error) => says(Went::Badly, "error"),
        Some(Severity::Warning) => says(Went::Partly, "warning"),
        Some(Severity::Info) => says(Went::Fact, "info"),
        None => says(Went::Open, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Environment;

    fn report(urls: &[&str]) -> Report {
        let environment = Environment { os: String::new(), arch: String::new(), interfaces: Vec::new() };
        let mut report = Report::new("gather", String::new(), environment);
        for url in urls {
            let json = serde_json::json!({ "url": url, "resolved": [], "outcome": "ok", "rttMs": 1.0 });
            report.servers.push(serde_json::from_value(json).unwrap());
        }
        report
    }

    #[test]
    fn a_server_that_moves_is_one_row_and_two_ports_are_two() {
        let names = |reports: &[Report]| -> Vec<String> {
            let named: Vec<_> = reports.iter().map(|report| (String::new(), report.clone())).collect();
            let rows = merge(&named).rows.into_iter().filter(|row| row.area == "servers");
            rows.map(|row| format!("{} {}", row.name, row.says.iter().filter(|says| says.went == Went::Well).count()))
                .collect()
        };
        assert_eq!(names(&[report(&["stun:a:1"]), report(&["stun:a:2"])]), ["stun:a:1 2"]);
        assert_eq!(names(&[report(&["stun:a:1", "stun:a:2"]), report(&["stun:a:2"])]), ["stun:a:1 1", "stun:a:2 2"]);
    }
}

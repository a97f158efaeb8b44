//! What got better or worse from one report to another.

mod behaviour;
mod noise;
mod stations;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::place::{pairs, without_port};
use crate::report::{Candidate, Finding, Report, SCHEMA_VERSION, Server, Severity, Verdict, Worth, standings};

/// What a change means to who wants to call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    Worse,
    Better,
    /// Neither, or nobody can tell.
    Other,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    pub meaning: Meaning,
    /// `verdict`, `findings`, `servers`, `candidates`, `turn`, `quality`, `nat`, `expectations`.
    pub area: &'static str,
    pub text: String,
}

/// Everything that differs, worst first: what `rtcprobe report diff --output json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The same as of the reports.
    pub schema_version: u32,
    pub changes: Vec<Change>,
    /// What could not be compared, and why.
    pub notes: Vec<String>,
}

impl Comparison {
    #[must_use]
    pub fn count(&self, meaning: Meaning) -> usize {
        self.changes.iter().filter(|change| change.meaning == meaning).count()
    }

    fn add(&mut self, meaning: Meaning, area: &'static str, text: impl Into<String>) {
        self.changes.push(Change { meaning, area, text: text.into() });
    }

    /// Something that is either good or bad, and changed.
    fn turned(&mut self, area: &'static str, good: bool, text: impl Into<String>) {
        self.add(if good { Meaning::Better } else { Meaning::Worse }, area, text);
    }
}

/// Compares two reports. What one of them does not hold is not compared, and that is said.
#[must_use]
pub fn compare(before: &Report, after: &Report) -> Comparison {
    let mut out = Comparison { schema_version: SCHEMA_VERSION, changes: Vec::new(), notes: Vec::new() };
    for (report, name) in [(before, "the first"), (after, "the second")] {
        if report.interrupted {
            out.notes.push(format!("{name} run was interrupted, so what it lacks may only not have been reached"));
        }
    }
    verdict(before, after, &mut out);
    findings(&before.findings, &after.findings, &mut out);
    servers(&before.servers, &after.servers, &mut out);
    match (&before.gather, &after.gather) {
        (Some(one), Some(other)) => candidates((before, &one.candidates), (after, &other.candidates), &mut out),
        (None, None) => {}
        (one, _) => out.notes.push(only("candidates were gathered", one.is_some())),
    }
    match (&before.nat, &after.nat) {
        (Some(one), Some(other)) => behaviour::compare(one, other, &mut out),
        (None, None) => {}
        (one, _) => out.notes.push(only("the NAT was examined", one.is_some())),
    }
    stations::compare(&before.turn, &after.turn, &mut out);
    expectations(before, after, &mut out);
    out.changes.sort_by_key(|change| change.meaning);
    out
}

fn only(what: &str, first: bool) -> String {
    format!("{what} by the {} run only", if first { "first" } else { "second" })
}

fn verdict(before: &Report, after: &Report, out: &mut Comparison) {
    let weight = |verdict: Verdict| match verdict {
        Verdict::Pass => 0,
        Verdict::Warn => 1,
        Verdict::Fail => 2,
    };
    let word = |verdict: Verdict| match verdict {
        Verdict::Pass => "pass",
        Verdict::Warn => "warn",
        Verdict::Fail => "fail",
    };
    let (one, other) = (before.verdict, after.verdict);
    if one != other {
        out.turned("verdict", weight(other) < weight(one), format!("{} before, {} now", word(one), word(other)));
    }
}

fn findings(before: &[Finding], after: &[Finding], out: &mut Comparison) {
    let exact = |finding: &Finding| format!("{} {}", finding.code, finding.servers.join(" "));
    let moved = |finding: &Finding| {
        let servers: Vec<String> = finding.servers.iter().map(|url| without_port(url)).collect();
        format!("{} {}", finding.code, servers.join(" "))
    };
    let code = |finding: &Finding| finding.code.clone();
    for pair in pairs(before, after, &[&exact, &moved, &code]) {
        match pair {
            (Some(one), Some(other)) if one.severity != other.severity => {
                let text = format!("{} [{}] is a {} now", other.title, other.code, severity(other.severity));
                out.turned("findings", other.severity < one.severity, text);
            }
            (Some(gone), None) => found(gone, true, out),
            (None, Some(new)) => found(new, false, out),
            _ => {}
        }
    }
}

fn found(finding: &Finding, gone: bool, out: &mut Comparison) {
    let what = if gone { "no longer" } else { "new" };
    let about = if finding.servers.is_empty() { String::new() } else { format!(": {}", finding.servers.join(", ")) };
    let text = format!("{what}: {} [{}]{about}", finding.title, finding.code);
    match finding.severity {
        Severity::Info => out.add(Meaning::Other, "findings", text),
        Severity::Warning | Severity::Error => out.turned("findings", gone, text),
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "remark",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn servers(before: &[Server], after: &[Server], out: &mut Comparison) {
    let (one, other) = (standings(before), standings(after));
    let url = |standing: &crate::report::Standing<'_>| standing.url.to_string();
    let moved = |standing: &crate::report::Standing<'_>| without_port(standing.url);
    let rank = |worth: Worth| match worth {
        Worth::Full => Some(2),
        Worth::Part => Some(1),
        Worth::Nothing => Some(0),
        Worth::NotAsked => None,
    };
    for pair in pairs(&one, &other, &[&url, &moved]) {
        match pair {
            (Some(one), Some(other)) => match (rank(one.worth), rank(other.worth)) {
                (Some(was), Some(is)) if was != is => {
                    let text = format!("{}: {} before, {} now", other.url, gave(one), gave(other));
                    out.turned("servers", is > was, text);
                }
                (Some(_), None) => out.notes.push(format!("{} was not asked by the second run", other.url)),
                (None, Some(_)) => out.notes.push(format!("{} was not asked by the first run", other.url)),
                _ => {}
            },
            (Some(gone), None) => out.notes.push(format!("{} was asked by the first run only", gone.url)),
            (None, Some(new)) => out.notes.push(format!("{} was asked by the second run only", new.url)),
            (None, None) => {}
        }
    }
}

fn gave(standing: &crate::report::Standing<'_>) -> String {
    let why = standing.server.outcome.as_str();
    match standing.worth {
        Worth::Full => "all that was wanted".into(),
        Worth::Part if standing.missing.is_empty() => format!("a part ({why})"),
        Worth::Part => format!("no {} ({why})", standing.missing.join(", no ")),
        Worth::Nothing => format!("nothing ({why})"),
        Worth::NotAsked => "not asked".into(),
    }
}

/// Kinds of candidates, each from its server; the addresses and ports themselves may change.
fn candidates(before: (&Report, &[Candidate]), after: (&Report, &[Candidate]), out: &mut Comparison) {
    let asked =
        |report: &Report| -> Vec<String> { report.servers.iter().map(|server| without_port(&server.url)).collect() };
    let (first, second) = (asked(before.0), asked(after.0));
    let both = |url: &String| first.contains(url) && second.contains(url);
    let kinds = |candidates: &[Candidate]| {
        let mut kinds: BTreeMap<String, Option<String>> = BTreeMap::new();
        for candidate in candidates {
            let url = candidate.url.as_deref().map(without_port);
            let family = if candidate.address.contains(':') { "IPv6" } else { "IPv4" };
            let kind = format!("{:?} {:?}", candidate.kind, candidate.protocol).to_lowercase();
            let over =
                candidate.relay_protocol.map(|over| format!(" over {over:?}").to_lowercase()).unwrap_or_default();
            let from = candidate.url.as_ref().map(|url| format!(" from {url}")).unwrap_or_default();
            // The port of the server may differ and is no part of the key, but is of the words.
            let key = format!("{kind} {family}{over} {}", url.clone().unwrap_or_default());
            if url.as_ref().is_none_or(both) {
                kinds.entry(key).or_insert(Some(format!("{kind} {family}{over}{from}")));
            }
        }
        kinds
    };
    let (one, other) = (kinds(before.1), kinds(after.1));
    for (key, words) in &one {
        if !other.contains_key(key) {
            out.add(Meaning::Worse, "candidates", format!("none any more: {}", words.as_deref().unwrap_or(key)));
        }
    }
    for (key, words) in &other {
        if !one.contains_key(key) {
            out.add(Meaning::Better, "candidates", format!("new: {}", words.as_deref().unwrap_or(key)));
        }
    }
    let public = |candidates: &[Candidate]| {
        let mapped = candidates.iter().filter(|candidate| candidate.kind == crate::report::CandidateKind::Srflx);
        let mut addresses: Vec<String> = mapped.map(|candidate| candidate.address.clone()).collect();
        addresses.sort();
        addresses.dedup();
        addresses
    };
    let (one, other) = (public(before.1), public(after.1));
    if one != other && !one.is_empty() && !other.is_empty() {
        let text = format!("public addresses: {} before, {} now", one.join(", "), other.join(", "));
        out.add(Meaning::Other, "candidates", text);
    }
}

fn expectations(before: &Report, after: &Report, out: &mut Comparison) {
    let same = |expectation: &crate::report::Expectation| expectation.expect.clone();
    let word = |met: Option<bool>| match met {
        Some(true) => "met",
        Some(false) => "not met",
        None => "not found out",
    };
    for pair in pairs(&before.expectations, &after.expectations, &[&same]) {
        match pair {
            (Some(one), Some(other)) if one.met != other.met => {
                let text = format!("{}: {} before, {} now", other.expect, word(one.met), word(other.met));
                match (one.met, other.met) {
                    (_, Some(true)) => out.add(Meaning::Better, "expectations", text),
                    (Some(true), _) | (_, Some(false)) => out.add(Meaning::Worse, "expectations", text),
                    _ => out.add(Meaning::Other, "expectations", text),
                }
            }
            (Some(gone), None) => out.notes.push(format!("only the first run was expected to show {}", gone.expect)),
            (None, Some(new)) => out.notes.push(format!("only the second run was expected to show {}", new.expect)),
            _ => {}
        }
    }
}

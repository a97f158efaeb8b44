//! The servers that were asked, and what it all amounts to.

use super::escape::visible;
use super::style::{Ink, Style};
use super::table::{self, Column, flow, wrap};
use crate::report::{CandidateKind, Outcome, Report, Server, Severity, Standing, Verdict, Worth, standings};

const COLUMNS: [Column; 5] = [
    Column { title: "", width: 1, right: false },
    Column { title: "result", width: 12, right: false },
    Column { title: "gave", width: 11, right: false },
    Column { title: "rtt ms", width: 6, right: true },
    Column { title: "server", width: 0, right: false },
];
/// Where the server's name begins.
const INDENT: usize = 38;
/// Where the result begins.
const REASON: usize = 3;
/// More than this many servers are counted, not named.
const NAMED: usize = 3;

/// The servers, what is wrong with them, and what it amounts to.
#[must_use]
pub fn closing(report: &Report, style: &Style) -> String {
    let mut out = String::from("\n");
    if !report.servers.is_empty() {
        out.push_str(&servers(&report.servers, style));
        out.push('\n');
    }
    // Remarks about a configuration that works stay in the report.
    let weighty = report.findings.iter().filter(|finding| finding.severity != Severity::Info);
    out.push_str(&super::findings::text(&weighty.cloned().collect::<Vec<_>>(), style, |_| false));
    let (ink, word) = match report.verdict {
        Verdict::Pass => (Ink::Good, "PASS"),
        Verdict::Warn => (Ink::Doubtful, "WARN"),
        Verdict::Fail => (Ink::Bad, "FAIL"),
    };
    let mut before = format!("{}  ", style.paint(ink, word));
    for line in wrap(style.width, 6, &summary(report)) {
        out.push_str(&format!("{before}{}\n", line.trim_start()));
        before = " ".repeat(6);
    }
    out
}

/// A row for each server: what came of it, what it gave, how far away it is, who it is; and if it
/// failed, why.
#[must_use]
pub fn servers(servers: &[Server], style: &Style) -> String {
    let mut out = table::headings(style, &COLUMNS);
    for server in servers {
        let (ink, mark) = mark(server);
        let cells = [
            (ink, mark.into()),
            (ink, server.outcome.as_str().into()),
            (Ink::Plain, gave(server)),
            (Ink::Plain, server.rtt_ms.map_or("-".into(), |rtt| format!("{rtt:.1}"))),
            (Ink::Bold, visible(&server.url)),
        ];
        out.push_str(&table::row(style, &COLUMNS, &cells));
        for line in flow(style.width, INDENT.min(style.width / 2), &facts(server)) {
            out.push_str(&(style.paint(Ink::Dim, &line) + "\n"));
        }
        let distrust = server.tls.as_ref().and_then(|tls| tls.distrust.as_ref());
        for line in server.error.as_ref().or(distrust).iter().flat_map(|why| wrap(style.width, REASON, &visible(why))) {
            out.push_str(&(style.paint(ink, &line) + "\n"));
        }
    }
    out
}

fn facts(server: &Server) -> Vec<String> {
    let mut facts = Vec::new();
    facts.extend(server.resolved.last().filter(|address| !server.url.contains(*address)).map(|text| visible(text)));
    facts.extend(server.software.as_deref().map(visible));
    if let Some(tls) = &server.tls {
        facts.extend(tls.version.as_deref().map(visible));
        if !tls.trusted {
            facts.push("certificate not trusted".into());
        }
    }
    facts
}

fn mark(server: &Server) -> (Ink, &'static str) {
    let untrusted = server.tls.as_ref().is_some_and(|tls| !tls.trusted);
    match server.outcome {
        Outcome::Ok if untrusted => (Ink::Doubtful, "!"),
        Outcome::Ok => (Ink::Good, "✓"),
        Outcome::Skipped => (Ink::Dim, "-"),
        _ if !server.gave.is_empty() => (Ink::Doubtful, "!"),
        _ => (Ink::Bad, "✗"),
    }
}

fn gave(server: &Server) -> String {
    match (server.outcome, server.gave.is_empty()) {
        (Outcome::Skipped, true) => "-".into(),
        (_, true) => "nothing".into(),
        _ => visible(&server.gave.join(" ")),
    }
}

/// What it amounts to, in a few short sentences.
pub(super) fn summary(report: &Report) -> String {
    let mut sentences = Vec::new();
    if report.interrupted {
        sentences.push("Interrupted before the end.".to_string());
    } else if report.unknown.get("/gather/completeMs").is_some_and(|why| why == "time-limit") {
        sentences.push("Stopped at the time limit (--timeout).".to_string());
    }
    sentences.push(candidates(report));
    let standings = standings(&report.servers);
    let of = |worth| standings.iter().filter(|standing| standing.worth == worth).collect::<Vec<_>>();
    let (full, part, nothing) = (of(Worth::Full), of(Worth::Part), of(Worth::Nothing));
    let all = full.len() + part.len() + nothing.len();
    match (full.len(), all) {
        (_, 0) => sentences.push("No server was asked.".into()),
        (1, 1) => sentences.push("The server gave what it should.".into()),
        (full, all) if full == all => sentences.push(format!("All {all} servers gave what they should.")),
        (0, _) => {}
        (full, all) => sentences.push(format!("{full} of {all} servers gave what {} should.", they(full))),
    }
    if !part.is_empty() {
        sentences.push(format!("{} gave only a part: {}.", counted(part.len(), all), named(&part, true)));
    }
    if !nothing.is_empty() {
        sentences.push(format!("{} gave nothing: {}.", counted(nothing.len(), all), named(&nothing, false)));
    }
    let untrusted = report.servers.iter().filter(|server| server.tls.as_ref().is_some_and(|tls| !tls.trusted));
    if untrusted.filter(|server| server.outcome == Outcome::Ok).count() > 0 {
        sentences.push("A certificate is not trusted; a browser would refuse it.".into());
    }
    sentences.join(" ")
}

fn candidates(report: &Report) -> String {
    let found = report.gather.as_ref().map_or(&[][..], |gather| &gather.candidates);
    let kinds = [
        (CandidateKind::Host, "host"),
        (CandidateKind::Srflx, "srflx"),
        (CandidateKind::Prflx, "prflx"),
        (CandidateKind::Relay, "relay"),
    ];
    let count = |kind| found.iter().filter(|candidate| candidate.kind == kind).count();
    let kinds = kinds.iter().map(|(kind, word)| (count(*kind), word)).filter(|(count, _)| *count > 0);
    let kinds: Vec<String> = kinds.map(|(count, word)| format!("{count} {word}")).collect();
    match found.len() {
        0 => "No candidates.".into(),
        1 => format!("1 candidate ({}).", kinds.join(", ")),
        many => format!("{many} candidates ({}).", kinds.join(", ")),
    }
}

fn counted(some: usize, all: usize) -> String {
    match (some, all) {
        (1, 1) => "The server".into(),
        (some, all) if some == all => format!("All {all} servers"),
        _ => format!("{some} of {all}"),
    }
}

fn they(count: usize) -> &'static str {
    if count == 1 { "it" } else { "they" }
}

fn named(standings: &[&Standing<'_>], with_missing: bool) -> String {
    let name = |standing: &&Standing<'_>| {
        let why = standing.server.outcome.as_str();
        if let Some(address) = standing.server.resolved.last().filter(|_| with_missing && standing.elsewhere) {
            return format!("{} (not at {}: {why})", visible(standing.url), visible(address));
        }
        let missing = if with_missing && !standing.missing.is_empty() {
            format!("no {}, ", standing.missing.join(", no "))
        } else {
            String::new()
        };
        format!("{} ({}{why})", visible(standing.url), visible(&missing))
    };
    let mut names: Vec<String> = standings.iter().take(NAMED).map(name).collect();
    if standings.len() > NAMED {
        names.push(format!("and {} more", standings.len() - NAMED));
    }
    names.join(", ")
}

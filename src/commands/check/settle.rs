//! What gathering and checking say about the same servers, in one list; and what it amounts to.

use crate::commands::turn::facts;
use crate::commands::turn::verdict::{self as checks, Demands};
use crate::drive::Ended;
use crate::report::{Finding, Report, Server, Severity, Verdict, standings};

/// Gives each URL its entries, in the order of `urls`. Where a server was checked step by step, the
/// check is what counts, and the gathering adds what else it gave.
pub fn servers(report: &mut Report, urls: &[String], rto_ms: f64, ended: Ended) {
    let gathered = std::mem::take(&mut report.servers);
    let turns: Vec<String> = urls.iter().filter(|url| is_turn(url)).cloned().collect();
    facts::settle(report, &turns, rto_ms, ended);
    for server in &mut report.servers {
        let same: Vec<&Server> = gathered.iter().filter(|other| is_same(server, other)).collect();
        for other in same {
            add(&mut server.wanted, &other.wanted);
            add(&mut server.gave, &other.gave);
        }
    }
    report.servers.extend(gathered.into_iter().filter(|server| !is_turn(&server.url)));
    let place = |url: &str| urls.iter().position(|other| other == url).unwrap_or(urls.len());
    report.servers.sort_by_key(|server| place(&server.url));
}

fn is_turn(url: &str) -> bool {
    url.starts_with("turn")
}

fn is_same(server: &Server, gathered: &Server) -> bool {
    server.url == gathered.url && server.resolved.iter().any(|address| gathered.resolved.contains(address))
}

/// In the order `srflx`, `relay`.
fn add(kinds: &mut Vec<String>, more: &[String]) {
    for (place, kind) in
        more.iter().filter(|kind| !kinds.contains(kind)).cloned().collect::<Vec<_>>().into_iter().enumerate()
    {
        kinds.insert(place, kind);
    }
}

/// What nobody listens at, where all transports of a bare host were tried: not offered is no trouble, as
/// long as another one works.
const NOT_OFFERED: [&str; 5] =
    ["dtls-listener-off", "server-not-running", "tls-listener-missing", "turn-tcp-not-listening", "wrong-port"];

/// What is said of this network's NAT, and is a warning where it is all that was asked for.
const OF_THE_NAT: [&str; 3] = ["nat-contradictory", "nat-not-deterministic", "nat-symmetric"];

/// Nobody wrote the URLs that stand for a bare host: what is wrong with those alone is a warning at
/// most, where others of the host work.
pub fn excuse(report: &mut Report, demands: &Demands) {
    let excused: Vec<String> = excused(report, demands).into_iter().cloned().collect();
    for finding in &mut report.findings {
        if !finding.servers.is_empty() && finding.servers.iter().all(|url| excused.contains(url)) {
            let not_offered = NOT_OFFERED.contains(&finding.code.as_str());
            let most = if not_offered { Severity::Info } else { Severity::Warning };
            finding.severity = finding.severity.min(most);
        }
    }
    report.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
}

/// Where calls can be relayed, what the NAT does to direct ones keeps nobody from talking.
pub fn spare(report: &mut Report) {
    if report.turn.iter().all(|turn| turn.works != Some(true)) {
        return;
    }
    for finding in report.findings.iter_mut().filter(|finding| OF_THE_NAT.contains(&finding.code.as_str())) {
        finding.severity = Severity::Info;
    }
    report.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
}

/// Those of a bare host that do not work, while others do.
fn excused<'a>(report: &Report, demands: &'a Demands) -> Vec<&'a String> {
    let works = |url: &&String| report.turn.iter().any(|turn| turn.url == **url && turn.works == Some(true));
    let hosts = demands.hosts.iter().filter(|urls| urls.iter().any(|url| works(&url)));
    hosts.flatten().filter(|url| !works(url)).collect()
}

/// Leaves findings out; says which servers only these were about.
pub fn ignore(report: &mut Report, codes: &[String]) -> Vec<String> {
    let (ignored, kept): (Vec<Finding>, Vec<Finding>) =
        std::mem::take(&mut report.findings).into_iter().partition(|finding| codes.contains(&finding.code));
    let others =
        |url: &String| kept.iter().any(|finding| finding.severity == Severity::Error && finding.servers.contains(url));
    let urls = ignored.into_iter().flat_map(|finding| finding.servers).filter(|url| !others(url)).collect();
    report.findings = kept;
    urls
}

/// What it amounts to: reads the findings and the expectations that are in the report already.
pub fn verdict(report: &Report, demands: &Demands, ignored: &[String]) -> Verdict {
    let weighty = |url: &String| {
        report.findings.iter().any(|finding| finding.severity != Severity::Info && finding.servers.contains(url))
    };
    // Not offered, and nothing is the worse for it.
    let excused: Vec<&String> = excused(report, demands).into_iter().filter(|url| !weighty(url)).collect();
    let told = |url: &String| report.findings.iter().any(|finding| finding.servers.contains(url));
    let spared = |url: &String| excused.contains(&url) && told(url);
    let counts = |url: &&String| !ignored.contains(url) && !spared(url);
    let turns = demands.urls.iter().filter(|url| is_turn(url)).filter(counts).cloned().collect();
    let turns = Demands { urls: turns, ..demands.clone() };
    let standings = standings(&report.servers).into_iter();
    let others = standings.filter(|standing| !is_turn(standing.url) && !ignored.iter().any(|url| url == standing.url));
    let explained =
        |url: &str| report.findings.iter().any(|finding| finding.servers.iter().any(|server| server == url));
    let useless = others.filter(|standing| standing.useless && !explained(standing.url)).count();
    let candidates = report.gather.as_ref().is_some_and(|gather| !gather.candidates.is_empty());
    let is = |met| report.expectations.iter().any(|expectation| expectation.met == met);
    match checks::verdict(report, &turns) {
        _ if is(Some(false)) || useless > 0 || (!candidates && !report.interrupted) => Verdict::Fail,
        Verdict::Pass if is(None) => Verdict::Warn,
        Verdict::Pass if report.servers.iter().any(|server| !server.wanted.is_empty() && server.gave.is_empty()) => {
            Verdict::Warn
        }
        verdict => verdict,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four URLs of a host that all work, and findings of the NAT and of a certificate.
    fn good() -> Report {
        let mut report: Report =
            serde_json::from_str(include_str!("../../../fixtures/reports/check-good.json")).unwrap();
        let like = report.findings[0].clone();
        let named = |code: &str| Finding { code: code.into(), severity: Severity::Warning, ..like.clone() };
        report.findings = ["nat-symmetric", "tls-cert-expires-soon", "nat-contradictory"].map(named).to_vec();
        report
    }

    fn weights(report: &Report) -> Vec<(&str, Severity)> {
        report.findings.iter().map(|finding| (finding.code.as_str(), finding.severity)).collect()
    }

    #[test]
    fn what_the_nat_does_to_direct_calls_weighs_little_where_calls_are_relayed() {
        let mut report = good();
        spare(&mut report);
        let expected = [
            ("tls-cert-expires-soon", Severity::Warning),
            ("nat-symmetric", Severity::Info),
            ("nat-contradictory", Severity::Info),
        ];
        assert_eq!(weights(&report), expected, "and what weighs more comes first");
    }

    #[test]
    fn it_weighs_what_it_weighs_where_nothing_relays() {
        for works in [None, Some(false)] {
            let mut report = good();
            report.turn.iter_mut().for_each(|turn| turn.works = works);
            let before = report.findings.clone();
            spare(&mut report);
            assert_eq!(report.findings, before);
        }
        let mut report = good();
        report.turn.clear();
        spare(&mut report);
        assert!(report.findings.iter().all(|finding| finding.severity == Severity::Warning), "no TURN server at all");
        report = good();
        report.turn.iter_mut().skip(1).for_each(|turn| turn.works = Some(false));
        spare(&mut report);
        assert_eq!(weights(&report)[1], ("nat-symmetric", Severity::Info), "one that relays is enough");
    }

    #[test]
    fn a_stop_after_the_checks_does_not_put_them_in_doubt() {
        let mut report = good();
        facts::explain(&mut report, Ended::Interrupted, true);
        assert!(!report.unknown.contains_key("/turn"), "{:?}", report.unknown);
        let last = report.turn.pop().unwrap();
        facts::explain(&mut report, Ended::Interrupted, true);
        assert_eq!(report.unknown["/turn"], "interrupted", "{} has no check", last.url);
    }
}

//! What the checks amount to.

use crate::report::{RelayProtocol, Report, Severity, Turn, Verdict};

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
    if failing.len() > excused.len() || errors || open {
        return Verdict::Fail;
    }
    let doubts = report.findings.iter().any(|finding| finding.severity != Severity::Info);
    let untrusted = report.turn.iter().any(|turn| turn.tls.as_ref().is_some_and(|tls| !tls.trusted));
    if failing.is_empty() && !doubts && !untrusted { Verdict::Pass } else { Verdict::Warn }
}

/// At every address, as far as it was found out.
fn works(report: &Report, url: &str) -> bool {
    let mut entries = entries(report, url).peekable();
    entries.peek().is_some() && entries.all(is_well)
}

fn is_well(turn: &Turn) -> bool {
    turn.works == Some(true) || turn.refuses_strangers()
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

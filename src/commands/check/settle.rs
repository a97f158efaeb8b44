//! What gathering and checking say about the same servers, in one list; and what it amounts to.

use crate::commands::turn::facts;
use crate::commands::turn::verdict::{self as checks, Demands};
use crate::drive::Ended;
use crate::report::{Report, Server, Verdict, standings};

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

/// What it amounts to: reads the findings that are in the report already.
pub fn verdict(report: &Report, demands: &Demands) -> Verdict {
    let turns = Demands { urls: demands.urls.iter().filter(|url| is_turn(url)).cloned().collect(), ..demands.clone() };
    let others = standings(&report.servers).into_iter().filter(|standing| !is_turn(standing.url));
    let useless = others.filter(|standing| standing.useless).count();
    let candidates = report.gather.as_ref().is_some_and(|gather| !gather.candidates.is_empty());
    match checks::verdict(report, &turns) {
        _ if useless > 0 || (!candidates && !report.interrupted) => Verdict::Fail,
        verdict => verdict,
    }
}

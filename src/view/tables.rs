//! What a report says, as tables: the same for every page that draws them. Their cells are as the
//! report has them; whoever draws them makes them safe.

pub mod behaviour;
mod paths;
mod stations;

use serde::Serialize;

use crate::report::{Candidate, Expectation, Report, Server};

/// A table with its heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub title: &'static str,
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<Cell>>,
}

/// What stands in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// A name, an address, a number: something that is written as it is.
    Word(String),
    /// A sentence.
    Prose(String),
    /// How something went, in a word.
    Mark(Mark, String),
}

/// How something went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Good,
    Bad,
    Doubtful,
    /// Not done, not known.
    Open,
}

impl Mark {
    /// So that nothing is told by colour alone.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Mark::Good => "✓",
            Mark::Bad => "✗",
            Mark::Doubtful => "!",
            Mark::Open => "–",
        }
    }
}

impl Cell {
    /// A fact, or a dash where it is not known.
    pub(super) fn word(text: Option<impl ToString>) -> Cell {
        text.map_or(Cell::Word("–".into()), |text| Cell::Word(text.to_string()))
    }
}

/// Everything but the findings, in the order in which it is asked for.
#[must_use]
pub fn all(report: &Report) -> Vec<Table> {
    let before = [
        expectations(&report.expectations),
        paths::connection(report),
        paths::pairs(report),
        stations::table(report),
        stations::steps(report),
        stations::quality(report),
    ];
    let after = [servers(report), candidates(report)];
    before.into_iter().flatten().chain(behaviour::tables(report)).chain(after.into_iter().flatten()).collect()
}

/// The name that the report itself uses for a word.
#[must_use]
pub fn name(word: &impl Serialize) -> String {
    serde_json::to_value(word).ok().and_then(|value| value.as_str().map(String::from)).unwrap_or_default()
}

/// Milliseconds, as precisely as they matter.
#[must_use]
pub fn ms(ms: f64) -> String {
    match ms {
        ms if ms < 1.0 => format!("{ms:.2} ms"),
        ms if ms < 100.0 => format!("{ms:.1} ms"),
        ms if ms < 10_000.0 => format!("{ms:.0} ms"),
        ms => format!("{:.1} s", ms / 1e3),
    }
}

fn expectations(expectations: &[Expectation]) -> Option<Table> {
    let row = |expectation: &Expectation| {
        let mark = match expectation.met {
            Some(true) => Cell::Mark(Mark::Good, "met".into()),
            Some(false) => Cell::Mark(Mark::Bad, "not met".into()),
            None => Cell::Mark(Mark::Open, "not found out".into()),
        };
        vec![mark, Cell::Word(expectation.expect.clone()), Cell::Prose(expectation.detail.clone())]
    };
    let rows: Vec<Vec<Cell>> = expectations.iter().map(row).collect();
    let columns = vec!["result", "expected", "because"];
    (!rows.is_empty()).then_some(Table { title: "Expectations", columns, rows })
}

/// Servers that no check of TURN speaks of already.
fn servers(report: &Report) -> Option<Table> {
    let checked = |server: &&Server| !report.turn.iter().any(|turn| turn.url == server.url);
    let row = |server: &Server| {
        let untrusted = server.tls.as_ref().is_some_and(|tls| !tls.trusted);
        let mark = match server.outcome {
            crate::report::Outcome::Ok if untrusted => Mark::Doubtful,
            crate::report::Outcome::Ok => Mark::Good,
            crate::report::Outcome::Skipped => Mark::Open,
            _ if !server.gave.is_empty() => Mark::Doubtful,
            _ => Mark::Bad,
        };
        let distrust = server.tls.as_ref().and_then(|tls| tls.distrust.as_ref());
        let why = server.error.as_ref().or(distrust).cloned().unwrap_or_default();
        vec![
            Cell::Mark(mark, name(&server.outcome)),
            Cell::Word(server.url.clone()),
            Cell::word(server.resolved.last()),
            Cell::word(Some(server.gave.join(" ")).filter(|gave| !gave.is_empty())),
            Cell::word(server.rtt_ms.map(ms)),
            Cell::word(server.software.as_ref()),
            Cell::Prose(why),
        ]
    };
    let rows: Vec<Vec<Cell>> = report.servers.iter().filter(checked).map(row).collect();
    let columns = vec!["result", "server", "address", "gave", "rtt", "software", "why"];
    (!rows.is_empty()).then_some(Table { title: "Servers", columns, rows })
}

fn candidates(report: &Report) -> Option<Table> {
    let gather = report.gather.as_ref()?;
    let row = |candidate: &Candidate| {
        let address = transport_address(&candidate.address, candidate.port);
        let base = match (&candidate.related_address, candidate.related_port) {
            (Some(address), Some(port)) => Some(transport_address(address, port)),
            _ => None,
        };
        vec![
            Cell::Word(ms(candidate.elapsed_ms)),
            Cell::Word(name(&candidate.kind)),
            Cell::Word(name(&candidate.protocol)),
            Cell::Word(address),
            Cell::word(base),
            Cell::Word(candidate.priority.to_string()),
            Cell::word(candidate.url.as_ref().or(candidate.interface.as_ref())),
        ]
    };
    let rows: Vec<Vec<Cell>> = gather.candidates.iter().map(row).collect();
    let columns = vec!["after", "type", "protocol", "address", "related", "priority", "from"];
    (!rows.is_empty()).then_some(Table { title: "Candidates", columns, rows })
}

/// `address:port`, with brackets where they are needed.
#[must_use]
pub fn transport_address(address: &str, port: u16) -> String {
    if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
}

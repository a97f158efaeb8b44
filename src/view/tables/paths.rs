//! A connection: what came of it, and every pair of candidates.

use super::{Cell, Mark, Table, ms, name};
use crate::report::Report;
use crate::report::connect::{Connect, Pair, PairState};
use crate::view::connect::{failure, pair_state, side};

/// One row for each fact that is known.
pub fn connection(report: &Report) -> Option<Table> {
    let connect = report.connect.as_ref()?;
    let rows = facts(connect).into_iter().filter_map(|(label, value)| {
        Some(vec![Cell::Prose(label.into()), Cell::Word(value.filter(|value| !value.is_empty())?)])
    });
    Some(Table { title: "Connection", columns: vec!["question", "answer"], rows: rows.collect() })
}

fn facts(connect: &Connect) -> Vec<(&'static str, Option<String>)> {
    let since = |at: Option<f64>| Some(ms(at? - connect.checking_ms?));
    let echo = connect.echo.as_ref();
    let percent = |ratio: f64| format!("{:.2} %", ratio * 100.0);
    let pair = connect.selected.as_ref().map(|selected| format!("{} to {}", selected.local, selected.remote));
    let types = connect.selected.as_ref().map(|selected| {
        let (one, other) =
            (side(selected.local_type, selected.protocol), side(selected.remote_type, selected.protocol));
        format!("{one} to {other}, {}", name(&selected.path))
    });
    let consent = connect.consent.as_ref().filter(|consent| consent.requests > 0);
    vec![
        ("State", Some(name(&connect.state))),
        ("Role", connect.role.as_ref().map(name)),
        ("Pair in use", pair),
        ("Path", types),
        ("First valid pair after", since(connect.first_valid_ms)),
        ("Connected after", since(connect.connected_ms)),
        ("Other side", connect.remote.agent.clone()),
        ("RTT, median", echo.and_then(|echo| echo.rtt_median_ms).map(ms)),
        ("RTT, 95th percentile", echo.and_then(|echo| echo.rtt_p95_ms).map(ms)),
        ("Loss", echo.filter(|echo| echo.echoed).and_then(|echo| echo.loss).map(percent)),
        ("Jitter", echo.and_then(|echo| echo.jitter_ms).map(ms)),
        ("Consent", consent.map(|consent| format!("{} of {} answered", consent.responses, consent.requests))),
        ("Forecast", connect.forecast.as_ref().map(|forecast| forecast.detail.clone())),
        ("Times without a path", Some(connect.cuts.len()).filter(|cuts| *cuts > 0).map(|cuts| cuts.to_string())),
    ]
}

/// Every pair, the one in use first.
pub fn pairs(report: &Report) -> Option<Table> {
    let connect = report.connect.as_ref()?;
    let mut order: Vec<&Pair> = connect.pairs.iter().collect();
    order.sort_by_key(|pair| (!pair.selected, pair.state != PairState::Succeeded, std::cmp::Reverse(pair.priority)));
    let row = |pair: &&Pair| {
        let mark = match (pair.state, &pair.failure) {
            _ if pair.selected => Cell::Mark(Mark::Good, "in use".into()),
            (PairState::Succeeded, _) => Cell::Mark(Mark::Good, pair_state(pair.state).into()),
            (PairState::Failed, Some(why)) => Cell::Mark(Mark::Bad, failure(why)),
            (PairState::Failed, None) => Cell::Mark(Mark::Bad, pair_state(pair.state).into()),
            (state, _) => Cell::Mark(Mark::Open, pair_state(state).into()),
        };
        vec![
            mark,
            Cell::Word(format!("{} {}", side(pair.local_type, pair.protocol), pair.local)),
            Cell::Word(format!("{} {}", side(pair.remote_type, pair.protocol), pair.remote)),
            Cell::Word(format!("{}/{}", pair.responses_received, pair.requests_sent)),
            Cell::word(pair.rtt_ms.map(ms)),
            Cell::Prose(pair.failure.as_ref().map(|failure| failure.detail.clone()).unwrap_or_default()),
        ]
    };
    let rows: Vec<Vec<Cell>> = order.iter().map(row).collect();
    let columns = vec!["result", "here", "there", "checks", "rtt", "why"];
    (!rows.is_empty()).then_some(Table { title: "Pairs", columns, rows })
}

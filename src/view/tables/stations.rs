//! TURN servers: what works, which steps were done, how good the way through the relay is.

use super::{Cell, Mark, Table, ms, name};
use crate::report::{Report, StepName, StepOutcome, Turn};

/// The steps that a browser needs, with short names.
pub const STEPS: [(StepName, &str); 12] = [
    (StepName::Resolve, "dns"),
    (StepName::Connect, "conn"),
    (StepName::Tls, "tls"),
    (StepName::Binding, "bind"),
    (StepName::Challenge, "chal"),
    (StepName::Allocate, "alloc"),
    (StepName::Permission, "perm"),
    (StepName::Channel, "chan"),
    (StepName::RelaySend, "send"),
    (StepName::RelayReceive, "recv"),
    (StepName::Refresh, "refr"),
    (StepName::Release, "rel"),
];

/// What works, and what does not and why.
pub fn table(report: &Report) -> Option<Table> {
    let row = |turn: &Turn| {
        let why = turn.failing().map(|(_, step)| {
            let detail = step.detail.as_ref().or(step.error_text.as_ref());
            let cause = step.cause.as_ref().map(name).unwrap_or_else(|| name(&step.outcome));
            format!("{}: {}", step.name.as_str(), detail.unwrap_or(&cause))
        });
        vec![
            works(turn),
            Cell::Word(turn.url.clone()),
            Cell::word(turn.address.as_ref()),
            Cell::word(turn.allocation.as_ref().map(|allocation| &allocation.relayed)),
            Cell::word(turn.mapped.as_ref()),
            Cell::Prose(why.unwrap_or_default()),
        ]
    };
    let rows: Vec<Vec<Cell>> = report.turn.iter().map(row).collect();
    let columns = vec!["result", "server", "address", "relayed", "seen as", "why"];
    (!rows.is_empty()).then_some(Table { title: "TURN servers", columns, rows })
}

/// Which steps were done.
pub fn steps(report: &Report) -> Option<Table> {
    let row = |turn: &Turn| {
        let mut row = vec![Cell::Word(name(&turn.transport))];
        row.extend(STEPS.iter().map(|(step, _)| mark(turn, *step)));
        row
    };
    let rows: Vec<Vec<Cell>> = report.turn.iter().map(row).collect();
    let columns = std::iter::once("over").chain(STEPS.iter().map(|(_, short)| *short)).collect();
    (!rows.is_empty()).then_some(Table { title: "Steps", columns, rows })
}

/// Loss, round-trip times and jitter through the relay.
pub fn quality(report: &Report) -> Option<Table> {
    let row = |turn: &Turn| {
        let echo = turn.echo.as_ref()?;
        let rtt = |of: fn(&crate::report::Spread) -> f64| Cell::word(echo.rtt_ms.as_ref().map(|rtt| ms(of(rtt))));
        let lost = echo.sent.saturating_sub(echo.received);
        Some(vec![
            Cell::Word(turn.url.clone()),
            Cell::Word(format!("{:.1} % ({lost} of {})", echo.loss_ratio * 100.0, echo.sent)),
            rtt(|rtt| rtt.min),
            rtt(|rtt| rtt.p50),
            rtt(|rtt| rtt.p95),
            rtt(|rtt| rtt.max),
            Cell::word(echo.jitter_ms.map(ms)),
        ])
    };
    let rows: Vec<Vec<Cell>> = report.turn.iter().filter_map(row).collect();
    let columns = vec!["through", "loss", "rtt min", "rtt p50", "rtt p95", "rtt max", "jitter"];
    (!rows.is_empty()).then_some(Table { title: "Quality through the relay", columns, rows })
}

fn works(turn: &Turn) -> Cell {
    match turn.works {
        _ if turn.refuses_strangers() => Cell::Mark(Mark::Good, "refuses".into()),
        Some(true) => Cell::Mark(Mark::Good, "works".into()),
        Some(false) => Cell::Mark(Mark::Bad, "fails".into()),
        None => Cell::Mark(Mark::Open, "unknown".into()),
    }
}

fn mark(turn: &Turn, step: StepName) -> Cell {
    let outcome = turn.step(step).map(|step| step.outcome);
    match outcome {
        Some(StepOutcome::Ok) => Cell::Mark(Mark::Good, String::new()),
        Some(StepOutcome::Failed | StepOutcome::Timeout) => Cell::Mark(Mark::Bad, String::new()),
        Some(StepOutcome::Skipped) | None => Cell::Mark(Mark::Open, String::new()),
    }
}

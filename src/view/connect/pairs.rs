//! The pairs: what was checked, what became of it.

use super::words;
use crate::report::connect::{Connect, Pair, PairState};
use crate::view::escape::visible;
use crate::view::style::{Ink, Style};
use crate::view::table::{self, Column, wrap};

pub const COLUMNS: [Column; 5] = [
    Column { title: "here", width: 27, right: false },
    Column { title: "there", width: 27, right: false },
    Column { title: "state", width: 8, right: false },
    Column { title: "checks", width: 6, right: true },
    Column { title: "ms", width: 4, right: true },
];
/// Pairs that are drawn unless all are wanted.
const DRAWN: usize = 12;
/// Checks of a pair that are drawn when all is wanted.
const CHECKS: usize = 16;

/// The table: what works first, then what failed, with the reason below; with `verbose` all, and every check.
pub fn table(connect: &Connect, style: &Style, verbose: bool) -> String {
    if connect.pairs.is_empty() {
        return String::new();
    }
    // With a pair in use, those that nobody tried tell nothing.
    let idle = |pair: &&Pair| pair.is_untried() && connect.selected.is_some() && !verbose;
    let mut order: Vec<&Pair> = connect.pairs.iter().filter(|pair| !idle(pair)).collect();
    let untried = connect.pairs.len() - order.len();
    order.sort_by_key(|pair| rank(pair));
    let drawn = if verbose { order.len() } else { DRAWN.min(order.len()) };
    let mut out = table::headings(style, &COLUMNS);
    for pair in &order[..drawn] {
        out.push_str(&row(pair, style));
        let repeats = pair.failure.as_ref().map(|failure| failure.detail.as_str()).unwrap_or_default();
        if !repeats.is_empty() {
            for line in wrap(style.width, 4, &visible(repeats)) {
                out.push_str(&(style.paint(Ink::Dim, &line) + "\n"));
            }
        }
        if verbose {
            out.push_str(&checks(pair, style));
        }
    }
    let (left, more) = (order.len() - drawn, connect.pairs_left_out);
    if left > 0 {
        let text = format!("And {left} more: {} (-v shows them).", tally(&order[drawn..]));
        wrap(style.width, 0, &text).iter().for_each(|line| out.push_str(&(style.paint(Ink::Dim, line) + "\n")));
    }
    if untried > 0 {
        let text = format!("Pairs that were not needed: {untried} (-v shows them).");
        wrap(style.width, 0, &text).iter().for_each(|line| out.push_str(&(style.paint(Ink::Dim, line) + "\n")));
    }
    if more > 0 {
        let text = format!("{more} pairs were left out: 100 are checked (RFC 8445 section 6.1.2.5).");
        wrap(style.width, 0, &text).iter().for_each(|line| out.push_str(&(style.paint(Ink::Dim, line) + "\n")));
    }
    out
}

/// A row: addresses that do not fit go on below, as everywhere.
pub fn row(pair: &Pair, style: &Style) -> String {
    let (ink, word) = standing(pair);
    let end = |kind, address: &str| format!("{:<5} {}", words::side(kind, pair.protocol), visible(address));
    let cells = [
        (Ink::Plain, end(pair.local_type, &pair.local)),
        (Ink::Plain, end(pair.remote_type, &pair.remote)),
        (ink, word.to_string()),
        (Ink::Plain, format!("{}/{}", pair.responses_received, pair.requests_sent)),
        (Ink::Plain, pair.rtt_ms.map(short).unwrap_or_default()),
    ];
    table::row(style, &COLUMNS, &cells)
}

/// What a pair came to, in a few words.
pub fn outcome(pair: &Pair) -> String {
    match (&pair.failure, pair.state) {
        (Some(failure), PairState::Failed) => visible(&failure.detail),
        (_, PairState::Succeeded) => match pair.rtt_ms {
            Some(ms) => format!("works, {} ms", short(ms)),
            None => "works".into(),
        },
        (_, state) => words::pair_state(state).to_string(),
    }
}

/// Milliseconds in four columns.
pub fn short(ms: f64) -> String {
    match ms {
        ms if ms < 10.0 => format!("{ms:.1}"),
        ms => format!("{ms:.0}"),
    }
}

/// What comes first: the pair in use, then what works, then what is open, then what was tried.
pub fn rank(pair: &Pair) -> (u8, bool, std::cmp::Reverse<u64>) {
    let state = match pair.state {
        _ if pair.selected => 0,
        PairState::Succeeded => 1,
        PairState::InProgress => 2,
        PairState::Failed => 3,
        PairState::Waiting => 4,
        PairState::Frozen => 5,
    };
    (state, pair.responses_received == 0, std::cmp::Reverse(pair.priority))
}

fn standing(pair: &Pair) -> (Ink, &'static str) {
    match pair.state {
        _ if pair.selected => (Ink::Good, "in use"),
        PairState::Succeeded => (Ink::Good, words::pair_state(pair.state)),
        PairState::Failed => (Ink::Bad, words::pair_state(pair.state)),
        state => (Ink::Dim, words::pair_state(state)),
    }
}

/// How many of what.
fn tally(pairs: &[&Pair]) -> String {
    let mut kinds: Vec<(String, usize)> = Vec::new();
    for pair in pairs {
        let word = match &pair.failure {
            Some(failure) if pair.state == PairState::Failed => words::failure(failure),
            _ => words::pair_state(pair.state).to_string(),
        };
        match kinds.iter_mut().find(|(known, _)| *known == word) {
            Some((_, count)) => *count += 1,
            None => kinds.push((word, 1)),
        }
    }
    kinds.iter().map(|(word, count)| format!("{count} {word}")).collect::<Vec<_>>().join(", ")
}

/// Each transaction: when, which way, how often, how it was answered.
fn checks(pair: &Pair, style: &Style) -> String {
    let mut out = String::new();
    for check in pair.checks.iter().take(CHECKS) {
        let way = if check.received { "from there" } else { "from here" };
        let mut text = format!("{:8.1} ms  {way}  {}", check.elapsed_ms, visible(&check.transaction));
        if check.copies > 1 {
            text.push_str(&format!("  {} copies", check.copies));
        }
        if check.nominating {
            text.push_str("  USE-CANDIDATE");
        }
        if check.consent {
            text.push_str("  consent");
        }
        text.push_str(&match (check.answered_ms, check.code) {
            (Some(at), Some(code)) => format!("  answered {code} after {} ms", short(at - check.elapsed_ms)),
            (Some(at), None) => format!("  answered after {} ms", short(at - check.elapsed_ms)),
            (None, _) => "  no answer".into(),
        });
        if let Some(from) = &check.answered_from {
            text.push_str(&format!(" from {}", visible(from)));
        }
        for line in wrap_kept(style.width, &text) {
            out.push_str(&(style.paint(Ink::Dim, &line) + "\n"));
        }
    }
    let more = pair.checks.len().saturating_sub(CHECKS);
    if more > 0 {
        out.push_str(&(style.paint(Ink::Dim, &format!("    and {more} more, in the JSON")) + "\n"));
    }
    out
}

fn wrap_kept(width: usize, text: &str) -> Vec<String> {
    let text = format!("    {text}");
    if table::width(&text) <= width { vec![text] } else { wrap(width, 4, &text) }
}

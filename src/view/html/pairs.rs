//! When each pair was checked, when it worked, and for how long it was tried in vain.

use super::chart::{self, WIDTH};
use crate::report::Report;
use crate::report::connect::{Connect, Pair, PairState};
use crate::view::connect::{pair_state, side};

const ROW: f64 = 20.0;
const LEFT: f64 = 96.0;
const RIGHT: f64 = WIDTH - 58.0;
const MOST: usize = 30;

pub fn figure(report: &Report) -> String {
    report.connect.as_ref().map(draw).unwrap_or_default()
}

/// From its first check to its first answer, or to the last copy of what was not answered.
fn span(pair: &Pair) -> Option<(f64, f64)> {
    let last = pair.checks.iter().map(|check| check.answered_ms.unwrap_or(check.elapsed_ms)).fold(0.0, f64::max);
    let from = pair.first_sent_ms?;
    Some((from, pair.first_valid_ms.unwrap_or(last).max(from)))
}

fn draw(connect: &Connect) -> String {
    let mut pairs: Vec<(&Pair, (f64, f64))> =
        connect.pairs.iter().filter_map(|pair| Some((pair, span(pair)?))).collect();
    pairs.sort_by(|one, other| one.1.0.total_cmp(&other.1.0));
    let all = pairs.len();
    pairs.truncate(MOST);
    let (Some(first), Some(last)) = (
        pairs.iter().map(|(_, span)| span.0).min_by(f64::total_cmp),
        pairs.iter().map(|(_, span)| span.1).max_by(f64::total_cmp),
    ) else {
        return String::new();
    };
    let most = chart::round_up(last - first);
    let bottom = 8.0 + ROW * pairs.len() as f64;
    let mut inside = String::new();
    for tick in [0.0, 0.5, 1.0] {
        let x = LEFT + (RIGHT - LEFT) * tick;
        inside.push_str(&chart::line(x, 4.0, x, bottom, "axis"));
        inside.push_str(&chart::text(x, bottom + 14.0, "small soft middle", &chart::short(most * tick)));
    }
    let mut words = Vec::new();
    for (number, (pair, (from, to))) in pairs.iter().enumerate() {
        let y = 8.0 + ROW * number as f64;
        let label = format!("{} – {}", side(pair.local_type, pair.protocol), side(pair.remote_type, pair.protocol));
        inside.push_str(&chart::text(0.0, y + 13.0, "", &label));
        let (start, end) = (chart::scale(from - first, most, LEFT, RIGHT), chart::scale(to - first, most, LEFT, RIGHT));
        let failed = pair.state == PairState::Failed;
        inside.push_str(&chart::bar(start, y + 3.0, end - start, ROW - 7.0, if failed { "bar bad" } else { "bar" }));
        let sign = match pair.state {
            _ if pair.selected => "✓ ",
            PairState::Failed => "✗ ",
            _ => "",
        };
        inside.push_str(&chart::text(WIDTH, y + 13.0, "small end", &format!("{sign}{}", chart::short(to - from))));
        words.push(format!("{label}: {} after {}", pair_state(pair.state), chart::short(to - from)));
    }
    let mut caption = "Pairs of candidates: from the first check to its answer (✓ in use), or as long as it was tried \
                       in vain (✗)"
        .to_string();
    if all > MOST {
        caption.push_str(&format!("; the first {MOST} of {all}"));
    }
    chart::figure("wide", &caption, &words.join(", "), bottom + 20.0, &inside)
}

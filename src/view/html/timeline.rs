//! When which candidate was found.

use super::chart::{self, WIDTH};
use crate::report::{Candidate, CandidateKind, Report};
use crate::view::tables::name;

const ROW: f64 = 20.0;
const LEFT: f64 = 88.0;
const RIGHT: f64 = WIDTH - 58.0;
const MOST: usize = 40;

pub fn figure(report: &Report) -> String {
    match &report.gather {
        Some(gather) if !gather.candidates.is_empty() => draw(&gather.candidates, gather.complete_ms),
        _ => String::new(),
    }
}

fn draw(candidates: &[Candidate], complete: Option<f64>) -> String {
    let shown = &candidates[..candidates.len().min(MOST)];
    // The end may come long after, and would leave no room for what is to be seen.
    let last = candidates.iter().map(|candidate| candidate.elapsed_ms).fold(0.0, f64::max);
    let most = chart::round_up(last);
    let bottom = 8.0 + ROW * shown.len() as f64;
    let mut inside = String::new();
    for tick in [0.0, 0.5, 1.0] {
        let x = LEFT + (RIGHT - LEFT) * tick;
        inside.push_str(&chart::line(x, 4.0, x, bottom, "axis"));
        inside.push_str(&chart::text(x, bottom + 14.0, "small soft middle", &chart::short(most * tick)));
    }
    for (number, candidate) in shown.iter().enumerate() {
        let y = 8.0 + ROW * (number as f64 + 0.5);
        let over = candidate.relay_protocol.as_ref().map(|over| format!(" {}", name(over))).unwrap_or_default();
        let family = if candidate.address.contains(':') { "v6" } else { "v4" };
        let label = format!("{}{over} {family}", name(&candidate.kind));
        inside.push_str(&chart::text(0.0, y + 4.0, "", &label));
        let x = chart::scale(candidate.elapsed_ms, most, LEFT, RIGHT);
        inside.push_str(&chart::line(LEFT, y, x, y, "axis"));
        inside.push_str(&mark(candidate.kind, x, y));
        inside.push_str(&chart::text(WIDTH, y + 4.0, "small end", &chart::short(candidate.elapsed_ms)));
    }
    let mut caption = "When each candidate was found: ● host, ■ server reflexive, ◆ relay".to_string();
    if candidates.len() > MOST {
        caption.push_str(&format!("; the first {MOST} of {}", candidates.len()));
    }
    if let Some(complete) = complete {
        caption.push_str(&format!("; the end came after {}", chart::short(complete)));
    }
    let words: Vec<String> = shown
        .iter()
        .map(|candidate| format!("{} after {}", name(&candidate.kind), chart::short(candidate.elapsed_ms)))
        .collect();
    chart::figure("wide", &caption, &words.join(", "), bottom + 20.0, &inside)
}

/// A shape for each kind, so that it is not told by colour.
fn mark(kind: CandidateKind, x: f64, y: f64) -> String {
    match kind {
        CandidateKind::Host => format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\" class=\"dot\"/>\n"),
        CandidateKind::Srflx | CandidateKind::Prflx => chart::bar(x - 4.5, y - 4.5, 9.0, 9.0, "dot"),
        CandidateKind::Relay => {
            let points = [(x, y - 6.0), (x + 6.0, y), (x, y + 6.0), (x - 6.0, y)];
            let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
            format!("<polygon points=\"{}\" class=\"dot\"/>\n", points.join(" "))
        }
    }
}

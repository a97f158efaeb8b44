//! The steps of a check one after the other, each as long as it took.

use super::DRAWN;
use super::chart::{self, WIDTH};
use crate::report::{Report, Step, StepName, StepOutcome, Turn};

const ROW: f64 = 18.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = WIDTH - 58.0;

pub fn figures(report: &Report) -> String {
    let drawn: String = report.turn.iter().take(DRAWN).map(figure).collect();
    if drawn.is_empty() { drawn } else { format!("<div class=\"charts\">\n{drawn}</div>\n") }
}

fn figure(turn: &Turn) -> String {
    let done = |step: &&Step| step.outcome != StepOutcome::Skipped && step.name <= StepName::Release;
    let steps: Vec<&Step> = turn.steps.iter().filter(done).take(16).collect();
    let took = |step: &Step| step.duration_ms.unwrap_or(0.0).max(0.0);
    let total: f64 = steps.iter().map(|step| took(step)).sum();
    let mut inside = String::new();
    let mut start = 0.0;
    for (number, step) in steps.iter().enumerate() {
        let y = 4.0 + ROW * number as f64;
        let failed = step.outcome != StepOutcome::Ok;
        let (from, to) =
            (chart::scale(start, total, LEFT, RIGHT), chart::scale(start + took(step), total, LEFT, RIGHT));
        start += took(step);
        inside.push_str(&chart::text(0.0, y + 11.0, "", step.name.as_str()));
        inside.push_str(&chart::line(LEFT, y + ROW, RIGHT, y + ROW, "axis"));
        inside.push_str(&chart::bar(from, y + 2.0, to - from, ROW - 5.0, if failed { "bar bad" } else { "bar" }));
        let time = step.duration_ms.map(chart::short).unwrap_or_default();
        let sign = if failed { "✗ " } else { "" };
        inside.push_str(&chart::text(WIDTH, y + 11.0, "small end", &format!("{sign}{time}")));
    }
    let words: Vec<String> = steps
        .iter()
        .map(|step| {
            let how = if step.outcome == StepOutcome::Ok { "" } else { " (failed)" };
            format!("{} {}{how}", step.name.as_str(), step.duration_ms.map(chart::short).unwrap_or_default())
        })
        .collect();
    let caption = format!("Steps of {}, {} in all", turn.url, chart::short(total));
    chart::figure("", &caption, &words.join(", "), 8.0 + ROW * steps.len() as f64, &inside)
}

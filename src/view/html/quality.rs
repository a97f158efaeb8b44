//! Round-trip times and jitter over a run, and how they are distributed.

use super::DRAWN;
use super::chart::{self, WIDTH};
use crate::report::{Echo, Report, Spread};

const LEFT: f64 = 44.0;
const RIGHT: f64 = WIDTH - 6.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 118.0;
/// Parts of a run that are drawn.
const PARTS: usize = 60;
const BARS: usize = 12;

pub fn figures(report: &Report) -> String {
    let echoes = report.turn.iter().filter_map(|turn| Some((turn.url.as_str(), turn.echo.as_ref()?)));
    let drawn: String =
        echoes.take(DRAWN).map(|(url, echo)| course(url, &echo.course_ms) + &distribution(url, echo)).collect();
    if drawn.is_empty() { drawn } else { format!("<div class=\"charts\">\n{drawn}</div>\n") }
}

/// The path of a connection.
pub fn path(report: &Report) -> String {
    let echo = report.connect.as_ref().and_then(|connect| connect.echo.as_ref());
    let times: Vec<Option<f64>> = echo.iter().flat_map(|echo| &echo.samples).map(|(_, rtt)| Some(*rtt)).collect();
    match times.len() {
        0 | 1 => String::new(),
        _ => format!("<div class=\"charts\">\n{}</div>\n", course("The pair in use", &times)),
    }
}

/// Over time: the line of round-trip times, the dashed one of jitter, a cross where everything was lost.
fn course(name: &str, times: &[Option<f64>]) -> String {
    let part = times.len().div_ceil(PARTS).max(1);
    let mean = |values: &[Option<f64>]| {
        let known: Vec<f64> = values.iter().copied().flatten().collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    };
    let values: Vec<Option<f64>> = times.chunks(part).map(mean).collect();
    let known: Vec<f64> = values.iter().copied().flatten().collect();
    if known.is_empty() {
        return String::new();
    }
    let most = chart::round_up(known.iter().copied().fold(0.0, f64::max));
    let x = |at: usize| LEFT + (RIGHT - LEFT) * at as f64 / (values.len().max(2) - 1) as f64;
    let y = |ms: f64| chart::scale(ms, most, BOTTOM, TOP);
    let mut inside = axes(most);
    let (mut times, mut jitters, mut lost) = (String::new(), String::new(), 0);
    let (mut jitter, mut last) = (0.0, None);
    let mut goes_on = false;
    for (at, value) in values.iter().enumerate() {
        let Some(ms) = *value else {
            lost += 1;
            goes_on = false;
            inside.push_str(&chart::line(x(at) - 3.0, TOP - 6.0, x(at) + 3.0, TOP, "lost"));
            inside.push_str(&chart::line(x(at) - 3.0, TOP, x(at) + 3.0, TOP - 6.0, "lost"));
            continue;
        };
        times.push_str(&format!("{}{:.1} {:.1}", if goes_on { "L" } else { "M" }, x(at), y(ms)));
        goes_on = true;
        if let Some(last) = last {
            // RFC 3550 section 6.4.1, over round-trip times.
            let change: f64 = ms - last;
            jitter += (change.abs() - jitter) / 16.0;
            jitters.push_str(&format!("{}{:.1} {:.1}", if jitters.is_empty() { "M" } else { "L" }, x(at), y(jitter)));
        }
        last = Some(ms);
    }
    inside.push_str(&format!("<path d=\"{times}\" class=\"run\"/>\n"));
    if !jitters.is_empty() {
        inside.push_str(&format!("<path d=\"{jitters}\" class=\"jitter\"/>\n"));
    }
    inside.push_str(&chart::text(LEFT, BOTTOM + 14.0, "small soft", "start"));
    inside.push_str(&chart::text(RIGHT, BOTTOM + 14.0, "small soft end", "end"));
    let caption = format!("{name}: round-trip time over the run (line), jitter (dashed), lost (×)");
    let low = known.iter().copied().fold(f64::INFINITY, f64::min);
    let high = known.iter().copied().fold(0.0, f64::max);
    let description = format!(
        "Between {} and {} in {} parts of the run, of which {lost} were lost whole.",
        chart::short(low),
        chart::short(high),
        values.len()
    );
    chart::figure("", &caption, &description, BOTTOM + 20.0, &inside)
}

fn axes(most: f64) -> String {
    let mut out = String::new();
    for share in [0.0, 0.5, 1.0] {
        let y = BOTTOM + (TOP - BOTTOM) * share;
        out.push_str(&chart::line(LEFT, y, RIGHT, y, "axis"));
        out.push_str(&chart::text(LEFT - 4.0, y + 3.5, "small soft end", &chart::short(most * share)));
    }
    out
}

/// How many parts of the run took how long, with the percentiles of all datagrams.
fn distribution(url: &str, echo: &Echo) -> String {
    let known: Vec<f64> = echo.course_ms.iter().copied().flatten().filter(|ms| ms.is_finite()).collect();
    let (Some(spread), false) = (&echo.rtt_ms, known.len() < 4) else { return String::new() };
    let low = known.iter().copied().fold(f64::INFINITY, f64::min).min(spread.p50);
    let high = known.iter().copied().fold(spread.p95, f64::max);
    let width = ((high - low) / BARS as f64).max(1e-9);
    let mut counts = [0usize; BARS];
    for ms in &known {
        // Between 0 and BARS by construction.
        counts[(((ms - low) / width) as usize).min(BARS - 1)] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(1).max(1);
    let x = |ms: f64| chart::scale(ms - low, high - low, LEFT, RIGHT);
    let step = (RIGHT - LEFT) / BARS as f64;
    let mut inside = chart::line(LEFT, BOTTOM, RIGHT, BOTTOM, "axis");
    inside.push_str(&chart::text(LEFT - 4.0, TOP + 16.0, "small soft end", &most.to_string()));
    for (number, count) in counts.iter().enumerate() {
        if *count > 0 {
            let height = (BOTTOM - TOP - 14.0) * *count as f64 / most as f64;
            inside.push_str(&chart::bar(
                LEFT + step * number as f64 + 1.0,
                BOTTOM - height,
                step - 2.0,
                height,
                "bar pale",
            ));
        }
    }
    inside.push_str(&quantiles(spread, x));
    inside.push_str(&chart::text(LEFT, BOTTOM + 14.0, "small soft", &chart::short(low)));
    inside.push_str(&chart::text(RIGHT, BOTTOM + 14.0, "small soft end", &chart::short(high)));
    let caption = format!("{url}: how round-trip times are distributed");
    let description = format!(
        "Median {}, 95th percentile {}, 99th {}, longest {}; jitter {}.",
        chart::short(spread.p50),
        chart::short(spread.p95),
        chart::short(spread.p99),
        chart::short(spread.max),
        echo.jitter_ms.map_or("unknown".into(), chart::short)
    );
    chart::figure("", &caption, &description, BOTTOM + 20.0, &inside)
}

fn quantiles(spread: &Spread, x: impl Fn(f64) -> f64) -> String {
    let mut out = String::new();
    let (middle, late) = (x(spread.p50), x(spread.p95));
    out.push_str(&chart::line(middle, TOP, middle, BOTTOM, "quantile"));
    out.push_str(&chart::line(late, TOP, late, BOTTOM, "quantile"));
    // Both words have to fit: the first to the left of its line, the second to the right, unless an edge is near.
    let first = if middle < LEFT + 60.0 { ("small", middle + 3.0) } else { ("small end", middle - 3.0) };
    let second = if late > RIGHT - 70.0 { ("small end", late - 3.0) } else { ("small", late + 3.0) };
    let near = (late - middle).abs() < 130.0;
    out.push_str(&chart::text(first.1, TOP, first.0, &format!("p50 {}", chart::short(spread.p50))));
    let y = if near { TOP + 11.0 } else { TOP };
    out.push_str(&chart::text(second.1, y, second.0, &format!("p95 {}", chart::short(spread.p95))));
    out
}

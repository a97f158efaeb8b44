//! An attempt in detail, for `-v`: from where, to where, how often, what came of it.

use super::escape::visible;
use crate::report::Attempt;

/// One line, and one for each answer that did not count.
#[must_use]
pub fn lines(elapsed_ms: f64, attempt: &Attempt) -> Vec<String> {
    let from = attempt.local.as_deref().unwrap_or("nowhere");
    let to = attempt.server.as_deref().unwrap_or(&attempt.url);
    let copies = match attempt.copies {
        0 => String::new(),
        1 => ", 1 copy".to_string(),
        n => format!(", {n} copies"),
    };
    let rtt = attempt.rtt_ms.map_or(String::new(), |rtt| format!(", {rtt:.1} ms"));
    let detail = attempt.detail.as_deref().map_or(String::new(), |detail| format!(": {detail}"));
    let line = format!(
        "{elapsed_ms:7.1}  {} {from} to {to}: {}{copies}{rtt}{detail}",
        attempt.request,
        attempt.outcome.as_str()
    );
    let mut lines = vec![visible(&line)];
    lines.extend(attempt.strays.iter().map(|stray| format!("         {}", visible(stray))));
    lines
}

//! Steps the moment they end, for `-v`.

use crate::report::{Event, StepOutcome};
use crate::view::escape::visible;

/// The line of a step; what was not needed shows with `-vv` only.
#[must_use]
pub fn step(event: &Event, verbose: u8) -> Option<String> {
    let Event::Step { elapsed_ms, url, address, step } = event else { return None };
    if verbose == 0 || (verbose == 1 && step.outcome == StepOutcome::Skipped) {
        return None;
    }
    let at = address.as_ref().filter(|address| !url.contains(*address)).map(|address| format!(" at {address}"));
    let took = step.duration_ms.filter(|ms| *ms > 0.0).map(|ms| format!("  {}", super::ms(ms)));
    let detail = step.detail.as_ref().map(|detail| format!("  {detail}"));
    let mut line = format!("{elapsed_ms:7.1}  {url}{}  {} ", at.unwrap_or_default(), step.name.as_str());
    line.push_str(super::outcome(step.outcome));
    line.push_str(&took.unwrap_or_default());
    line.push_str(&detail.unwrap_or_default());
    Some(visible(&line))
}

//! TURN servers: whether they work, up to which step, and how good the way through them is.

use super::noise::{self, Shift};
use super::{Comparison, Meaning};
use crate::archive::place::{pairs, without_port};
use crate::report::{Echo, Turn};

pub fn compare(before: &[Turn], after: &[Turn], out: &mut Comparison) {
    let exact = |turn: &Turn| format!("{} {}", turn.url, turn.address.as_deref().unwrap_or_default());
    let url = |turn: &Turn| turn.url.clone();
    let moved = |turn: &Turn| without_port(&turn.url);
    for pair in pairs(before, after, &[&exact, &url, &moved]) {
        // Servers that only one run asked are noted with the servers.
        if let (Some(one), Some(other)) = pair {
            both(one, other, out);
        }
    }
}

fn both(before: &Turn, after: &Turn, out: &mut Comparison) {
    let failing = |turn: &Turn| turn.failing().map(|(_, step)| step.name.as_str());
    let word = |turn: &Turn| match (turn.works, failing(turn)) {
        (Some(true), _) => "works".to_string(),
        (Some(false), Some(step)) => format!("fails at {step}"),
        (Some(false), None) => "fails".into(),
        (None, _) => "not found out".into(),
    };
    let text = || format!("{}: {} before, {} now", after.url, word(before), word(after));
    match (before.works, after.works) {
        (Some(one), Some(other)) if one != other => out.turned("turn", other, text()),
        (Some(false), Some(false)) if failing(before) != failing(after) => out.add(Meaning::Other, "turn", text()),
        (Some(_), None) | (None, Some(_)) => out.add(Meaning::Other, "turn", text()),
        _ => {}
    }
    security(before, after, out);
    options(before, after, out);
    if let (Some(one), Some(other)) = (&before.echo, &after.echo) {
        quality(&after.url, one, other, out);
    }
}

fn security(before: &Turn, after: &Turn, out: &mut Comparison) {
    let url = &after.url;
    if let (Some(one), Some(other)) = (&before.tls, &after.tls)
        && one.trusted != other.trusted
    {
        let now = if other.trusted { "is trusted now" } else { "is not trusted any more" };
        out.turned("turn", other.trusted, format!("{url}: its certificate {now}"));
    }
    for control in &after.controls {
        let same = before.controls.iter().find(|one| one.name == control.name);
        if let (Some(Some(was)), Some(is)) = (same.map(|one| one.refused), control.refused)
            && was != is
        {
            let word = if is { "refused" } else { "ACCEPTED" };
            out.turned("turn", is, format!("{url}: {} is {word} now", control.name.replace('-', " ")));
        }
    }
    for audited in &after.audit {
        let key = |other: &&crate::report::Audited| (&other.peer, &other.relay) == (&audited.peer, &audited.relay);
        let Some(one) = before.audit.iter().find(key) else { continue };
        let text = format!("{url}: relaying to {} ({}) is {} now", audited.peer, audited.class, audited.outcome);
        match (one.outcome.as_str(), audited.outcome.as_str()) {
            // The Internet is what a relay is for.
            ("denied", "allowed") if matches!(audited.class.as_str(), "public" | "relay") => {
                out.add(Meaning::Better, "turn", text);
            }
            ("allowed", "denied") if matches!(audited.class.as_str(), "public" | "relay") => {
                out.add(Meaning::Worse, "turn", text);
            }
            ("denied", "allowed") => out.add(Meaning::Worse, "turn", text),
            ("allowed", "denied") => out.add(Meaning::Better, "turn", text),
            _ => {}
        }
    }
}

fn options(before: &Turn, after: &Turn, out: &mut Comparison) {
    for option in &after.options {
        let same = before.options.iter().find(|one| one.name == option.name);
        if let (Some(Some(was)), Some(is)) = (same.map(|one| one.supported), option.supported)
            && was != is
        {
            let word = if is { "supported now" } else { "not supported any more" };
            out.add(Meaning::Other, "turn", format!("{}: {} is {word}", after.url, option.name));
        }
    }
}

fn quality(url: &str, before: &Echo, after: &Echo, out: &mut Comparison) {
    let mut add = |shift: Shift, text: String| match shift {
        Shift::Better => out.add(Meaning::Better, "quality", text),
        Shift::Worse => out.add(Meaning::Worse, "quality", text),
        Shift::Even | Shift::TooFew => {}
    };
    let counts = |echo: &Echo| (echo.sent, echo.received);
    let share = |echo: &Echo| {
        let lost = echo.sent.saturating_sub(echo.received);
        format!("{:.1} % ({lost} of {})", echo.loss_ratio * 100.0, echo.sent)
    };
    let text = format!("{url}: loss {} before, {} now", share(before), share(after));
    add(noise::loss(counts(before), counts(after)), text);
    let course = |echo: &Echo| -> Vec<f64> { echo.course_ms.iter().copied().flatten().collect() };
    let (one, other) = (course(before), course(after));
    let (was, is) = (noise::median(&one), noise::median(&other));
    let text = format!(
        "{url}: round-trip time {was:.1} ms before, {is:.1} ms now (medians of {} and {} parts)",
        one.len(),
        other.len()
    );
    add(noise::times(&one, &other), text);
    if let (Some(one), Some(other)) = (before.jitter_ms, after.jitter_ms) {
        let text = format!("{url}: jitter {one:.1} ms before, {other:.1} ms now");
        add(noise::jitter((one, before.received), (other, after.received)), text);
    }
}

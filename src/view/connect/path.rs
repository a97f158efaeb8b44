//! The path: which it is, how long it took, what it does to packets, when it was gone.

use super::words;
use crate::report::connect::{Connect, ConnectState, OtherView, PairState, PathQuality, Side};
use crate::view::escape::visible;
use crate::view::style::{Ink, Style};
use crate::view::table::wrap;
use crate::view::tables::ms;

/// Where a fact begins.
const INDENT: usize = 12;

/// Whether it worked, and how.
pub fn headline(connect: &Connect) -> String {
    match &connect.selected {
        Some(selected) => {
            let took = match (connect.checking_ms, connect.connected_ms) {
                (Some(checking), Some(connected)) => format!(" in {}", ms(connected - checking)),
                _ => String::new(),
            };
            format!(
                "Connected {}{took}: {} {} to {} {}.",
                words::path(selected.path),
                words::side(selected.local_type, selected.protocol),
                visible(&selected.local),
                words::side(selected.remote_type, selected.protocol),
                visible(&selected.remote)
            )
        }
        None if connect.remote.ufrag.is_none() => "Not connected: the other side did not say anything.".into(),
        None if connect.pairs.is_empty() => format!("Not connected: {}.", no_pair(connect)),
        None => {
            let of = |state| connect.pairs.iter().filter(|pair| pair.state == state).count();
            let (failed, works) = (of(PairState::Failed), of(PairState::Succeeded));
            match (connect.pairs.len(), failed) {
                _ if works == 1 => "Not connected by the end: one pair works, and was not chosen.".into(),
                _ if works > 1 => format!("Not connected by the end: {works} pairs work, and none was chosen."),
                (1, 1) => "Not connected: the only pair of candidates failed.".into(),
                (all, failed) if all == failed => format!("Not connected: all {all} pairs of candidates failed."),
                (all, failed) => {
                    format!("Not connected by the end: of {all} pairs of candidates {failed} failed, none worked.")
                }
            }
        }
    }
}

fn no_pair(connect: &Connect) -> &'static str {
    match (connect.local.candidates.is_empty(), connect.remote.candidates.is_empty()) {
        (true, true) => "neither side has a candidate",
        (true, false) => "there is no candidate on this side",
        (false, true) => "the other side has no candidate",
        (false, false) => "no candidate of this side fits one of the other side",
    }
}

/// What was measured over it, in a sentence.
pub fn quality(connect: &Connect) -> Option<String> {
    let echo = connect.echo.as_ref()?;
    let mut parts = Vec::new();
    parts.extend(echo.rtt_median_ms.map(|rtt| format!("RTT {}", ms(rtt))));
    if echo.echoed {
        parts.extend(echo.loss.map(|loss| format!("loss {}", percent(loss))));
        parts.extend(echo.jitter_ms.map(|jitter| format!("jitter {}", ms(jitter))));
    }
    (!parts.is_empty()).then(|| format!("{}.", capital(&parts.join(", "))))
}

/// The facts about it, one a line.
pub fn facts(connect: &Connect, style: &Style) -> String {
    let mut out = String::new();
    let mut say = |name: &str, text: String| {
        for (number, line) in wrap(style.width, INDENT, &text).into_iter().enumerate() {
            let name = if number == 0 { name } else { "" };
            let pad = " ".repeat(INDENT.saturating_sub(name.chars().count()));
            out.push_str(&format!("{}{pad}{}\n", style.paint(Ink::Dim, name), line.trim_start()));
        }
    };
    say("here", told(&connect.local));
    if connect.remote.ufrag.is_some() {
        say("there", told(&connect.remote));
    }
    if let Some(times) = times(connect) {
        say("times", times);
    }
    if let Some(echo) = &connect.echo {
        measured(echo).into_iter().for_each(|text| say(if text.1 { "path" } else { "" }, text.0));
    }
    if let Some(consent) = connect.consent.as_ref().filter(|consent| consent.requests > 0) {
        say("consent", format!("{} of {} questions answered", consent.responses, consent.requests));
    }
    for cut in &connect.cuts {
        say("cut", self::cut(cut));
    }
    for restart in &connect.restarts {
        let who = if restart.local { "by this side" } else { "by the other side" };
        let done = match restart.connected_ms {
            Some(done) => format!("a new pair after {}", ms(done - restart.elapsed_ms)),
            None => "no new pair".into(),
        };
        let gap = restart.gap_ms.map(|gap| format!(", {} without data", ms(gap))).unwrap_or_default();
        say("restart", format!("{who} at {}: {done}{gap}", ms(restart.elapsed_ms)));
    }
    if let Some(forecast) = &connect.forecast {
        say("forecast", visible(&forecast.detail));
    }
    for refused in connect.refused.iter().take(3) {
        let times = if refused.count == 1 { String::new() } else { format!(" ({} times)", refused.count) };
        say("ignored", format!("from {}: {}{times}", visible(&refused.from), visible(&refused.reason)));
    }
    for unused in connect.remote.unused.iter().take(3) {
        say("unused", format!("{}: {}", visible(&unused.candidate), visible(&unused.reason)));
    }
    if let Some(view) = &connect.other_view {
        say("they say", other(view));
    }
    out
}

/// A side's candidates, counted by type.
fn told(side: &Side) -> String {
    let mut kinds: Vec<(String, usize)> = Vec::new();
    for candidate in &side.candidates {
        let word = words::side(candidate.kind, candidate.protocol);
        match kinds.iter_mut().find(|(known, _)| *known == word) {
            Some((_, count)) => *count += 1,
            None => kinds.push((word, 1)),
        }
    }
    let mut parts: Vec<String> = kinds.iter().map(|(word, count)| format!("{count} {word}")).collect();
    if parts.is_empty() {
        parts.push("no candidates".into());
    }
    let mut text = parts.join(", ");
    if side.lite {
        text.push_str("; ICE lite");
    }
    if let Some(agent) = &side.agent {
        text.push_str(&format!("; {}", visible(agent)));
    }
    text
}

fn times(connect: &Connect) -> Option<String> {
    let checking = connect.checking_ms?;
    let mut parts = vec![format!("checks began at {}", ms(checking))];
    parts.extend(connect.first_valid_ms.map(|at| format!("first valid pair {} later", ms(at - checking))));
    parts.extend(connect.connected_ms.map(|at| format!("nominated {} later", ms(at - checking))));
    let failed = connect.states.iter().find(|change| change.state == ConnectState::Failed);
    parts.extend(failed.map(|change| format!("failed at {}", ms(change.elapsed_ms))));
    Some(parts.join(", "))
}

/// What packets met, and whether the line is the first.
fn measured(echo: &PathQuality) -> Vec<(String, bool)> {
    let mut lines = Vec::new();
    let rtt =
        [("min", echo.rtt_min_ms), ("median", echo.rtt_median_ms), ("95 %", echo.rtt_p95_ms), ("max", echo.rtt_max_ms)];
    let rtt: Vec<String> = rtt.iter().filter_map(|(name, value)| Some(format!("{name} {}", ms((*value)?)))).collect();
    if !rtt.is_empty() {
        lines.push(format!("RTT {}", rtt.join(", ")));
    }
    if echo.echoed {
        let mut loss = vec![format!("{} of {} packets came back", echo.received, echo.sent)];
        loss.extend(echo.loss_out.map(|loss| format!("lost on the way out {}", percent(loss))));
        loss.extend(echo.loss_in.map(|loss| format!("on the way back {}", percent(loss))));
        lines.push(loss.join(", "));
        let mut more = Vec::new();
        more.extend(echo.jitter_ms.map(|jitter| format!("jitter {}", ms(jitter))));
        more.push(format!("{} reordered", echo.reordered));
        more.push(format!("{} twice", echo.duplicates));
        more.extend(echo.bitrate_out.map(|rate| format!("out {}", bitrate(rate))));
        more.extend(echo.bitrate_in.map(|rate| format!("in {}", bitrate(rate))));
        lines.push(more.join(", "));
    }
    lines.into_iter().enumerate().map(|(number, line)| (line, number == 0)).collect()
}

fn cut(cut: &crate::report::connect::Cut) -> String {
    let mut parts = vec![format!("last heard at {}", ms(cut.last_heard_ms))];
    let after = |at: f64| ms(at - cut.last_heard_ms);
    parts.extend(cut.disconnected_ms.map(|at| format!("disconnected {} later", after(at))));
    parts.extend(cut.failed_ms.map(|at| format!("failed {} later", after(at))));
    parts.extend(cut.restored_ms.map(|at| format!("restored {} later", after(at))));
    parts.join(", ")
}

fn other(view: &OtherView) -> String {
    let mut parts = Vec::new();
    parts.extend(view.agent.as_deref().map(visible));
    parts.extend(view.ice_state.as_deref().map(visible));
    parts.extend(view.selected.as_ref().map(|(local, remote)| format!("{} to {}", visible(local), visible(remote))));
    parts.extend(view.rtt_ms.map(|rtt| format!("RTT {}", ms(rtt))));
    parts.join(", ")
}

pub fn percent(ratio: f64) -> String {
    match ratio * 100.0 {
        percent if percent > 0.0 && percent < 0.1 => "under 0.1 %".into(),
        percent if percent < 10.0 => format!("{percent:.1} %"),
        percent => format!("{percent:.0} %"),
    }
}

fn bitrate(rate: f64) -> String {
    match rate {
        rate if rate < 1e6 => format!("{:.0} kbit/s", rate / 1e3),
        rate => format!("{:.1} Mbit/s", rate / 1e6),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

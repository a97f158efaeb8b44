//! Quality, proofs, options, controls, the audit.

use super::{INDENT, words};
use crate::report::{Audited, Echo, StepName, StepOutcome, Turn};
use crate::view::escape::visible;
use crate::view::style::{Ink, Style};
use crate::view::table::{self, Column, flow, wrap};

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// A part of the run of which nothing came back.
const LOST: char = '×';
/// Round-trip times that differ by less are as good as even.
const EVEN_MS: f64 = 0.5;

const AUDIT: [Column; 4] = [
    Column { title: "peer is", width: 12, right: false },
    Column { title: "address", width: 24, right: false },
    Column { title: "over", width: 4, right: false },
    Column { title: "answer", width: 0, right: false },
];

/// Round-trip times, loss and jitter through the relay; without them that of the Binding request.
pub fn quality(turn: &Turn, style: &Style) -> Vec<String> {
    let Some(echo) = &turn.echo else {
        let binding = turn.step(StepName::Binding).filter(|step| step.outcome == StepOutcome::Ok);
        return binding
            .and_then(|step| step.duration_ms)
            .map(|ms| format!("Binding answered in {}", super::ms(ms)))
            .into_iter()
            .collect();
    };
    let mut facts = Vec::new();
    if let Some(rtt) = &echo.rtt_ms {
        facts.push(format!("rtt p50 {}, p95 {}", super::ms(rtt.p50), super::ms(rtt.p95)));
    }
    let lost = echo.sent.saturating_sub(echo.received);
    facts.push(format!("loss {} % ({lost} of {})", percent(echo.loss_ratio), echo.sent));
    facts.extend(echo.jitter_ms.map(|jitter| format!("jitter {}", super::ms(jitter))));
    for (count, what) in [(echo.duplicates, "duplicates"), (echo.reordered, "out of order"), (echo.damaged, "damaged")]
    {
        if count > 0 {
            facts.push(format!("{count} {what}"));
        }
    }
    facts.extend(course(echo, style.width.saturating_sub(INDENT)));
    facts
}

/// Round-trip times over the run, as bars.
fn course(echo: &Echo, room: usize) -> Option<String> {
    let known: Vec<f64> = echo.course_ms.iter().copied().flatten().collect();
    let low = known.iter().copied().reduce(f64::min)?;
    let high = known.iter().copied().reduce(f64::max)?;
    let part = echo.course_ms.len().div_ceil(room.max(1));
    let bar = |values: &[Option<f64>]| {
        if values.contains(&None) {
            return LOST;
        }
        let value = values.iter().copied().flatten().fold(low, f64::max);
        let height = if high - low < EVEN_MS { 0.0 } else { (value - low) / (high - low) * 7.0 };
        // Between 0 and 7 by construction.
        BARS[(height.round() as usize).min(7)]
    };
    Some(echo.course_ms.chunks(part).map(bar).collect())
}

fn percent(ratio: f64) -> String {
    let percent = ratio * 100.0;
    if percent == 0.0 || percent >= 10.0 { format!("{percent:.0}") } else { format!("{percent:.1}") }
}

/// With `-v`: every step with its time and what is to be said, and every way that data was sent.
pub fn steps(turn: &Turn, style: &Style) -> String {
    let mut out = String::new();
    for step in &turn.steps {
        let (ink, mark) = super::row::mark(Some(step));
        let took = step.duration_ms.filter(|ms| *ms > 0.0).map(super::ms).unwrap_or_default();
        let head = format!("{}{mark} {:<13} {took:>8}", " ".repeat(INDENT), step.name.as_str());
        let detail = step.detail.as_deref().map(visible).unwrap_or_default();
        out.push_str(&hanging(&head, ink, &detail, style));
    }
    for proof in &turn.proofs {
        let mut text = format!("data {}: {} of {}", words::way(proof.way, proof.form), proof.received, proof.sent);
        if let Some(rtt) = proof.rtt_ms {
            text.push_str(&format!(", {}", super::ms(rtt)));
        }
        if let Some(seen) = &proof.seen_as {
            text.push_str(&format!(", seen as {seen}"));
        }
        if let Some(detail) = &proof.detail {
            text.push_str(&format!(", {detail}"));
        }
        let ink = if proof.received > 0 { Ink::Plain } else { Ink::Doubtful };
        out.push_str(&lines(ink, INDENT, &text, style));
    }
    out
}

/// A head, and behind it a text that goes on below itself; below the head where it is too narrow.
fn hanging(head: &str, ink: Ink, text: &str, style: &Style) -> String {
    let indent = table::width(head) + 2;
    if text.is_empty() {
        return style.paint(ink, head.trim_end()) + "\n";
    }
    if indent > style.width / 2 {
        let below = wrap(style.width, INDENT + 2, text).join("\n");
        return format!("{}\n{below}\n", style.paint(ink, head.trim_end()));
    }
    let text = wrap(style.width, indent, text).join("\n");
    format!("{}  {}\n", style.paint(ink, head), text.trim_start())
}

/// Options of the protocol and attempts that must be refused.
pub fn tried(turn: &Turn, verbose: bool, style: &Style) -> String {
    let mut out = String::new();
    let said = |code: Option<u16>, text: &Option<String>| match (code, text) {
        (Some(code), Some(text)) if !text.is_empty() => format!(" ({code} {text})"),
        (Some(code), _) => format!(" ({code})"),
        _ => String::new(),
    };
    let mut refused = Vec::new();
    for control in &turn.controls {
        let said = said(control.error_code, &control.error_text);
        let name = control.name.replace('-', " ");
        match control.refused {
            Some(true) if verbose => refused.push(format!("{name}{said}")),
            Some(true) => refused.push(name),
            Some(false) => {
                let text = format!("{name}: ACCEPTED{said}; it must be refused");
                out.push_str(&lines(Ink::Bad, INDENT, &text, style));
            }
            None => out.push_str(&lines(Ink::Doubtful, INDENT, &format!("{name}: not found out{said}"), style)),
        }
    }
    if !refused.is_empty() {
        let text = format!("refused, as must be: {}", refused.join(", "));
        out.push_str(&lines(Ink::Dim, INDENT, &text, style));
    }
    for option in &turn.options {
        let answer = match option.supported {
            Some(true) => "yes",
            Some(false) => "no",
            None => "not found out",
        };
        // The detail may quote the server already.
        let code = option.error_code.filter(|code| !option.detail.iter().any(|text| text.contains(&code.to_string())));
        let said = code.map(|code| said(Some(code), &option.error_text)).unwrap_or_default();
        let detail = option.detail.as_ref().map(|detail| format!(", {detail}")).unwrap_or_default();
        out.push_str(&lines(Ink::Plain, INDENT, &format!("{}: {answer}{said}{detail}", option.name), style));
    }
    out
}

/// Which peers the server would relay to: those that matter in a table, the rest counted.
pub fn audit(turn: &Turn, verbose: bool, style: &Style) -> String {
    if turn.audit.is_empty() {
        return String::new();
    }
    let weight = |audited: &Audited| match (audited.outcome.as_str(), audited.class.as_str()) {
        ("allowed", "public" | "relay") => 2,
        ("allowed", _) => 0,
        ("denied", _) => 3,
        _ => 1,
    };
    let mut sorted: Vec<&Audited> = turn.audit.iter().collect();
    sorted.sort_by_key(|audited| weight(audited));
    let of = |wanted: u8| sorted.iter().filter(|audited| weight(audited) == wanted).count();
    let mut counts = vec![format!("{} asked", sorted.len()), format!("{} denied", of(3))];
    if of(0) > 0 {
        counts.push(format!("{} ALLOWED inside", of(0)));
    }
    if of(2) > 0 {
        counts.push(format!("{} allowed outside", of(2)));
    }
    if of(1) > 0 {
        counts.push(format!("{} not found out", of(1)));
    }
    let ink = if of(0) > 0 { Ink::Bad } else { Ink::Plain };
    let mut out = lines(ink, INDENT, &format!("peers it would relay to: {}", counts.join(", ")), style);
    let shown: Vec<&&Audited> = sorted.iter().filter(|audited| verbose || weight(audited) < 2).collect();
    let inner = Style { width: style.width - INDENT, ..*style };
    let mut table = if shown.is_empty() { String::new() } else { table::headings(&inner, &AUDIT) };
    for audited in shown {
        let code = audited.error_code.map(|code| format!(" ({code})")).unwrap_or_default();
        let (ink, word) = match weight(audited) {
            0 => (Ink::Bad, "ALLOWED".to_string()),
            1 => (Ink::Doubtful, visible(&audited.outcome)),
            _ => (Ink::Dim, visible(&audited.outcome)),
        };
        let cells = [
            (Ink::Plain, visible(&audited.class)),
            (Ink::Plain, visible(&audited.peer)),
            (Ink::Plain, visible(&audited.relay)),
            (ink, format!("{word}{code}")),
        ];
        table.push_str(&table::row(&inner, &AUDIT, &cells));
    }
    for line in table.lines() {
        out.push_str(&format!("{}{line}\n", " ".repeat(INDENT)));
    }
    out
}

/// A text in its ink, wrapped, all of it made safe.
fn lines(ink: Ink, indent: usize, text: &str, style: &Style) -> String {
    let pieces = [visible(text)];
    flow(style.width, indent, &pieces).iter().map(|line| style.paint(ink, line) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Way;

    fn echo(course_ms: Vec<Option<f64>>) -> Echo {
        Echo {
            way: Way::Outbound,
            sent: 4,
            received: 3,
            duplicates: 0,
            reordered: 0,
            damaged: 0,
            size_bytes: 160,
            rate_per_second: 50.0,
            loss_ratio: 0.25,
            rtt_ms: None,
            jitter_ms: None,
            course_ms,
        }
    }

    #[test]
    fn draws_the_course_of_a_run() {
        let run = echo(vec![Some(1.0), Some(8.0), None, Some(4.5)]);
        assert_eq!(course(&run, 70).as_deref(), Some("▁█×▅"));
        assert_eq!(course(&run, 2).as_deref(), Some("█×"));
        assert_eq!(course(&echo(vec![Some(1.0), Some(1.2)]), 70).as_deref(), Some("▁▁"), "noise is no mountain");
        assert_eq!(course(&echo(vec![None, None]), 70), None);
    }

    #[test]
    fn shows_that_little_was_lost() {
        assert_eq!([percent(0.0), percent(0.002), percent(0.25)], ["0", "0.2", "25"]);
    }
}

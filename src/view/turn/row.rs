//! One address of one URL: its steps side by side, the essentials, and why it does not work.

use super::{INDENT, extras, words};
use crate::report::{Cause, Finding, Severity, Step, StepName, StepOutcome, Turn};
use crate::view::escape::visible;
use crate::view::style::{Ink, Style};
use crate::view::table::{flow, width, wrap};

/// Step, heading on a narrow screen, heading on a wide one.
const STEPS: [(StepName, &str, &str); 12] = [
    (StepName::Resolve, "dns", "resolve"),
    (StepName::Connect, "conn", "connect"),
    (StepName::Tls, "tls", "tls"),
    (StepName::Binding, "bind", "binding"),
    (StepName::Challenge, "chal", "challenge"),
    (StepName::Allocate, "alloc", "allocate"),
    (StepName::Permission, "perm", "permission"),
    (StepName::Channel, "chan", "channel"),
    (StepName::RelaySend, "send", "send"),
    (StepName::RelayReceive, "recv", "receive"),
    (StepName::Refresh, "refr", "refresh"),
    (StepName::Release, "rel", "release"),
];
/// Before the first step: transport and result.
const LABEL: usize = 16;
/// From here on the steps are named in full, and from there on in short; below they are listed.
const WIDE: usize = 120;
const NARROW: usize = 76;

/// The headings of the steps, where they stand in columns.
pub fn headings(style: &Style) -> String {
    if style.width < NARROW {
        return String::new();
    }
    let names: Vec<&str> = STEPS.iter().map(|step| heading(step, style)).collect();
    let line = format!("{}{}", " ".repeat(LABEL), names.join(gap(style)));
    style.paint(Ink::Dim, &line) + "\n"
}

/// What is known of an entry: the steps, addresses, quality.
pub fn row(turn: &Turn, style: &Style) -> String {
    let (ink, word) = result(turn);
    let label = format!("  {:<4}  ", words::transport(turn.transport));
    let mut out = label.clone() + &style.paint(ink, &format!("{word:<w$}", w = LABEL - width(&label)));
    if style.width < NARROW {
        out = out.trim_end().to_string() + "\n";
        let pieces = STEPS.iter().map(|(name, short, _)| format!("{} {short}", mark(turn.step(*name)).1));
        for line in flow(style.width, INDENT, &pieces.collect::<Vec<_>>()) {
            out.push_str(&(line + "\n"));
        }
    } else {
        let mut cells = String::new();
        for heading_of in &STEPS {
            let (ink, mark) = mark(turn.step(heading_of.0));
            let wide = width(heading(heading_of, style));
            let before = (wide - 1) / 2;
            cells.push_str(&" ".repeat(before));
            cells.push_str(&style.paint(ink, mark));
            cells.push_str(&" ".repeat(wide - 1 - before));
            cells.push_str(gap(style));
        }
        out.push_str(cells.trim_end());
        out.push('\n');
    }
    for facts in [addresses(turn), security(turn), extras::quality(turn, style)] {
        for line in flow(style.width, INDENT, &facts) {
            out.push_str(&(style.paint(Ink::Dim, &line) + "\n"));
        }
    }
    out
}

/// Why it does not work, and what to do. `before` is an entry above with the same trouble.
pub fn trouble(turn: &Turn, index: usize, findings: &[Finding], before: Option<&Turn>, style: &Style) -> String {
    let mut out = String::new();
    let mut say = |ink, indent, text: &str| {
        for line in wrap(style.width, indent, &visible(text)) {
            out.push_str(&(style.paint(ink, &line) + "\n"));
        }
    };
    if let Some((_, step)) = turn.failing() {
        let ink = if turn.refuses_strangers() { Ink::Plain } else { Ink::Bad };
        let cause = step.cause.map_or("it failed", words::cause);
        let name = step.name.as_str();
        let text = said(step);
        match (before, text) {
            _ if step.cause == Some(Cause::Stopped) => {
                say(Ink::Doubtful, INDENT, &format!("{cause}, at {name} or before"));
            }
            (Some(before), _) if before.transport == turn.transport => {
                say(ink, INDENT, &format!("{name}: {cause}, as above"));
            }
            (Some(before), _) => {
                let over = words::transport(before.transport);
                say(ink, INDENT, &format!("{name}: {cause}, as above over {over}"));
            }
            // What there is to say of a certificate says it all.
            (None, Some(text)) if step.name == StepName::Tls && turn.tls.is_some() => {
                say(ink, INDENT, &format!("{name}: {text}"));
            }
            (None, text) => {
                say(ink, INDENT, &format!("{name}: {cause}"));
                if let Some(text) = text {
                    say(Ink::Plain, INDENT + 2, &text);
                }
            }
        }
        if let (None, Some(finding)) = (before, about(turn, index, findings))
            && let Some(fix) = &finding.fix
        {
            say(Ink::Bold, INDENT + 2, &format!("To do: {fix}"));
        }
    }
    match turn.works_untrusted {
        Some(true) => say(Ink::Doubtful, INDENT, "works when the certificate is ignored: yes"),
        Some(false) => say(Ink::Bad, INDENT, "works when the certificate is ignored: no"),
        None => {}
    }
    out
}

/// The finding that speaks of the failing step; or else an error that speaks of this entry.
pub fn about<'a>(turn: &Turn, index: usize, findings: &'a [Finding]) -> Option<&'a Finding> {
    let (place, _) = turn.failing()?;
    let step = format!("/turn/{index}/steps/{place}");
    let entry = format!("/turn/{index}/");
    let points = |finding: &Finding, to: &dyn Fn(&str) -> bool| finding.evidence.iter().any(|fact| to(&fact.fact));
    let within = |fact: &str| fact.strip_prefix(&step).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let by_step = findings.iter().find(|finding| points(finding, &within));
    let is_error = |finding: &&Finding| finding.severity == Severity::Error;
    by_step.or_else(|| {
        findings.iter().filter(is_error).find(|finding| points(finding, &|fact: &str| fact.starts_with(&entry)))
    })
}

/// The detail, with the server's own code and phrase where they are not in it.
fn said(step: &Step) -> Option<String> {
    let code = step.error_code.map(|code| code.to_string());
    let missing = code.filter(|code| !step.detail.as_ref().is_some_and(|detail| detail.contains(code)));
    let phrase = step.error_text.as_deref().unwrap_or_default();
    match (missing, &step.detail) {
        (Some(code), Some(detail)) => Some(format!("the server says {code} \"{phrase}\"; {detail}")),
        (Some(code), None) => Some(format!("the server says {code} \"{phrase}\"")),
        (None, detail) => detail.clone(),
    }
}

pub fn result(turn: &Turn) -> (Ink, &'static str) {
    match turn.works {
        _ if turn.refuses_strangers() => (Ink::Good, "refuses"),
        Some(true) => (Ink::Good, "works"),
        Some(false) => (Ink::Bad, "fails"),
        None => (Ink::Doubtful, "unknown"),
    }
}

pub fn mark(step: Option<&Step>) -> (Ink, &'static str) {
    if step.is_some_and(|step| step.cause == Some(Cause::Stopped)) {
        return (Ink::Doubtful, "–");
    }
    match step.map(|step| step.outcome) {
        Some(StepOutcome::Ok) => (Ink::Good, "✓"),
        Some(StepOutcome::Failed | StepOutcome::Timeout) => (Ink::Bad, "✗"),
        Some(StepOutcome::Skipped) | None => (Ink::Dim, "–"),
    }
}

fn addresses(turn: &Turn) -> Vec<String> {
    let mut facts = vec![visible(&turn.url)];
    facts.extend(turn.address.as_ref().filter(|address| !turn.url.contains(*address)).map(|text| visible(text)));
    if let Some(allocation) = &turn.allocation {
        let more = allocation.relayed_additional.as_ref().map(|more| format!(" and {}", visible(more)));
        facts.push(format!("relay {}{}", visible(&allocation.relayed), more.unwrap_or_default()));
    }
    let mapped = turn.mapped.as_ref().or(turn.allocation.as_ref().and_then(|allocation| allocation.mapped.as_ref()));
    facts.extend(mapped.map(|mapped| format!("seen as {}", visible(mapped))));
    facts
}

fn security(turn: &Turn) -> Vec<String> {
    let mut facts = Vec::new();
    if let Some(tls) = &turn.tls {
        facts.extend(tls.version.as_deref().map(visible));
        facts.extend(tls.cipher_suite.as_deref().map(visible));
        let until = tls.not_after.as_deref().and_then(|end| end.split('T').next()).map(visible);
        let trusted = if tls.trusted { "trusted" } else { "not trusted" };
        facts.push(until.map_or(format!("certificate {trusted}"), |end| format!("certificate {trusted}, until {end}")));
    }
    facts
}

fn heading(step: &(StepName, &'static str, &'static str), style: &Style) -> &'static str {
    if style.width >= WIDE { step.2 } else { step.1 }
}

fn gap(style: &Style) -> &'static str {
    if style.width >= WIDE { "  " } else { " " }
}

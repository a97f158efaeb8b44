//! NAT behaviour, for people: a sentence, the facts, the forecast, what is not known.

mod facts;
mod gaps;
mod reach;
mod sentence;
mod sum;
mod trace;
mod words;

use super::escape::visible;
use super::style::{Ink, Style};
use super::table::{flow, wrap};
use crate::report::nat::{Nat, Udp};
use crate::report::{Event, Outcome, Report, Severity};

pub use sentence::sentence;

/// N37 and N6 of every forecast: what it rests on, and who has the last word.
const CAVEAT: &str = "This holds for the ports that were tried just now and is an upper bound (RFC 5780 section 4): \
    under load a NAT may do worse. This predicts; ICE decides.";

/// The whole answer.
#[must_use]
pub fn text(report: &Report, style: &Style, verbose: bool) -> String {
    super::demo::notice(report.demo.as_deref(), style) + &closing(report, style, verbose)
}

/// Everything that there is to say at the end; with `verbose` every test.
#[must_use]
pub fn closing(report: &Report, style: &Style, verbose: bool) -> String {
    let mut blocks = Vec::new();
    if let Some(nat) = &report.nat {
        blocks.push(block(report, nat, "/nat", style, verbose));
        for (number, other) in nat.others.iter().enumerate() {
            blocks
                .push(heading(other, style) + &block(report, other, &format!("/nat/others/{number}"), style, verbose));
        }
    }
    blocks.push(servers(report, style, verbose));
    // What is only remarked stands among the facts already.
    let weighty = report.findings.iter().filter(|finding| verbose || finding.severity != Severity::Info);
    blocks.push(super::findings::text(&weighty.cloned().collect::<Vec<_>>(), style, |_| false));
    blocks.push(sum::line(report, style, verbose));
    blocks.retain(|block| !block.trim().is_empty());
    let blocks: Vec<&str> = blocks.iter().map(|block| block.trim_end_matches('\n')).collect();
    blocks.join("\n\n") + "\n"
}

/// What it all amounts to, in a few sentences.
#[must_use]
pub fn summary(report: &Report) -> String {
    sum::sentences(report, true).join(" ")
}

/// What an event adds to the conversation under `-v`.
#[must_use]
pub fn live(event: &Event) -> Option<String> {
    match event {
        Event::NatTest { elapsed_ms, test } => Some(trace::line(*elapsed_ms, test)),
        Event::Lifetime { elapsed_ms, alive_ms, gone_ms } => {
            Some(format!("{elapsed_ms:7.1}  idle mappings: {}", facts::lifetime(*alive_ms, *gone_ms)))
        }
        _ => None,
    }
}

/// What is known so far, in a few words, while it lasts.
#[must_use]
pub fn so_far(event: &Event) -> Option<String> {
    match event {
        Event::Nat { nat, .. } => {
            Some(format!("mapping {}, filtering {}", words::behaviour(nat.mapping), words::behaviour(nat.filtering)))
        }
        Event::Lifetime { alive_ms, gone_ms: None, .. } => {
            Some(format!("idle mappings: alive after {:.0} s", alive_ms / 1e3))
        }
        Event::Lifetime { alive_ms, gone_ms, .. } => {
            Some(format!("idle mappings: {}", facts::lifetime(*alive_ms, *gone_ms)))
        }
        Event::NatTest { test, .. } => Some(format!("{}: {}", visible(&test.name), words::outcome(test.outcome))),
        _ => None,
    }
}

fn heading(nat: &Nat, style: &Style) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(nat.interface.as_deref().map(visible));
    parts.extend(nat.family.map(|family| words::family(family).to_string()));
    let title = if parts.is_empty() { "Another way out".into() } else { format!("By {}", parts.join(", ")) };
    style.paint(Ink::Bold, &title) + "\n"
}

/// All about one interface and address family.
fn block(report: &Report, nat: &Nat, place: &str, style: &Style, verbose: bool) -> String {
    let sentence: String =
        wrap(style.width, 0, &visible(&sentence(nat))).iter().map(|line| style.paint(Ink::Bold, line) + "\n").collect();
    let same = nat.direct.windows(2).all(|two| two[0].outcome == two[1].outcome);
    let forecast = if same && !verbose { String::new() } else { reach::grid(&nat.direct, style) };
    let mut parts = vec![sentence, facts::table(nat, style), forecast, contradictions(nat, style)];
    // Without UDP there is nothing more to find out.
    if nat.udp != Udp::Blocked {
        parts.push(gaps::gaps(report, place, style, verbose));
    }
    if nat.udp == Udp::Open && place == "/nat" {
        parts.push(wrap(style.width, 0, CAVEAT).iter().map(|line| style.paint(Ink::Dim, line) + "\n").collect());
    }
    if verbose {
        parts.push(trace::asked_of_a_nat(nat, style));
        parts.push(trace::tests(nat, style));
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

fn contradictions(nat: &Nat, style: &Style) -> String {
    let mut out = String::new();
    let contradictions = nat.contradictions.iter().map(|text| ("Contradiction", text));
    for (word, text) in contradictions.chain(nat.disbelieved.iter().map(|text| ("Not believed", text))) {
        for line in wrap(style.width, 0, &format!("{word}: {}", visible(text))) {
            out.push_str(&(style.paint(Ink::Doubtful, &line) + "\n"));
        }
    }
    out
}

/// The servers: who they were, and what was wrong with them if something was.
fn servers(report: &Report, style: &Style, verbose: bool) -> String {
    let trouble = report.servers.iter().any(|server| !matches!(server.outcome, Outcome::Ok | Outcome::Skipped));
    if trouble || verbose {
        return super::servers::servers(&report.servers, style);
    }
    let mut urls: Vec<String> = Vec::new();
    for server in &report.servers {
        let url = visible(&server.url);
        if !urls.contains(&url) {
            urls.push(url);
        }
    }
    if urls.is_empty() {
        return String::new();
    }
    urls.insert(0, "Asked:".into());
    flow(style.width, 0, &urls).iter().map(|line| style.paint(Ink::Dim, line) + "\n").collect()
}

//! The check of TURN servers, for people: a block for each host, a row for each URL and address.

mod extras;
pub mod live;
mod row;
mod sum;
mod words;

use super::escape::visible;
use super::style::{Ink, Style};
use super::table::{flow, wrap};
use crate::report::{Finding, Outcome, Report, StepOutcome, Turn};

/// Where what belongs to a row begins.
const INDENT: usize = 8;
const LEGEND: [&str; 3] = ["✓ done", "✗ failed", "– not needed or not reached"];

/// The whole answer.
#[must_use]
pub fn text(report: &Report, style: &Style, verbose: bool) -> String {
    super::demo::notice(report.demo.as_deref(), style) + &closing(report, style, verbose)
}

/// Everything that there is to say at the end; with `verbose` every step.
#[must_use]
pub fn closing(report: &Report, style: &Style, verbose: bool) -> String {
    let mut out = String::new();
    let mut hosts: Vec<&str> = Vec::new();
    for turn in &report.turn {
        let host = host(&turn.url);
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    for host in &hosts {
        out.push_str(&block(report, host, style, verbose));
        out.push('\n');
    }
    if !hosts.is_empty() {
        for line in flow(style.width, 0, &LEGEND.map(String::from)) {
            out.push_str(&(style.paint(Ink::Dim, &line) + "\n"));
        }
        out.push('\n');
    }
    let unchecked = report.servers.iter().filter(|server| !report.turn.iter().any(|turn| turn.url == server.url));
    for server in unchecked.filter(|server| server.outcome == Outcome::Skipped) {
        let why = server.error.as_deref().unwrap_or("not checked");
        for line in wrap(style.width, 0, &format!("{}: {}", visible(&server.url), visible(why))) {
            out.push_str(&(line + "\n"));
        }
    }
    out.push_str(&findings(report, style, verbose));
    out.push_str(&sum::line(report, style));
    out
}

/// What it all amounts to, in a few sentences.
#[must_use]
pub fn summary(report: &Report) -> String {
    sum::sentences(report).join(" ")
}

/// All URLs of one host.
fn block(report: &Report, host: &str, style: &Style, verbose: bool) -> String {
    let entries: Vec<(usize, &Turn)> =
        report.turn.iter().enumerate().filter(|(_, turn)| self::host(&turn.url) == host).collect();
    let mut heading = vec![visible(host)];
    for software in entries.iter().filter_map(|(_, turn)| turn.software.as_deref()).map(visible) {
        if !heading[1..].contains(&software) {
            heading.push(software);
        }
    }
    let mut out = String::new();
    for line in flow(style.width, 0, &heading) {
        out.push_str(&(style.paint(Ink::Bold, &line) + "\n"));
    }
    out.push_str(&row::headings(style));
    for (place, (index, turn)) in entries.iter().enumerate() {
        let above = entries[..place].iter().map(|(_, above)| *above).find(|above| same_trouble(above, turn));
        out.push_str(&row::row(turn, style));
        out.push_str(&row::trouble(turn, *index, &report.findings, above, style));
        out.push_str(&extras::tried(turn, verbose, style));
        out.push_str(&extras::audit(turn, verbose, style));
        if verbose {
            out.push_str(&extras::steps(turn, style));
        }
    }
    out
}

fn same_trouble(one: &Turn, other: &Turn) -> bool {
    match (one.failing(), other.failing()) {
        (Some((_, one)), Some((_, other))) => {
            (one.name, one.cause, &one.detail) == (other.name, other.cause, &other.detail)
        }
        _ => false,
    }
}

/// What the facts mean, errors first. What is said beneath a row already is only named here.
fn findings(report: &Report, style: &Style, verbose: bool) -> String {
    let told = |finding: &Finding| {
        let mut abouts = report.turn.iter().enumerate().filter_map(|(i, turn)| row::about(turn, i, &report.findings));
        !verbose && abouts.any(|about| about == finding)
    };
    super::findings::text(&report.findings, style, told)
}

/// The host of a URL, brackets and all.
fn host(url: &str) -> &str {
    let rest = url.split_once(':').map_or(url, |(_, rest)| rest);
    let rest = rest.split('?').next().unwrap_or(rest);
    match rest.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => rest,
    }
}

fn outcome(outcome: StepOutcome) -> &'static str {
    match outcome {
        StepOutcome::Ok => "ok",
        StepOutcome::Failed => "failed",
        StepOutcome::Timeout => "timeout",
        StepOutcome::Skipped => "skipped",
    }
}

/// `0.42 ms`, `12.3 ms`, `4.5 s`.
fn ms(ms: f64) -> String {
    match ms {
        ms if ms < 1.0 => format!("{ms:.2} ms"),
        ms if ms < 100.0 => format!("{ms:.1} ms"),
        ms if ms < 1000.0 => format!("{ms:.0} ms"),
        ms => format!("{:.1} s", ms / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_host_of_a_url() {
        assert_eq!(host("turns:turn.example.org:5349?transport=tcp"), "turn.example.org");
        assert_eq!(host("turn:[2001:db8::1]:3478?transport=udp"), "[2001:db8::1]");
        assert_eq!(host("turn:192.0.2.1"), "192.0.2.1");
    }

    #[test]
    fn writes_times_as_precisely_as_they_matter() {
        assert_eq!([ms(0.123), ms(12.34), ms(123.4), ms(4500.0)], ["0.12 ms", "12.3 ms", "123 ms", "4.5 s"]);
    }
}

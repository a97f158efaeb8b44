//! What it all amounts to.

use crate::report::nat::{Nat, Path, Udp};
use crate::report::{Report, Severity, Verdict};
use crate::view::style::{Ink, Style};
use crate::view::table::wrap;

/// PASS, WARN or FAIL, and how many kinds of network calls go direct with.
pub fn line(report: &Report, style: &Style, verbose: bool) -> String {
    let (ink, word) = match report.verdict {
        Verdict::Pass => (Ink::Good, "PASS"),
        Verdict::Warn => (Ink::Doubtful, "WARN"),
        Verdict::Fail => (Ink::Bad, "FAIL"),
    };
    let mut out = String::new();
    let mut before = format!("{}  ", style.paint(ink, word));
    for line in wrap(style.width, 6, &sentences(report, verbose).join(" ")) {
        out.push_str(&format!("{before}{}\n", line.trim_start()));
        before = " ".repeat(6);
    }
    out
}

pub fn sentences(report: &Report, verbose: bool) -> Vec<String> {
    let mut sentences = Vec::new();
    if report.interrupted {
        sentences.push("Interrupted before the end.".to_string());
    } else if report.unknown.values().any(|why| why == "time-limit") {
        sentences.push("Stopped at the time limit (--timeout).".to_string());
    }
    match &report.nat {
        None => sentences.push("Nothing was found out.".into()),
        Some(nat) => sentences.push(counted(nat)),
    }
    let remarks = report.findings.iter().filter(|finding| finding.severity == Severity::Info).count();
    match remarks {
        _ if verbose => {}
        0 => {}
        1 => sentences.push("One remark more with -v.".into()),
        many => sentences.push(format!("{many} remarks more with -v.")),
    }
    sentences
}

fn counted(nat: &Nat) -> String {
    match nat.udp {
        Udp::Blocked => return "UDP is blocked.".into(),
        Udp::Unknown => return "No server answered.".into(),
        Udp::Open => {}
    }
    let of = |wanted: Path| nat.direct.iter().filter(|reach| reach.outcome == wanted).count();
    let all = nat.direct.len();
    if of(Path::Direct) == all {
        return "Direct with every kind of network.".into();
    }
    let parts: Vec<String> = [
        (Path::Direct, "direct"),
        (Path::DirectIfLucky, "direct if lucky"),
        (Path::Relay, "by relay"),
        (Path::Unknown, "not known"),
    ]
    .into_iter()
    .filter(|(path, _)| of(*path) > 0)
    .map(|(path, word)| format!("{} {word}", of(path)))
    .collect();
    format!("Of {all} kinds of network on the other side: {}.", parts.join(", "))
}

//! One line for Nagios, Icinga and their kin: state, sentence, performance data.

use super::escape::visible;
use super::format;
use crate::report::{Report, Severity, Verdict};

/// The line. Performance data is what was measured; what was not is left out.
#[must_use]
pub fn line(report: &Report) -> String {
    let state = match report.verdict {
        _ if report.interrupted => "UNKNOWN",
        Verdict::Pass => "OK",
        Verdict::Warn => "WARNING",
        Verdict::Fail => "CRITICAL",
    };
    let worst =
        report.findings.iter().filter(|finding| finding.severity != Severity::Info).map(|finding| &finding.code);
    let codes: Vec<&str> = worst.map(String::as_str).collect();
    let codes = if codes.is_empty() { String::new() } else { format!(" [{}]", codes.join(", ")) };
    let text = text(&format!("{}{codes}", format::summary(report)));
    format!("RTCPROBE {state} - {text} | {}\n", measured(report).join(" "))
}

/// The line when there is no report.
#[must_use]
pub fn unknown(why: &str) -> String {
    format!("RTCPROBE UNKNOWN - {}\n", text(why))
}

/// The verdict in the exit codes of plugins: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
#[must_use]
pub fn code(report: &Report) -> u8 {
    match report.verdict {
        _ if report.interrupted => UNKNOWN,
        Verdict::Pass => 0,
        Verdict::Warn => 1,
        Verdict::Fail => 2,
    }
}

/// The exit code for what could not be found out.
pub const UNKNOWN: u8 = 3;

fn measured(report: &Report) -> Vec<String> {
    let mut out = vec![format!("time={:.3}s;;;0", report.duration_ms / 1e3)];
    let count = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    out.push(format!("errors={};;;0", count(Severity::Error)));
    out.push(format!("warnings={};;;0", count(Severity::Warning)));
    if let Some(gather) = &report.gather {
        out.push(format!("candidates={};;;0", gather.candidates.len()));
    }
    if let Some(connect) = &report.connect {
        let took = connect.connected_ms.zip(connect.checking_ms).map(|(connected, checking)| connected - checking);
        out.extend(took.map(|ms| format!("connect={ms:.1}ms;;;0")));
        let echo = connect.echo.as_ref();
        out.extend(echo.and_then(|echo| echo.rtt_median_ms).map(|ms| format!("rtt={ms:.2}ms;;;0")));
        let loss = echo.filter(|echo| echo.echoed).and_then(|echo| echo.loss);
        out.extend(loss.map(|loss| format!("loss={:.2}%;;;0;100", loss * 100.0)));
    }
    let mut names: Vec<String> = Vec::new();
    for turn in &report.turn {
        let mut name = label(&turn.url);
        if names.contains(&name) {
            name = format!("{name} {}", label(turn.address.as_deref().unwrap_or("-")));
        }
        if names.contains(&name) {
            continue;
        }
        if let Some(echo) = &turn.echo {
            if let Some(rtt) = &echo.rtt_ms {
                out.push(format!("'{name} rtt'={:.2}ms;;;0", rtt.p50));
            }
            out.push(format!("'{name} loss'={:.2}%;;;0;100", echo.loss_ratio * 100.0));
            out.extend(echo.jitter_ms.map(|jitter| format!("'{name} jitter'={jitter:.2}ms;;;0")));
        }
        names.push(name);
    }
    for server in report.servers.iter().filter(|server| !report.turn.iter().any(|turn| turn.url == server.url)) {
        let name = label(&server.url);
        if let (Some(rtt), false) = (server.rtt_ms, names.contains(&name)) {
            out.push(format!("'{name} rtt'={rtt:.2}ms;;;0"));
            names.push(name);
        }
    }
    out
}

/// A bar would begin the performance data.
fn text(text: &str) -> String {
    visible(text).replace('|', "¦")
}

/// A quote or an equals sign would end the label.
fn label(text: &str) -> String {
    visible(text).replace(['\'', '|'], "¦").replace('=', ":")
}

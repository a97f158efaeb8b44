//! What a run is expected to show: the grammar of `--expect`, and what decides it.

mod decide;

use std::str::FromStr;

use super::{Rule, nearest};
use crate::report::nat::Behaviour;
use crate::report::{Expectation, RelayProtocol, Report, Severity};

/// One expectation.
#[derive(Debug, Clone, PartialEq)]
pub struct Expect {
    /// As it was written.
    pub text: String,
    wanted: Wanted,
}

#[derive(Debug, Clone, PartialEq)]
enum Wanted {
    Host,
    Srflx,
    /// Over any transport, or over that one.
    Relay(Option<RelayProtocol>),
    Ipv6,
    Mapping(Behaviour),
    Filtering(Behaviour),
    Measure(Measure, Compare, f64),
    RelayEcho,
    NoFinding(String),
    MaxSeverity(Severity),
}

/// What is measured, and its unit in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measure {
    /// Milliseconds.
    Rtt,
    /// A ratio; percent in the expectation.
    Loss,
    /// Milliseconds.
    Jitter,
    /// Days.
    CertDays,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compare {
    Less,
    AtMost,
    More,
    AtLeast,
}

/// Every form, for messages.
const FORMS: [&str; 13] = [
    "host",
    "srflx",
    "relay",
    "relay:udp",
    "ipv6",
    "mapping=endpoint-independent",
    "filtering=address-dependent",
    "rtt<80ms",
    "loss<1%",
    "jitter<30ms",
    "relay-echo",
    "cert-days>14",
    "no-finding=CODE",
];
const NAMES: [&str; 12] = [
    "host",
    "srflx",
    "relay",
    "ipv6",
    "mapping",
    "filtering",
    "rtt",
    "loss",
    "jitter",
    "relay-echo",
    "cert-days",
    "no-finding",
];
const BEHAVIOURS: [(&str, Behaviour); 4] = [
    ("endpoint-independent", Behaviour::EndpointIndependent),
    ("address-dependent", Behaviour::AddressDependent),
    ("address-and-port-dependent", Behaviour::AddressAndPortDependent),
    ("none", Behaviour::None),
];
const TRANSPORTS: [(&str, RelayProtocol); 4] = [
    ("udp", RelayProtocol::Udp),
    ("tcp", RelayProtocol::Tcp),
    ("tls", RelayProtocol::Tls),
    ("dtls", RelayProtocol::Dtls),
];
const SEVERITIES: [(&str, Severity); 3] =
    [("info", Severity::Info), ("warning", Severity::Warning), ("error", Severity::Error)];

impl Expect {
    /// What the report says about it.
    #[must_use]
    pub fn decide(&self, report: &Report) -> Expectation {
        let decided = decide::decide(&self.wanted, report);
        Expectation { expect: self.text.clone(), met: decided.met, detail: decided.detail, facts: decided.facts }
    }
}

impl FromStr for Expect {
    type Err = String;

    fn from_str(text: &str) -> Result<Expect, String> {
        let text: String = text.trim().chars().filter(|c| !c.is_whitespace()).collect();
        Ok(Expect { wanted: wanted(&text)?, text })
    }
}

fn wanted(text: &str) -> Result<Wanted, String> {
    let at = text.find(['=', '<', '>', ':']).unwrap_or(text.len());
    let (name, rest) = text.split_at(at);
    let plain = |wanted: Wanted| match rest {
        "" => Ok(wanted),
        _ => Err(format!("{name} stands alone; write {name}")),
    };
    match name {
        "host" => plain(Wanted::Host),
        "srflx" => plain(Wanted::Srflx),
        "ipv6" => plain(Wanted::Ipv6),
        "relay-echo" => plain(Wanted::RelayEcho),
        "relay" if rest.is_empty() => Ok(Wanted::Relay(None)),
        "relay" => Ok(Wanted::Relay(Some(value(name, rest, ":", &TRANSPORTS)?))),
        "mapping" => Ok(Wanted::Mapping(value(name, rest, "=", &BEHAVIOURS)?)),
        "filtering" => Ok(Wanted::Filtering(value(name, rest, "=", &BEHAVIOURS)?)),
        "max-severity" => Ok(Wanted::MaxSeverity(value(name, rest, "=", &SEVERITIES)?)),
        "no-finding" => Ok(Wanted::NoFinding(code(rest.strip_prefix('=').unwrap_or_default())?)),
        "rtt" => measure(Measure::Rtt, rest, "rtt<80ms", &["ms"]),
        "jitter" => measure(Measure::Jitter, rest, "jitter<30ms", &["ms"]),
        "loss" => measure(Measure::Loss, rest, "loss<1%", &["%"]),
        "cert-days" => measure(Measure::CertDays, rest, "cert-days>14", &["d", ""]),
        _ => Err(match nearest(name, NAMES.into_iter().chain(["max-severity"])) {
            Some(meant) => format!("there is no expectation {name}; did you mean {}?", form(meant)),
            None => format!("it can be {} or max-severity=warning", FORMS.join(", ")),
        }),
    }
}

fn form(name: &str) -> &str {
    FORMS.into_iter().find(|form| form.starts_with(name)).unwrap_or("max-severity=warning")
}

/// A word out of a few, behind its sign.
fn value<T: Copy>(name: &str, rest: &str, sign: &str, words: &[(&'static str, T)]) -> Result<T, String> {
    let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let all = format!("write {name}{sign} and one of {}", names.join(", "));
    let Some(word) = rest.strip_prefix(sign) else { return Err(all) };
    if let Some((_, value)) = words.iter().find(|(known, _)| *known == word) {
        return Ok(*value);
    }
    match nearest(word, names.iter().copied()) {
        Some(meant) => Err(format!("did you mean {name}{sign}{meant}?")),
        None => Err(all),
    }
}

fn code(code: &str) -> Result<String, String> {
    if Rule::find(code).is_some() {
        return Ok(code.to_string());
    }
    match nearest(code, super::RULES.iter().map(|rule| rule.code)) {
        Some(meant) => Err(format!("there is no finding {code}; did you mean no-finding={meant}?")),
        None => Err("write no-finding= and a code; rtcprobe explain lists them".into()),
    }
}

fn measure(what: Measure, rest: &str, form: &str, units: &[&str]) -> Result<Wanted, String> {
    let signs = [("<=", Compare::AtMost), (">=", Compare::AtLeast), ("<", Compare::Less), (">", Compare::More)];
    let wrong = || format!("write a number behind < or >, such as {form}");
    let (sign, compare) = signs.into_iter().find(|(sign, _)| rest.starts_with(sign)).ok_or_else(wrong)?;
    let text = &rest[sign.len()..];
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let scale = match (what, unit) {
        (Measure::Rtt | Measure::Jitter, "s") => 1000.0,
        (Measure::Loss, "%") => 0.01,
        (_, unit) if units.contains(&unit) => 1.0,
        _ => return Err(format!("{unit:?} is no unit for it; write it as in {form}")),
    };
    Ok(Wanted::Measure(what, compare, number * scale))
}

impl Compare {
    fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Compare::Less => value < bound,
            Compare::AtMost => value <= bound,
            Compare::More => value > bound,
            Compare::AtLeast => value >= bound,
        }
    }

    /// The value that is the hardest to accept comes first.
    fn worse(self, one: f64, other: f64) -> std::cmp::Ordering {
        match self {
            Compare::Less | Compare::AtMost => other.total_cmp(&one),
            Compare::More | Compare::AtLeast => one.total_cmp(&other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        text.parse::<Expect>().expect_err(text)
    }

    #[test]
    fn reads_every_form() {
        for text in FORMS.into_iter().filter(|form| !form.contains("CODE")) {
            assert_eq!(text.parse::<Expect>().unwrap().text, text);
        }
        for text in ["relay:dtls", "no-finding=server-silent", "max-severity=warning", "rtt<=0.1s", "cert-days>=14d"] {
            assert!(text.parse::<Expect>().is_ok(), "{text}");
        }
        let spaced: Expect = "rtt < 80 ms".parse().unwrap();
        assert_eq!(spaced.wanted, Wanted::Measure(Measure::Rtt, Compare::Less, 80.0));
        let loss: Expect = "loss<1%".parse().unwrap();
        assert_eq!(loss.wanted, Wanted::Measure(Measure::Loss, Compare::Less, 0.01));
    }

    #[test]
    fn says_what_to_write_instead() {
        assert!(wrong("realy").contains("did you mean relay?"));
        assert!(wrong("relay:ucp").contains("did you mean relay:udp?"));
        assert!(wrong("relay=udp").contains("relay:"));
        assert!(wrong("rtt<80").contains("rtt<80ms"));
        assert!(wrong("rtt=80ms").contains("rtt<80ms"));
        assert!(wrong("loss<x%").contains("loss<1%"));
        assert!(wrong("no-finding=server-slient").contains("server-silent"));
        assert!(wrong("max-severity=warn").contains("warning"));
        assert!(wrong("mapping=endpoint-independant").contains("endpoint-independent"));
        assert!(wrong("host=1").contains("write host"));
        assert!(wrong("quantum").contains("cert-days>14"));
        assert!(wrong("").contains("relay"));
    }
}

//! Nothing of the original survives redaction, and what a reader needs does.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::{Command, Stdio};

use clap::ValueEnum;
use proptest::prelude::*;
use rtcprobe::archive::redact::{OWN, Scope, redact};
use rtcprobe::report::Report;
use rtcprobe::view::format::{self, Format};
use rtcprobe::view::style::Style;
use serde_json::Value;

use super::view;

#[test]
fn nothing_of_any_fixture_survives_in_any_format() {
    for (name, report) in view::reports() {
        let redacted = redact(&report, Scope::ALL).unwrap_or_else(|| panic!("{name}"));
        let text = everything(&redacted);
        for secret in secrets(&report) {
            assert!(!stands_in(&text, &secret), "{name}: {secret} survives");
        }
    }
}

#[test]
fn the_same_is_the_same_everywhere_and_others_are_others() {
    for (name, report) in view::reports() {
        let redacted = redact(&report, Scope::ALL).unwrap();
        let (before, after) = (report.gather.iter(), redacted.gather.iter());
        let before: Vec<_> = before.flat_map(|gather| &gather.candidates).collect();
        let after: Vec<_> = after.flat_map(|gather| &gather.candidates).collect();
        for (one, given) in before.iter().zip(&after) {
            for (other, also) in before.iter().zip(&after) {
                assert_eq!(one.address == other.address, given.address == also.address, "{name}");
                assert_eq!(one.foundation == other.foundation, given.foundation == also.foundation, "{name}");
                assert_eq!(one.url == other.url, given.url == also.url, "{name}");
                assert_eq!(one.interface == other.interface, given.interface == also.interface, "{name}");
            }
            assert_eq!(one.port, given.port);
            assert_eq!(one.address.contains(':'), given.address.contains(':'), "{name}: the family");
            assert!(given.candidate.contains(&format!(" {} {} typ ", given.address, given.port)), "{name}");
            assert!(given.candidate.starts_with(&format!("candidate:{} ", given.foundation)), "{name}");
        }
        assert_eq!(report.verdict, redacted.verdict);
        assert_eq!(report.unknown.keys().collect::<Vec<_>>(), redacted.unknown.keys().collect::<Vec<_>>(), "{name}");
        let codes = |report: &Report| report.findings.iter().map(|finding| finding.code.clone()).collect::<Vec<_>>();
        assert_eq!(codes(&report), codes(&redacted));
    }
}

#[test]
fn only_what_is_chosen_is_replaced() {
    let report = view::reports().into_iter().find(|(name, _)| name == "turn-good").unwrap().1;
    let text = |addresses, names| serde_json::to_string(&redact(&report, Scope { addresses, names }).unwrap()).unwrap();
    let (addresses, names) = (text(true, false), text(false, true));
    assert!(addresses.contains("turn.example.org") && !addresses.contains("198.51.100.7"));
    assert!(!names.contains("turn.example.org") && names.contains("198.51.100.7"));
    assert_eq!(text(false, false), serde_json::to_string(&report).unwrap());
}

#[test]
fn redacting_twice_changes_no_meaning() {
    for (name, report) in view::reports() {
        let once = redact(&report, Scope::ALL).unwrap();
        let twice = redact(&once, Scope::ALL).unwrap();
        let lines = |report: &Report| format::text(report, &Style { width: 200, color: false }, true).lines().count();
        assert_eq!(lines(&once), lines(&twice), "{name}");
    }
}

#[test]
fn every_word_of_an_enumeration_is_known_to_be_ours() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in ["schema.json", "schema-events.json"] {
        let schema: Value = serde_json::from_str(&std::fs::read_to_string(root.join(file)).unwrap()).unwrap();
        let mut missing = BTreeSet::new();
        enumerations(&schema, &schema, &mut missing);
        missing.retain(|key| !OWN.contains(&key.as_str()) && key != "name");
        assert!(missing.is_empty(), "{file}: {missing:?} hold words of ours, and OWN does not name them");
    }
}

/// The properties whose value is a word out of a list.
fn enumerations(schema: &Value, root: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            for (key, property) in fields.get("properties").and_then(Value::as_object).into_iter().flatten() {
                if is_word(property, root) {
                    found.insert(key.clone());
                }
            }
            fields.values().for_each(|value| enumerations(value, root, found));
        }
        Value::Array(items) => items.iter().for_each(|item| enumerations(item, root, found)),
        _ => {}
    }
}

fn is_word(schema: &Value, root: &Value) -> bool {
    let constant = schema.get("enum").is_some() || schema.get("const").is_some_and(Value::is_string);
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|to| root.pointer(to.trim_start_matches('#')));
    let parts = ["anyOf", "oneOf", "allOf"].iter().filter_map(|kind| schema.get(kind)?.as_array()).flatten();
    constant || target.is_some_and(|target| is_word(target, root)) || parts.into_iter().any(|part| is_word(part, root))
}

#[test]
fn a_run_that_is_redacted_tells_nothing_on_either_stream() {
    for output in ["text", "jsonl", "json", "markdown"] {
        let args = ["gather", "--demo", "-v", "--redact", "--output", output];
        let output =
            Command::new(env!("CARGO_BIN_EXE_rtcprobe")).args(args).stdin(Stdio::null()).env_clear().output().unwrap();
        let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!((output.status.code(), err.as_str()), (Some(0), ""), "{args:?}");
        assert!(out.contains("127.0.0.1") && out.lines().count() > 3, "{args:?}: {out}");
        for secret in ["203.0.113.7", "rtcprobe.demo"] {
            assert!(!stands_in(&out, secret), "{args:?}: {secret}\n{out}");
        }
    }
}

fn v4() -> impl Strategy<Value = Ipv4Addr> {
    prop_oneof![
        any::<[u8; 4]>().prop_map(Ipv4Addr::from),
        any::<[u8; 3]>().prop_map(|[b, c, d]| Ipv4Addr::new(10, b, c, d)),
        any::<[u8; 2]>().prop_map(|[c, d]| Ipv4Addr::new(192, 168, c, d)),
        any::<[u8; 2]>().prop_map(|[c, d]| Ipv4Addr::new(100, 64 + c % 64, c, d)),
        // Those that pseudonyms are taken from.
        any::<u8>().prop_map(|d| Ipv4Addr::new(203, 0, 113, d)),
        any::<u8>().prop_map(|d| Ipv4Addr::new(10, 0, 1, d)),
    ]
}

fn v6() -> impl Strategy<Value = Ipv6Addr> {
    prop_oneof![
        any::<[u16; 8]>().prop_map(Ipv6Addr::from),
        any::<[u16; 4]>().prop_map(|[a, b, c, d]| Ipv6Addr::new(0x2001, 0xdb8, 0, a % 4, 0, b, c, d)),
        any::<[u16; 2]>().prop_map(|[a, b]| Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, a, b)),
        v4().prop_map(|v4| v4.to_ipv6_mapped()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Any addresses and names, in any of their spellings, in fields and in running text.
    #[test]
    fn nothing_of_any_report_survives(
        v4s in proptest::collection::vec(v4(), 3),
        v6s in proptest::collection::vec(v6(), 2),
        host in "[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,4})?\\.[a-z]{3,9}\\.(org|net|de)",
        user in "[a-zA-Z0-9@._+-]{1,12}",
        interface in "[a-z]{2,6}[0-9]{1,2}",
        software in "[ -~]{0,20}",
    ) {
        let mut report = view::reports().into_iter().find(|(name, _)| name == "turn-good").unwrap().1;
        report.gather = view::reports().into_iter().find(|(name, _)| name == "gather-pass").unwrap().1.gather;
        let texts = v4s.iter().flat_map(|v4| spellings_v4(*v4)).chain(v6s.iter().flat_map(|v6| spellings_v6(*v6)));
        let texts: Vec<String> = texts.collect();
        let said = format!("{} as {user} at {host}, on {interface}.", texts.join(" and "));
        report.environment.interfaces[0].name = interface.clone();
        report.turn[0].steps[0].detail = Some(said.clone());
        report.turn[0].username = Some(user.clone());
        report.turn[0].software = Some(format!("{software} {} {host}", v4s[1]));
        report.turn[0].url = format!("turn:{host}:3478?transport=udp");
        report.findings[0].detail = said.clone();
        report.findings[0].fix = Some(said.clone());
        report.unknown.insert("/turn/0/software".into(), said);
        let gather = report.gather.as_mut().unwrap();
        gather.candidates[0].address = v4s[0].to_string();
        gather.candidates[1].address = v6s[0].to_string();
        gather.candidates[1].interface = Some(interface.clone());
        gather.candidates[1].candidate = format!("candidate:1 1 udp 1 {} 9 typ host ufrag x", v6s[0]);
        let redacted = redact(&report, Scope::ALL).unwrap();
        let text = strings(&serde_json::to_value(&redacted).unwrap()).join("\n");
        for address in v4s.iter().map(|v4| IpAddr::V4(*v4)).chain(v6s.iter().map(|v6| IpAddr::V6(*v6))) {
            if tells_nothing(address) {
                continue;
            }
            let spellings = match address {
                IpAddr::V4(v4) => spellings_v4(v4),
                IpAddr::V6(v6) => spellings_v6(v6),
            };
            for spelling in spellings {
                prop_assert!(!stands_in(&text, &spelling), "{} survives in\n{}", spelling, text);
            }
        }
        prop_assert!(!stands_in(&text, &host), "{host} survives in\n{text}");
        prop_assert!(!stands_in(&text, &interface), "{interface} survives in\n{text}");
        if user.chars().any(|c| c.is_ascii_alphabetic()) && !ours(&user) {
            prop_assert!(!stands_in_exactly(&text, &user), "{user} survives in\n{text}");
        }
    }
}

/// A user may be called what a word of the report is; then only its own field tells.
fn ours(user: &str) -> bool {
    user.len() < 3 || ["example", "host", "user", "domain", "org"].iter().any(|word| word.contains(user))
}

fn spellings_v4(address: Ipv4Addr) -> Vec<String> {
    let [a, b, c, d] = address.octets();
    vec![
        address.to_string(),
        format!("{a:03}.{b:03}.{c:03}.{d:03}"),
        format!("ip-{a}-{b}-{c}-{d}"),
        format!("{address}:3478"),
    ]
}

fn spellings_v6(address: Ipv6Addr) -> Vec<String> {
    let long: Vec<String> = address.segments().iter().map(|part| format!("{part:04x}")).collect();
    let short: Vec<String> = address.segments().iter().map(|part| format!("{part:x}")).collect();
    vec![
        address.to_string(),
        address.to_string().to_uppercase(),
        long.join(":"),
        short.join(":"),
        format!("[{address}]:3478"),
    ]
}

fn tells_nothing(address: IpAddr) -> bool {
    let address = match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        v4 => v4,
    };
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || address == IpAddr::from([169, 254, 169, 254])
        || address == IpAddr::V4(Ipv4Addr::BROADCAST)
}

/// Everything in a report that tells who or where somebody is, found in another way than the redactor's.
fn secrets(report: &Report) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for text in strings(&serde_json::to_value(report).unwrap()) {
        for word in text.split(|c: char| !(c.is_ascii_hexdigit() || c == '.' || c == ':')) {
            let word = word.trim_matches(['.', ':']);
            let address = word.parse::<IpAddr>().ok().or_else(|| word.rsplit_once(':')?.0.parse().ok());
            let range = ["10.0.0.0", "172.16.0.0", "192.168.0.0", "100.64.0.0", "127.0.0.0"].contains(&word);
            let known = ["Coturn-", "section ", "§"];
            let version = known.iter().any(|known| text.contains(&format!("{known}{word}")));
            if let Some(address) = address.filter(|address| !tells_nothing(*address) && !range && !version) {
                found.insert(address.to_string());
            }
        }
    }
    let names = report.servers.iter().map(|server| (&server.url, &server.username));
    for (url, user) in names.chain(report.turn.iter().map(|turn| (&turn.url, &turn.username))) {
        found.extend(user.iter().filter(|user| user.parse::<u64>().is_err()).cloned());
        let host = url.split(':').nth(1).unwrap_or_default();
        if host.contains('.') && host.parse::<IpAddr>().is_err() {
            found.insert(host.into());
        }
    }
    let names = report.environment.interfaces.iter().map(|interface| interface.name.clone());
    found.extend(names.filter(|name| name != "lo"));
    found.remove("");
    found
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(fields) => {
            fields.iter().flat_map(|(key, value)| [vec![key.clone()], strings(value)].concat()).collect()
        }
        _ => Vec::new(),
    }
}

fn everything(report: &Report) -> String {
    let style = Style { width: 4000, color: false };
    Format::value_variants().iter().map(|format| format::render(report, *format, &style, true)).collect()
}

fn stands_in(text: &str, secret: &str) -> bool {
    stands_in_exactly(&text.to_lowercase(), &secret.to_lowercase())
}

/// Not as a part of a longer word or number.
fn stands_in_exactly(text: &str, secret: &str) -> bool {
    text.match_indices(secret).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + secret.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

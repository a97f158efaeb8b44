//! Nothing of the lab is in what is said of it with `--redact`, by any command and in any format.

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::path::Path;

use crate::certificates::{Authority, Leaf};
use crate::coturn::{Coturn, Options, PASSWORD, REALM, SECRET, USER};
use crate::dns::Dns;
use crate::process::Cmd;
use crate::rtcprobe::rtcprobe;
use crate::topology::{Lab, at};
use crate::turn::case::{LOGIN, TCP, UDP, UDP6};

const FORMATS: [&str; 9] = ["text", "json", "jsonl", "junit", "github", "markdown", "html", "prometheus", "nagios"];
const NAMED: &[&str] =
    &["stun:turn.lab.test", "turns:turn.lab.test?transport=tcp", "turns:turn4.lab.test?transport=udp"];
const DEAD: &[&str] = &["turn:nobody.lab.test", "turn:203.0.113.77", "turn:203.0.113.66?transport=tcp"];

#[test]
fn nothing_of_the_lab_is_in_a_redacted_answer() {
    let lab = Lab::usual();
    let authority = Authority::new(lab.dir());
    let options = Options { identity: Some(authority.issue(Leaf::Good)), ..Options::default() };
    let _coturn = Coturn::start(&lab, options);
    let _dns = Dns::usual(&lab);
    let ca = authority.file();
    let trust = ["--ca-file", &ca];
    let failing = [DEAD, &["--user-id", USER, "--secret", SECRET, "--timing", "fast"]].concat();
    let commands: [(&str, Vec<&str>); 6] = [
        ("gather", [LOGIN, NAMED, &[UDP, TCP, UDP6], &trust].concat()),
        ("nat", [LOGIN, &["stun:turn.lab.test", "stun:203.0.113.11", UDP, "--gateway"]].concat()),
        ("turn", [LOGIN, &["--audit", "--all", "--echo", "20"], &NAMED[1..], &[UDP, UDP6], &trust].concat()),
        ("check", [LOGIN, &["--expect", "relay:tls,mapping=endpoint-independent"], NAMED, &[UDP], &trust].concat()),
        ("turn", failing.clone()),
        ("check", [&failing[..], &["--expect", "relay,ipv6"]].concat()),
    ];
    let secrets = secrets(&lab);
    assert!(secrets.len() > 15, "{secrets:?}");
    let mut found = BTreeSet::new();
    let mut shown = 0;
    for (number, (command, args)) in commands.iter().enumerate() {
        let folder = lab.dir().join(format!("redacted-{number}"));
        fs::create_dir(&folder).unwrap();
        let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let outputs: Vec<String> = FORMATS.iter().map(|format| format!("{format}={}", file(format))).collect();
        let mut words = vec![*command, "-v", "--redact"];
        words.extend(outputs.iter().flat_map(|output| ["--output", output]));
        words.extend(args);
        // What the run itself prints, and what is made of a report that was saved as it was.
        let plain = file("../plain.json");
        let whole = format!("json={plain}");
        let saved = [&[*command, "--output", &whole, "--output", "text"], &args[..]].concat();
        let saved = lab.client.spawn(rtcprobe(&saved));
        let redacted = lab.client.exec(rtcprobe(&words).env("GITHUB_STEP_SUMMARY", file("summary")));
        assert!(matches!(redacted.code(), Some(0 | 1)) && redacted.stdout.is_empty(), "{redacted}");
        saved.finish();
        let report = fs::read_to_string(&plain).unwrap();
        let there = addresses(&report);
        // Pseudonyms are of the same ranges as the lab's addresses, but never those that a report holds.
        let held = |secret: &&String| secret.parse().map_or(true, |address: IpAddr| there.contains(&address));
        let secrets: BTreeSet<String> = secrets.iter().filter(held).cloned().collect();
        shown += secrets.iter().filter(|secret| stands_in(&report, secret)).count();
        let mut later = vec!["report", "redact", "-v", &plain];
        let outputs: Vec<String> =
            FORMATS.iter().map(|format| format!("{format}={}", file(&format!("{format}-later")))).collect();
        later.extend(outputs.iter().flat_map(|output| ["--output", output]));
        lab.client.exec(rtcprobe(&later)).expect_success();
        let replayed = lab.client.exec(rtcprobe(&["report", "show", "--redact", "-v", &plain]));
        fs::write(file("shown-later"), &replayed.stdout).unwrap();
        fs::write(file("stderr"), redacted.stderr + &replayed.stderr).unwrap();
        found.extend(search(&folder, &secrets).into_iter().map(|what| format!("{command}: {what}")));
    }
    assert!(shown > 20, "what is searched for is what a report holds: {shown}");
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn what_passed_over_the_wire_is_not_redacted_and_therefore_refused() {
    let lab = Lab::usual();
    for option in ["--pcap", "--trace"] {
        let file = lab.dir().join("recorded");
        let args = ["turn", UDP, LOGIN[0], LOGIN[1], LOGIN[2], LOGIN[3], "--redact", option, file.to_str().unwrap()];
        let refused = lab.client.exec(rtcprobe(&args));
        assert_eq!(refused.code(), Some(2), "{refused}");
        assert!(refused.stderr.contains(option) && refused.stderr.contains("--redact"), "{refused}");
        assert!(refused.stdout.is_empty() && !file.exists(), "{refused}");
    }
}

/// Every address, host name, user, secret and interface of the lab.
fn secrets(lab: &Lab) -> BTreeSet<String> {
    let names = ["turn.lab.test", "turn4.lab.test", "nobody.lab.test", "lab.test", USER, PASSWORD, REALM, SECRET];
    let addresses = [
        at::CLIENT,
        at::CLIENT6,
        at::PUBLIC,
        at::SERVER,
        at::SERVER_2,
        at::SERVER6,
        at::SERVER6_2,
        at::DNS,
        at::BLACKHOLE,
        at::CLOSED,
    ];
    let mut secrets: BTreeSet<String> = names.into_iter().chain(addresses).map(String::from).collect();
    let said = lab.client.exec(Cmd::new("ip").args(["-brief", "address"])).expect_success().stdout;
    for line in said.lines() {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap().split('@').next().unwrap();
        secrets.extend((name != "lo").then(|| name.to_owned()));
        let addresses = words.skip(1).filter_map(|word| word.split('/').next()?.parse::<IpAddr>().ok());
        secrets.extend(addresses.filter(|address| !address.is_loopback()).map(|address| address.to_string()));
    }
    secrets.extend(
        lab.client.exec(Cmd::new("cat").arg("/sys/class/net/lan0/address")).stdout.split_whitespace().map(String::from),
    );
    secrets
}

/// What of it stands in the files of a folder.
fn search(folder: &Path, secrets: &BTreeSet<String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let addresses = addresses(&text);
        for secret in secrets {
            let address = secret.parse::<IpAddr>().is_ok_and(|address| addresses.contains(&address));
            if address || stands_in(&text, secret) {
                let line = text.lines().find(|line| stands_in(line, secret)).unwrap_or_default();
                found.insert(format!("{secret} in {name}: {}", line.chars().take(200).collect::<String>()));
            }
        }
    }
    found
}

/// Every address that is written in a text, in whatever way.
fn addresses(text: &str) -> BTreeSet<IpAddr> {
    let words = text.split(|c: char| !(c.is_ascii_hexdigit() || c == '.' || c == ':' || c == '-'));
    let plain = words.clone().map(|word| word.trim_matches(['.', ':', '-']).to_owned());
    let dashed = words.map(|word| word.replace('-', ".").trim_matches('.').to_owned());
    let without_port = plain.clone().filter_map(|word| Some(word.rsplit_once(':')?.0.to_owned()));
    plain.chain(dashed).chain(without_port).filter_map(|word| word.parse().ok()).collect()
}

/// Not as a part of a longer word or number.
fn stands_in(text: &str, secret: &str) -> bool {
    let (text, secret) = (text.to_lowercase(), secret.to_lowercase());
    text.match_indices(&secret).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + secret.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

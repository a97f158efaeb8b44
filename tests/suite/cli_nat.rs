//! `rtcprobe nat` from outside: what is refused, exit codes, what is printed where.

use std::process::{Command, Output, Stdio};

use rtcprobe::report::nat::{Behaviour, LegacyType, Nat, Udp};
use rtcprobe::report::{Report, Verdict};
use rtcprobe::rules::forecast::{PAIRS, outcome};

/// Nothing listens there.
const DEAD: &str = "stun:127.0.0.1:1";

/// Said in one line on stderr, with nothing on stdout and exit code 2.
#[track_caller]
fn refuses(args: &[&str], because: &[&str]) {
    let output = run(args);
    let stderr = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
    assert_eq!(stdout(&output), "", "{args:?}");
    assert!(stderr.starts_with("error: ") && stderr.lines().count() == 1, "{args:?}: {stderr}");
    for word in because {
        assert!(stderr.contains(word), "{args:?} should speak of {word}: {stderr}");
    }
}

#[test]
fn refuses_what_makes_no_sense() {
    refuses(&["--no-default-servers"], &["no server is named", "--stun", "--demo"]);
    refuses(&["stun.example.org"], &["stun:"]);
    refuses(&["turn:turn.example.org"], &["--username", "--credential-file"]);
    refuses(&["--demo=cone"], &["--demo", "port-restricted-cone"]);
    refuses(&["--demo", DEAD], &["--demo"]);
    refuses(&[DEAD, "--lifetime=soon"], &["--lifetime", "10s"]);
    refuses(&[DEAD, "--lifetime=1s"], &["--lifetime", "five seconds"]);
    refuses(&[DEAD, "--lifetime=2h"], &["--lifetime", "an hour"]);
    refuses(&[DEAD, "-4", "-6"], &["--ipv4", "--ipv6"]);
    refuses(&[DEAD, "-6"], &["-6", "IPv4"]);
    refuses(&[DEAD, "--interface", "no-such0"], &["no-such0", "there are", "lo"]);
    refuses(&[DEAD, "--local-address", "192.0.2.77"], &["192.0.2.77"]);
    refuses(&[DEAD, "--mapping"], &["--mapping"]);
    refuses(&["--demo", "--local-address", "127.0.0.1"], &["--demo", "loopback", "leave --local-address out"]);
    refuses(&["--demo", "-6"], &["leave --ipv6 out"]);
    refuses(&[DEAD, "--port-range", "50000-50100"], &["--port-range 50000-50100", "128"]);
    refuses(&[DEAD, "--port-range", "50000-50127", "--lifetime"], &["--port-range", "nat --lifetime"]);
}

#[test]
fn fails_where_nothing_answers_and_claims_nothing() {
    let output = run(&[DEAD]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{text}{}", stderr(&output));
    assert!(text.contains("FAIL") && !text.contains("direct"), "{text}");
    let report = report(&[DEAD], 1);
    let nat = report.nat.as_ref().unwrap();
    assert_eq!((nat.udp, nat.nat, report.verdict), (Udp::Unknown, None, Verdict::Fail));
    for fact in ["udp", "nat", "mapping", "filtering", "hairpinning", "portAllocation", "mappingMethod"] {
        assert!(report.unknown.contains_key(&format!("/nat/{fact}")), "{fact}: {:?}", report.unknown);
    }
    assert_eq!(nat.direct.len(), 10);
}

#[test]
fn json_lines_tell_tests_and_end_with_the_report() {
    let output = run(&["--demo", "--output", "jsonl"]);
    let text = stdout(&output);
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |event: &str| lines.iter().filter(|line| line["event"] == event).count();
    assert!(of("nat-test") >= 1 && of("nat") == 1, "{text}");
    let nat = lines.iter().find(|line| line["event"] == "nat").unwrap();
    assert_eq!(nat["nat"]["direct"].as_array().unwrap().len(), 10);
    assert_eq!(lines.last().unwrap()["event"], "report");
    assert!(lines.iter().all(|line| line["elapsedMs"].is_number()));
}

#[test]
fn tests_are_told_one_by_one_when_more_is_asked_for() {
    let output = run(&["--demo", "-v"]);
    let text = stdout(&output);
    assert!(text.contains("\nTests\n") && text.contains("seen as 203.0.113.7:"), "{text}");
    assert!(stderr(&output).contains("seen as 203.0.113.7:"), "{}", stderr(&output));
    let quiet = run(&["--demo", "-q"]);
    assert_eq!(stderr(&quiet), "");
    assert!(!stdout(&quiet).contains("\nTests\n"));
}

#[test]
fn a_demonstration_says_that_it_is_one() {
    let text = stdout(&run(&["--demo=symmetric"]));
    assert!(text.starts_with("This is a demonstration:") && text.contains("symmetric NAT"), "{text}");
    assert_eq!(report(&["--demo=none"], 0).demo.as_deref(), Some("none"));
}

#[test]
fn every_simulated_nat_is_seen_as_what_it_is() {
    use Behaviour::{AddressAndPortDependent, AddressDependent, EndpointIndependent, None as No};
    let word = |mapping, filtering| match (mapping, filtering) {
        (No, _) => "none".to_string(),
        (mapping, filtering) => format!("{}-{}", abbreviated(mapping, "m"), abbreviated(filtering, "f")),
    };
    for (kind, (mapping, filtering), legacy) in [
        ("none", (No, No), LegacyType::OpenInternet),
        ("full-cone", (EndpointIndependent, EndpointIndependent), LegacyType::FullCone),
        ("restricted-cone", (EndpointIndependent, AddressDependent), LegacyType::RestrictedCone),
        ("port-restricted-cone", (EndpointIndependent, AddressAndPortDependent), LegacyType::PortRestrictedCone),
        ("symmetric", (AddressAndPortDependent, AddressAndPortDependent), LegacyType::Symmetric),
    ] {
        let nat = demo(kind);
        assert_eq!((nat.mapping, nat.filtering, nat.legacy_type), (mapping, filtering, legacy), "{kind}");
    }
    for (mapping, filtering) in PAIRS {
        let kind = word(mapping, filtering);
        let nat = demo(&kind);
        assert_eq!((nat.mapping, nat.filtering), (mapping, filtering), "{kind}");
        assert_eq!(
            nat.direct.iter().map(|reach| (reach.mapping, reach.filtering)).collect::<Vec<_>>(),
            PAIRS,
            "{kind}"
        );
        for reach in &nat.direct {
            assert_eq!(reach.outcome, outcome((mapping, filtering), (reach.mapping, reach.filtering)), "{kind}");
        }
    }
}

/// What is found behind a simulated NAT.
fn demo(kind: &str) -> Nat {
    report(&[&format!("--demo={kind}")], 0).nat.unwrap()
}

#[test]
fn a_symmetric_nat_is_a_warning_and_no_error() {
    assert_eq!(report(&["--demo=symmetric"], 0).verdict, Verdict::Warn);
    report(&["--demo=symmetric", "--strict"], 1);
    assert_eq!(report(&["--demo=none", "--strict"], 0).verdict, Verdict::Pass);
}

fn abbreviated(behaviour: Behaviour, end: &str) -> String {
    let start = match behaviour {
        Behaviour::EndpointIndependent => "ei",
        Behaviour::AddressDependent => "ad",
        _ => "apd",
    };
    format!("{start}{end}")
}

#[test]
fn secrets_are_printed_nowhere() {
    const SECRET: &str = "zq7-Secret-9vX";
    let turn = ["turn:127.0.0.1:1", "--username", "u", "--credential", SECRET];
    for more in [&["-vv"][..], &["--json"], &["--output", "jsonl", "-v"], &["--lifetime=x"], &["--help"]] {
        let output = run(&[&turn[..], more].concat());
        let all = stdout(&output) + &stderr(&output);
        assert!(!all.contains(SECRET) && !all.is_empty(), "{more:?}: {all}");
    }
}

#[track_caller]
fn report(args: &[&str], code: i32) -> Report {
    let output = run(&[args, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(code), "{args:?}: {}{}", stdout(&output), stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

/// The program with an environment of its own.
fn run(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtcprobe"));
    command.arg("nat").args(args);
    if !args.iter().any(|arg| arg.starts_with("--demo")) {
        command.args(["--timing", "fast"]);
    }
    command.stdin(Stdio::null()).env_clear().env("PATH", "/nonexistent").output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

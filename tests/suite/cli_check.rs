//! `rtcprobe check` from outside: what is refused, exit codes, what is printed where.

use std::process::{Command, Output, Stdio};

use rtcprobe::report::{CandidateKind, Severity, Verdict};

use super::asked::{Asked, stderr, stdout};

const KEYS: [&str; 4] = ["--username", "u", "--credential", "p"];
/// Nothing listens there.
const DEAD: &str = "turn:127.0.0.1:1";

const CHECK: Asked = Asked { command: "check", beside: &["--timing", "fast", "--no-default-servers"] };

#[test]
fn refuses_what_it_cannot_do() {
    CHECK.refuses(&[DEAD, "--username", "u"], &["--credential-file"]);
    CHECK.refuses(&["--budget", "0"], &["--budget", "10s"]);
    CHECK.refuses(&["--reference", "turn:a.example"], &["--reference", "TURN"]);
    CHECK.refuses(&["-q", "--reference", "stuns:a.example"], &["--reference", "UDP"]);
    CHECK.refuses(&["stun:a.example", "--demo"], &["--demo"]);
}

#[test]
fn the_demo_passes_with_candidates_and_checks_in_one_report() {
    let report = CHECK.report(&["--demo", "--echo", "5"], 0);
    assert_eq!((report.verdict, report.command.as_str()), (Verdict::Pass, "check"));
    assert!(report.turn.len() >= 3 && report.turn.iter().all(|turn| turn.works == Some(true)));
    let gather = report.gather.as_ref().unwrap();
    assert!(gather.complete_ms.is_some());
    for kind in [CandidateKind::Host, CandidateKind::Srflx, CandidateKind::Relay] {
        assert!(gather.candidates.iter().any(|candidate| candidate.kind == kind), "{kind:?}");
    }
    assert_eq!(report.servers[0].gave, ["srflx"]);
    assert_eq!(report.servers[1].gave, ["srflx", "relay"]);
    assert_eq!(report.servers.len(), report.turn.len() + 1, "each server stands in the list once");
}

#[test]
fn fails_at_a_dead_port_with_a_finding() {
    let report = CHECK.report(&[&[DEAD, "turn:127.0.0.1:1?transport=tcp"], &KEYS[..]].concat(), 1);
    assert_eq!(report.verdict, Verdict::Fail);
    assert_eq!(report.findings[0].code, "server-not-running");
    assert_eq!(report.findings[0].severity, Severity::Error);
    assert_eq!(report.servers.len(), 2);
    assert!(report.gather.is_some_and(|gather| !gather.errors.is_empty()));
}

#[test]
fn a_list_without_credentials_is_told_of_and_looked_at_all_the_same() {
    let report = CHECK.report(&[DEAD], 1);
    let found: Vec<(&str, Severity)> = report.findings.iter().map(|one| (one.code.as_str(), one.severity)).collect();
    for code in ["server-not-running", "auth-missing-in-client"] {
        assert!(found.contains(&(code, Severity::Error)), "{code}: {found:?}");
    }
}

#[test]
fn quietly_only_the_codes_are_printed() {
    let output = CHECK.run(&[&[DEAD, "-q"], &KEYS[..]].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).starts_with("server-not-running\nchrome-port-restricted\n"), "{}", stdout(&output));
    assert!(!stdout(&output).contains([' ', ':']));
    let output = CHECK.run(&["--demo", "--no-echo", "-q"]);
    assert_eq!((stdout(&output).as_str(), output.status.code()), ("", Some(0)));
}

#[test]
fn people_get_the_verdict_first_then_the_reason_then_the_fix() {
    let output = CHECK.run(&[&[DEAD], &KEYS[..]].concat());
    let text = stdout(&output);
    let places =
        ["FAIL", "Why: ", "Fix: ", "What works"].map(|word| text.find(word).unwrap_or_else(|| panic!("{text}")));
    assert!(places.is_sorted() && places[0] == 0, "{text}");
}

#[test]
fn an_expectation_that_is_not_met_fails_the_run() {
    let quick = ["--demo", "--no-echo", "--no-controls"];
    let with = |more: &[&'static str]| [&quick[..], more].concat();
    let met = CHECK
        .report(&with(&["--expect", "host,srflx,relay:udp", "--expect", "no-finding=server-silent", "--strict"]), 0);
    assert_eq!(met.expectations.len(), 4);
    assert!(
        met.expectations.iter().all(|one| one.met == Some(true) && !one.facts.is_empty()),
        "{:?}",
        met.expectations
    );
    let unmet = CHECK.report(&with(&["--expect", "rtt<0ms"]), 1);
    assert_eq!((unmet.verdict, unmet.expectations[0].met), (Verdict::Fail, Some(false)));
    let json = serde_json::to_value(&unmet).unwrap();
    assert!(json.pointer(&unmet.expectations[0].facts[0]).is_some());
}

#[test]
fn an_expectation_that_nothing_decides_fails_only_strictly() {
    let undecided = ["--demo", "--no-echo", "--no-controls", "--expect", "loss<1%"];
    assert_eq!(CHECK.report(&undecided, 0).expectations[0].met, None);
    CHECK.report(&[&undecided[..], &["--strict"]].concat(), 1);
}

#[test]
fn what_is_ignored_is_left_out_of_the_verdict() {
    let ignored =
        CHECK.report(&[&[DEAD, "--ignore", "server-not-running,chrome-port-restricted"], &KEYS[..]].concat(), 0);
    assert!(ignored.findings.iter().all(|finding| finding.severity == Severity::Info), "{:?}", ignored.findings);
    assert_eq!(ignored.configuration.unwrap().ignored.len(), 2);
    CHECK.refuses(&["--ignore", "server-not-runing"], &["--ignore", "did you mean server-not-running?"]);
    CHECK.refuses(&["--expect", "realy"], &["--expect", "did you mean relay?"]);
}

#[test]
fn the_configuration_is_looked_at_as_well() {
    let list = r#"{"iceServers":[{"urls":["stun:127.0.0.1:1","stuns:127.0.0.1:1","stun:127.0.0.1:1"]}]}"#;
    let report = CHECK.report(&["--ice-servers", list], 1);
    let codes: Vec<&str> = report.findings.iter().map(|finding| finding.code.as_str()).collect();
    for code in ["config-no-turn", "config-stuns-plain", "config-duplicate-url"] {
        assert!(codes.contains(&code), "{code}: {codes:?}");
    }
    let text = serde_json::to_string(&report.configuration).unwrap();
    assert!(text.contains("\"source\":\"ice-servers\""), "{text}");
}

fn explain(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtcprobe"));
    command.arg("explain").args(args).stdin(Stdio::null()).env_clear().output().unwrap()
}

#[test]
fn every_finding_is_explained() {
    for rule in rtcprobe::rules::RULES {
        let text = stdout(&explain(&[rule.code]));
        for word in [rule.code, rule.title, "What it means", "How it is told apart", "What to do", "References"] {
            assert!(text.contains(word) || text.replace('\n', " ").contains(word), "{}: {word}\n{text}", rule.code);
        }
        assert!(!text.contains("# "), "{text}");
    }
    for one in rtcprobe::rules::BEYOND {
        assert!(stdout(&explain(&[one.code])).contains(one.code));
    }
    let list = stdout(&explain(&[]));
    assert!(rtcprobe::rules::RULES.iter().all(|rule| list.contains(rule.code)));
    assert!(list.lines().all(|line| line.chars().count() <= 80), "{list}");
}

#[test]
fn an_unknown_finding_is_refused_with_the_nearest_one() {
    let output = explain(&["auth-rest-expierd"]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""));
    assert!(stderr(&output).contains("did you mean auth-rest-expired?"), "{}", stderr(&output));
    assert!(stderr(&explain(&["xyzzy"])).contains("lists them all"));
    assert!(stdout(&explain(&["Auth-Rest-Expired"])).contains("auth-rest-expired"));
}

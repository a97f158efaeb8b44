//! `rtcprobe turn` from outside: what is refused, exit codes, what is printed where.

use std::process::Command;

use rtcprobe::report::{Cause, Outcome, Report, StepName, Verdict};

use super::asked::{Asked, stderr, stdout};

const KEYS: [&str; 4] = ["--username", "u", "--credential", "p"];
const EXE: &str = env!("CARGO_BIN_EXE_rtcprobe");
/// Nothing listens there.
const DEAD: &str = "turn:127.0.0.1:1";

const TURN: Asked = Asked { command: "turn", beside: &["--timing", "fast"] };

#[test]
fn shows_the_right_form_when_no_turn_server_is_named() {
    TURN.refuses(&[], &["no TURN server is named", "--turn", "--username", "--demo"]);
    TURN.refuses(&["stun:stun.example.org"], &["no TURN server is named"]);
    TURN.refuses(&[DEAD], &[DEAD, "--username", "--credential-file"]);
    TURN.refuses(&["turn.example.org"], &["turn:turn.example.org"]);
    TURN.refuses(&["stun:a.example", "--demo"], &["--demo"]);
    TURN.refuses(&[&KEYS[..], &["-q", "stuns:a.example", DEAD]].concat(), &["stuns:a.example", "UDP"]);
}

#[test]
fn refuses_what_cannot_be_measured() {
    let with = |more: &[&'static str]| [&[DEAD], &KEYS[..], more].concat();
    TURN.refuses(&with(&["--size", "1201"]), &["--size", "1201", "1200"]);
    TURN.refuses(&with(&["--size", "3"]), &["--size", "24"]);
    TURN.refuses(&with(&["--rate", "0"]), &["--rate", "1000"]);
    TURN.refuses(&with(&["--echo", "0"]), &["--echo"]);
    TURN.refuses(&with(&["--lifetime", "0"]), &["--lifetime"]);
    TURN.refuses(&with(&["--require", "sctp"]), &["--require", "sctp", "tcp"]);
    TURN.refuses(&with(&["--require", "tls"]), &["--require tls", "no server"]);
}

#[test]
fn a_file_of_certificates_may_be_a_pipe() {
    let asked = |pem: &str| {
        let pipe = format!("printf '%s' '{pem}' | {EXE} turn {DEAD} --username u --credential p --ca-file /dev/stdin");
        let output = Command::new("sh").args(["-c", &pipe]).env_clear().output().unwrap();
        (output.status.code(), stderr(&output))
    };
    let key = rcgen::KeyPair::generate().unwrap();
    let good = rcgen::CertificateParams::new([]).unwrap().self_signed(&key).unwrap().pem();
    assert_eq!(asked(&good), (Some(1), String::new()), "nothing listens there, and no more is wrong");
    let (code, said) = asked("rubbish");
    assert!(code == Some(2) && said.contains("--ca-file /dev/stdin: there is no certificate in it"), "{said}");
}

#[test]
fn fails_at_a_dead_port_and_says_where() {
    let output = TURN.run(&[&[DEAD], &KEYS[..]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let text = stdout(&output);
    for word in ["FAIL", "turn:127.0.0.1:1?transport=udp", "binding", "✗", "✗ failed"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let report = TURN.report(&[&[DEAD, "turn:127.0.0.1:1?transport=tcp"], &KEYS[..]].concat(), 1);
    assert_eq!((report.turn.len(), report.servers.len()), (2, 2));
    assert_eq!(report.turn[1].failing().unwrap().1.name, StepName::Connect);
    assert!(report.turn.iter().all(|turn| turn.works == Some(false)));
    assert!(report.servers.iter().all(|server| server.outcome == Outcome::Refused && server.error.is_some()));
    assert_eq!(report.unknown["/turn/0/allocation"], "not-reached");
    assert_eq!(report.unknown["/turn/0/echo"], "not-reached");
}

#[test]
fn a_bare_host_stands_for_every_transport_in_a_stable_order() {
    let report = TURN.report(&[&["--turn", "127.0.0.1:1"], &KEYS[..]].concat(), 1);
    let urls: Vec<&str> = report.turn.iter().map(|turn| turn.url.as_str()).collect();
    let mut expected = vec![
        "turn:127.0.0.1:1?transport=udp",
        "turn:127.0.0.1:1?transport=tcp",
        "turns:127.0.0.1:1?transport=tcp",
        "turns:127.0.0.1:1?transport=udp",
    ];
    expected.truncate(if cfg!(feature = "dtls") { 4 } else { 3 });
    assert_eq!(urls, expected);
    assert!(report.turn.iter().all(|turn| turn.username.as_deref() == Some("u")));
}

#[test]
fn the_demo_works_by_every_transport() {
    for kind in ["--demo", "--demo=none", "--demo=symmetric"] {
        let report = TURN.report(&[kind, "--echo", "5"], 0);
        assert!(report.turn.len() >= 3 && report.turn.iter().all(|turn| turn.works == Some(true)), "{kind}");
        assert!(report.servers.iter().all(|server| server.gave == ["relay"]), "{kind}");
        assert!(report.turn.iter().flat_map(|turn| &turn.controls).all(|control| control.refused == Some(true)));
        assert!(report.gather.is_none() && report.demo.is_some());
    }
    let quick = TURN.report(&["--demo", "--no-echo", "--no-controls", "--require", "udp"], 0);
    assert!(quick.turn.iter().all(|turn| turn.echo.is_none() && turn.controls.is_empty()));
    assert_eq!(quick.unknown["/turn/0/echo"], "not-asked");
}

#[test]
fn who_comes_without_credentials_is_refused_and_that_is_well() {
    let report = TURN.report(&["--demo", "--anonymous"], 0);
    assert_eq!(report.verdict, Verdict::Pass);
    assert!(report.turn.iter().all(|turn| turn.failing().unwrap().1.cause == Some(Cause::NoCredentials)));
}

#[test]
fn json_lines_tell_steps_and_end_with_the_report() {
    let output = TURN.run(&["--demo", "--no-echo", "--output", "jsonl"]);
    let text = stdout(&output);
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |event: &str| lines.iter().filter(|line| line["event"] == event).count();
    assert!(of("step") >= 12 * of("turn") - 12 && of("turn") >= 3 && of("server") == of("turn"), "{text}");
    assert_eq!(lines.last().unwrap()["event"], "report");
    assert!(lines.iter().all(|line| line["elapsedMs"].is_number()));
}

#[test]
fn steps_are_told_on_stderr_when_more_is_asked_for() {
    let line = [&[DEAD, "-v"], &KEYS[..]].concat();
    let output = TURN.run(&line);
    assert!(stderr(&output).contains("binding failed"), "{}", stderr(&output));
    assert!(stdout(&output).contains("not reached: binding failed"), "{}", stdout(&output));
    assert_eq!(stderr(&TURN.run(&[&[DEAD], &KEYS[..]].concat())), "");
}

#[test]
fn secrets_are_printed_nowhere() {
    const SECRET: &str = "zq7-Secret-9vX";
    for more in [&["-vv"][..], &["--json"], &["--output", "jsonl", "-v"], &["--size", "9"], &["--help"]] {
        for key in [&["--username", "u", "--credential", SECRET][..], &["--secret", SECRET]] {
            let output = TURN.run(&[&[DEAD], key, more].concat());
            let all = stdout(&output) + &stderr(&output);
            assert!(!all.contains(SECRET) && !all.is_empty(), "{more:?}: {all}");
        }
    }
}

#[test]
fn stops_at_the_time_limit_and_says_so() {
    // Nobody answers at that address (RFC 5737), or nothing leads there.
    let line = [&["turn:192.0.2.77", "--timeout", "300ms", "--json"], &KEYS[..]].concat();
    let output = TURN.run(&line);
    let report: Report =
        serde_json::from_str(&stdout(&output)).unwrap_or_else(|why| panic!("{why}: {}", stderr(&output)));
    assert_eq!((output.status.code(), report.verdict), (Some(1), Verdict::Fail));
    assert_eq!(report.servers.len(), 1);
}

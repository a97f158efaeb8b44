//! `rtcprobe connect` from outside: the ways to the other side, what is printed where, exit codes.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::thread::JoinHandle;

use rtcprobe::report::connect::{ConnectPath, ConnectState};
use rtcprobe::report::{Report, Verdict};
use rtcprobe::wire::signal::pasted::{self, Form};
use rtcprobe::wire::signal::{Description, Part};

/// Alone on loopback.
const HERE: [&str; 4] = ["--no-default-servers", "--local-address", "127.0.0.1", "--wait=20s"];

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtcprobe"));
    command.arg("connect").args(args).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// With the options that keep it here.
fn here<'a>(args: &[&'a str]) -> Vec<&'a str> {
    args.iter().chain(&HERE).copied().collect()
}

fn run(args: &[&str]) -> Output {
    command(args).stdin(Stdio::null()).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn report(text: &str) -> Report {
    serde_json::from_str(text).unwrap_or_else(|why| panic!("{why}: {text}"))
}

/// `rtcprobe connect answer -` as a command for a shell.
fn other_side() -> String {
    let words = [env!("CARGO_BIN_EXE_rtcprobe"), "connect", "answer", "-"];
    words.iter().chain(&HERE).map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn connected(report: &Report, signalling: &str) {
    let connect = report.connect.as_ref().unwrap();
    assert_eq!(connect.signalling, signalling);
    assert!(connect.connected_ms.is_some() && connect.selected.is_some(), "{connect:?}");
    assert_eq!(connect.selected.as_ref().unwrap().path, ConnectPath::Direct);
    assert_ne!(report.verdict, Verdict::Fail);
}

/// A side that was started, its standard input open.
struct Side {
    child: Child,
    out: BufReader<ChildStdout>,
    err: Option<JoinHandle<String>>,
}

impl Side {
    fn start(args: &[&str]) -> Side {
        let mut child =
            command(&here(args)).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        let err = std::thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).unwrap();
            text
        });
        Side { child, out, err: Some(err) }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Up to a line that ends so.
    fn lines_to(&mut self, end: &str) -> String {
        let mut text = String::new();
        while !text.ends_with(&format!("{end}\r\n")) {
            assert!(self.out.read_line(&mut text).unwrap() > 0, "{text}");
        }
        text
    }

    fn say(&mut self, text: &str) {
        self.child.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Exit code, the rest of stdout, stderr.
    fn end(mut self) -> (Option<i32>, String, String) {
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        let code = self.child.wait().unwrap().code();
        (code, rest, self.err.take().unwrap().join().unwrap())
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn both_sides_in_one_process_connect_with_nothing_but_the_demo() {
    let output = run(&["--self", "--demo", "--json"]);
    let report = report(&stdout(&output));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    connected(&report, "self");
    assert_eq!(report.connect.as_ref().unwrap().state, ConnectState::Connected);
    let text = stdout(&run(&["--self", "--demo", "--policy", "relay"]));
    assert!(text.contains("PASS") && text.contains("relay"), "{text}");
}

#[test]
fn one_command_tests_two_sides_and_shows_one_report() {
    let other = other_side();
    let output = run(&here(&["--exec", &other, "--json"]));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    connected(&report(&stdout(&output)), "exec");
    assert_eq!(stderr(&output), "", "the other side keeps quiet");
    assert!(report(&stdout(&output)).connect.unwrap().other_view.is_some());
}

#[test]
fn what_is_measured_and_a_restart_go_through_a_command_as_well() {
    let other = other_side();
    let output = run(&here(&["--exec", &other, "--json", "--duration=1s", "--restart=300ms"]));
    let report = report(&stdout(&output));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    connected(&report, "exec");
    let connect = report.connect.unwrap();
    assert!(connect.echo.is_some_and(|echo| echo.echoed && echo.received > 0));
    assert!(matches!(&connect.restarts[..], [restart] if restart.local && restart.connected_ms.is_some()));
}

#[test]
fn what_hosts_greet_with_is_shown_and_does_not_matter() {
    let other = format!(
        "echo; echo 'Welcome to example'; echo 'Last login: today' >&2; printf '\\033[1m{{\\n'; {}",
        other_side()
    );
    let output = run(&here(&["--exec", &other]));
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("other side: Welcome to example\n") && said.contains("other side: Last login: today\n"));
    assert!(!said.contains('\u{1b}'), "what it prints does not reach the terminal as it is: {said:?}");
    assert!(stdout(&output).contains("PASS"));
}

#[test]
fn a_command_that_is_no_other_side_is_named() {
    for (other, code, words) in [
        ("rtcprobe-that-is-not-there", 3, &["exit code 127", "PATH"][..]),
        ("true", 3, &["before the other side had described itself"]),
        ("exit 255", 3, &["exit code 255"]),
        ("cat", 2, &["comes back", "connect answer -"]),
        ("yes", 2, &["thousands of lines"]),
        (r#"echo '{"type":"description","role":"answer","ufrag":"a","pwd":"b"}'; cat >/dev/null"#, 2, &["ice-ufrag"]),
    ] {
        let output = run(&here(&["--exec", other]));
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{other}: {said}");
        assert_eq!(stdout(&output), "", "{other}");
        for word in words {
            assert!(said.lines().last().unwrap_or_default().contains(word), "{other}: {said}");
        }
        assert!(said.lines().count() < 120, "{other}");
    }
}

#[test]
fn lines_that_are_pasted_connect_two_sides() {
    let mut offer = Side::start(&["offer"]);
    let line = offer.line();
    assert!(line.starts_with("rtcprobe1:"), "{line}");
    let mut answer = Side::start(&["answer", &line]);
    let back = answer.line();
    assert!(back.starts_with("rtcprobe1:") && back != line);
    offer.say(&format!("{back}\n"));
    for (name, side) in [("offer", offer), ("answer", answer)] {
        let (code, rest, said) = side.end();
        assert_eq!(code, Some(0), "{name}: {said}");
        assert_eq!(rest, "", "{name}: stdout has the line and nothing else");
        assert!(said.contains("PASS"), "{name}: {said}");
    }
}

#[test]
fn sdp_and_the_json_of_browsers_go_as_well_and_are_answered_in_kind() {
    let mut offer = Side::start(&["offer", "--sdp"]);
    let sdp = offer.lines_to("a=end-of-candidates");
    let mut answer = Side::start(&["answer"]);
    answer.say(&format!("{}\n", serde_json::json!({ "type": "offer", "sdp": sdp })));
    let back: serde_json::Value = serde_json::from_str(&answer.line()).unwrap();
    assert_eq!(back["type"], "answer");
    offer.say(back["sdp"].as_str().unwrap());
    offer.say("\r\n");
    assert_eq!((offer.end().0, answer.end().0), (Some(0), Some(0)));
}

#[test]
fn two_programs_speak_over_pipes() {
    let (from_offer, to_answer) = std::io::pipe().unwrap();
    let (from_answer, to_offer) = std::io::pipe().unwrap();
    let offer = command(&here(&["offer", "-"])).stdin(from_answer).stdout(to_answer).stderr(Stdio::piped()).spawn();
    let answer = command(&here(&["answer", "-"])).stdin(from_offer).stdout(to_offer).stderr(Stdio::piped()).spawn();
    for side in [offer, answer] {
        let output = side.unwrap().wait_with_output().unwrap();
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
    }
}

#[test]
fn pastes_that_are_none_are_refused_before_anything_is_sent() {
    let mut offer = Side::start(&["offer"]);
    let line = offer.line();
    drop(offer);
    let read = pasted::read(&line).unwrap().description;
    let answer = pasted::write(&Description { role: Part::Answer, ..read }, Form::Line, &[]);
    for (paste, word) in [
        (&line[..50], "cut short"),
        ("user@host:~$ rtcprobe connect offer", "prompt of a shell"),
        ("rtcprobe1:", "cut short"),
        ("hello", "rtcprobe1:"),
        (&answer, "that is an answer"),
    ] {
        let output = run(&here(&["answer", paste]));
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{paste}: {said}");
        assert!(said.starts_with("error: ") && said.lines().count() == 1 && said.contains(word), "{paste}: {said}");
        assert_eq!(stdout(&output), "");
    }
}

#[test]
fn what_is_no_answer_to_this_offer_is_named() {
    let mut other = Side::start(&["offer"]);
    let others = other.line();
    let of_another = {
        let mut answer = Side::start(&["answer", &others]);
        answer.line()
    };
    drop(other);
    for (paste, word) in [
        (None, "that this side has printed"),
        (Some(others.as_str()), "that is an offer, too"),
        (Some(&of_another), "answers another offer"),
        (Some(&of_another[..50]), "cut short"),
        (Some("$ ls"), "prompt of a shell"),
    ] {
        let mut offer = Side::start(&["offer"]);
        let own = offer.line();
        offer.say(&format!("{}\n", paste.unwrap_or(&own)));
        drop(offer.child.stdin.take());
        let (code, _, said) = offer.end();
        assert_eq!(code, Some(2), "{paste:?}: {said}");
        assert!(said.lines().last().unwrap().starts_with("error: ") && said.contains(word), "{paste:?}: {said}");
    }
    let output = run(&here(&["offer"]));
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("standard input ended"));
}

/// What to type on the other side: the token and the address.
fn invitation(side: &mut Child) -> (String, String, BufReader<std::process::ChildStderr>) {
    let mut err = BufReader::new(side.stderr.take().unwrap());
    loop {
        let mut line = String::new();
        assert!(err.read_line(&mut line).unwrap() > 0, "it does not invite");
        if let Some((_, rest)) = line.split_once("RTCPROBE_TOKEN=") {
            let words: Vec<&str> = rest.split_whitespace().collect();
            return (words[0].into(), (*words.last().unwrap()).into(), err);
        }
    }
}

#[test]
fn one_side_listens_and_the_other_dials_and_only_with_the_token() {
    let mut listens = command(&here(&["--listen", "127.0.0.1:0", "--json"]))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (token, at, mut err) = invitation(&mut listens);
    let silent = std::net::TcpStream::connect(&at).unwrap();
    let output = run(&here(&["--dial", &at, "--token", "another-token-than-that"]));
    let said = stderr(&output);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""), "{said}");
    assert!(said.starts_with("error: --dial") && said.contains("another token") && !said.contains(&token));
    let output = command(&here(&["--dial", &at, "--json"])).env("RTCPROBE_TOKEN", &token).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    connected(&report(&stdout(&output)), "tcp");
    assert!(!stdout(&output).contains(&token) && !stderr(&output).contains(&token));
    let listens = listens.wait_with_output().unwrap();
    let mut said = String::new();
    err.read_to_string(&mut said).unwrap();
    assert_eq!(listens.status.code(), Some(0), "{said}");
    connected(&report(&stdout(&listens)), "tcp");
    assert!(said.contains("another token") && said.contains("still listening"), "{said}");
    assert!(!stdout(&listens).contains(&token));
    drop(silent);
}

#[test]
fn a_token_that_was_given_is_never_shown() {
    let token = "a-token-of-my-own-choice";
    let output = run(&["--listen", "127.0.0.1:0", "--token", token, "--wait=300ms", "-vv", HERE[0]]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("rtcprobe connect --dial 127.0.0.1:") && said.contains("nobody"), "{said}");
    assert!(!said.contains(token) && stdout(&output).is_empty());
}

#[test]
fn a_recorded_run_is_run_again_to_the_same_report() {
    let folder = std::env::temp_dir().join(format!("rtcprobe-connect-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let trace = folder.join("run.trace");
    let trace = trace.to_str().unwrap();
    let other = other_side();
    for args in
        [here(&["--exec", &other, "--json", "--trace", trace]), vec!["--self", "--demo", "--json", "--trace", trace]]
    {
        let before = run(&args);
        assert_eq!(before.status.code(), Some(0), "{}", stderr(&before));
        let recorded = std::fs::read_to_string(trace).unwrap();
        assert!(!recorded.contains("connect answer -"), "commands may hold secrets");
        let again = Command::new(env!("CARGO_BIN_EXE_rtcprobe")).args(["replay", trace, "--json"]).output().unwrap();
        assert_eq!(stdout(&again), stdout(&before), "{}", stderr(&again));
        assert_eq!(again.status.code(), Some(0));
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn refuses_what_makes_no_sense() {
    for (args, words) in [
        (&[][..], &["offer", "--exec", "--self --demo"][..]),
        (&["ofer"], &["ofer", "offer"]),
        (&["offer", "--exec", "cat"], &["offer", "--exec"]),
        (&["--exec", "cat", "--self"], &["--exec", "--self"]),
        (&["offer", "--output", "json"], &["--output json=FILE"]),
        (&["offer", "--restart"], &["--restart", "--exec"]),
        (&["answer", "-", "--sdp"], &["--sdp", "JSON lines"]),
        (&["--self", "--demo", "--qr"], &["--qr", "offer"]),
        (&["offer", "--ice-servers", "-"], &["--ice-servers", "standard input"]),
        (&["offer", "--token-file", "-"], &["--token-file", "standard input"]),
        (&["--dial", "host", "--token", "0123456789abcdef"], &["--dial host", "host.example.org:4000"]),
        (&["--dial", "host:1"], &["--dial", "RTCPROBE_TOKEN"]),
        (&["--dial", "host:1", "--token", "short"], &["16"]),
        (&["--listen", "nowhere", "--no-default-servers"], &["--listen nowhere", "4000"]),
        (&["--self", "--pair", "host"], &["--pair", "host-srflx"]),
        (&["--self", "--no-default-servers", "--policy", "relay"], &["--turn"]),
        (&["offer", "--demo", "stun:127.0.0.1:1"], &["--demo"]),
    ] {
        let output = run(args);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert_eq!(stdout(&output), "", "{args:?}");
        assert!(said.lines().last().unwrap_or_default().starts_with("error: "), "{args:?}: {said}");
        for word in words {
            assert!(said.contains(word), "{args:?} should speak of {word}: {said}");
        }
    }
}

#[test]
fn servers_may_stand_behind_the_words() {
    let mut offer = Side::start(&["offer", "stun:127.0.0.1:1", "--timing=fast"]);
    let line = offer.line();
    assert!(line.starts_with("rtcprobe1:"), "{line}");
    // A terminal breaks a long line, and a shell makes words of it.
    let (one, two) = line.split_at(60);
    let mut answer = Side::start(&["answer", one, two, "stun:127.0.0.1:1", "--timing=fast"]);
    assert!(answer.line().starts_with("rtcprobe1:"));
}

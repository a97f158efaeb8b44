//! The command line from outside: what is printed where, and the exit code.

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// Said in one line on stderr, with nothing on stdout and exit code 2.
#[track_caller]
fn refuses(args: &[&str], because: &[&str]) {
    let output = run(args);
    let stderr = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
    assert_eq!(stdout(&output), "", "{args:?}");
    assert!(stderr.starts_with("error: "), "{args:?}: {stderr}");
    assert_eq!(stderr.lines().count(), 1, "{args:?}: {stderr}");
    for word in because {
        assert!(stderr.contains(word), "{args:?} should speak of {word}: {stderr}");
    }
}

fn gather<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [&["gather"], args].concat()
}

#[test]
fn refuses_servers_that_are_no_servers() {
    refuses(&gather(&["http://stun.example.org"]), &["http", "stun:"]);
    refuses(&gather(&["stun.example.org"]), &["stun:"]);
    refuses(&gather(&["stun://stun.example.org"]), &["//", "stun:stun.example.org"]);
    refuses(&gather(&["--stun", "stun.example.org:70000"]), &["--stun", "70000", "65535"]);
    refuses(&gather(&["--turn", "stun:stun.example.org", "--username", "a", "--credential", "b"]), &["--turn"]);
    refuses(&gather(&["stun:"]), &["stun:"]);
    refuses(&gather(&["turn:turn.example.org?transport=sctp"]), &["transport", "udp", "tcp"]);
}

#[test]
fn asks_for_credentials_where_they_lack() {
    refuses(&gather(&["turn:turn.example.org"]), &["turn:turn.example.org", "--username", "--credential-file"]);
    refuses(&gather(&["--turn", "t.example", "--username", "alice"]), &["--username", "--credential-file"]);
    refuses(&gather(&["--turn", "t.example", "--credential", "x"]), &["--credential", "--username"]);
    refuses(&gather(&["--username", "alice", "--credential", "x"]), &["--turn"]);
    let two = ["--turn", "a.example", "--turn", "b.example", "--username", "u", "--credential", "p"];
    refuses(&gather(&two), &["turn:a.example", "before the first server"]);
}

#[test]
fn refuses_credentials_that_contradict_each_other() {
    let turn = ["--turn", "t.example", "--username", "alice", "--credential", "x"];
    refuses(&gather(&[&turn[..], &["--credential", "y"]].concat()), &["--credential", "twice"]);
    refuses(&gather(&[&turn[..], &["--username", "bob"]].concat()), &["--username", "twice"]);
    refuses(&gather(&[&turn[..], &["--secret", "y"]].concat()), &["--credential", "--secret", "give one"]);
    let file = file("keys", "pw\n");
    let both = [&turn[..], &["--credential-file", file.path()]].concat();
    refuses(&gather(&both), &["--credential", "--credential-file"]);
    refuses(&gather(&["--turn", "t.example", "--username", "a", "--secret", "b"]), &["--secret", "--user-id"]);
    refuses(&gather(&["--turn", "t.example", "--username", "", "--credential", "b"]), &["user name is empty"]);
    refuses(&gather(&["--turn", "t.example", "--username", "a", "--credential", ""]), &["password is empty"]);
    let long = "u".repeat(509);
    refuses(&gather(&["--turn", "t.example", "--username", &long, "--credential", "b"]), &["509", "508"]);
}

#[test]
fn names_the_file_that_cannot_be_read() {
    let turn = ["--turn", "t.example", "--username", "a"];
    refuses(
        &gather(&[&turn[..], &["--credential-file", "no-such-file"]].concat()),
        &["--credential-file", "no-such-file"],
    );
    refuses(&gather(&["--turn", "t.example", "--secret-file", "no-such-file"]), &["--secret-file", "no-such-file"]);
    refuses(&gather(&["--ice-servers", "no-such-file"]), &["--ice-servers", "no-such-file"]);
    refuses(&gather(&["--ca-file", "no-such-file", "stun:a.example"]), &["--ca-file", "no-such-file"]);
    let empty = file("ca", "nothing\n");
    refuses(&gather(&["--ca-file", empty.path(), "stun:a.example"]), &["--ca-file", "PEM"]);
    let one = ["--username", "a", "--credential-file", "-"];
    let twice = [&["--turn", "t.example"][..], &one, &["--turn", "u.example"], &one].concat();
    refuses(&gather(&twice), &["standard input"]);
    refuses(&gather(&["-o", "no-such-folder/x.json", "stun:a.example"]), &["-o", "no-such-folder"]);
}

#[test]
fn says_where_json_is_wrong() {
    let broken = file("broken", "{\n  \"iceServers\": [\n    {\"urls\": }\n  ]\n}\n");
    refuses(&gather(&["--ice-servers", broken.path()]), &["line 3", "column"]);
    refuses(&gather(&["--ice-servers", "[]"]), &["--ice-servers"]);
    refuses(&gather(&["--ice-servers", "{\"iceServers\": []}"]), &["--ice-servers"]);
    refuses(&gather(&["--ice-servers", r#"[{"urls": "stun://a.example"}]"#]), &["--ice-servers", "//"]);
    refuses(&gather(&["--ice-servers", r#"[{"urls": "turn:a.example"}]"#]), &["iceServers[0]", "username"]);
    refuses(&gather(&["--ice-servers", "42"]), &["--ice-servers"]);
}

#[test]
fn refuses_values_that_make_no_sense() {
    refuses(&gather(&["--timeout", "soon"]), &["--timeout", "10s"]);
    refuses(&gather(&["--timeout", "0"]), &["--timeout"]);
    refuses(&gather(&["--ttl", "x"]), &["--ttl"]);
    refuses(&gather(&["--port-range", "2-1"]), &["--port-range", "50000-50100"]);
    refuses(&gather(&["--nameserver", "dns.example"]), &["--nameserver", "9.9.9.9"]);
    refuses(&gather(&["--local-address", "x"]), &["--local-address"]);
    refuses(&gather(&["-4", "-6"]), &["--ipv4", "--ipv6"]);
    refuses(&gather(&["--candidates", "hots"]), &["--candidates", "'host'"]);
    refuses(&gather(&["--timing", "slow"]), &["--timing", "rfc8489"]);
    refuses(&gather(&["--json", "--output", "text"]), &["--json", "--output"]);
    refuses(&gather(&["--output", "xml"]), &["--output", "jsonl"]);
    refuses(&gather(&["-q", "-v"]), &["--quiet", "--verbose"]);
    refuses(&gather(&["--no-default-servers", "--interface", "no-such0"]), &["no-such0", "there are", "lo"]);
    refuses(&gather(&["--no-default-servers", "--local-address", "192.0.2.77"]), &["192.0.2.77"]);
    refuses(&gather(&["--policy", "relay", "stun:a.example"]), &["relay", "--turn"]);
    refuses(&gather(&["--policy", "relay", "--candidates", "host", "stun:a.example"]), &["--candidates"]);
    refuses(&gather(&["--demo=sideways"]), &["--demo", "symmetric"]);
    refuses(&gather(&["--demo", "stun:a.example"]), &["--demo"]);
    refuses(&["serve", "--user", "alice"], &["NAME:PASS"]);
    refuses(&["serve", "--nat", "sideways"], &["--nat", "symmetric"]);
    refuses(&["serve", "--listen", "0.0.0.0"], &["--relay-ip"]);
}

#[test]
fn refuses_what_could_not_work() {
    refuses(&gather(&["--sni", ""]), &["--sni", "turn.example.org"]);
    refuses(&gather(&["--sni", "a b"]), &["--sni", "turn.example.org"]);
    refuses(&gather(&["--sni", &"x".repeat(300)]), &["--sni", "turn.example.org"]);
    refuses(&gather(&["--nameserver", "1.1.1.1:0"]), &["--nameserver", "53"]);
    refuses(&gather(&["-4", "stun:[::1]"]), &["stun:[::1]", "-4"]);
    refuses(&["turn", "-6", "turn:127.0.0.1", "--anonymous"], &["turn:127.0.0.1", "-6"]);
    refuses(&gather(&["--no-default-servers", "--local-address", "127.0.0.1", "-6"]), &["127.0.0.1", "-6"]);
    refuses(&gather(&["--candidates", "relay", "stun:127.0.0.1"]), &["relay", "--turn"]);
    refuses(&["serve", "--secret", ""], &["--secret", "empty"]);
    refuses(&["serve", "--realm", ""], &["--realm", "empty"]);
    let empty = file("users", "\n");
    refuses(&["serve", "--user-file", empty.path()], &["--user-file", "NAME:PASS"]);
}

#[test]
fn refuses_files_that_hold_something_else() {
    let turn = ["--turn", "t.example", "--username", "a"];
    let endless = |option: &str| refuses(&gather(&[&turn[..], &[option, "/dev/zero"]].concat()), &[option, "larger"]);
    if cfg!(unix) {
        ["--credential-file", "--secret-file"].into_iter().for_each(endless);
        refuses(&gather(&["--ice-servers", "/dev/zero"]), &["--ice-servers", "larger"]);
        refuses(&gather(&["--ca-file", "/dev/zero", "stun:a.example"]), &["--ca-file", "larger"]);
        refuses(&["serve", "--user-file", "/dev/zero"], &["--user-file", "larger"]);
    }
    let two = file("passwords", "one\ntwo\n");
    refuses(
        &gather(&[&turn[..], &["--credential-file", two.path()]].concat()),
        &["--credential-file", "several lines"],
    );
    let endless = file("ca", "-----BEGIN CERTIFICATE-----\nMIIB\n");
    refuses(&gather(&["--ca-file", endless.path(), "stun:a.example"]), &["--ca-file", "END"]);
    let damaged = file("ca", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
    refuses(&gather(&["--ca-file", damaged.path(), "stun:a.example"]), &["--ca-file", "damaged"]);
}

#[test]
fn never_repeats_a_password() {
    for text in [
        "turn:127.0.0.1?username=u&password=s3cret",
        "turn:127.0.0.1?transport=udp&password=s3cret",
        "turn:127.0.0.1?u:s3cret",
        "turn:user:s3cret",
        "turn:127.0.0.1:3478:user:s3cret",
        "https://api.example/?apiKey=s3cret",
    ] {
        for args in [gather(&[text]), gather(&["--turn", text]), gather(&["--stun", text])] {
            let output = run(&args);
            assert_eq!(output.status.code(), Some(2), "{args:?}");
            assert!(!stderr(&output).contains("s3cret"), "{}", stderr(&output));
        }
    }
    let json = gather(&["--ice-servers", r#"x{"urls": "turn:a", "credential": "s3cret"}"#]);
    assert!(!stderr(&run(&json)).contains("s3cret"));
}

#[test]
fn shows_nothing_that_a_terminal_would_act_upon() {
    for args in [
        gather(&["--no-default-servers", "--interface", "lo\x1b[31m"]),
        gather(&["-o", "x\x1b[31m/y"]),
        gather(&["--output", "x\x1b[31m"]),
        vec!["x\x1b[31m"],
    ] {
        let output = run(&args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(!stderr(&output).contains('\x1b'), "{args:?}: {}", stderr(&output));
    }
}

#[test]
fn a_slip_in_a_variable_switches_nothing_on() {
    let with = |value| {
        let line = ["gather", "--no-default-servers", "--interface", "lo", "--json"];
        command(&line).env("RTCPROBE_INSECURE", value).output().unwrap()
    };
    let output = with("fals");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--insecure") && stderr(&output).contains("false"), "{}", stderr(&output));
    for value in ["", "0", "no", "OFF", "1", "yes"] {
        assert_eq!(with(value).status.code(), Some(0), "{value}");
    }
}

#[test]
fn does_not_serve_where_it_cannot_listen() {
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = run(&["serve", "--port", &port, "--tls-port", "0"]);
    let said = stderr(&output);
    assert_eq!((output.status.code(), stdout(&output).as_str(), said.lines().count()), (Some(3), "", 1), "{said}");
    assert!(said.contains(&format!("127.0.0.1:{port}")) && said.contains("in use"), "{said}");
}

#[cfg(unix)]
#[test]
fn says_so_when_descriptors_are_scarce() {
    let turn = "gather turn:127.0.0.1:1 --username u --credential p --timing fast";
    for (limit, args) in [(6, turn), (9, turn), (12, turn), (7, "gather --demo"), (24, "turn --demo"), (8, "serve")] {
        let line = format!("ulimit -n {limit}; exec {} {args}", env!("CARGO_BIN_EXE_rtcprobe"));
        let output = Command::new("/bin/sh").args(["-c", &line]).stdin(Stdio::null()).output().unwrap();
        let said = stderr(&output);
        assert_eq!((output.status.code(), said.lines().count()), (Some(3), 1), "{limit} {args}: {said}");
        assert!(said.contains("ulimit -n"), "{limit} {args}: {said}");
    }
}

#[test]
fn helps_by_a_word_too() {
    let by_word = run(&["help", "gather"]);
    assert_eq!((by_word.status.code(), stdout(&by_word)), (Some(0), stdout(&run(&["gather", "--help"]))));
    assert_eq!(stdout(&run(&["help"])), stdout(&run(&["--help"])));
    refuses(&["help", "xyzzy"], &["xyzzy"]);
}

#[test]
fn corrects_what_is_nearly_right() {
    refuses(&["xyzzy"], &["gather, nat, turn, check"]);
    refuses(&gather(&["--stun"]), &["--stun <TARGET>", "none was supplied\n"]);
    refuses(&["serve", "--user", "a:b", "--secret", "x"], &["--user", "cannot be used with --secret"]);
    refuses(&["serve", "--port", "x"], &["--port", "0 to 65535"]);
    refuses(&["gater"], &["did you mean 'gather'"]);
    refuses(&gather(&["--usernam", "x"]), &["--usernam", "did you mean '--username'"]);
    refuses(&["completions", "bsh"], &["did you mean 'bash'"]);
    refuses(&["completions"], &["<SHELL> is missing"]);
}

#[test]
fn shows_help_when_nothing_is_asked() {
    let output = run(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("Usage: rtcprobe <COMMAND>") && stderr(&output).contains("gather"));
    for args in [&["--help"][..], &["-h"], &["gather", "--help"], &["gather", "-h"], &["serve", "--help"]] {
        let output = run(args);
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""), "{args:?}");
        assert!(stdout(&output).contains("Usage: rtcprobe"), "{args:?}");
        assert!(!stdout(&output).contains('\x1b'), "{args:?}");
    }
    let version = run(&["--version"]);
    assert_eq!(stdout(&version), format!("rtcprobe {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_option_can_be_set_by_a_variable_of_its_name() {
    for sub in rtcprobe::commands::command().get_subcommands() {
        for option in sub.get_arguments().filter_map(|arg| arg.get_long().map(|long| (arg, long))) {
            let (arg, long) = option;
            if ["help", "version"].contains(&long) {
                continue;
            }
            let expected = match (sub.get_name(), long) {
                // That of turn asks for an allocation that lives so long.
                ("nat", "lifetime") => "RTCPROBE_NAT_LIFETIME".to_string(),
                _ => format!("RTCPROBE_{}", long.to_uppercase().replace('-', "_")),
            };
            assert_eq!(
                arg.get_env().and_then(|name| name.to_str()),
                Some(expected.as_str()),
                "{} --{long}",
                sub.get_name()
            );
            assert!(arg.is_hide_env_values_set(), "{} --{long} shows what is in the environment", sub.get_name());
        }
    }
}

#[test]
fn takes_options_from_the_environment_and_the_command_line_before_it() {
    let mut command = command(&["gather"]);
    command.env("RTCPROBE_TURN", "a.example").env("RTCPROBE_USERNAME", "u").env("RTCPROBE_PORT_RANGE", "2-1");
    let text = stderr(&command.output().unwrap());
    assert!(text.contains("--port-range"), "{text}");
    let mut command = self::command(&["gather", "--timing", "slow"]);
    command.env("RTCPROBE_TIMING", "fast");
    assert!(stderr(&command.output().unwrap()).contains("slow"));
    // Empty is as good as unset.
    let mut command = self::command(&["gather", "--turn", "a.example"]);
    command.env("RTCPROBE_USERNAME", "").env("RTCPROBE_CREDENTIAL", "");
    assert!(stderr(&command.output().unwrap()).contains("needs a user name and a password"));
}

#[test]
fn secrets_are_printed_nowhere() {
    const SECRET: &str = "zq7-Secret-9vX";
    let key = file("secret", SECRET);
    let inline = format!(r#"[{{"urls": "turn:x y", "username": "u", "credential": "{SECRET}"}}]"#);
    let broken = format!(r#"[{{"urls": "turn:a.example", "username": "u", "credential": "{SECRET}" "#);
    let with_user_info = format!("turn:alice:{SECRET}@turn.example.org");
    let lines: Vec<Vec<&str>> = vec![
        vec!["--turn", "t.example:0", "--username", "u", "--credential", SECRET],
        vec!["--turn", "t.example", "--credential", SECRET],
        vec!["--turn", "t.example", "--secret", SECRET, "--username", "x"],
        vec!["--turn", "t.example", "--secret-file", key.path(), "--timing", "slow"],
        vec!["--turn", "127.0.0.1:1", "--username", "u", "--credential", SECRET, "--timing", "fast", "-vv"],
        vec!["--turn", "127.0.0.1:1", "--username", "u", "--credential", SECRET, "--timing", "fast", "--json"],
        vec!["--turn", "127.0.0.1:1", "--secret", SECRET, "--timing", "fast", "--output", "jsonl", "-v"],
        vec!["--ice-servers", &inline],
        vec!["--ice-servers", &broken],
        vec![&with_user_info],
        vec!["--help"],
    ];
    for line in lines {
        let mut command = command(&gather(&line));
        command.env("RTCPROBE_SECRET_UNUSED", SECRET);
        let output = command.output().unwrap();
        let all = stdout(&output) + &stderr(&output);
        assert!(!all.contains(SECRET), "{line:?}: {all}");
        assert!(!all.is_empty(), "{line:?}");
    }
}

#[test]
fn gathers_host_candidates_without_any_server() {
    let output = run(&["gather", "--no-default-servers", "--interface", "lo", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(report["gather"]["candidates"][0]["type"], "host");
    assert_eq!((&report["verdict"], &report["servers"]), (&"pass".into(), &serde_json::json!([])));
}

#[test]
fn the_demo_gives_every_kind_of_candidate() {
    for kind in ["--demo", "--demo=none", "--demo=symmetric", "--demo=adm-eif"] {
        let output = run(&["gather", kind, "--json"]);
        assert_eq!(output.status.code(), Some(0), "{}", stdout(&output) + &stderr(&output));
        let report: rtcprobe::report::Report = serde_json::from_str(&stdout(&output)).unwrap();
        let candidates = report.gather.unwrap().candidates;
        for wanted in ["host", "relay"] {
            let found = candidates.iter().any(|found| serde_json::to_value(found.kind).unwrap() == wanted);
            assert!(found, "{kind}: {wanted}");
        }
        assert!(report.demo.is_some());
    }
    let text = stdout(&run(&["gather", "--demo"]));
    assert!(text.starts_with("This is a demonstration"), "{text}");
}

#[test]
fn json_lines_end_with_the_report() {
    let output = run(&["gather", "--demo", "--output", "jsonl"]);
    let text = stdout(&output);
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().all(|line| line["event"].is_string() && line["elapsedMs"].is_number()), "{text}");
    assert_eq!(lines.last().unwrap()["event"], "report");
    assert_eq!(lines.last().unwrap()["report"]["schemaVersion"], 1);
}

#[test]
fn fails_when_a_server_gives_nothing() {
    let line = ["gather", "stun:127.0.0.1:1", "--interface", "lo", "-4", "--timing", "fast"];
    let output = run(&line);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output) + &stderr(&output));
    assert!(stdout(&output).contains("FAIL") && stdout(&output).contains("stun:127.0.0.1:1"), "{}", stdout(&output));
}

#[test]
fn writes_the_answer_into_a_file_and_nothing_else_anywhere() {
    let path = std::env::temp_dir().join(format!("rtcprobe-cli-{}.json", std::process::id()));
    let output = run(&["gather", "--demo", "--json", "-o", path.to_str().unwrap()]);
    assert_eq!((output.status.code(), stdout(&output).as_str(), stderr(&output).as_str()), (Some(0), "", ""));
    let report: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(report["command"], "gather");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn is_colourful_only_when_it_should_be() {
    let colorful = |args: &[&str], set: &[(&str, &str)]| {
        let output = command(&[&["gather", "--no-default-servers", "--interface", "lo"], args].concat())
            .envs(set.iter().copied())
            .output()
            .unwrap();
        stdout(&output).contains('\x1b')
    };
    assert!(!colorful(&[], &[]));
    assert!(colorful(&["--color", "always"], &[]));
    assert!(colorful(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(colorful(&[], &[("FORCE_COLOR", "1")]));
    assert!(!colorful(&[], &[("FORCE_COLOR", "1"), ("NO_COLOR", "1")]));
    assert!(!colorful(&["--color", "never"], &[("FORCE_COLOR", "1")]));
}

#[test]
fn a_reader_who_leaves_early_is_no_error() {
    let mut child = command(&["gather", "--demo"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
}

#[test]
fn reads_a_password_from_standard_input() {
    let line =
        ["gather", "--turn", "127.0.0.1:1", "--username", "u", "--credential-file", "-", "--timing", "fast", "--json"];
    let mut child = command(&line).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"pw\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let report: rtcprobe::report::Report = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(report.servers[0].username.as_deref(), Some("u"), "{}", stderr(&output));
}

#[test]
fn credentials_belong_to_the_server_that_they_follow() {
    let names = |args: &[&str]| {
        let output = run(&[&["gather", "--json", "--timing", "fast", "--interface", "lo", "-4"], args].concat());
        let report: rtcprobe::report::Report = serde_json::from_str(&stdout(&output)).unwrap();
        let mut names: Vec<(String, String)> =
            report.servers.into_iter().map(|server| (server.url, server.username.unwrap_or_default())).collect();
        names.sort();
        names.into_iter().map(|(_, name)| name).collect::<Vec<_>>()
    };
    let (a, b, c) = ("turn:127.0.0.1:1", "turn:127.0.0.1:2", "turn:127.0.0.1:3");
    let everyone = ["--username", "all", "--credential", "x"];
    let own = |name| ["--username", name, "--credential", "y"];
    assert_eq!(names(&[&everyone[..], &["--turn", a, "--turn", b]].concat()), ["all", "all"]);
    assert_eq!(names(&[&["--turn", a][..], &own("one"), &["--turn", b], &own("two")].concat()), ["one", "two"]);
    assert_eq!(names(&[&everyone[..], &["--turn", a, "--turn", b], &own("two")].concat()), ["all", "two"]);
    // Plain arguments that stand together share what follows.
    assert_eq!(names(&[&[a, b][..], &own("both"), &[c], &own("three")].concat()), ["both", "both", "three"]);
    // A name of its own with the password of all.
    assert_eq!(names(&[&everyone[..], &["--turn", a, "--username", "one"]].concat()), ["one"]);
    let minted = names(&["--turn", a, "--secret", "s", "--user-id", "eve", "--ttl", "2h"]);
    assert!(minted[0].ends_with(":eve") && minted[0].starts_with(|c: char| c.is_ascii_digit()), "{minted:?}");
}

/// A file that goes away with its owner.
struct File(String);

impl File {
    fn path(&self) -> &str {
        &self.0
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn file(name: &str, text: &str) -> File {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("rtcprobe-{name}-{}-{number}", std::process::id()));
    std::fs::write(&path, text).unwrap();
    File(path.to_str().unwrap().to_string())
}

fn run(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

/// The program with an environment of its own.
fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtcprobe"));
    command.args(args).stdin(Stdio::null()).env_clear().env("PATH", "/nonexistent");
    command
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

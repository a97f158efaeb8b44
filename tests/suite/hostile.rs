//! A server that says what a terminal, a page or a CI system would act upon, asked for real, in every
//! command and every format; and files that say the same.

mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rtcprobe::report::Report;

use server::{Hostile, Manner};

/// What means something to a terminal, to HTML, to Markdown and to a workflow; in a certificate, only
/// ASCII can be in the name of a host.
const EVIL: &str = "\x1b[2J\x1b]0;owned\x07\r\n::error::x\n<script>alert(1)</script><img src=x onerror=alert(1)>|`'\"\
    [x](javascript:alert(1)) @everyone ]]> ::add-mask::x ##vso[task.x]##[error]x";
/// The same with what turns the direction of reading and what ends a line for some.
const WORSE: &str = "\u{202e}\u{2028}\u{85}";

const FORMATS: [&str; 9] = ["text", "json", "jsonl", "junit", "github", "markdown", "html", "prometheus", "nagios"];
const COMMANDS: [&str; 5] = ["gather", "nat", "turn", "check", "connect"];
const KEYS: [&str; 6] = ["--username", "alice", "--credential", "x", "--timing", "fast"];

/// A place for files, gone in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("rtcprobe-hostile-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().into()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run(args: &[&str], summary: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtcprobe"));
    command.args(args).stdin(Stdio::null()).env_clear();
    command.envs(summary.map(|page| ("GITHUB_STEP_SUMMARY", page)));
    command.output().unwrap()
}

/// Nothing in it does anything but stand there.
#[track_caller]
fn is_harmless(what: &str, format: &str, text: &str) {
    let odd = text.chars().find(|c| (c.is_control() && *c != '\n') || "\u{202e}\u{2028}".contains(*c));
    assert_eq!(odd, None, "{what}");
    let commands = text.lines().filter(|line| line.trim_start().starts_with("::"));
    let ours =
        |line: &str| ["::error title=", "::warning title=", "::notice title="].iter().any(|own| line.starts_with(own));
    let strange: Vec<&str> = commands.filter(|line| format != "github" || !ours(line)).collect();
    assert!(strange.is_empty(), "{what}: {strange:?}");
    // Headings are ours.
    let jobs = text.lines().find(|line| line.trim_start_matches('#').contains("##"));
    assert_eq!(jobs, None, "{what}");
    match format {
        "html" => assert!(!["<script", "<img"].iter().any(|tag| text.contains(tag)), "{what}"),
        "markdown" | "summary" => {
            let tag = ["<script", "<img", "](javascript"]
                .iter()
                .find(|tag| super::formats::without_code(text).contains(**tag));
            assert_eq!(tag, None, "{what}");
        }
        "junit" => drop(super::formats::xml::parse(text).unwrap_or_else(|why| panic!("{what}: {why}"))),
        "nagios" => assert_eq!((text.lines().count(), text.matches('|').count() <= 1), (1, true), "{what}: {text}"),
        _ => {}
    }
}

/// Every answer of a run in a file, the text on stdout and what is said on the way on stderr.
fn everything(folder: &Folder, command: &str, args: &[&str]) -> Output {
    let outputs: Vec<String> = FORMATS.iter().map(|format| format!("{format}={}", folder.file(format))).collect();
    let trace = folder.file("trace");
    let mut words = vec![command, "-vv", "--output", "text", "--trace", &trace];
    words.extend(outputs.iter().flat_map(|output| ["--output", output]));
    words.extend(args);
    let output = run(&words, Some(&folder.file("summary")));
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    is_harmless(&format!("{words:?}: stdout"), "text", &out);
    is_harmless(&format!("{words:?}: stderr"), "text", &err);
    for format in FORMATS.iter().chain(&["summary"]) {
        let file = fs::read_to_string(folder.file(format)).unwrap_or_else(|why| panic!("{format}: {why}: {out}{err}"));
        is_harmless(&format!("{words:?}: {format}"), format, &file);
        assert!(file.contains("owned") || *format != "json", "{words:?}: the server was not heard\n{file}");
    }
    // As it comes, and not only at the end.
    for format in ["jsonl", "github"] {
        let words = [&[command, "-vv", "--output", format], args].concat();
        let output = run(&words, None);
        is_harmless(&format!("{words:?}"), format, &text(&output.stdout));
        is_harmless(&format!("{words:?}: stderr"), "text", &text(&output.stderr));
    }
    output
}

/// The same of what is made of a run later.
fn later(folder: &Folder) {
    let (json, trace) = (folder.file("json"), folder.file("trace"));
    let outputs: Vec<String> = FORMATS.iter().map(|format| format!("{format}={}", folder.file(format))).collect();
    let outputs: Vec<&str> = outputs.iter().flat_map(|output| ["--output", output]).collect();
    for words in
        [vec!["report", "convert", &json], vec!["replay", &trace, "-vv"], vec!["report", "redact", "-v", &json]]
    {
        let words = [&words[..], &outputs].concat();
        let output = run(&words, None);
        is_harmless(&format!("{words:?}"), "text", &(text(&output.stdout) + &text(&output.stderr)));
        for format in FORMATS {
            is_harmless(&format!("{words:?}: {format}"), format, &fs::read_to_string(folder.file(format)).unwrap());
        }
        // What was redacted is not what is to be looked at next.
        if words[0] == "replay" {
            fs::copy(folder.file("json"), folder.file("plain")).unwrap();
        }
    }
    let plain = folder.file("plain");
    let good = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/reports/check-good.json");
    let mut good: Report = serde_json::from_slice(&fs::read(good).unwrap()).unwrap();
    good.command = serde_json::from_slice::<Report>(&fs::read(&plain).unwrap()).unwrap().command;
    let other = folder.file("other");
    fs::write(&other, serde_json::to_string(&good).unwrap()).unwrap();
    for format in ["text", "json", "markdown"] {
        for words in [
            ["report", "diff", &other, &plain, "--output", format],
            ["report", "merge", &plain, &other, "--output", format],
        ] {
            let output = run(&words, None);
            is_harmless(&format!("{words:?}"), format, &text(&output.stdout));
            is_harmless(&format!("{words:?}"), "text", &text(&output.stderr));
        }
    }
}

#[test]
fn nothing_that_a_server_says_over_udp_is_acted_upon() {
    for manner in [Manner::Refuses, Manner::Answers] {
        let server = Hostile::start(manner);
        let (turn, stun) = (format!("turn:127.0.0.1:{}", server.udp), format!("stun:127.0.0.1:{}", server.udp));
        for command in COMMANDS {
            let folder = Folder::new(&format!("{manner:?}-{command}"));
            let servers: &[&str] = if command == "turn" { &[&turn] } else { &[&stun, &turn] };
            let more: &[&str] = match command {
                "turn" | "check" => &["--no-controls", "--no-echo"],
                "connect" => &["--self", "--policy", "relay", "--wait", "2s"],
                _ => &[],
            };
            everything(&folder, command, &[&KEYS[..], servers, more].concat());
            later(&folder);
        }
    }
}

#[test]
fn nothing_that_stands_in_a_certificate_is_acted_upon() {
    let server = Hostile::start(Manner::Answers);
    let url = format!("turns:127.0.0.1:{}?transport=tcp", server.tls);
    let trusted = ["--ca-file", &server.authority];
    for (nth, trust) in [&[][..], &["--insecure"], &trusted].iter().enumerate() {
        for command in ["gather", "turn", "check"] {
            let folder = Folder::new(&format!("tls-{nth}-{command}"));
            let more: &[&str] = if command == "gather" { &[] } else { &["--no-controls", "--no-echo"] };
            everything(&folder, command, &[&KEYS[..], &[&url], trust, more].concat());
            later(&folder);
        }
    }
    let folder = Folder::new("names");
    let json = folder.file("json");
    run(&[&["turn", "--json", "-o", &json], &KEYS[..], &[&url]].concat(), None);
    let report: Report = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    let certificate = report.turn[0].tls.as_ref().unwrap();
    let names = certificate.subject_alt_names.join("") + certificate.issuer.as_deref().unwrap_or_default();
    assert!(names.matches("owned").count() >= 2, "the names were seen: {names:?}");
}

#[test]
fn a_terminal_is_not_driven_by_a_server() {
    let server = Hostile::start(Manner::Answers);
    let url = format!("turn:127.0.0.1:{}", server.udp);
    for command in COMMANDS {
        let more = if command == "connect" { " --self" } else { "" };
        let line = format!("{} {command}{more} {} {url} -v", env!("CARGO_BIN_EXE_rtcprobe"), KEYS.join(" "));
        let output = Command::new("script").args(["-qec", &line, "/dev/null"]).env("TERM", "xterm").output();
        let shown = text(&output.expect("script, of util-linux or bsdutils, is installed").stdout);
        assert!(shown.contains("owned") || command == "nat", "{command}: {shown}");
        for sequence in ["\x1b[2J", "\x1b]0;", "\x07", "\u{202e}"] {
            assert!(!shown.contains(sequence), "{command}: {sequence:?}");
        }
    }
}

#[test]
fn files_that_mean_harm_are_refused_or_shown_harmlessly() {
    let folder = Folder::new("files");
    let file = folder.file("file");
    let good = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/reports/turn-good.json");
    let good = fs::read_to_string(good).unwrap();
    let evil = serde_json::to_string(&format!("{EVIL}{WORSE}")).unwrap();
    let json = |text: &str| -> serde_json::Value { serde_json::from_str(text).unwrap() };
    let mut everywhere = json(&good);
    in_every_string(&mut everywhere, &json(&evil));
    let mut by_word = json(&good);
    by_word["verdict"] = json(&evil);
    let mut wrong_type = json(&good);
    wrong_type["turn"] = json("{\"a\": 1}");
    let mut keys = json(&good);
    keys["unknown"] = serde_json::json!({ format!("/turn/0/{EVIL}{WORSE}"): EVIL });
    for (what, bytes) in [
        ("hostile in every string", everywhere.to_string().into_bytes()),
        ("a word that is none", by_word.to_string().into_bytes()),
        ("wrong type", wrong_type.to_string().into_bytes()),
        ("hostile keys", keys.to_string().into_bytes()),
        ("a hostile field", good.replacen("\"verdict\"", &format!("{evil}: 1, \"verdict\""), 1).into_bytes()),
        ("twice the same field", good.replacen("\"verdict\"", "\"verdict\": \"pass\", \"verdict\"", 1).into_bytes()),
        ("numbers beyond all bounds", good.replace("\"durationMs\": ", "\"durationMs\": 1e999, \"x\": ").into_bytes()),
        ("deep", ["[".repeat(100_000), "]".repeat(100_000)].concat().into_bytes()),
        ("huge", vec![b' '; 17 * 1024 * 1024]),
        (
            "a long list",
            good.replacen("\"servers\": [", &format!("\"servers\": [{}", "0,".repeat(50_000)), 1).into_bytes(),
        ),
        ("control characters", b"\x1b[2J\x00\x07\r\n::error::x".to_vec()),
        ("not UTF-8", vec![0xff, 0xfe, 0x1b, b'[', b'2', b'J']),
    ] {
        fs::write(&file, &bytes).unwrap();
        for format in FORMATS {
            for words in [vec!["report", "convert", "-v"], vec!["report", "redact"], vec!["replay"]] {
                let words = [&words[..], &[&file, "--output", format]].concat();
                let output = run(&words, None);
                let code = output.status.code();
                assert!(matches!(code, Some(0..=3)), "{what}: {words:?}: {output:?}");
                let (out, err) = (text(&output.stdout), text(&output.stderr));
                assert!(code != Some(2) || (err.lines().count() == 1 && err.len() < 1000), "{what}: {words:?}: {err}");
                is_harmless(&format!("{what}: {words:?}"), "text", &err);
                if !out.is_empty() {
                    is_harmless(&format!("{what}: {words:?}"), format, &out);
                }
            }
        }
        for words in
            [vec!["report", "show", &file], vec!["report", "diff", &file, &file], vec!["report", "merge", &file, &file]]
        {
            let output = run(&words, None);
            is_harmless(&format!("{what}: {words:?}"), "text", &(text(&output.stdout) + &text(&output.stderr)));
        }
    }
}

/// Where a report has words of its own, others make it no report.
fn in_every_string(value: &mut serde_json::Value, evil: &serde_json::Value) {
    let free = [
        "detail",
        "title",
        "software",
        "errorText",
        "error",
        "fix",
        "says",
        "realm",
        "url",
        "issuer",
        "candidate",
        "servers",
        "resolved",
        "subjectAltNames",
        "command",
        "startedAt",
        "username",
        "name",
    ];
    match value {
        serde_json::Value::Object(fields) => {
            for (key, field) in fields {
                match field {
                    serde_json::Value::String(_) if free.contains(&key.as_str()) && key != "name" => {
                        *field = evil.clone();
                    }
                    serde_json::Value::Array(items) if free.contains(&key.as_str()) => {
                        items.iter_mut().filter(|item| item.is_string()).for_each(|item| *item = evil.clone());
                        items.iter_mut().for_each(|item| in_every_string(item, evil));
                    }
                    field => in_every_string(field, evil),
                }
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(|item| in_every_string(item, evil)),
        _ => {}
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("what is printed is UTF-8")
}

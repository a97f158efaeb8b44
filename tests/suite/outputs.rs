//! Answers in several shapes at once: what goes where, and that a file is written whole or not at all.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use rtcprobe::report::Report;
use rtcprobe::view::format;
use rtcprobe::view::style::Style;

#[test]
fn several_answers_are_given_at_once() {
    let folder = Folder::new("several");
    let (json, lines) = (folder.path("report.json"), folder.path("events.jsonl"));
    let args = [
        "gather",
        "--demo",
        "--output",
        "text",
        "--output",
        &format!("json={json}"),
        "--output",
        &format!("jsonl={lines}"),
    ];
    let output = run(&args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report: Report = serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
    assert_eq!(text(&output.stdout), format::text(&report, &Style::PLAIN, false), "the text is that of the report");
    let lines = fs::read_to_string(lines).unwrap();
    let kinds: Vec<String> = lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["event"].as_str().unwrap().into())
        .collect();
    assert!(kinds.iter().any(|kind| kind == "candidate"), "{kinds:?}");
    assert_eq!(kinds.last().map(String::as_str), Some("report"));
    assert_eq!(folder.files().len(), 2, "nothing but the answers is left: {:?}", folder.files());
}

#[test]
fn the_text_of_turn_is_that_of_its_report() {
    let folder = Folder::new("turn");
    let json = folder.path("report.json");
    let output = run(&["turn", "--demo", "--no-echo", "-v", "--output", "text", "--output", &format!("json={json}")]);
    let report: Report = serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
    assert_eq!(text(&output.stdout), format::text(&report, &Style::PLAIN, true));
}

#[test]
fn metrics_of_two_files_do_not_get_in_each_others_way() {
    let folder = Folder::new("metrics");
    let mut samples: Vec<String> = Vec::new();
    for args in [&["--output", "prometheus=office.prom"][..], &["--output", "prometheus", "-o", "home.prom"]] {
        let args: Vec<String> = args.iter().map(|arg| arg.replace("office", &folder.path("office"))).collect();
        let args: Vec<String> = args.iter().map(|arg| arg.replace("home", &folder.path("home"))).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let output = run(&[&["gather", "--no-default-servers", "--interface", "lo"], &args[..]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    }
    for file in folder.files() {
        let text = fs::read_to_string(&file).unwrap();
        let label = format!("run=\"{}\"", file.file_stem().unwrap().to_string_lossy());
        assert!(text.lines().filter(|line| !line.starts_with('#')).all(|line| line.contains(&label)), "{text}");
        samples.extend(text.lines().filter_map(|line| Some(line.rsplit_once("} ")?.0.to_string())));
    }
    let before = samples.len();
    samples.sort();
    samples.dedup();
    assert_eq!((samples.len(), folder.files().len()), (before, 2));
}

#[test]
fn nothing_is_printed_when_every_answer_has_a_file() {
    let folder = Folder::new("silent");
    let json = folder.path("report.json");
    let output = run(&["gather", "--no-default-servers", "--interface", "lo", "--output", &format!("json={json}")]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), String::new()));
    assert!(fs::read_to_string(json).unwrap().contains("\"schemaVersion\""));
}

#[test]
fn a_file_that_cannot_be_written_is_named_and_the_others_are_written() {
    let folder = Folder::new("unwritable");
    let good = folder.path("good.json");
    let args = ["gather", "--no-default-servers", "--interface", "lo"];
    let bad = "json=/proc/self/nothing-can-be-here.json".to_string();
    let output = run(&[&args[..], &["--output", &bad, "--output", &format!("json={good}")]].concat());
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("/proc/self/nothing-can-be-here.json"), "{}", text(&output.stderr));
    assert!(fs::read_to_string(good).is_ok());
}

#[test]
fn answers_that_get_in_each_others_way_are_refused() {
    let refuses = |args: &[&str], because: &[&str]| {
        let output = run(&[&["gather", "--no-default-servers", "--interface", "lo"], args].concat());
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{args:?}: {said}");
        assert!(because.iter().all(|word| said.contains(word)), "{args:?}: {said}");
    };
    refuses(&["--output", "json", "--output", "text"], &["json", "text", "stdout", "FILE"]);
    refuses(&["--output", "json=a", "--output", "text=a"], &["two answers", "one file"]);
    refuses(&["--output", "json=a", "-o", "b"], &["-o b"]);
    refuses(&["--output", "json", "--output", "jsonl=b", "-o", "b"], &["two answers", "one file"]);
    refuses(&["--output", "json=no-such-folder/a"], &["no-such-folder/a", "no such folder"]);
    refuses(&["--output", "json="], &["--output json=", "FILE"]);
    refuses(&["--output", "xml"], &["xml", "json"]);
}

#[test]
fn a_plugin_says_one_line_and_ends_with_its_own_codes() {
    let nothing_there = ["turn", "turn:127.0.0.1:1", "--username", "a", "--credential", "b", "--nagios"];
    for (args, code, state) in [
        (&["turn", "--demo", "--no-echo", "--nagios"][..], 0, "RTCPROBE OK - All"),
        (&nothing_there, 2, "RTCPROBE CRITICAL - "),
        (&["turn", "--nagios"], 3, "RTCPROBE UNKNOWN - no TURN server is named"),
        (&["turn", "--nagios", "--no-such-option"], 3, "RTCPROBE UNKNOWN - "),
        (&["gather", "--nagios", "--json"], 3, "RTCPROBE UNKNOWN - "),
    ] {
        let output = run(args);
        let said = text(&output.stdout);
        assert_eq!((output.status.code(), said.lines().count()), (Some(code), 1), "{args:?}: {said}");
        assert!(said.starts_with(state), "{args:?}: {said}");
    }
}

#[test]
fn a_job_of_github_gets_a_page_beside_its_annotations() {
    let folder = Folder::new("github");
    let page = folder.path("summary.md");
    fs::write(&page, "what was there\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_rtcprobe"))
        .args(["turn", "turn:127.0.0.1:1", "--username", "a", "--credential", "b", "--output", "github"])
        .env_clear()
        .env("GITHUB_STEP_SUMMARY", &page)
        .output()
        .unwrap();
    let said = text(&output.stdout);
    assert!(said.starts_with("::error title=Nothing listens at the server's port [server-not-running]::"), "{said}");
    let page = fs::read_to_string(page).unwrap();
    assert!(page.starts_with("what was there\n## FAIL") && page.contains("| ✗ fails |"), "{page}");
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("rtcprobe-outputs-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().into()
    }

    fn files(&self) -> Vec<PathBuf> {
        fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rtcprobe")).args(args).stdin(Stdio::null()).env_clear().output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

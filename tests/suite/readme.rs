//! The README shows what really happens.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn every_console_block_is_what_is_printed() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let blocks: Vec<&str> =
        text.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect();
    assert!(!blocks.is_empty());
    for (line, expected) in blocks.iter().flat_map(|block| commands(block)) {
        let printed = run(&line);
        assert_eq!(shape(&printed), shape(&expected), "$ {line}\n{printed}");
    }
}

#[test]
fn the_continuous_integration_runs_what_the_readme_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    assert_eq!(readme.matches("\nsudo apt-get install -y ").count(), 1);
    assert_eq!(readme.matches("\ncargo fmt --check && cargo clippy").count(), 1);
    assert!(readme.contains("\ncargo run --release -- gather --demo\n"));
}

/// Command lines and what they print.
fn commands(block: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("$ "), found.last_mut()) {
            (Some(command), _) => found.push((command.to_string(), String::new())),
            (None, Some((_, printed))) => printed.push_str(&format!("{line}\n")),
            (None, None) => panic!("a console block begins with a command: {line}"),
        }
    }
    found
}

fn run(line: &str) -> String {
    let args = line.strip_prefix("rtcprobe ").unwrap().split(' ');
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtcprobe"));
    let output = command.args(args).stdin(Stdio::null()).env_clear().output().unwrap();
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

/// Without what differs from run to run: the numbers, how wide they are, and how they are drawn as bars.
fn shape(text: &str) -> String {
    let digits = |c: char| if c.is_ascii_digit() || ('▁'..='█').contains(&c) { ' ' } else { c };
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let words: Vec<String> =
            line.chars().map(digits).collect::<String>().split_whitespace().map(String::from).collect();
        lines.push(words.join(" "));
    }
    // Relay candidates come in the order in which the servers answer, and lines break where the numbers let them.
    // A time of ten milliseconds has no point any more.
    let mut words: Vec<String> =
        lines.join(" ").split(' ').filter(|word| *word != "." && !word.is_empty()).map(String::from).collect();
    words.sort();
    words.join(" ")
}

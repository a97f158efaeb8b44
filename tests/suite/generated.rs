//! What is generated from the code and kept in the repository. `BLESS=1 cargo test` rewrites it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rtcprobe::archive::compare::compare;
use rtcprobe::archive::merge::merge as merge_all;
use rtcprobe::view::{differences as view_differences, merged};

use super::{bless, view};

#[test]
fn the_schema_is_up_to_date() {
    bless::compare(&root().join("schema.json"), &print(&["schema"]));
    bless::compare(&root().join("schema-events.json"), &print(&["schema", "--events"]));
    assert_eq!(print(&["schema", "--events"]), print(&["schema", "--of", "events"]));
    bless::compare(&root().join("schema-diff.json"), &print(&["schema", "--of", "diff"]));
    bless::compare(&root().join("schema-merge.json"), &print(&["schema", "--of", "merge"]));
}

#[test]
fn completions_are_up_to_date() {
    for (shell, file) in [
        ("bash", "rtcprobe.bash"),
        ("zsh", "_rtcprobe"),
        ("fish", "rtcprobe.fish"),
        ("elvish", "rtcprobe.elv"),
        ("powershell", "_rtcprobe.ps1"),
    ] {
        bless::compare(&root().join("completions").join(file), &print(&["completions", shell]));
    }
}

#[test]
fn manual_pages_are_up_to_date() {
    let folder = std::env::temp_dir().join(format!("rtcprobe-man-{}", std::process::id()));
    print(&["man", "--out", folder.to_str().unwrap()]);
    let names = |folder: &Path| -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    for name in names(&folder) {
        bless::compare(&root().join("man").join(&name), &fs::read_to_string(folder.join(&name)).unwrap());
    }
    assert_eq!(names(&folder), names(&root().join("man")), "a page of a command that is no more");
    assert_eq!(print(&["man"]), fs::read_to_string(root().join("man/rtcprobe.1")).unwrap());
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn every_report_and_every_line_is_valid() {
    let schema = |args: &[&str]| {
        let schema = serde_json::from_str(&print(args)).unwrap();
        jsonschema::validator_for(&schema).unwrap()
    };
    let (document, line) = (schema(&["schema"]), schema(&["schema", "--events"]));
    for (name, report) in view::reports() {
        let value = serde_json::to_value(&report).unwrap();
        if let Err(why) = document.validate(&value) {
            panic!("{name}: {why}");
        }
        let last: serde_json::Value = serde_json::from_str(&rtcprobe::view::jsonl::last(&report)).unwrap();
        assert!(line.is_valid(&last), "{name}");
    }
    assert!(!document.is_valid(&serde_json::json!({ "schemaVersion": 1 })), "the schema asks for nothing");
}

#[test]
fn every_comparison_and_every_table_is_valid() {
    let schema = |of: &str| {
        let schema = serde_json::from_str(&print(&["schema", "--of", of])).unwrap();
        jsonschema::validator_for(&schema).unwrap()
    };
    let (diff, merge) = (schema("diff"), schema("merge"));
    let json = |text: String| serde_json::from_str::<serde_json::Value>(&text).unwrap();
    let reports = view::reports();
    for (name, before) in &reports {
        for (other, after) in &reports {
            let comparison = json(view_differences::json(&compare(before, after)));
            diff.validate(&comparison).unwrap_or_else(|why| panic!("{name} and {other}: {why}"));
        }
    }
    let table = json(merged::json(&merge_all(&reports)));
    merge.validate(&table).unwrap_or_else(|why| panic!("{why}"));
    assert!(!diff.is_valid(&table) && !merge.is_valid(&serde_json::json!({ "schemaVersion": 1 })));
}

/// What the program prints, run with an environment that must leave no traces in it.
fn print(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_rtcprobe"))
        .args(args)
        .env("RTCPROBE_CREDENTIAL", "must-not-show")
        .env("RTCPROBE_STUN", "must-not-show.example")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(!text.contains("must-not-show"), "{args:?}");
    text
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

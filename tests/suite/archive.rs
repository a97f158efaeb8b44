//! Saved reports: old ones are read, hostile ones are refused, and two are told apart by what matters.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use proptest::prelude::*;
use rtcprobe::archive::compare::{Change, Meaning, compare};
use rtcprobe::archive::merge::merge;
use rtcprobe::archive::read;
use rtcprobe::report::nat::{Behaviour, Nat};
use rtcprobe::report::{Report, Severity, Verdict};
use rtcprobe::view::format;
use rtcprobe::view::style::Style;
use rtcprobe::view::{differences, merged};

use super::{formats, view};

#[test]
fn reports_of_earlier_days_are_shown_compared_and_converted() {
    let paths: Vec<PathBuf> = fs::read_dir(root().join("old")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(paths.len() >= 3);
    for path in paths {
        let path = path.to_str().unwrap();
        let shown = run(&["report", "show", path], "");
        assert_eq!(shown.status.code(), Some(0), "{path}: {}", text(&shown.stderr));
        assert!(text(&shown.stdout).lines().count() > 10, "{path}");
        let same = run(&["report", "diff", path, path], "");
        assert!(text(&same.stdout).contains("SAME  0 worse"), "{path}: {}", text(&same.stdout));
        let converted = run(&["report", "convert", path, "--output", "json"], "");
        let report: Report = serde_json::from_slice(&converted.stdout).unwrap();
        assert_eq!(report.schema_version, rtcprobe::report::SCHEMA_VERSION);
        let name = Path::new(path).file_name().unwrap();
        let today = root().join("reports").join(name);
        let against = run(&["report", "diff", path, today.to_str().unwrap()], "");
        assert!(matches!(against.status.code(), Some(0 | 1)), "{path}");
    }
}

#[test]
fn a_report_is_shown_as_its_run_printed_it() {
    for (name, report) in view::reports() {
        let path = root().join("reports").join(format!("{name}.json"));
        let shown = run(&["report", "show", path.to_str().unwrap()], "");
        assert_eq!(text(&shown.stdout), format::text(&report, &Style::PLAIN, false), "{name}");
        let json = fs::read(&path).unwrap();
        let piped = run_bytes(&["report", "show", "-", "-v"], &json);
        assert_eq!(text(&piped.stdout), format::text(&report, &Style::PLAIN, true), "{name}");
    }
}

#[test]
fn what_is_no_report_is_refused_in_one_sentence() {
    let refuses = |args: &[&str], input: &str, because: &str| {
        let output = run(args, input);
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{args:?}: {said}");
        assert!(said.contains(because) && output.stdout.is_empty(), "{args:?}: {said}");
    };
    let show = ["report", "show", "-"];
    refuses(&show, "", "empty");
    refuses(&show, "{\"schemaVersion\": 99}", "newer");
    refuses(&show, "{\"schemaVersion\": 1, \"tool\": \"x\\u001b[31m\"}", "no whole report");
    refuses(&show, &"[".repeat(1_000_000), "deep");
    refuses(&show, &format!("{{\"schemaVersion\": 1, \"servers\": [{}0]}}", "0,".repeat(20_000)), "list");
    refuses(&["report", "show", "no-such-file"], "", "no-such-file: there is no such file");
    refuses(&["report", "convert", "no-such-file"], "", "--output");
    refuses(&["report", "diff", "-", "-"], "", "standard input");
    let (gather, turn) = (fixture("gather-pass"), fixture("turn-good"));
    refuses(&["report", "diff", &gather, &turn], "", "nothing in common");
}

#[test]
fn packed_reports_are_read() {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(&fs::read(fixture("gather-pass")).unwrap()).unwrap();
    let shown = run_bytes(&["report", "show", "-"], &packer.finish().unwrap());
    assert_eq!(text(&shown.stdout), text(&run(&["report", "show", &fixture("gather-pass")], "").stdout));
}

#[test]
fn getting_worse_fails_and_getting_better_does_not() {
    let (good, bad) = (fixture("gather-pass"), fixture("gather-some-fail"));
    let worse = run(&["report", "diff", &good, &bad], "");
    assert_eq!(worse.status.code(), Some(1));
    assert!(text(&worse.stdout).contains("✗ worse    verdict       pass before, fail now"));
    let better = run(&["report", "diff", &bad, &good], "");
    let said = text(&better.stdout);
    let worst = said.lines().filter(|line| line.starts_with("✗ worse")).count();
    assert_eq!(worst, usize::from(better.status.code() == Some(1)) * worst, "{said}");
    assert!(said.contains("✓ better   verdict       fail before, pass now"), "{said}");
}

#[test]
fn every_report_is_the_same_as_itself_and_worse_one_way_is_better_the_other() {
    let reports = view::reports();
    let count = |changes: &[Change], meaning| changes.iter().filter(|change| change.meaning == meaning).count();
    for (name, report) in &reports {
        assert_eq!(compare(report, report).changes, [], "{name}");
        for (other, after) in &reports {
            let (there, back) = (compare(report, after).changes, compare(after, report).changes);
            assert_eq!(count(&there, Meaning::Worse), count(&back, Meaning::Better), "{name} and {other}");
        }
    }
}

#[test]
fn each_kind_of_change_is_called_what_it_is() {
    let good = report("turn-good");
    let changed = |change: &dyn Fn(&mut Report)| {
        let mut other = good.clone();
        change(&mut other);
        let changes = compare(&good, &other).changes;
        changes.iter().map(|change| format!("{:?} {}", change.meaning, change.area)).collect::<Vec<_>>()
    };
    assert_eq!(changed(&|report| report.verdict = Verdict::Fail), ["Worse verdict"]);
    assert_eq!(changed(&|report| report.turn[0].works = Some(false)), ["Worse turn"]);
    assert_eq!(changed(&|report| report.turn[0].works = None), ["Other turn"]);
    assert_eq!(changed(&|report| report.findings[0].severity = Severity::Error), ["Worse findings"]);
    assert_eq!(changed(&|report| report.turn[0].controls[0].refused = Some(false)), ["Worse turn"]);
    assert_eq!(changed(&|report| report.turn[2].tls.as_mut().unwrap().trusted = false), ["Worse turn"]);
    let slower = |report: &mut Report, by: f64| {
        let echo = report.turn[0].echo.as_mut().unwrap();
        echo.course_ms.iter_mut().flatten().for_each(|ms| *ms += by);
    };
    assert_eq!(changed(&|report| slower(report, 30.0)), ["Worse quality"]);
    assert_eq!(changed(&|report| slower(report, 1.0)), Vec::<String>::new(), "no call notices that");
    let lossy = |report: &mut Report, received| {
        let echo = report.turn[0].echo.as_mut().unwrap();
        (echo.received, echo.loss_ratio) = (received, 1.0 - received as f64 / echo.sent as f64);
    };
    assert_eq!(changed(&|report| lossy(report, 30)), ["Worse quality"]);
    assert_eq!(changed(&|report| lossy(report, 48)), Vec::<String>::new(), "chance does that");
}

#[test]
fn a_nat_that_depends_on_more_is_worse() {
    let nat = |mapping: &str, filtering: &str, range: Option<(f64, Option<f64>)>| {
        let mut report = report("gather-pass");
        let json = serde_json::json!({
            "local": null, "interface": null, "family": null, "udp": "open", "nat": true,
            "mapping": mapping, "filtering": filtering, "mappingMethod": null, "filteringMethod": null,
            "legacyType": "unknown", "publicAddresses": [], "hairpinning": null, "portPreservation": null,
            "portAllocation": null, "portDelta": null, "addressPooling": null, "alg": null, "fragments": null,
            "mappingLifetimeMs": null, "mappingLifetimeRangeMs": range, "direct": [], "tests": []
        });
        let nat: Nat = serde_json::from_value(json).unwrap();
        assert_ne!(nat.mapping, Behaviour::None);
        report.nat = Some(nat);
        report
    };
    let (eim, apdm) = ("endpoint-independent", "address-and-port-dependent");
    let said = |one: &Report, other: &Report| {
        compare(one, other).changes.iter().map(|change| change.meaning).collect::<Vec<_>>()
    };
    assert_eq!(said(&nat(eim, eim, None), &nat(apdm, eim, None)), [Meaning::Worse]);
    assert_eq!(said(&nat(eim, apdm, None), &nat(eim, eim, None)), [Meaning::Better]);
    assert_eq!(said(&nat(eim, eim, None), &nat("unknown", eim, None)), [Meaning::Other]);
    let lives = |alive: f64, gone| nat(eim, eim, Some((alive * 1e3, gone)));
    assert_eq!(said(&lives(100.0, Some(120e3)), &lives(20.0, Some(40e3))), [Meaning::Worse]);
    assert_eq!(said(&lives(100.0, Some(120e3)), &lives(90.0, Some(110e3))), []);
}

#[test]
fn nothing_hostile_is_drawn_from_two_reports() {
    let (mut one, mut other) = (formats::hostile(), report("turn-good"));
    (one.command, other.command) = ("turn".into(), "turn".into());
    let comparison = compare(&one, &other);
    let table = merge(&[("a\x1b[31m".into(), one.clone()), ("b".into(), other.clone())]);
    let style = Style { width: 80, color: false };
    for text in [
        differences::text(&comparison, ("a\x1b", &one), ("b", &other), &style),
        differences::page(&comparison, ("a\x1b", &one), ("b", &other)),
        differences::json(&comparison),
        merged::text(&table, &style),
        merged::page(&table),
        merged::json(&table),
    ] {
        let odd = text.chars().find(|c| (c.is_control() && *c != '\n') || ('\u{2028}'..='\u{202e}').contains(c));
        assert_eq!(odd, None);
        assert!(!text.lines().any(|line| line.trim_start().starts_with("::")));
    }
}

#[test]
fn who_sees_what_stands_in_one_table() {
    let reports = ["gather-pass", "gather-some-fail", "turn-good"].map(|name| (name.to_string(), report(name)));
    let table = merge(&reports);
    let row = |name: &str| {
        let row = table.rows.iter().find(|row| row.name == name).unwrap();
        row.says.iter().map(|says| says.text.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(row("verdict"), ["pass", "fail", "pass"]);
    assert_eq!(row("turn:turn.example.org:3478?transport=udp"), ["12.1 ms", "timeout", "works, 24.0 ms"]);
    assert_eq!(row("turn-udp-filtered"), ["", "error", ""]);
    for width in [60, 80, 140] {
        let drawn = merged::text(&table, &Style { width, color: false });
        let wide = drawn.lines().filter(|line| line.chars().count() > width);
        assert_eq!(wide.collect::<Vec<_>>(), Vec::<&str>::new());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever stands in a file: a report or a sentence, in no time and without a panic.
    #[test]
    fn any_bytes_are_a_report_or_a_sentence(cut in 0usize..20_000, place in 0usize..20_000, with in any::<[u8; 4]>()) {
        let mut bytes = fs::read(fixture("turn-good")).unwrap();
        let place = place % bytes.len();
        let end = (place + 4).min(bytes.len());
        bytes[place..end].copy_from_slice(&with[..end - place]);
        bytes.truncate(bytes.len().saturating_sub(cut / 2));
        match read::report(&bytes) {
            Ok(report) => {
                prop_assert!(!format::text(&report, &Style::PLAIN, true).contains('\x1b'));
                prop_assert_eq!(compare(&report, &report).changes.len(), 0);
            }
            Err(why) => prop_assert!(!why.to_string().contains('\n')),
        }
    }
}

fn report(name: &str) -> Report {
    view::reports().into_iter().find(|(there, _)| there == name).unwrap().1
}

fn fixture(name: &str) -> String {
    root().join("reports").join(format!("{name}.json")).to_str().unwrap().into()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn run(args: &[&str], input: &str) -> Output {
    run_bytes(args, input.as_bytes())
}

fn run_bytes(args: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtcprobe"));
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).env_clear();
    let mut child = command.spawn().unwrap();
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_vec());
    // Who refuses early closes its end.
    let writing = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

//! Every fixture report, as people and programs get to see it. `BLESS=1 cargo test` rewrites what is expected.

use std::fs;
use std::path::{Path, PathBuf};

use rtcprobe::report::Report;
use rtcprobe::report::nat::Udp;
use rtcprobe::view::style::Style;
use rtcprobe::view::{check, escape, format, json, jsonl, turn};

use super::bless;

#[test]
fn every_report_is_drawn_as_it_was() {
    for (name, report) in reports() {
        for width in [80, 140] {
            let text = self::text(&report, &Style { width, color: false });
            bless::compare(&folder("views").join(format!("{name}.{width}.txt")), &text);
        }
    }
}

#[test]
fn every_step_is_told_when_more_is_asked_for() {
    for (name, report) in reports().iter().filter(|(name, _)| name.starts_with("turn-")) {
        let text = turn::text(report, &Style { width: 80, color: false }, true);
        for step in report.turn.iter().flat_map(|turn| &turn.steps) {
            let step = serde_json::to_value(step.name).unwrap();
            assert!(text.contains(step.as_str().unwrap()), "{name}: {step}");
        }
        if name == "turn-good" || name == "turn-hostile" {
            bless::compare(&folder("views").join(format!("{name}.verbose.txt")), &text);
        }
    }
}

#[test]
fn every_test_of_a_nat_is_told_when_more_is_asked_for() {
    for (name, report) in reports().iter().filter(|(name, _)| name.starts_with("nat-")) {
        let text = format::text(report, &Style { width: 80, color: false }, true);
        let nat = report.nat.as_ref().unwrap();
        assert!(nat.tests.iter().all(|test| text.contains(&escape::visible(&test.name))), "{name}");
        assert_eq!(text.matches("  REQ-").count(), if nat.nat == Some(true) { 14 } else { 0 }, "{name}");
        if ["nat-home", "nat-symmetric", "nat-hostile"].contains(&name.as_str()) {
            bless::compare(&folder("views").join(format!("{name}.verbose.txt")), &text);
        }
    }
}

#[test]
fn a_forecast_says_that_it_is_one() {
    for (name, report) in reports().iter().filter(|(name, _)| name.starts_with("nat-")) {
        let text = self::text(report, &Style { width: 200, color: false });
        let known = report.nat.as_ref().unwrap().udp == Udp::Open;
        assert_eq!(text.contains("upper bound") && text.contains("This predicts; ICE decides."), known, "{name}");
    }
}

#[test]
fn colours_are_drawn_as_they_were() {
    let (_, report) = reports().into_iter().find(|(name, _)| name == "gather-some-fail").unwrap();
    let text = self::text(&report, &Style { width: 80, color: true });
    bless::compare(&folder("views").join("gather-some-fail.color.txt"), &text.replace('\x1b', "␛"));
}

#[test]
fn nothing_is_told_by_colour_alone() {
    for (name, report) in reports() {
        let colored = text(&report, &Style { width: 80, color: true });
        assert_eq!(without_colour(&colored), text(&report, &Style { width: 80, color: false }), "{name}");
    }
}

#[test]
fn no_text_from_outside_moves_the_cursor() {
    for (name, report) in reports() {
        let text = self::text(&report, &Style { width: 80, color: false });
        let documents = [text, json::document(&report), jsonl::last(&report)];
        for text in documents {
            let odd = text.chars().find(|c| (c.is_control() && *c != '\n') || ('\u{202a}'..='\u{202e}').contains(c));
            assert_eq!(odd, None, "{name}");
            assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{name}");
        }
        assert_eq!(jsonl::last(&report).lines().count(), 1);
    }
}

#[test]
fn lines_fit_the_screen_unless_one_word_does_not() {
    for (name, report) in reports() {
        for width in [40, 60, 80, 100, 140, 200] {
            let text = self::text(&report, &Style { width, color: false });
            for line in text.lines().filter(|line| line.chars().count() > width) {
                let words = line.split_whitespace().map(|word| word.chars().count());
                assert!(words.max() > Some(width / 4), "{name} at {width} columns: {line}");
            }
        }
    }
}

#[test]
fn addresses_and_urls_are_never_cut() {
    // A diagnosis leaves addresses to the findings.
    for (name, report) in
        reports().into_iter().filter(|(_, report)| !["check", "connect"].contains(&report.command.as_str()))
    {
        for width in [40, 80, 140] {
            let text = self::text(&report, &Style { width, color: false });
            for candidate in report.gather.iter().flat_map(|gather| &gather.candidates) {
                assert!(text.contains(&candidate.address), "{name} at {width}: {}", candidate.address);
            }
            for allocation in report.turn.iter().filter_map(|turn| turn.allocation.as_ref()) {
                assert!(text.contains(&allocation.relayed), "{name} at {width}: {}", allocation.relayed);
            }
            for server in &report.servers {
                assert!(text.contains(&server.url), "{name} at {width}: {}", server.url);
            }
        }
    }
}

/// The parts of the diagnosis between empty lines: the verdict, a finding each, what works.
#[test]
fn each_finding_takes_at_most_a_third_of_a_screen() {
    for (code, report) in super::rules::reports() {
        let text = check::text(&report, &Style { width: 80, color: false }, false);
        for part in text.split("\n\n").filter(|part| part.starts_with("error") || part.starts_with("warning")) {
            assert!(part.lines().count() <= 10, "{code}:\n{part}");
            for word in ["Why: ", "Fix: "] {
                assert!(part.contains(word), "{code}: {word}\n{part}");
            }
        }
    }
}

#[test]
fn the_verdict_comes_first_and_every_server_is_in_the_table() {
    for (name, report) in reports().into_iter().filter(|(_, report)| report.command == "check") {
        let text = check::text(&report, &Style { width: 80, color: false }, false);
        assert!(["PASS", "WARN", "FAIL"].iter().any(|word| text.starts_with(word)), "{name}: {text}");
        let (_, table) = text.split_once("What works").unwrap();
        let rows = table.lines().filter(|line| ["✓", "✗", "?"].iter().any(|mark| line.contains(mark))).count();
        assert!(rows >= report.turn.len(), "{name}: {text}");
        let codes: Vec<String> = check::codes(&report).lines().map(String::from).collect();
        assert_eq!(codes, report.findings.iter().map(|finding| escape::visible(&finding.code)).collect::<Vec<_>>());
    }
}

#[test]
fn json_comes_back_as_it_went() {
    for (name, report) in reports() {
        let again: Report = serde_json::from_str(&json::document(&report)).unwrap();
        assert_eq!(again, report, "{name}");
        bless::compare(&folder("reports").join(format!("{name}.json")), &json::document(&report));
    }
}

fn text(report: &Report, style: &Style) -> String {
    format::text(report, style, false)
}

/// Every fixture report, by name.
pub fn reports() -> Vec<(String, Report)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder("reports")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let report = serde_json::from_str(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        (path.file_stem().unwrap().to_string_lossy().into_owned(), report)
    };
    paths.into_iter().map(read).collect()
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn without_colour(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        out.push_str(part.split_once('m').unwrap().1);
    }
    out
}

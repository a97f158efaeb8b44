//! Every fixture report in every format: well-formed, and nothing in it that does what a server says.

pub mod xml;

use std::io::Write;
use std::process::{Command, Stdio};

use rtcprobe::report::{Alternative, Evidence, Expectation, Finding, Report, Severity};
use rtcprobe::view::format::{self, Format};
use rtcprobe::view::style::Style;
use rtcprobe::view::{github, nagios};

use super::view;

/// What a server or a file may hold that means something to somebody.
const HOSTILE: &str = "\x1b[2J\x1b]0;x\x07\r\n::error title=x::y\n</failure></testsuites><script>alert(1)</script>]]>\
    <img src=x onerror=alert(1)>'\"><svg/onload=alert(1)> | `x` ``` [x](javascript:alert(1)) ![i](http://x.example/i) \
    @everyone #1 \\ % {x=\"1\"} 1\n# HELP x y\nx 1\n|'x'=1;; \u{202e}\u{fffe}\u{0}\u{85}\u{2028}--!>${{ secrets.X }}";

#[test]
fn junit_is_what_its_schema_asks_for() {
    for (name, report) in reports() {
        let document = draw(&report, Format::Junit);
        let root = xml::parse(&document).unwrap_or_else(|why| panic!("{name}: {why}\n{document}"));
        assert_eq!(root.name, "testsuites", "{name}");
        root.knows_only(&["name", "tests", "failures", "errors", "time"]);
        let mut all = [0; 3];
        for suite in &root.children {
            assert_eq!(suite.name, "testsuite");
            suite.knows_only(&["name", "tests", "failures", "errors", "skipped", "time", "timestamp"]);
            let cases = &suite.children;
            assert!(cases.iter().all(|case| case.name == "testcase"), "{name}");
            assert!(!suite.attribute("name").is_empty() && suite.attribute("timestamp").len() == 19, "{name}");
            let with = |kind: &str| cases.iter().filter(|case| case.children.iter().any(|c| c.name == kind)).count();
            for (attribute, count) in [
                ("tests", cases.len()),
                ("failures", with("failure")),
                ("errors", with("error")),
                ("skipped", with("skipped")),
            ] {
                assert_eq!(suite.attribute(attribute), count.to_string(), "{name}: {attribute}");
            }
            all = [all[0] + cases.len(), all[1] + with("failure"), all[2] + with("error")];
            for case in cases {
                case.knows_only(&["name", "classname", "time"]);
                case.children.iter().for_each(|child| child.knows_only(&["message", "type"]));
                assert!(!case.attribute("name").is_empty() && !case.attribute("classname").is_empty(), "{name}");
                assert!(case.attribute("time").parse::<f64>().is_ok_and(|time| time >= 0.0), "{name}");
                // The order of the schema, and never two results.
                let order = ["skipped", "error", "failure", "system-out"];
                let places: Vec<usize> = case
                    .children
                    .iter()
                    .map(|child| order.iter().position(|kind| *kind == child.name).unwrap())
                    .collect();
                assert!(places.is_sorted() && places.iter().filter(|place| **place < 3).count() <= 1, "{name}");
                for child in case.children.iter().filter(|child| child.name == "failure") {
                    assert!(!child.attribute("type").is_empty(), "{name}");
                }
            }
        }
        let totals = ["tests", "failures", "errors"].map(|total| root.attribute(total).parse::<usize>().unwrap());
        assert_eq!(totals, all, "{name}");
    }
}

#[test]
fn every_step_and_every_expectation_is_a_test_case() {
    for (name, report) in reports() {
        let root = xml::parse(&draw(&report, Format::Junit)).unwrap();
        let cases: Vec<_> = root.children.iter().flat_map(|suite| &suite.children).collect();
        let has = |what: &str| cases.iter().any(|case| case.attribute("name") == what);
        for step in report.turn.iter().flat_map(|turn| &turn.steps) {
            assert!(has(step.name.as_str()), "{name}: {:?}", step.name);
        }
        let names: Vec<_> = cases.iter().map(|case| case.attribute("classname")).collect();
        let expected = names.iter().filter(|name| *name == "rtcprobe.expectations").count();
        assert_eq!(expected, report.expectations.len(), "{name}");
        let steps: usize = report.turn.iter().map(|turn| turn.steps.len()).sum();
        let others = names.iter().filter(|name| name.starts_with("turn")).count();
        assert_eq!(others, steps, "{name}");
    }
}

#[test]
fn prometheus_text_follows_its_grammar() {
    for (name, report) in reports() {
        let text = draw(&report, Format::Prometheus);
        assert!(text.ends_with('\n'));
        prometheus(&text).unwrap_or_else(|why| panic!("{name}: {why}\n{text}"));
    }
}

#[test]
#[ignore = "needs promtool, of Debian's package prometheus"]
fn promtool_has_nothing_to_say_against_it() {
    for (name, report) in reports() {
        let mut promtool = Command::new("promtool");
        promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut promtool = promtool.spawn().expect("promtool is not installed");
        promtool.stdin.take().unwrap().write_all(draw(&report, Format::Prometheus).as_bytes()).unwrap();
        let output = promtool.wait_with_output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!((output.status.code(), said.as_str()), (Some(0), ""), "{name}");
    }
}

/// What `promtool check metrics` holds against a text: grammar, one block for each family with help
/// and type before its samples, no sample twice, names that say their unit.
fn prometheus(text: &str) -> Result<(), String> {
    let mut families: Vec<String> = Vec::new();
    let mut samples: Vec<String> = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let help = line.strip_prefix("# HELP ").ok_or(format!("help first: {line}"))?;
        let (family, words) = help.split_once(' ').ok_or("no words")?;
        if words.is_empty() || families.iter().any(|other| other == family) || !family.starts_with("rtcprobe_") {
            return Err(format!("{family} again, without help or without its prefix"));
        }
        if family.ends_with("_total") || family.contains("_ms") || family.contains("percent") {
            return Err(format!("{family} is no gauge in base units"));
        }
        families.push(family.into());
        let kind = lines.next().unwrap_or_default();
        if kind != format!("# TYPE {family} gauge") {
            return Err(format!("the type after the help: {kind}"));
        }
        let mut count = 0;
        while let Some(sample) = lines.next_if(|line| !line.starts_with('#')) {
            let rest = sample.strip_prefix(family).ok_or(format!("not of {family}: {sample}"))?;
            let value = labels(rest).ok_or(format!("labels: {sample}"))?;
            let value: f64 =
                value.strip_prefix(' ').unwrap_or_default().parse().map_err(|_| format!("value: {sample}"))?;
            let series = sample.rsplit_once(' ').unwrap().0.to_string();
            if !value.is_finite() || samples.contains(&series) {
                return Err(format!("twice, or no number: {sample}"));
            }
            samples.push(series);
            count += 1;
        }
        if count == 0 {
            return Err(format!("{family} has no sample"));
        }
    }
    Ok(())
}

/// What follows the labels.
fn labels(text: &str) -> Option<&str> {
    let Some(mut rest) = text.strip_prefix('{') else { return Some(text) };
    loop {
        let (label, value) = rest.split_once("=\"")?;
        if label.is_empty() || !label.chars().all(|c| c.is_ascii_lowercase() || c == '_') || label == "quantile" {
            return None;
        }
        let mut escaped = false;
        let mut end = None;
        for (at, c) in value.char_indices() {
            match (escaped, c) {
                (true, '\\' | '"' | 'n') => escaped = false,
                (true, _) | (false, '\n') => return None,
                (false, '\\') => escaped = true,
                (false, '"') => {
                    end = Some(at);
                    break;
                }
                (false, _) => {}
            }
        }
        rest = &value[end? + 1..];
        match rest.strip_prefix(',') {
            Some(next) => rest = next,
            None => return rest.strip_prefix('}'),
        }
    }
}

#[test]
fn annotations_are_one_line_each_and_all_ours() {
    for (name, report) in reports() {
        let text = draw(&report, Format::Github);
        let unmet = report.expectations.iter().filter(|expectation| expectation.met != Some(true)).count();
        assert_eq!(text.lines().count(), report.findings.len() + unmet + 1, "{name}\n{text}");
        for line in text.lines() {
            let (command, rest) = line.strip_prefix("::").unwrap().split_once(" title=").unwrap();
            assert!(["error", "warning", "notice"].contains(&command), "{name}: {line}");
            let (title, message) = rest.split_once("::").unwrap();
            assert!(!title.contains([':', ',', '\r', '\n']) && !message.contains(['\r', '\n']), "{name}: {line}");
        }
    }
}

#[test]
fn a_summary_fits_in_a_job() {
    let mut report = hostile();
    let finding = report.findings[0].clone();
    report.findings = vec![finding; 4000];
    let page = github::summary(&report);
    assert!(page.len() <= 1024 * 1024 && page.ends_with("megabyte.\n"));
}

#[test]
fn nagios_gets_one_line_with_one_bar() {
    for (name, report) in reports() {
        let text = draw(&report, Format::Nagios);
        assert_eq!((text.lines().count(), text.matches('|').count()), (1, 1), "{name}: {text}");
        let (_, data) = text.trim_end().split_once(" | ").unwrap();
        for item in perfdata(data) {
            let (label, value) = item.rsplit_once('=').unwrap();
            let quoted = label.starts_with('\'') && label.ends_with('\'') && label.len() > 2;
            let inner = label.trim_matches('\'');
            assert!(!inner.contains(['\'', '=']) && (quoted || !inner.contains(' ')), "{name}: {item}");
            let number = value.split(';').next().unwrap().trim_end_matches(['m', 's', '%']);
            assert!(number.parse::<f64>().is_ok(), "{name}: {item}");
        }
        assert!(
            text.starts_with(
                ["RTCPROBE OK", "RTCPROBE WARNING", "RTCPROBE CRITICAL"][usize::from(nagios::code(&report)).min(2)]
            ) || report.interrupted
        );
    }
}

/// Split at spaces outside of quotes.
fn perfdata(text: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        match c {
            ' ' if !quoted => items.push(String::new()),
            c => {
                quoted ^= c == '\'';
                items.last_mut().unwrap().push(c);
            }
        }
    }
    items
}

#[test]
fn markdown_keeps_its_tables_and_calls_nobody() {
    for (name, report) in reports() {
        let page = draw(&report, Format::Markdown);
        let mut columns = 0;
        for line in page.lines() {
            if !line.starts_with('|') {
                columns = 0;
                continue;
            }
            let bars = line.replace("\\|", "").matches('|').count();
            assert!(columns == 0 || bars == columns, "{name}: {line}");
            columns = bars;
        }
        let outside = without_code(&page);
        for word in ["<script", "<img", "<svg", "](", "@everyone", "http://", "javascript:"] {
            let word_stands = outside.contains(word) && word != "javascript:";
            assert!(!word_stands, "{name}: {word}\n{outside}");
        }
    }
}

/// Markdown without its code spans.
pub fn without_code(page: &str) -> String {
    let mut out = String::new();
    for line in page.lines() {
        let mut rest = line;
        while let Some(start) = rest.find('`') {
            out.push_str(&rest[..start]);
            let fence: String = rest[start..].chars().take_while(|c| *c == '`').collect();
            let inside = &rest[start + fence.len()..];
            let mut end = None;
            let mut at = 0;
            while let Some(found) = inside[at..].find('`') {
                let run = inside[at + found..].chars().take_while(|c| *c == '`').count();
                if run == fence.len() {
                    end = Some(at + found);
                    break;
                }
                at += found + run;
            }
            rest = &inside[end.unwrap_or_else(|| panic!("a code span without an end: {line}")) + fence.len()..];
        }
        out.push_str(rest);
        out.push('\n');
    }
    out
}

#[test]
fn no_format_lets_anything_invisible_through() {
    use clap::ValueEnum;
    for (name, report) in reports() {
        for format in Format::value_variants() {
            let text = draw(&report, *format);
            let odd =
                |c: char| (c.is_control() && c != '\n') || ('\u{2028}'..='\u{202e}').contains(&c) || c == '\u{fffe}';
            assert_eq!(text.chars().find(|c| odd(*c)), None, "{name} as {format:?}");
            let began = text.lines().any(|line| line.trim_start().starts_with("::"));
            assert!(*format == Format::Github || !began, "{name} as {format:?}");
        }
    }
}

fn draw(report: &Report, format: Format) -> String {
    format::render(report, format, &Style::PLAIN, true)
}

/// The fixtures, and one in which everything that can be said is hostile.
fn reports() -> Vec<(String, Report)> {
    let mut reports = view::reports();
    reports.push(("everything-hostile".into(), hostile()));
    reports
}

/// A report in which every text from outside is hostile, with everything that a report can have.
pub fn hostile() -> Report {
    let reports = view::reports();
    let named = |wanted: &str| reports.iter().find(|(name, _)| name == wanted).unwrap().1.clone();
    let mut report = named("turn-good");
    report.gather = named("gather-pass").gather;
    report.servers.extend(named("gather-some-fail").servers);
    let failing = named("turn-wrong-password").turn;
    report.turn.extend(failing);
    report.findings.push(Finding {
        code: HOSTILE.into(),
        severity: Severity::Error,
        title: HOSTILE.into(),
        detail: HOSTILE.into(),
        evidence: vec![Evidence { fact: "/turn/0".into(), says: HOSTILE.into() }],
        fix: Some(HOSTILE.into()),
        servers: vec![HOSTILE.into()],
        suspected: true,
        confirm: Some(HOSTILE.into()),
        alternatives: vec![Alternative { code: HOSTILE.into(), title: HOSTILE.into() }],
        references: vec![HOSTILE.into()],
    });
    for met in [None, Some(false), Some(true)] {
        report.expectations.push(Expectation {
            expect: HOSTILE.into(),
            met,
            detail: HOSTILE.into(),
            facts: Vec::new(),
        });
    }
    report.unknown.insert(HOSTILE.into(), HOSTILE.into());
    report.demo = Some(HOSTILE.into());
    report.tool.version = HOSTILE.into();
    report.started_at = HOSTILE.into();
    report.environment.interfaces.iter_mut().for_each(|interface| interface.name = HOSTILE.into());
    for server in &mut report.servers {
        server.url.push_str(HOSTILE);
        server.username = Some(HOSTILE.into());
        server.software = Some(HOSTILE.into());
        server.error = server.error.as_ref().map(|_| HOSTILE.into());
        server.resolved.push(HOSTILE.into());
        server.gave.push(HOSTILE.into());
    }
    for turn in &mut report.turn {
        turn.url.push_str(HOSTILE);
        turn.software = Some(HOSTILE.into());
        turn.address = Some(HOSTILE.into());
        turn.mapped = Some(HOSTILE.into());
        for step in &mut turn.steps {
            (step.error_text, step.detail) = (Some(HOSTILE.into()), Some(HOSTILE.into()));
        }
        if let Some(allocation) = &mut turn.allocation {
            allocation.relayed = HOSTILE.into();
            allocation.realm = Some(HOSTILE.into());
        }
        if let Some(tls) = &mut turn.tls {
            (tls.version, tls.distrust, tls.issuer) =
                (Some(HOSTILE.into()), Some(HOSTILE.into()), Some(HOSTILE.into()));
            tls.not_after = Some(HOSTILE.into());
        }
        turn.audit.iter_mut().for_each(|audited| audited.peer = HOSTILE.into());
        turn.options.iter_mut().for_each(|option| option.detail = Some(HOSTILE.into()));
    }
    for candidate in report.gather.iter_mut().flat_map(|gather| &mut gather.candidates) {
        candidate.address = HOSTILE.into();
        candidate.foundation = HOSTILE.into();
        candidate.url = Some(HOSTILE.into());
        candidate.interface = Some(HOSTILE.into());
        candidate.related_address = Some(HOSTILE.into());
    }
    for error in report.gather.iter_mut().flat_map(|gather| &mut gather.errors) {
        error.error_text = HOSTILE.into();
    }
    report
}

//! JUnit's XML, as CI systems read it: each server and each of its steps, each expectation and each
//! finding is a test case. What could not be found out is an `error`, what was not tried is skipped.

use super::escape;
use super::format;
use super::tables::name;
use crate::report::connect::PairState;
use crate::report::nat::TestOutcome;
use crate::report::{Outcome, Report, Severity, StepOutcome, Verdict};

/// A test suite while it is written.
struct Suite {
    name: String,
    cases: Vec<Case>,
}

struct Case {
    class: String,
    name: String,
    seconds: Option<f64>,
    result: Result,
    /// What is to be said though it went well.
    said: Option<String>,
}

enum Result {
    Passed,
    /// `type` and message.
    Failed(String, String),
    Error(String),
    Skipped(String),
}

/// The whole document.
#[must_use]
pub fn document(report: &Report) -> String {
    let mut suites = vec![verdict(report)];
    suites.extend([expectations(report), connection(report), servers(report), behaviour(report)].into_iter().flatten());
    suites.extend(stations(report));
    suites.extend(findings(report));
    let count =
        |of: fn(&Result) -> bool| suites.iter().flat_map(|suite| &suite.cases).filter(|case| of(&case.result)).count();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.push_str(&format!(
        "<testsuites name=\"rtcprobe {}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3}\">\n",
        escape::xml(&report.command),
        count(|_| true),
        count(is_failure),
        count(is_error),
        report.duration_ms / 1e3,
    ));
    // Without the zone, which is UTC, as the schema wants it.
    let began = super::time::unix(&report.started_at).and(report.started_at.get(..19));
    suites.iter().for_each(|suite| out.push_str(&suite.xml(began.unwrap_or("1970-01-01T00:00:00"))));
    out + "</testsuites>\n"
}

fn is_failure(result: &Result) -> bool {
    matches!(result, Result::Failed(..))
}

fn is_error(result: &Result) -> bool {
    matches!(result, Result::Error(_))
}

fn verdict(report: &Report) -> Suite {
    let summary = format::summary(report);
    let result = match report.verdict {
        _ if report.interrupted => Result::Error(summary.clone()),
        Verdict::Fail => Result::Failed("verdict".into(), summary.clone()),
        Verdict::Pass | Verdict::Warn => Result::Passed,
    };
    let case = Case {
        class: format!("rtcprobe.{}", report.command),
        name: "verdict".into(),
        seconds: Some(report.duration_ms / 1e3),
        result,
        said: Some(format!("{}: {summary}", format::word(report.verdict))),
    };
    Suite { name: "verdict".into(), cases: vec![case] }
}

fn expectations(report: &Report) -> Option<Suite> {
    let cases = report.expectations.iter().map(|expectation| Case {
        class: "rtcprobe.expectations".into(),
        name: expectation.expect.clone(),
        seconds: None,
        result: match expectation.met {
            Some(true) => Result::Passed,
            Some(false) => Result::Failed("expectation".into(), expectation.detail.clone()),
            None => Result::Error(format!("not found out: {}", expectation.detail)),
        },
        said: expectation.met.and_then(|met| met.then(|| expectation.detail.clone())),
    });
    suite("expectations", cases.collect())
}

/// Servers that no check of TURN speaks of already.
fn servers(report: &Report) -> Option<Suite> {
    let others = report.servers.iter().filter(|server| !report.turn.iter().any(|turn| turn.url == server.url));
    let cases = others.map(|server| {
        let why = server.error.clone().unwrap_or_else(|| name(&server.outcome));
        Case {
            class: "rtcprobe.servers".into(),
            name: [Some(server.url.as_str()), server.resolved.last().map(String::as_str)]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" at "),
            seconds: server.rtt_ms.map(|ms| ms / 1e3),
            result: match server.outcome {
                Outcome::Ok => Result::Passed,
                Outcome::Skipped => Result::Skipped(why),
                outcome => Result::Failed(name(&outcome), why),
            },
            said: None,
        }
    });
    suite("servers", cases.collect())
}

/// That there is a path, and each pair: of many that are tried, one has to work.
fn connection(report: &Report) -> Option<Suite> {
    let connect = report.connect.as_ref()?;
    let took = connect.connected_ms.zip(connect.checking_ms).map(|(connected, checking)| (connected - checking) / 1e3);
    let whole = Case {
        class: "rtcprobe.connect".into(),
        name: "connection".into(),
        seconds: took,
        result: match (&connect.selected, report.interrupted) {
            (Some(_), _) => Result::Passed,
            (None, true) => Result::Error("interrupted before the end".into()),
            (None, false) => Result::Failed("connection".into(), super::connect::summary(report)),
        },
        said: connect.selected.as_ref().map(|_| super::connect::summary(report)),
    };
    let pairs = connect.pairs.iter().map(|pair| Case {
        class: "rtcprobe.connect.pairs".into(),
        name: format!("{} {} to {} {}", name(&pair.local_type), pair.local, name(&pair.remote_type), pair.remote),
        seconds: pair.rtt_ms.map(|ms| ms / 1e3),
        result: match (pair.state, &pair.failure) {
            (PairState::Succeeded, _) => Result::Passed,
            (_, Some(failure)) => Result::Skipped(failure.detail.clone()),
            (state, None) => Result::Skipped(name(&state)),
        },
        said: None,
    });
    suite("connect", std::iter::once(whole).chain(pairs).collect())
}

/// A test of the NAT finds out something; whatever it finds, it did not fail.
fn behaviour(report: &Report) -> Option<Suite> {
    let cases = report.nat.iter().flat_map(|nat| &nat.tests).map(|test| {
        let detail = test.detail.clone().unwrap_or_else(|| name(&test.outcome));
        Case {
            class: "rtcprobe.nat".into(),
            name: format!("{} {}", test.name, test.server),
            seconds: None,
            result: match test.outcome {
                TestOutcome::Skipped => Result::Skipped(detail.clone()),
                _ => Result::Passed,
            },
            said: Some(detail),
        }
    });
    suite("nat", cases.collect())
}

fn stations(report: &Report) -> impl Iterator<Item = Suite> {
    report.turn.iter().filter_map(|turn| {
        let place = match &turn.address {
            Some(address) => format!("{} at {address}", turn.url),
            None => turn.url.clone(),
        };
        let cases = turn.steps.iter().map(|step| {
            let why = step.detail.clone().or(step.error_text.clone()).unwrap_or_else(|| name(&step.outcome));
            let cause = step.cause.as_ref().map_or_else(|| name(&step.outcome), name);
            Case {
                class: place.clone(),
                name: step.name.as_str().into(),
                seconds: step.duration_ms.map(|ms| ms / 1e3),
                result: match step.outcome {
                    StepOutcome::Ok => Result::Passed,
                    StepOutcome::Skipped => Result::Skipped(why),
                    // What a browser does not need is not held against the server.
                    _ if step.name > crate::report::StepName::Release => Result::Skipped(why),
                    StepOutcome::Failed | StepOutcome::Timeout => Result::Failed(cause, why),
                },
                said: None,
            }
        });
        suite(&place, cases.collect())
    })
}

fn findings(report: &Report) -> Option<Suite> {
    let cases = report.findings.iter().map(|finding| {
        let fix = finding.fix.as_ref().map(|fix| format!(" To do: {fix}")).unwrap_or_default();
        let text = format!("{}. {}{fix}", finding.title, finding.detail);
        Case {
            class: "rtcprobe.findings".into(),
            name: [&[finding.code.clone()][..], &finding.servers].concat().join(" "),
            seconds: None,
            result: match finding.severity {
                Severity::Error => Result::Failed(finding.code.clone(), text.clone()),
                Severity::Warning | Severity::Info => Result::Passed,
            },
            said: (finding.severity != Severity::Error).then(|| format!("{}: {text}", name(&finding.severity))),
        }
    });
    suite("findings", cases.collect())
}

fn suite(name: &str, cases: Vec<Case>) -> Option<Suite> {
    (!cases.is_empty()).then(|| Suite { name: name.into(), cases })
}

impl Suite {
    fn xml(&self, began: &str) -> String {
        let count = |of: fn(&Result) -> bool| self.cases.iter().filter(|case| of(&case.result)).count();
        let seconds: f64 = self.cases.iter().filter_map(|case| case.seconds).fold(0.0, |sum, seconds| sum + seconds);
        let mut out = format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{seconds:.3}\" timestamp=\"{}\">\n",
            escape::xml(&self.name),
            self.cases.len(),
            count(is_failure),
            count(is_error),
            count(|result| matches!(result, Result::Skipped(_))),
            escape::xml(began),
        );
        self.cases.iter().for_each(|case| out.push_str(&case.xml()));
        out + "  </testsuite>\n"
    }
}

impl Case {
    fn xml(&self) -> String {
        let mut inside = String::new();
        match &self.result {
            Result::Passed => {}
            Result::Failed(kind, why) => {
                let (kind, message) = (escape::xml(kind), escape::xml(why));
                inside.push_str(&format!(
                    "      <failure message=\"{message}\" type=\"{kind}\">{}</failure>\n",
                    escape::xml(why)
                ));
            }
            Result::Error(why) => {
                inside.push_str(&format!(
                    "      <error message=\"{}\" type=\"unknown\">{}</error>\n",
                    escape::xml(why),
                    escape::xml(why)
                ));
            }
            Result::Skipped(why) => inside.push_str(&format!("      <skipped message=\"{}\"/>\n", escape::xml(why))),
        }
        if let Some(said) = &self.said {
            inside.push_str(&format!("      <system-out>{}</system-out>\n", escape::xml(said)));
        }
        let head = format!(
            "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
            escape::xml(&self.class),
            escape::xml(&self.name),
            self.seconds.unwrap_or(0.0)
        );
        match inside.is_empty() {
            true => format!("{head}/>\n"),
            false => format!("{head}>\n{inside}    </testcase>\n"),
        }
    }
}

//! Every deployment of `fixtures/faults/*.toml`, and the table of what was said of it.
//!
//! `FAULT=relay/` runs those whose name contains it, and shows each in full.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::deployment::{self, Deployment};
use crate::turn::report::{Finding, Run};

/// They mostly wait.
const SIDE_BY_SIDE: usize = 9;
/// Which of a catalogue of this size are asked for at the least.
const FAULTS: usize = 80;
const HEALTHY: usize = 12;
const DOUBLE: usize = 15;

#[test]
fn the_first_finding_is_the_fault() {
    let all = deployment::all();
    let only = std::env::var("FAULT").ok();
    if only.is_none() {
        let of = |file: &str| all.keys().filter(|name| name.starts_with(file)).count();
        let (healthy, double) = (of("healthy/"), of("double/"));
        assert!(healthy >= HEALTHY && double >= DOUBLE && all.len() - healthy - double >= FAULTS, "{}", all.len());
    }
    let wanted = |name: &String| only.as_ref().is_none_or(|only| name.contains(only.as_str()));
    let all: Vec<(String, Deployment)> = all.into_iter().filter(|(name, _)| wanted(name)).collect();
    let began = Instant::now();
    let rows = run(&all, only.is_some());
    let wrong: Vec<&Row> = rows.iter().filter(|row| !row.wrong.is_empty() && row.pending.is_none()).collect();
    let right = rows.iter().filter(|row| row.is_first_right()).count();
    println!("{}", confusion(&rows));
    println!("first finding right: {right} of {}, in {:?}", rows.len(), began.elapsed());
    let slow = rows.iter().map(|row| (row.took, &row.name)).max();
    println!("the slowest: {slow:?}");
    for row in rows.iter().filter(|row| row.pending.is_some()) {
        let state = if row.wrong.is_empty() { "RIGHT NOW" } else { "not yet" };
        println!("{state}: {}: {}", row.name, row.pending.as_deref().unwrap_or_default());
    }
    let told: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    assert!(wrong.is_empty(), "{} of {} are told wrongly:\n\n{}", wrong.len(), rows.len(), told.join("\n"));
}

/// What was said of one of them.
struct Row {
    name: String,
    first: Option<String>,
    pending: Option<String>,
    about: String,
    /// Severities and codes of the findings.
    found: Vec<(String, String)>,
    details: Vec<String>,
    wrong: Vec<String>,
    took: Duration,
    steps: Vec<String>,
}

fn run(all: &[(String, Deployment)], aloud: bool) -> Vec<Row> {
    let next = AtomicUsize::new(0);
    let rows = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE.min(all.len()) {
            scope.spawn(|| {
                while let Some((name, deployment)) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let began = Instant::now();
                    // One that cannot be set up must not keep the others from being told.
                    let row = match thread::scope(|inner| inner.spawn(|| deployment.probe()).join()) {
                        Ok(run) => {
                            if aloud {
                                println!("=== {name}\n{run}");
                            }
                            judged(name, deployment, &run, began.elapsed())
                        }
                        Err(why) => broken(name, deployment, &*why),
                    };
                    rows.lock().unwrap().push(row);
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    rows
}

fn broken(name: &str, deployment: &Deployment, why: &(dyn std::any::Any + Send)) -> Row {
    let why = why.downcast_ref::<String>().map_or("it panicked", String::as_str);
    Row {
        name: name.into(),
        first: deployment.first.clone(),
        pending: None,
        about: deployment.about.clone(),
        found: Vec::new(),
        details: Vec::new(),
        wrong: vec![format!("was not set up: {why}")],
        took: Duration::ZERO,
        steps: Vec::new(),
    }
}

fn judged(name: &str, deployment: &Deployment, run: &Run, took: Duration) -> Row {
    let findings = &run.report.findings;
    let has = |code: &String| findings.iter().any(|finding| finding.code == *code);
    let mut wrong = Vec::new();
    let first = findings.first().map(|finding| finding.code.as_str());
    if let Some(code) = &deployment.first
        && first != Some(code)
    {
        wrong.push(format!("{} comes first, not {code}", first.unwrap_or("nothing")));
    }
    for code in deployment.and.iter().filter(|code| !has(code)) {
        wrong.push(format!("{code} is missing"));
    }
    for code in deployment.never.iter().filter(|code| has(code)) {
        wrong.push(format!("{code} must not be there"));
    }
    for Finding { code, severity, .. } in findings {
        let named = [&deployment.and, &deployment.also].iter().any(|list| list.contains(code));
        let heavy = severity == "error" || deployment.first.is_none() && severity == "warning";
        if heavy && !named && deployment.first.as_ref() != Some(code) {
            wrong.push(format!("{severity} {code} is too much"));
        }
    }
    let found = findings.iter().map(|finding| (finding.severity.clone(), finding.code.clone())).collect();
    let step = |turn: &crate::turn::report::Turn| format!("{}: {}", turn.url, turn.failures().join(" "));
    Row {
        name: name.into(),
        first: deployment.first.clone(),
        pending: deployment.pending.clone(),
        about: deployment.about.clone(),
        found,
        details: findings.iter().map(|finding| finding.detail.clone()).collect(),
        wrong,
        took,
        steps: run.report.turn.iter().map(step).collect(),
    }
}

impl Row {
    fn is_first_right(&self) -> bool {
        match &self.first {
            Some(first) => self.found.first().is_some_and(|(_, code)| code == first),
            None => self.wrong.is_empty(),
        }
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} ({}): {}", self.name, self.about, self.wrong.join("; "))?;
        for ((severity, code), detail) in self.found.iter().zip(&self.details) {
            writeln!(f, "    {severity} {code}: {detail}")?;
        }
        for step in &self.steps {
            writeln!(f, "    {step}")?;
        }
        Ok(())
    }
}

/// What was expected, and what was said first in its place.
fn confusion(rows: &[Row]) -> String {
    let mut table: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for row in rows {
        let said = row.found.first().filter(|(severity, _)| row.first.is_some() || severity != "info");
        let said = said.map_or("nothing", |(_, code)| code.as_str());
        *table.entry(row.first.as_deref().unwrap_or("nothing")).or_default().entry(said).or_default() += 1;
    }
    let mut text = String::new();
    for (expected, said) in table {
        let said: Vec<_> = said.iter().map(|(code, times)| format!("{times} {code}")).collect();
        writeln!(text, "{expected:34} {}", said.join(", ")).unwrap();
    }
    text
}

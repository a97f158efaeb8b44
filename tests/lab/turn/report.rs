//! The part of the report that is about TURN servers, as the contract has it: names are checked
//! here, not shared.

use serde::Deserialize;

use crate::namespace::Host;
use crate::process::Process;
use crate::rtcprobe::rtcprobe;

/// Runs `rtcprobe turn --json` with these arguments on a host.
pub fn turn(host: &Host, args: &[&str]) -> Run {
    start_turn(host, args).finish().into()
}

/// Starts it.
pub fn start_turn(host: &Host, args: &[&str]) -> Process {
    host.spawn(rtcprobe(&[&["turn", "--json"], args].concat()))
}

/// A finished run, and what its report says of TURN servers.
pub type Run = crate::rtcprobe::Run<Report>;

impl Run {
    /// The check of this URL, which has one address.
    pub fn of(&self, url: &str) -> &Turn {
        let found: Vec<_> = self.report.turn.iter().filter(|turn| turn.url == url).collect();
        assert_eq!(found.len(), 1, "checks of {url}\n{self}");
        found[0]
    }

    /// For each check its URL, address, first failing step and cause: what the verdict rests on.
    pub fn sketch(&self) -> Vec<String> {
        let line = |turn: &Turn| {
            let first = turn.failures().first().cloned().unwrap_or_else(|| "ok".into());
            format!("{} {} {first}", turn.url, turn.address.as_deref().unwrap_or("-"))
        };
        self.report.turn.iter().map(line).collect()
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub verdict: String,
    pub interrupted: bool,
    pub duration_ms: f64,
    pub turn: Vec<Turn>,
    pub findings: Vec<Finding>,
}

#[derive(Debug, Deserialize)]
pub struct Finding {
    pub code: String,
    pub severity: String,
    pub detail: String,
    pub servers: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Turn {
    pub url: String,
    pub address: Option<String>,
    pub transport: String,
    pub works: Option<bool>,
    pub steps: Vec<Step>,
    pub works_untrusted: Option<bool>,
    pub allocation: Option<Allocation>,
    pub proofs: Vec<Proof>,
    pub controls: Vec<Control>,
    pub echo: Option<Echo>,
}

impl Turn {
    pub fn step(&self, name: &str) -> &Step {
        self.steps.iter().find(|step| step.name == name).unwrap_or_else(|| panic!("no step {name}: {self:#?}"))
    }

    /// Every step that failed, as `step:cause`.
    pub fn failures(&self) -> Vec<String> {
        let failed = |step: &&Step| matches!(step.outcome.as_str(), "failed" | "timeout");
        let word = |step: &Step| format!("{}:{}", step.name, step.cause.as_deref().unwrap_or("?"));
        self.steps.iter().filter(failed).map(word).collect()
    }

    /// How much came through in each way, of how many tries.
    pub fn arrived(&self, way: &str) -> (usize, usize) {
        let tries: Vec<_> = self.proofs.iter().filter(|proof| proof.way == way).collect();
        (tries.iter().filter(|proof| proof.received > 0).count(), tries.len())
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    pub name: String,
    pub outcome: String,
    pub duration_ms: Option<f64>,
    pub detail: Option<String>,
    pub cause: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Allocation {
    pub relayed: String,
    pub lifetime_ms: f64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proof {
    pub way: String,
    pub received: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Echo {
    pub sent: u64,
    pub received: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Control {
    #[expect(dead_code, reason = "shown when it was not refused")]
    pub name: String,
    pub refused: Option<bool>,
}

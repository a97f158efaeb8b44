//! What was learned, and why the rest was not: the JSON contract.
//!
//! Field names are those of W3C WebRTC where it has a word for the thing, in camelCase. A duration
//! ends in `Ms` and is a number of milliseconds; a time is RFC 3339 in UTC. A fact that was not
//! learned is `null`, or `"unknown"` where it is a word, and [`Report::unknown`] says why.

mod audit;
mod checked;
mod clues;
mod configuration;
pub mod connect;
mod environment;
mod event;
mod expectation;
mod finding;
mod gather;
pub mod nat;
mod port;
mod server;
mod standing;
mod turn;
mod vantage;

pub use audit::{Audited, Exposure, Service, SizedAnswer};
pub use clues::{
    Affinity, Asked, Burst, Clues, DeniedPeer, IcmpError, Poison, Redirect, Reference, RelaySizes, SecondTry,
    Unpermitted,
};
pub use configuration::{Configuration, Configured, CredentialKind};
pub use environment::{Environment, Interface, InterfaceAddress, InterfaceKind};
pub use event::Event;
pub use expectation::Expectation;
pub use finding::{Alternative, Evidence, Finding, Severity};
pub use gather::{Attempt, Candidate, CandidateKind, Gather, IceError, Protocol, RelayProtocol, TcpKind};
pub use port::OtherPort;
pub use server::{CertificateFacts, Outcome, Server, Tls};
pub use standing::{Standing, Worth, standings};
pub use turn::{
    Allocation, Cause, Challenge, Control, CredentialForm, Echo, Form, OptionTried, Proof, Spread, Step, StepName,
    StepOutcome, Turn, Way,
};
pub use vantage::Vantage;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version of the shape of a report; raised when a field changes its meaning or goes away.
pub const SCHEMA_VERSION: u32 = 1;

/// The result of a run of rtcprobe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The version of the shape of this document.
    pub schema_version: u32,
    pub tool: Tool,
    /// The subcommand that ran.
    pub command: String,
    /// When the run began, RFC 3339 in UTC.
    pub started_at: String,
    /// How long it took, in milliseconds.
    #[schemars(extend("unit" = "ms"))]
    pub duration_ms: f64,
    pub verdict: Verdict,
    /// The run was interrupted; what was found until then is here.
    #[serde(default)]
    pub interrupted: bool,
    /// The run was a demonstration against the embedded server; the NAT's kind.
    #[serde(default)]
    pub demo: Option<String>,
    /// No server was named: public ones were asked.
    #[serde(default, skip_serializing_if = "finding::is_false")]
    pub default_servers: bool,
    pub environment: Environment,
    /// URLs that nobody wrote: they were made from the name of a host, which need not serve all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assumed: Vec<String>,
    /// One for each URL and resolved address family that was probed.
    pub servers: Vec<Server>,
    /// What was asked for; absent in demonstrations and from commands that do not look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<Configuration>,
    /// What `gather` found; absent when it did not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gather: Option<Gather>,
    /// What `nat` found; absent when it did not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nat: Option<nat::Nat>,
    /// What `connect` found; absent when it did not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect: Option<connect::Connect>,
    /// What `turn` found, one for each URL and resolved address; absent when it did not run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub turn: Vec<Turn>,
    /// STUN servers that were asked over UDP to tell this network's trouble from the servers'.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// Ports that nobody named, which were looked at because a server did not answer at those that were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_ports: Vec<OtherPort>,
    /// The checks from other interfaces (`--interface all`), for each URL and address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vantages: Vec<Vantage>,
    /// Why a fact is null or "unknown": JSON pointer to reason.
    pub unknown: BTreeMap<String, String>,
    pub findings: Vec<Finding>,
    /// What was expected of the run, and whether it came true.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expectations: Vec<Expectation>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tool {
    pub name: String,
    pub version: String,
}

/// What the run amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Pass,
    Warn,
    Fail,
}

impl Report {
    /// A report with nothing in it yet.
    #[must_use]
    pub fn new(command: &str, started_at: String, environment: Environment) -> Report {
        Report {
            schema_version: SCHEMA_VERSION,
            tool: Tool { name: "rtcprobe".into(), version: env!("CARGO_PKG_VERSION").into() },
            command: command.into(),
            started_at,
            duration_ms: 0.0,
            verdict: Verdict::Pass,
            interrupted: false,
            demo: None,
            default_servers: false,
            environment,
            assumed: Vec::new(),
            servers: Vec::new(),
            configuration: None,
            gather: None,
            nat: None,
            connect: None,
            turn: Vec::new(),
            references: Vec::new(),
            other_ports: Vec::new(),
            vantages: Vec::new(),
            unknown: BTreeMap::new(),
            findings: Vec::new(),
            expectations: Vec::new(),
        }
    }
}

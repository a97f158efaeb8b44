use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::connect::{Connect, ConnectState, Pair};
use super::nat::{Nat, NatTest};
use super::{Attempt, Candidate, Gather, IceError, OtherPort, Reference, Report, Server, Step, Turn, Vantage};

/// Something learned during a run, the moment it was learned. A report is the fold of its events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Event {
    /// A candidate was found.
    Candidate { elapsed_ms: f64, candidate: Candidate },
    /// What a browser would report as `icecandidateerror`.
    Error { elapsed_ms: f64, error: IceError },
    /// An attempt ended.
    Attempt { elapsed_ms: f64, attempt: Attempt },
    /// A server's part is over: it gave what it should, or it is clear that it will not.
    Server { elapsed_ms: f64, server: Server },
    /// A step of checking a TURN server ended.
    Step { elapsed_ms: f64, url: String, address: Option<String>, step: Step },
    /// The check of a TURN server at one address ended.
    Turn { elapsed_ms: f64, turn: Box<Turn> },
    /// A STUN server that others are measured by has answered, or will not.
    Reference { elapsed_ms: f64, reference: Reference },
    /// A port that nobody named was looked at.
    OtherPort { elapsed_ms: f64, port: OtherPort },
    /// The check of a TURN server from another interface ended.
    Vantage { elapsed_ms: f64, vantage: Box<Vantage> },
    /// A test of the NAT ended.
    NatTest { elapsed_ms: f64, test: NatTest },
    /// The NAT's behaviour is known as far as it can be. `unknown` has the reasons for the rest, by
    /// JSON pointer into the report (`/nat/hairpinning`), for [`Report::unknown`].
    Nat {
        elapsed_ms: f64,
        nat: Box<Nat>,
        #[serde(default)]
        unknown: BTreeMap<String, String>,
    },
    /// What is known of the lifetime of idle mappings by now: alive after the first, gone after the
    /// second, which is null as long as none is gone.
    Lifetime { elapsed_ms: f64, alive_ms: f64, gone_ms: Option<f64> },
    /// The connection to the other side entered a state.
    Connection { elapsed_ms: f64, state: ConnectState },
    /// A pair of candidates is there, or something about it is new; `index` is its place.
    Pair { elapsed_ms: f64, index: u32, pair: Box<Pair> },
    /// All that is known of the connection by now; the last one counts.
    Connect {
        elapsed_ms: f64,
        connect: Box<Connect>,
        #[serde(default)]
        unknown: BTreeMap<String, String>,
    },
    /// How far a long measurement has come.
    Progress { elapsed_ms: f64, url: String, done: u64, of: u64 },
    /// The last answer is in or given up (end of candidates).
    Complete { elapsed_ms: f64 },
    /// Nothing that belongs into the report, but worth a line under `-v`.
    Note { elapsed_ms: f64, text: String },
}

impl Report {
    /// Takes in what was learned.
    pub fn learn(&mut self, event: &Event) {
        match event {
            Event::Server { server, .. } => self.servers.push(server.clone()),
            Event::Turn { turn, .. } => self.turn.push((**turn).clone()),
            Event::Reference { reference, .. } => self.references.push(reference.clone()),
            Event::OtherPort { port, .. } => self.other_ports.push(port.clone()),
            Event::Vantage { vantage, .. } => self.vantages.push((**vantage).clone()),
            Event::Nat { nat, unknown, .. } => {
                self.nat = Some((**nat).clone());
                self.unknown.extend(unknown.clone());
            }
            Event::Connect { connect, unknown, .. } => {
                self.connect = Some((**connect).clone());
                self.unknown.extend(unknown.clone());
            }
            Event::Note { .. }
            | Event::Connection { .. }
            | Event::Pair { .. }
            | Event::Step { .. }
            | Event::NatTest { .. }
            | Event::Lifetime { .. }
            | Event::Progress { .. } => {}
            event => self.gather.get_or_insert_with(Gather::new).learn(event),
        }
    }
}

impl Gather {
    fn new() -> Gather {
        Gather { candidates: Vec::new(), errors: Vec::new(), attempts: Vec::new(), complete_ms: None }
    }

    fn learn(&mut self, event: &Event) {
        match event {
            Event::Candidate { candidate, .. } => self.candidates.push(candidate.clone()),
            Event::Error { error, .. } => self.errors.push(error.clone()),
            Event::Attempt { attempt, .. } => self.attempts.push(attempt.clone()),
            Event::Complete { elapsed_ms } => self.complete_ms = Some(*elapsed_ms),
            Event::Server { .. }
            | Event::Note { .. }
            | Event::Step { .. }
            | Event::NatTest { .. }
            | Event::Nat { .. }
            | Event::Lifetime { .. }
            | Event::Connection { .. }
            | Event::Pair { .. }
            | Event::Connect { .. }
            | Event::Turn { .. }
            | Event::Reference { .. }
            | Event::OtherPort { .. }
            | Event::Vantage { .. }
            | Event::Progress { .. } => {}
        }
    }
}

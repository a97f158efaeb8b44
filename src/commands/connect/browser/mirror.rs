//! What the page shows of this side.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::report::connect::{ConnectState, Pair};
use crate::report::{Candidate, Event};

/// Pairs and candidates that are shown.
const MOST: usize = 60;

/// This side as far as it is known.
#[derive(Default)]
pub struct Mirror {
    state: ConnectState,
    role: Option<Value>,
    candidates: Vec<Value>,
    complete: bool,
    pairs: BTreeMap<u32, Value>,
}

impl Mirror {
    pub fn learn(&mut self, event: &Event) {
        match event {
            Event::Candidate { candidate, .. } if self.candidates.len() < MOST => {
                self.candidates.push(of_candidate(candidate));
            }
            Event::Complete { .. } => self.complete = true,
            Event::Connection { state, .. } => self.state = *state,
            Event::Pair { index, pair, .. } => {
                self.pairs.insert(*index, of_pair(pair));
            }
            Event::Connect { connect, .. } => {
                self.state = connect.state;
                self.role = connect.role.and_then(|role| serde_json::to_value(role).ok());
                self.pairs = (0..).zip(connect.pairs.iter().map(of_pair)).collect();
            }
            _ => {}
        }
    }

    /// A message for the page.
    pub fn view(&self) -> Value {
        json!({
            "type": "view",
            "state": self.state,
            "role": self.role,
            "gathering": if self.complete { "complete" } else { "under way" },
            "candidates": self.candidates,
            "pairs": self.pairs.values().take(MOST).collect::<Vec<_>>(),
        })
    }
}

fn of_candidate(candidate: &Candidate) -> Value {
    let address =
        if candidate.address.contains(':') { format!("[{}]", candidate.address) } else { candidate.address.clone() };
    json!({
        "type": candidate.kind,
        "protocol": candidate.protocol,
        "address": format!("{address}:{}", candidate.port),
        "url": candidate.url,
    })
}

fn of_pair(pair: &Pair) -> Value {
    json!({
        "local": pair.local,
        "remote": pair.remote,
        "localType": pair.local_type,
        "remoteType": pair.remote_type,
        "state": pair.state,
        "sent": pair.requests_sent,
        "answered": pair.responses_received,
        "rttMs": pair.rtt_ms,
        "selected": pair.selected,
        "failure": pair.failure.as_ref().map(|failure| failure.detail.clone()),
    })
}

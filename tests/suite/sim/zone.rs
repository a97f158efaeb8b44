//! The DNS of the simulated network.

use std::collections::BTreeMap;
use std::time::Duration;

use rtcprobe::machine::{LookupFailure, Question, Record, RecordKind};

/// How long a resolver waits for a server that does not answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What there is to know. A name without entries does not exist; one with entries of other kinds
/// has no records of this one.
#[derive(Debug, Clone, Default)]
pub struct Zone {
    entries: BTreeMap<String, Vec<(Option<RecordKind>, Reply)>>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    Records(Vec<Record>),
    Fails(LookupFailure),
}

impl Zone {
    /// An answer to questions of one kind, or of every kind.
    pub fn add(&mut self, name: &str, kind: Option<RecordKind>, reply: Reply) {
        self.entries.entry(name.to_ascii_lowercase()).or_default().push((kind, reply));
    }

    /// The answer, and how long it takes.
    pub fn ask(&self, question: &Question, round_trip: Duration) -> (Duration, Result<Vec<Record>, LookupFailure>) {
        let Some(entries) = self.entries.get(&question.name.to_ascii_lowercase()) else {
            return (round_trip, Err(LookupFailure::NoSuchName));
        };
        let fits = entries.iter().filter(|(kind, _)| kind.is_none_or(|kind| kind == question.kind));
        let mut records = Vec::new();
        for (_, reply) in fits {
            match reply {
                Reply::Records(more) => records.extend(more.iter().cloned()),
                Reply::Fails(LookupFailure::TimedOut) => return (TIMEOUT, Err(LookupFailure::TimedOut)),
                Reply::Fails(why) => return (round_trip, Err(why.clone())),
            }
        }
        if records.is_empty() { (round_trip, Err(LookupFailure::NoRecords)) } else { (round_trip, Ok(records)) }
    }
}

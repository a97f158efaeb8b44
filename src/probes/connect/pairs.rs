//! Pairs and checks as a report has them.

use std::fmt::Write as _;
use std::net::SocketAddr;

use super::here::{Here, kind_of};
use super::words;
use crate::machine::Time;
use crate::proto::ice::{Agent, Entry, Pair, State};
use crate::report::connect::{self as report, ConnectPath, PairState, SelectedPair};
use crate::report::{CandidateKind, Protocol};

/// What is known beside the agent.
pub(super) struct Scene<'a> {
    pub here: &'a Here,
    /// Whether somebody there signs with another password than was told.
    pub strange: &'a dyn Fn(SocketAddr) -> bool,
    /// The end of the run, once it has come.
    pub ended: Option<Time>,
}

/// A pair of the agent's list.
pub(super) fn pair(agent: &Agent, index: usize, scene: &Scene<'_>) -> Option<report::Pair> {
    let pair = agent.pairs().get(index)?;
    let (local, remote) = (agent.locals().get(pair.local)?, agent.remotes().get(pair.remote)?);
    let found = scene.here.at(local.address);
    let seen_as = pair.seen_as.and_then(|seen| agent.locals().get(seen)).map(|seen| seen.address);
    let spoken = &pair.spoken;
    Some(report::Pair {
        local: local.address.to_string(),
        remote: remote.address.to_string(),
        local_type: kind_of(local.kind),
        remote_type: kind_of(remote.kind),
        protocol: if local.tcp.is_some() { Protocol::Tcp } else { Protocol::Udp },
        seen_as: seen_as.filter(|seen| *seen != local.address).map(|seen| seen.to_string()),
        interface: found.and_then(|found| found.candidate.interface.clone()),
        url: found
            .and_then(|found| found.candidate.url.clone())
            .filter(|_| kind_of(local.kind) == CandidateKind::Relay),
        state: state(pair.state),
        nominated: pair.nominated,
        selected: agent.selected() == Some(index),
        priority: pair.priority,
        requests_sent: spoken.requests_sent,
        retransmissions: spoken.retransmissions,
        responses_received: spoken.responses_received,
        requests_received: spoken.requests_received,
        responses_sent: spoken.responses_sent,
        consent_requests_sent: spoken.consent_requests_sent,
        rtt_ms: spoken.rtt.map(|rtt| Time::from(rtt).millis()),
        first_sent_ms: pair.first_sent.map(Time::millis),
        first_valid_ms: pair.first_valid.map(Time::millis),
        failure: words::failure(pair, remote.address, (scene.strange)(remote.address), scene.ended),
        checks: pair.journal.entries().map(check).collect(),
    })
}

/// The pair in use.
pub(super) fn selected(agent: &Agent, place: u32) -> Option<SelectedPair> {
    let pair = agent.pairs().get(agent.selected()?)?;
    let (local, remote) = (agent.locals().get(pair.local)?, agent.remotes().get(pair.remote)?);
    let (local_type, remote_type) = (kind_of(local.kind), kind_of(remote.kind));
    let relayed = [local_type, remote_type].contains(&CandidateKind::Relay);
    Some(SelectedPair {
        local: local.address.to_string(),
        remote: remote.address.to_string(),
        local_type,
        remote_type,
        protocol: if local.tcp.is_some() { Protocol::Tcp } else { Protocol::Udp },
        pair: place,
        path: if relayed { ConnectPath::Relay } else { ConnectPath::Direct },
    })
}

/// What of a pair changes while it is checked, to tell whether there is news.
pub(super) fn gist(agent: &Agent, index: usize, pair: &Pair) -> Gist {
    let spoken = &pair.spoken;
    let said = [spoken.requests_sent, spoken.responses_received, spoken.requests_received, spoken.responses_sent];
    (pair.state, said, pair.nominated, agent.selected() == Some(index))
}

pub(super) type Gist = (State, [u32; 4], bool, bool);

fn state(state: State) -> PairState {
    match state {
        State::Frozen => PairState::Frozen,
        State::Waiting => PairState::Waiting,
        State::InProgress => PairState::InProgress,
        State::Succeeded => PairState::Succeeded,
        State::Failed => PairState::Failed,
    }
}

fn check(entry: &Entry) -> report::Check {
    let transaction = entry.transaction.0.iter().fold(String::with_capacity(24), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    report::Check {
        received: entry.received,
        transaction,
        elapsed_ms: entry.at.millis(),
        copies: entry.copies,
        nominating: entry.nominating,
        consent: entry.consent,
        answered_ms: entry.answered.map(Time::millis),
        code: entry.code,
        answered_from: entry.from.map(|from| from.to_string()),
    }
}

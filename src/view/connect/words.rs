//! The words for states, kinds and reasons.

use crate::report::connect::{ConnectPath, ConnectState, FailureReason, PairFailure, PairState};
use crate::report::{CandidateKind, Protocol};

pub fn state(state: ConnectState) -> &'static str {
    match state {
        ConnectState::New => "waiting for the other side",
        ConnectState::Checking => "checking",
        ConnectState::Connected => "connected",
        ConnectState::Disconnected => "disconnected: the other side has not answered lately",
        ConnectState::Failed => "failed",
        ConnectState::Closed => "closed",
    }
}

pub fn kind(kind: CandidateKind) -> &'static str {
    match kind {
        CandidateKind::Host => "host",
        CandidateKind::Srflx => "srflx",
        CandidateKind::Prflx => "prflx",
        CandidateKind::Relay => "relay",
    }
}

/// A candidate's type, with its transport where that is not UDP.
#[must_use]
pub fn side(kind: CandidateKind, protocol: Protocol) -> String {
    match protocol {
        Protocol::Udp => self::kind(kind).to_string(),
        Protocol::Tcp => format!("{} tcp", self::kind(kind)),
    }
}

/// How a pair stands, in a word.
#[must_use]
pub fn pair_state(state: PairState) -> &'static str {
    match state {
        PairState::Frozen => "frozen",
        PairState::Waiting => "waiting",
        PairState::InProgress => "checking",
        PairState::Succeeded => "works",
        PairState::Failed => "failed",
    }
}

pub fn path(path: ConnectPath) -> &'static str {
    match path {
        ConnectPath::Direct => "directly",
        ConnectPath::Relay => "through a relay",
        ConnectPath::None => "not at all",
    }
}

/// Why a pair failed, short enough for a row.
#[must_use]
pub fn failure(failure: &PairFailure) -> String {
    let word = match failure.cause {
        FailureReason::NoAnswer => "no answer",
        FailureReason::OneWay => "one way",
        FailureReason::WrongSource => "wrong source",
        FailureReason::WrongCredentials => "credentials",
        FailureReason::RoleConflict => "role conflict",
        FailureReason::Refused => "refused",
        FailureReason::RelayRefused => "relay refuses",
        FailureReason::Unreachable => "unreachable",
        FailureReason::NoConnection => "no connection",
        FailureReason::NotSent => "not sent",
    };
    match failure.code {
        Some(code) => format!("{word} {code}"),
        None => word.to_string(),
    }
}

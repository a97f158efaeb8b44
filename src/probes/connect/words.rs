//! What became of pairs and messages, in sentences.

use std::net::SocketAddr;
use std::time::Duration;

use crate::machine::{Icmp, Time, Unreachability};
use crate::probes::explain::{copies, icmp_error, span};
use crate::proto::ice::{Failure, Pair, Refused, State};
use crate::report::connect::{ConnectState, FailureReason, PairFailure};

/// Silence is worth a word after so many copies in so long a time.
const SILENT: (u32, Duration) = (2, Duration::from_millis(1200));

/// Why a pair failed, or that nothing was heard on it when the run ended. `strange`: checks came from there that
/// are signed with another password.
pub(super) fn failure(pair: &Pair, remote: SocketAddr, strange: bool, ended: Option<Time>) -> Option<PairFailure> {
    let told = |cause, code, detail| Some(PairFailure { cause, code, detail, icmp: None });
    let answered = pair.spoken.responses_received > 0;
    match &pair.failure {
        None => {
            let began = pair.first_sent.filter(|_| pair.state == State::InProgress && !answered)?;
            let (sent, listened) = (pair.spoken.requests_sent, ended?.since(began));
            let silent = sent >= SILENT.0 && listened >= SILENT.1;
            silent.then(|| silence(pair, remote, strange, &format!("in {}, when the run ended", span(listened))))
        }
        Some(Failure::NoAnswer { .. }) if answered => told(
            FailureReason::NoAnswer,
            None,
            format!("{remote} answered at first, and then no copy of the check that was to choose the pair"),
        ),
        Some(Failure::NoAnswer { .. }) => Some(silence(pair, remote, strange, "")),
        Some(Failure::WrongSource { from }) => told(
            FailureReason::WrongSource,
            None,
            format!("the check went to {remote}, and the answer came from {from}, which ICE must not accept"),
        ),
        Some(Failure::Refused { code: 401, .. }) => told(
            FailureReason::WrongCredentials,
            Some(401),
            format!("{remote} refused the check with 401: it knows another ufrag or password"),
        ),
        Some(Failure::Refused { code: 487, .. }) => {
            told(FailureReason::RoleConflict, Some(487), format!("{remote} claims the same role again and again (487)"))
        }
        Some(Failure::Refused { code, reason }) => told(
            FailureReason::Refused,
            Some(*code),
            format!("{remote} refused the check with {code}{}", phrase(reason)),
        ),
        Some(Failure::RelayRefused { code, reason }) => told(
            FailureReason::RelayRefused,
            Some(*code),
            format!("the TURN server does not relay to {}: {code}{}", remote.ip(), phrase(reason)),
        ),
        Some(Failure::Unreachable(icmp)) => {
            let (cause, detail) = (FailureReason::Unreachable, unreachable(*icmp, remote));
            Some(PairFailure { cause, code: None, detail, icmp: Some(icmp_error(*icmp)) })
        }
        Some(Failure::NoConnection(why)) => {
            told(FailureReason::NoConnection, None, format!("no TCP connection with {remote}: {why}"))
        }
        Some(Failure::NotSent(why)) => told(FailureReason::NotSent, None, why.clone()),
    }
}

/// Nothing came back.
fn silence(pair: &Pair, remote: SocketAddr, strange: bool, when: &str) -> PairFailure {
    let spoken = &pair.spoken;
    let sent = copies(spoken.requests_sent);
    let when = if when.is_empty() { String::new() } else { format!(" {when}") };
    let (cause, detail) = if strange {
        let detail = format!(
            "no answer from {remote} to {sent} of the check{when}; its own checks are signed with another password"
        );
        (FailureReason::WrongCredentials, detail)
    } else if spoken.requests_received > 0 {
        let came = spoken.requests_received;
        let theirs = if came == 1 { "one check".to_string() } else { format!("{came} checks") };
        // Some agents are silent towards a wrong password as well.
        let detail = format!(
            "no answer from {remote} to {sent} of the check{when}, though {theirs} came from there: what is sent there is lost, or refused without a word"
        );
        (FailureReason::OneWay, detail)
    } else {
        (FailureReason::NoAnswer, format!("no answer from {remote} to {sent} of the check{when}"))
    };
    PairFailure { cause, code: None, detail, icmp: None }
}

/// What the network said.
fn unreachable(icmp: Icmp, remote: SocketAddr) -> String {
    let by = icmp.offender.map(|offender| format!(", says {offender}")).unwrap_or_default();
    match icmp.meaning {
        Unreachability::Port => format!("nothing listens on {remote} (ICMP port unreachable{by})"),
        Unreachability::Host => format!("the host of {remote} cannot be reached (ICMP{by})"),
        Unreachability::Network => format!("there is no route to {remote}{by}"),
        Unreachability::Prohibited => format!("a firewall forbids sending to {remote}{by}"),
        Unreachability::TooLarge => format!("the check was too large on the way to {remote}{by}"),
        Unreachability::Other => format!("the network refuses packets to {remote}{by}"),
    }
}

/// A stranger's phrase after its code.
fn phrase(reason: &str) -> String {
    let reason: String = reason.chars().take(80).filter(|letter| !letter.is_control()).collect();
    if reason.is_empty() { String::new() } else { format!(" {reason}") }
}

/// Why a message counted for nothing.
pub(super) fn refused(why: &Refused) -> String {
    match why {
        Refused::NoStun => "no STUN".into(),
        Refused::OtherMethod => "STUN, but no connectivity check".into(),
        Refused::NoIntegrity => "a check that is not signed".into(),
        Refused::WrongIntegrity => "signed with another password".into(),
        Refused::WrongUsername => "a check for another ufrag".into(),
        Refused::Unknown(_) => "a check with attributes that must be understood and are not".into(),
        Refused::UnknownTransaction => "an answer to nothing that was asked, or too late".into(),
        Refused::WrongSource { asked } => format!("an answer to a check that went to {asked}"),
    }
}

/// As `RTCIceTransportState`.
pub(super) fn state(state: ConnectState) -> &'static str {
    match state {
        ConnectState::New => "new",
        ConnectState::Checking => "checking",
        ConnectState::Connected => "connected",
        ConnectState::Disconnected => "disconnected",
        ConnectState::Failed => "failed",
        ConnectState::Closed => "closed",
    }
}

use super::unconnected;
use crate::report::connect::{Connect, FailureReason, PairState};
use crate::report::{CandidateKind, Report};
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// Both sides know each other's candidates, and no pair of them passes packets both ways. A call
    /// between them fails with "ICE failed".
    ///
    /// # How it is told apart
    ///
    /// Every pair was checked until it failed, or until the time was over. The table of pairs has the
    /// reason of each. Where nothing at all came from the other side, it may not have begun: then it
    /// waits for this side's answer, or has ended.
    ///
    /// # What to do
    ///
    /// Without a relay on either side: give at least one of them a TURN server. With one: `rtcprobe
    /// check` tells whether it relays. Where not even the relays reach each other, look at their
    /// firewall (`min-port` to `max-port`) and at `denied-peer-ip`.
    ///
    /// # References
    ///
    /// RFC 8445 section 6.1.2, 8.1.2; RFC 8656 section 9
    "ice-no-path", Error, "No pair of candidates connects the two sides", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let Some(connect) = unconnected(report).filter(|connect| !connect.pairs.is_empty()) else { return Vec::new() };
    let all = connect.pairs.len();
    let answered = connect.pairs.iter().filter(|pair| pair.responses_received > 0).count();
    let heard = connect.pairs.iter().filter(|pair| pair.requests_received > 0).count();
    let relayed = |kind: CandidateKind| kind == CandidateKind::Relay;
    let any_relay = connect.pairs.iter().any(|pair| relayed(pair.local_type) || relayed(pair.remote_type));
    let mut detail = format!("{}: {}.", count(all), reasons(connect));
    if answered == 0 && heard == 0 {
        detail.push_str(" Nothing at all came from the other side.");
    }
    let fix = match any_relay {
        _ if works(connect) > 0 => {
            "There is a path, and the side that decides chose none before the end: see whether the other side left, and \
             give it more time (--wait)."
        }
        false => {
            "Neither side has a relay candidate: give at least one side a TURN server (turn:HOST:3478, and \
             turns:HOST:443?transport=tcp for networks that let nothing else out)."
        }
        true if answered == 0 && heard == 0 => {
            "Look whether the other side runs and was given this side's description; then run rtcprobe check with the \
             TURN servers of both sides."
        }
        true => "Run rtcprobe check with the TURN servers of both sides: not even the pairs with a relay work.",
    };
    let mut diagnosis = Diagnosis::of_the_path(detail)
        .fact("/connect/state", "there is no pair in use")
        .fact("/connect/pairs", count(all))
        .fix(fix);
    if answered == 0 && heard == 0 {
        diagnosis = diagnosis.suspected("see whether the other side has received anything (its own report)");
    }
    vec![diagnosis]
}

/// Valid pairs: whoever decides has taken none of them.
fn works(connect: &Connect) -> usize {
    connect.pairs.iter().filter(|pair| pair.state == PairState::Succeeded).count()
}

fn count(pairs: usize) -> String {
    if pairs == 1 { "1 pair was tried".into() } else { format!("{pairs} pairs were tried") }
}

/// How many pairs failed for which reason.
fn reasons(connect: &Connect) -> String {
    let words = [
        (FailureReason::NoAnswer, "not answered"),
        (FailureReason::OneWay, "heard from the other side, but not answered"),
        (FailureReason::WrongSource, "answered from elsewhere"),
        (FailureReason::WrongCredentials, "refused for their credentials"),
        (FailureReason::RoleConflict, "with a conflict of roles"),
        (FailureReason::Refused, "refused"),
        (FailureReason::RelayRefused, "refused by the relay"),
        (FailureReason::Unreachable, "answered by ICMP"),
        (FailureReason::NoConnection, "without a TCP connection"),
        (FailureReason::NotSent, "not sent"),
    ];
    let of = |cause| {
        let is = |pair: &&crate::report::connect::Pair| pair.failure.as_ref().is_some_and(|why| why.cause == cause);
        connect.pairs.iter().filter(is).count()
    };
    let mut parts: Vec<String> = words
        .iter()
        .map(|(cause, word)| (of(*cause), word))
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
    let unchosen = works(connect);
    if unchosen > 0 {
        parts.push(format!("{unchosen} worked and not chosen"));
    }
    let open = connect.pairs.iter().filter(|pair| pair.state != PairState::Failed).count() - unchosen;
    if open > 0 {
        parts.push(format!("{open} without a result by the end"));
    }
    parts.join(", ")
}

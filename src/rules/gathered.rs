//! The contacts of a gathering. Its attempts carry an outcome and a sentence; which step failed and
//! why follows from both. Sentences are ours up to the first quotation mark, and only those are read.

use std::net::SocketAddr;

use super::contact::{Contact, Trouble};
use super::url::Url;
use crate::report::{Attempt, Cause, Outcome, RelayProtocol, Report, Server, StepName, Tls};

/// From here on a refusal with 508 was slow: coturn tries to bind for about a second.
const SLOW_MS: f64 = 900.0;

pub(super) fn contacts(report: &Report) -> Vec<Contact<'_>> {
    let attempts: &[Attempt] = report.gather.as_ref().map_or(&[], |gather| &gather.attempts);
    let mut all: Vec<Contact<'_>> = Vec::new();
    for (index, server) in report.servers.iter().enumerate() {
        // A check step by step knows more about the same server.
        if report.turn.iter().any(|turn| turn.url == server.url) {
            continue;
        }
        let at = format!("/servers/{index}");
        let mut addresses: Vec<&str> = Vec::new();
        for attempt in attempts.iter().filter(|attempt| belongs(attempt, server)) {
            addresses.extend(attempt.server.as_deref().filter(|address| !addresses.contains(address)));
        }
        if addresses.is_empty() {
            all.push(whole(server, &at));
            continue;
        }
        let last = addresses.len() - 1;
        for (place, address) in addresses.iter().enumerate() {
            let of: Vec<(usize, &Attempt)> = attempts
                .iter()
                .enumerate()
                .filter(|(_, attempt)| belongs(attempt, server) && attempt.server.as_deref() == Some(address))
                .collect();
            // The server's entry speaks of the address that counted in the end.
            all.push(one(server, &at, address, &of, place == last));
        }
    }
    all
}

fn belongs(attempt: &Attempt, server: &Server) -> bool {
    let Some(address) = attempt.server.as_ref() else { return false };
    attempt.url == server.url && (server.resolved.is_empty() || server.resolved.contains(address))
}

/// A server that no attempt was made at.
fn whole<'a>(server: &'a Server, at: &str) -> Contact<'a> {
    let mut contact = bare(server, server.resolved.last().map(String::as_str));
    let text = server.error.as_deref().unwrap_or_default();
    let secret = server.tls.as_ref();
    let told = silent_cause(server.outcome, text, "allocate", contact.transport, secret);
    // What it gave it answered, and which of its answers is missing only attempts would tell.
    if !server.gave.is_empty() {
        contact.answered = Some(format!("{at}/gave"));
    } else if server.outcome == Outcome::Ok {
        contact.answered = Some(format!("{at}/outcome"));
    } else if let Some((step, cause)) = told {
        let fact = format!("{at}/outcome");
        contact.troubles.push(Trouble { step, cause, code: None, phrase: "", text, fact });
    }
    contact.tls = server.tls.as_ref().map(|tls| (tls, format!("{at}/tls")));
    contact
}

fn one<'a>(
    server: &'a Server,
    at: &str,
    address: &'a str,
    attempts: &[(usize, &'a Attempt)],
    counts: bool,
) -> Contact<'a> {
    let mut contact = bare(server, Some(address));
    contact.tls = server.tls.as_ref().filter(|_| counts).map(|tls| (tls, format!("{at}/tls")));
    let spoke = |attempt: &Attempt| attempt.outcome == Outcome::Ok || attempt.error_code.is_some();
    contact.answered =
        attempts.iter().find(|(_, attempt)| spoke(attempt)).map(|(number, _)| format!("/gather/attempts/{number}"));
    for request in ["binding", "allocate"] {
        let of = || attempts.iter().filter(|(_, attempt)| attempt.request == request);
        // From one of our addresses it went well: what went wrong from another is not the server's.
        if of().any(|(_, attempt)| attempt.outcome == Outcome::Ok) {
            continue;
        }
        let told = of().find(|(_, attempt)| attempt.error_code.is_some()).or_else(|| of().next());
        contact.troubles.extend(told.and_then(|(number, attempt)| trouble(server, attempt, *number, &contact)));
    }
    contact
}

fn bare<'a>(server: &'a Server, address: Option<&str>) -> Contact<'a> {
    let url = Url::read(&server.url);
    Contact {
        url,
        transport: url.transport(),
        address: address.and_then(|address| address.parse::<SocketAddr>().ok()),
        username: server.username.as_deref(),
        troubles: Vec::new(),
        answered: None,
        tls: None,
        turn: None,
        spared: false,
    }
}

fn trouble<'a>(server: &'a Server, attempt: &'a Attempt, number: usize, contact: &Contact<'a>) -> Option<Trouble<'a>> {
    let text = attempt.detail.as_deref().or(server.error.as_deref()).unwrap_or_default();
    // A run that was cut short has not listened long enough to speak of silence.
    if text.contains("when the run was stopped") && attempt.copies < 3 {
        return None;
    }
    let (step, cause) = match attempt.error_code {
        Some(code) => answered_cause(code, attempt, contact.username.is_some()),
        None => {
            let tls = contact.tls.as_ref().map(|(tls, _)| *tls);
            silent_cause(attempt.outcome, text, &attempt.request, contact.transport, tls)?
        }
    };
    Some(Trouble {
        step,
        cause,
        code: attempt.error_code,
        phrase: attempt.error_text.as_deref().unwrap_or_default(),
        text,
        fact: format!("/gather/attempts/{number}"),
    })
}

fn answered_cause(code: u16, attempt: &Attempt, credentials: bool) -> (StepName, Cause) {
    if attempt.request == "binding" {
        let cause = if code == 401 { Cause::Unauthorized } else { Cause::OtherError };
        return (StepName::Binding, cause);
    }
    let slow = attempt.ended_ms.is_some_and(|ended| ended - attempt.began_ms >= SLOW_MS);
    let cause = match code {
        401 if attempt.outcome != Outcome::Unauthorized => return (StepName::Challenge, Cause::BadChallenge),
        401 if !credentials => return (StepName::Challenge, Cause::NoCredentials),
        _ if attempt.outcome == Outcome::Unauthorized => Cause::Unauthorized,
        300 => return (StepName::Challenge, Cause::Redirected),
        403 => Cause::Forbidden,
        420 => Cause::Unsupported,
        437 => Cause::AllocationMismatch,
        438 => Cause::NonceLoop,
        440 => Cause::FamilyUnsupported,
        442 => Cause::TransportForbidden,
        486 => Cause::QuotaReached,
        508 if slow => Cause::RelayAddressNotLocal,
        508 => Cause::PortsExhausted,
        _ => Cause::OtherError,
    };
    (StepName::Allocate, cause)
}

/// Without an error code, from the outcome and our own words.
fn silent_cause(
    outcome: Outcome,
    text: &str,
    request: &str,
    transport: RelayProtocol,
    tls: Option<&Tls>,
) -> Option<(StepName, Cause)> {
    let ours = text.split('"').next().unwrap_or_default();
    let says = |words: &str| ours.contains(words);
    let datagram = matches!(transport, RelayProtocol::Udp | RelayProtocol::Dtls);
    let asked = if request == "binding" { StepName::Binding } else { StepName::Challenge };
    let first = if datagram { asked } else { StepName::Connect };
    Some(match outcome {
        Outcome::Ok | Outcome::Skipped => return None,
        Outcome::Timeout if says("TCP connection to") => (StepName::Connect, Cause::NoAnswer),
        Outcome::Timeout if says("handshake") && datagram => (StepName::Tls, Cause::NoAnswer),
        Outcome::Timeout if says("handshake") => (StepName::Tls, Cause::HandshakeTimeout),
        Outcome::Timeout if says("authenticated") || says("answered before") => (StepName::Allocate, Cause::NoAnswer),
        Outcome::Timeout => (asked, Cause::NoAnswer),
        Outcome::Refused => (first, Cause::Refused),
        Outcome::Unreachable if says("forbids") => (first, Cause::Prohibited),
        Outcome::Unreachable if says("no usable") => (StepName::Resolve, Cause::Unreachable),
        Outcome::Unreachable => (first, Cause::Unreachable),
        Outcome::DnsError if says("does not exist") || says("no address") => (StepName::Resolve, Cause::NoSuchName),
        Outcome::DnsError => (StepName::Resolve, Cause::DnsFailed),
        // What is wrong with a certificate, the certificate says itself.
        Outcome::TlsError if tls.is_some_and(|tls| !tls.trusted) => (StepName::Tls, Cause::CertificateUntrusted),
        Outcome::TlsError => (StepName::Tls, Cause::HandshakeFailed),
        Outcome::Unauthorized => (StepName::Allocate, Cause::Unauthorized),
        Outcome::Error if says("came from") => (asked, Cause::WrongSource),
        Outcome::Error if says("not STUN") || says("speaks TLS") => (asked, Cause::NotStun),
        Outcome::Error if says("MESSAGE-INTEGRITY") => (StepName::Allocate, Cause::IntegrityFailed),
        Outcome::Error if says("the connection") => (asked, Cause::ConnectionClosed),
        Outcome::Error => (asked, Cause::OtherError),
    })
}

//! Step and cause of attempts that are made up, from what is said of them: cases are written as
//! people would tell them.

use rtcprobe::report::{Attempt, Cause, Outcome, RelayProtocol, Server, StepName, Tls};

/// From here on a refusal with 508 was slow: coturn tries to bind for about a second.
const SLOW_MS: f64 = 900.0;

pub fn of_attempt(server: &Server, attempt: &mut Attempt) {
    let told = match attempt.error_code {
        Some(code) => Some(answered(code, attempt, server.username.is_some())),
        None => {
            let text = attempt.detail.as_deref().or(server.error.as_deref()).unwrap_or_default();
            silent(attempt.outcome, text, &attempt.request, transport(&server.url), server.tls.as_ref())
        }
    };
    (attempt.step, attempt.cause) = told.unzip();
}

pub fn of_server(server: &mut Server) {
    let text = server.error.as_deref().unwrap_or_default();
    let told = silent(server.outcome, text, "allocate", transport(&server.url), server.tls.as_ref());
    server.cause = told.map(|(_, cause)| cause);
}

fn transport(url: &str) -> RelayProtocol {
    match (url.starts_with("turns") || url.starts_with("stuns"), url.ends_with("transport=tcp")) {
        (false, false) => RelayProtocol::Udp,
        (false, true) => RelayProtocol::Tcp,
        (true, false) if url.ends_with("transport=udp") => RelayProtocol::Dtls,
        (true, _) => RelayProtocol::Tls,
    }
}

fn answered(code: u16, attempt: &Attempt, credentials: bool) -> (StepName, Cause) {
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
fn silent(
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

//! What went wrong between us and a server, as a cause and a sentence.

mod allocate;

pub use allocate::{Asker, allocate_error};

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::tls;
use crate::machine::{Distrust, Ending, Icmp, Phase, Refusal, Unreachability};
use crate::proto::exchange::{Answer, Seen};
use crate::proto::resolution::Target;
use crate::proto::transaction::Stray;
use crate::report::{Cause, IcmpError};
use crate::wire::attribute::{self, ErrorCode};
use crate::wire::message::Message;
use crate::wire::uri::Transport;

/// A cause and what there is to say about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub cause: Cause,
    /// One sentence without a stop: what was tried, what happened, after how long.
    pub text: String,
    /// The server's code and phrase.
    pub code: Option<(u16, String)>,
    /// The ICMP error that it rests on.
    pub icmp: Option<IcmpError>,
}

/// Between whom something went wrong, and about which request.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    pub target: Target,
    pub local: IpAddr,
    /// The RFC's name of the request.
    pub request: &'a str,
}

impl Told {
    #[must_use]
    pub fn new(cause: Cause, text: impl Into<String>) -> Told {
        Told { cause, text: text.into(), code: None, icmp: None }
    }

    #[must_use]
    pub fn coded(self, code: u16, phrase: &str) -> Told {
        Told { code: Some((code, phrase.to_string())), ..self }
    }
}

/// The cause behind a certificate that was not trusted.
#[must_use]
pub fn distrust(why: &Distrust) -> Cause {
    match why {
        Distrust::Expired { .. } => Cause::CertificateExpired,
        Distrust::NotYetValid { .. } => Cause::CertificateNotYetValid,
        Distrust::WrongName { .. } | Distrust::NoNames { .. } => Cause::CertificateWrongName,
        Distrust::SelfSigned => Cause::CertificateSelfSigned,
        Distrust::UnknownIssuer { incomplete: true, .. } => Cause::CertificateIncompleteChain,
        _ => Cause::CertificateUntrusted,
    }
}

/// The TCP connection stood already.
#[must_use]
pub fn in_handshake(why: &Refusal) -> bool {
    matches!(why, Refusal::Handshake { .. } | Refusal::TimedOut { during: Phase::Handshake | Phase::Halfway })
}

/// A connection that could not be had.
#[must_use]
pub fn refusal(why: &Refusal, target: Target, local: IpAddr, took: Duration) -> Told {
    let to = target.address;
    let after = span(took);
    let name = if target.transport == Transport::Dtls { "DTLS" } else { "TLS" };
    match why {
        Refusal::ConnectionRefused => {
            Told::new(Cause::Refused, format!("connection refused after {after}: {}", nothing_listens(target)))
        }
        Refusal::TimedOut { during: Phase::Connect } => {
            Told::new(Cause::NoAnswer, format!("no answer to the TCP connection to {to} in {after}"))
        }
        Refusal::TimedOut { during: Phase::Handshake } if target.transport == Transport::Dtls => {
            Told::new(Cause::NoAnswer, format!("no answer to the DTLS handshake with {to} in {after}"))
        }
        Refusal::TimedOut { during: Phase::Halfway } => Told::new(
            Cause::HandshakeTimeout,
            format!("the {name} handshake with {to} began, but came to no end in {after}"),
        ),
        Refusal::TimedOut { during: Phase::Handshake } => Told::new(
            Cause::HandshakeTimeout,
            format!(
                "{to} took the TCP connection, but did not answer the TLS handshake in {after}: \
                 perhaps it speaks no TLS there (turn: or stun:)"
            ),
        ),
        Refusal::Unreachable { icmp: Some(icmp), .. } => unreachable(*icmp, target, local, &after),
        Refusal::Unreachable { icmp: None, text } => {
            Told::new(Cause::Unreachable, format!("no way from {local} to {to}: {text}"))
        }
        Refusal::Untrusted { why, .. } => Told::new(distrust(why), format!("{}; nothing was sent", tls::distrust(why))),
        Refusal::Handshake { text } => {
            Told::new(Cause::HandshakeFailed, format!("the {name} handshake with {to} failed after {after}: {text}"))
        }
        Refusal::Bind { text } => Told::new(Cause::CannotAsk, format!("cannot bind {local}: {text}")),
        Refusal::Exhausted { text } => {
            Told::new(Cause::CannotAsk, format!("this machine ran out of resources: {text}"))
        }
        Refusal::Unsupported { text } => Told::new(Cause::CannotAsk, text.clone()),
        Refusal::Other { text } => Told::new(Cause::OtherError, format!("connecting to {to} failed: {text}")),
    }
}

/// A connection that ended in the middle of the conversation; `pending` bytes of a message were in.
#[must_use]
pub fn closed(why: &Ending, scene: Scene<'_>, pending: usize, after: Duration) -> Told {
    let how = match why {
        Ending::Finished => "closed the connection".to_string(),
        Ending::Reset => "reset the connection".to_string(),
        Ending::Failed(text) => format!("lost the connection ({text})"),
    };
    let partial = if pending > 0 { format!(", in the middle of a message ({pending} bytes)") } else { String::new() };
    let (to, request, after) = (scene.target.address, scene.request, span(after));
    let text = format!("{to} {how} {after} after it stood, before it answered the {request} request{partial}");
    Told::new(Cause::ConnectionClosed, text)
}

/// Something that is not STUN.
#[must_use]
pub fn garbage(bytes: &[u8], scene: Scene<'_>, after: Duration) -> Told {
    let (to, request) = (scene.target.address, scene.request);
    // A TLS record: an alert (21) or a handshake message (22), version 3.
    let text = if matches!(bytes, [21 | 22, 3, ..]) {
        format!("{to} speaks TLS on this port: write turns: or stuns: for it")
    } else {
        let (after, bytes) = (span(after), quoted(bytes));
        format!("{to} answered the {request} request after {after} with something that is not STUN: {bytes}")
    };
    Told::new(Cause::NotStun, text)
}

/// An answer that is no success; for errors to Allocate see [`allocate_error`].
#[must_use]
pub fn answer(answer: &Answer, seen: &Seen, scene: Scene<'_>) -> Told {
    let request = scene.request;
    match answer {
        Answer::Silence => silence(seen, scene),
        Answer::Unreachable(icmp) => unreachable(*icmp, scene.target, scene.local, &span(seen.waited)),
        Answer::IntegrityFailed { absent: true } => Told::new(
            Cause::IntegrityFailed,
            format!(
                "the answer to the authenticated {request} request carries no MESSAGE-INTEGRITY, so it cannot be trusted"
            ),
        ),
        Answer::IntegrityFailed { absent: false } => Told::new(
            Cause::IntegrityFailed,
            format!(
                "the MESSAGE-INTEGRITY of the answer to the {request} request does not verify: \
                 something on the way rewrites it, or the server uses another password"
            ),
        ),
        Answer::BadChallenge(bad) => {
            Told::new(Cause::BadChallenge, format!("the server's challenge cannot be answered: {bad}")).coded(401, "")
        }
        Answer::NonceLoop => Told::new(
            Cause::NonceLoop,
            "438 Stale Nonce to every fresh nonce: a load balancer without affinity, or a broken server",
        )
        .coded(438, "Stale Nonce"),
        Answer::Malformed(text) => Told::new(Cause::ProtocolError, text.clone()),
        Answer::Failure { error, message, .. } => {
            let cause = match error.code {
                401 => Cause::Unauthorized,
                403 => Cause::Forbidden,
                420 => Cause::Unsupported,
                437 => Cause::AllocationLost,
                440 => Cause::FamilyUnsupported,
                442 => Cause::TransportForbidden,
                486 => Cause::QuotaReached,
                508 => Cause::PortsExhausted,
                _ => Cause::OtherError,
            };
            Told::new(cause, format!("{} to the {request} request{}", said(error), unknown(message)))
                .coded(error.code, &error.reason)
        }
        Answer::Success { .. } => Told::new(Cause::ProtocolError, format!("an unusable {request} success")),
    }
}

fn silence(seen: &Seen, scene: Scene<'_>) -> Told {
    let (to, request) = (scene.target.address, scene.request);
    let waited = span(seen.waited);
    if let Some(from) = elsewhere(seen) {
        return Told::new(
            Cause::WrongSource,
            format!(
                "the answer to the {request} request came from {from} instead of {to}: \
                 no client accepts it, no NAT lets it in"
            ),
        );
    }
    let what = if seen.signed { format!("authenticated {request}") } else { request.to_string() };
    let sent = match scene.target.transport {
        Transport::Tcp | Transport::Tls => format!("no answer to the {what} request from {to} in {waited}"),
        _ => format!("no answer to {} of the {what} request from {to} in {waited}", copies(seen.copies)),
    };
    let text = if seen.answered { format!("{sent}, though it had answered before") } else { sent };
    Told::new(Cause::NoAnswer, text)
}

/// Somebody else answered.
fn elsewhere(seen: &Seen) -> Option<SocketAddr> {
    seen.strays.iter().find_map(|stray| match stray {
        Stray::WrongSource { from, .. } => Some(*from),
        _ => None,
    })
}

fn nothing_listens(target: Target) -> String {
    let to = target.address;
    format!("nothing listens on {} port {} of {}", protocol(target), to.port(), to.ip())
}

fn protocol(target: Target) -> &'static str {
    match target.transport {
        Transport::Udp | Transport::Dtls => "UDP",
        Transport::Tcp | Transport::Tls => "TCP",
    }
}

fn unreachable(icmp: Icmp, target: Target, local: IpAddr, after: &str) -> Told {
    let to = target.address;
    let by = icmp.offender.map_or(String::new(), |offender| format!(" from {offender}"));
    let number = match (icmp.kind, icmp.code) {
        (Some(kind), Some(code)) => format!("ICMP{} {kind}/{code}", if icmp.v6 { "v6" } else { "" }),
        _ => "ICMP".to_string(),
    };
    let (cause, text) = match (icmp.meaning, icmp.kind) {
        // Only the server itself knows what listens on it.
        (Unreachability::Port, _) if icmp.offender.is_some_and(|offender| offender == local && offender != to.ip()) => {
            (
                Cause::Prohibited,
                format!(
                    "{number} port unreachable{by}, this machine itself: its own firewall rejects {} to {to}",
                    protocol(target)
                ),
            )
        }
        (Unreachability::Port, _) if icmp.offender.is_some_and(|offender| offender != to.ip()) => (
            Cause::Prohibited,
            format!(
                "{number} port unreachable{by} after {after}: a firewall on the way rejects {} to {to}",
                protocol(target)
            ),
        ),
        (Unreachability::Port, _) => {
            (Cause::Refused, format!("{number} port unreachable{by} after {after}: {}", nothing_listens(target)))
        }
        (Unreachability::Prohibited, Some(_))
            if icmp.offender.is_some_and(|offender| offender == local && offender != to.ip()) =>
        {
            (
                Cause::Prohibited,
                format!("{number}{by}, this machine itself: its own firewall forbids {} to {to}", protocol(target)),
            )
        }
        (Unreachability::Prohibited, None) => {
            (Cause::Prohibited, format!("this machine's own firewall forbids sending from {local} to {to}"))
        }
        (_, None) => (Cause::Unreachable, format!("no route from {local} to {to}")),
        (Unreachability::Prohibited, _) => {
            (Cause::Prohibited, format!("{number}{by} after {after}: a firewall forbids {} to {to}", protocol(target)))
        }
        (Unreachability::Host, _) => {
            (Cause::Unreachable, format!("{number} host unreachable{by} after {after}, on the way to {to}"))
        }
        (Unreachability::Network, _) => {
            (Cause::Unreachable, format!("{number} network unreachable{by} after {after}, on the way to {to}"))
        }
        _ => (Cause::Unreachable, format!("{number}{by} after {after}, on the way to {to}")),
    };
    Told { icmp: Some(icmp_error(icmp)), ..Told::new(cause, text) }
}

/// As the report has it.
#[must_use]
pub fn icmp_error(icmp: Icmp) -> IcmpError {
    IcmpError {
        kind: icmp.kind,
        code: icmp.code,
        v6: icmp.v6,
        offender: icmp.offender.map(|offender| offender.to_string()),
        mtu: icmp.mtu,
    }
}

/// Whether a host can have that transport address.
#[must_use]
pub fn is_possible(address: SocketAddr) -> bool {
    let broadcast = matches!(address.ip(), IpAddr::V4(ip) if ip.is_broadcast());
    address.port() != 0 && !address.ip().is_unspecified() && !address.ip().is_multicast() && !broadcast
}

/// `401 Unauthorized`.
#[must_use]
pub fn said(error: &ErrorCode) -> String {
    if error.reason.is_empty() { error.code.to_string() } else { format!("{} {}", error.code, error.reason) }
}

/// ` (unknown to it: …)` of a 420.
fn unknown(message: &Message) -> String {
    let names: Vec<_> = message.unknown_attributes().into_iter().map(attribute::name).collect();
    if names.is_empty() { String::new() } else { format!(" (unknown to it: {})", names.join(", ")) }
}

/// `52 ms`, `4.5 s`.
#[must_use]
pub fn span(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1e3;
    if millis < 10.0 {
        format!("{millis:.1} ms")
    } else if millis < 1000.0 {
        format!("{millis:.0} ms")
    } else {
        format!("{:.1} s", millis / 1e3)
    }
}

/// `1 copy`, `4 copies`.
#[must_use]
pub fn copies(count: u32) -> String {
    if count == 1 { "1 copy".into() } else { format!("{count} copies") }
}

/// Text from elsewhere in quotation marks, at most 64 bytes, control characters escaped.
#[must_use]
pub fn quoted(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(64)]).into_owned();
    format!("\"{}\"", text.trim_end().escape_debug())
}

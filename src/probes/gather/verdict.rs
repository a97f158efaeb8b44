//! What the end of an attempt amounts to, in one word and one sentence.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::task::Ask;
use super::words::{self, copies, quoted, span};
use crate::machine::{Ending, Icmp, Phase, Refusal, Unreachability};
use crate::probes::tls;
use crate::proto::auth::Credentials;
use crate::proto::exchange::{Answer, Seen};
use crate::proto::resolution::Target;
use crate::proto::transaction::Stray;
use crate::report::Outcome;
use crate::wire::attribute;
use crate::wire::uri::Transport;

/// The end of one attempt.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verdict {
    pub outcome: Outcome,
    pub detail: Option<String>,
    /// The server's error code and its own phrase.
    pub code: Option<u16>,
    pub phrase: Option<String>,
    /// Another address of the same name may do better.
    pub next_address: bool,
}

impl Verdict {
    pub(super) fn ok() -> Verdict {
        Verdict { outcome: Outcome::Ok, detail: None, code: None, phrase: None, next_address: false }
    }

    fn failed(outcome: Outcome, detail: String) -> Verdict {
        Verdict { outcome, detail: Some(detail), code: None, phrase: None, next_address: false }
    }

    fn elsewhere(self) -> Verdict {
        Verdict { next_address: true, ..self }
    }

    /// The server answered in a way that breaks the protocol.
    pub(super) fn broken(text: String) -> Verdict {
        Verdict::failed(Outcome::Error, text)
    }
}

/// A connection that could not be had.
pub(super) fn refused(why: &Refusal, target: Target, local: IpAddr, after: Duration) -> Verdict {
    let to = target.address;
    let after = span(after);
    let protocol = if target.transport == Transport::Dtls { "UDP" } else { "TCP" };
    let failed = |outcome, text: String| Verdict::failed(outcome, text);
    match why {
        Refusal::ConnectionRefused => failed(
            Outcome::Refused,
            format!(
                "connection refused after {after}: nothing listens on {protocol} port {} of {}",
                to.port(),
                to.ip()
            ),
        )
        .elsewhere(),
        Refusal::TimedOut { during: Phase::Connect } => {
            failed(Outcome::Timeout, format!("no answer to the TCP connection to {to} in {after}")).elsewhere()
        }
        Refusal::TimedOut { during: Phase::Handshake } => {
            let name = if target.transport == Transport::Dtls { "DTLS" } else { "TLS" };
            let text = match target.transport {
                Transport::Dtls => format!("no answer to the DTLS handshake with {to} in {after}"),
                _ => format!(
                    "{to} took the TCP connection, but did not answer the {name} handshake in {after}: perhaps it speaks no TLS there (turn: or stun:)"
                ),
            };
            failed(Outcome::Timeout, text).elsewhere()
        }
        Refusal::Unreachable { icmp: Some(icmp), .. } => unreachable(*icmp, target, local, &after),
        Refusal::Unreachable { icmp: None, text } => {
            failed(Outcome::Unreachable, format!("no way from {local} to {to}: {text}")).elsewhere()
        }
        Refusal::Untrusted { why, .. } => {
            failed(Outcome::TlsError, format!("{}; nothing was sent", tls::distrust(why))).elsewhere()
        }
        Refusal::Handshake { text } => {
            let name = if target.transport == Transport::Dtls { "DTLS" } else { "TLS" };
            failed(Outcome::TlsError, format!("the {name} handshake with {to} failed after {after}: {text}"))
                .elsewhere()
        }
        Refusal::Bind { text } => failed(Outcome::Skipped, format!("cannot bind {local}: {text}")),
        Refusal::Exhausted { text } => failed(Outcome::Skipped, format!("this machine ran out of resources: {text}")),
        Refusal::Unsupported { text } => failed(Outcome::Skipped, text.clone()),
        Refusal::Other { text } => failed(Outcome::Error, format!("connecting to {to} failed: {text}")).elsewhere(),
    }
}

/// A connection that ended in the middle of the conversation.
pub(super) fn closed(why: &Ending, target: Target, ask: Ask, pending: usize, after: Duration) -> Verdict {
    let to = target.address;
    let request = words::request(ask);
    let how = match why {
        Ending::Finished => "closed the connection".to_string(),
        Ending::Reset => "reset the connection".to_string(),
        Ending::Failed(text) => format!("lost the connection ({text})"),
    };
    let partial = if pending > 0 { format!(", in the middle of a message ({pending} bytes)") } else { String::new() };
    let text = format!("{to} {how} {} after it stood, before it answered the {request} request{partial}", span(after));
    Verdict::failed(Outcome::Error, text).elsewhere()
}

/// Something that is not STUN.
pub(super) fn garbage(bytes: &[u8], target: Target, ask: Ask, after: Duration) -> Verdict {
    // A TLS record: an alert (21) or a handshake message (22), version 3.
    if matches!(bytes, [21 | 22, 3, ..]) {
        let text = format!("{} speaks TLS on this port: write turns: or stuns: for it", target.address);
        return Verdict::broken(text);
    }
    let text = format!(
        "{} answered the {} request after {} with something that is not STUN: {}",
        target.address,
        words::request(ask),
        span(after),
        quoted(bytes)
    );
    Verdict::broken(text)
}

/// Cut off by the end of the run. One copy that was lost says nothing; several that stay without
/// answer are silence, as far as it was listened to.
pub(super) fn stopped(target: Target, ask: Ask, seen: &Seen, after: Duration) -> Verdict {
    let request = words::request(ask);
    let to = target.address;
    let after = span(after);
    match seen.copies {
        0 => Verdict::failed(
            Outcome::Skipped,
            format!("stopped after {after}, before a {request} request was sent to {to}"),
        ),
        1 => Verdict::failed(
            Outcome::Skipped,
            format!("stopped after {after}: the only copy of the {request} request to {to} has no answer yet"),
        ),
        n => Verdict::failed(
            Outcome::Timeout,
            format!(
                "no answer to {} of the {request} request from {to} in {after}, when the run was stopped",
                copies(n)
            ),
        ),
    }
}

pub(super) fn no_socket(local: IpAddr) -> Verdict {
    Verdict::failed(Outcome::Skipped, format!("no UDP socket could be had on {local}"))
}

/// The end of a Binding request.
pub(super) fn binding(
    answer: &Answer,
    seen: &Seen,
    target: Target,
    mapped: Option<SocketAddr>,
    local: IpAddr,
) -> Verdict {
    match answer {
        Answer::Success { .. } if mapped.is_some() => Verdict::ok(),
        Answer::Success { .. } => {
            Verdict::broken("the Binding success has no address in it (XOR-MAPPED-ADDRESS)".into())
        }
        Answer::Failure { error, message, .. } => Verdict {
            code: Some(error.code),
            phrase: Some(error.reason.clone()),
            ..Verdict::failed(Outcome::Error, format!("{} to the Binding request{}", coded(error), unknown(message)))
        },
        other => unanswered(other, seen, target, Ask::Binding, local),
    }
}

/// The end of an Allocate request.
pub(super) fn allocate(
    answer: &Answer,
    seen: &Seen,
    target: Target,
    credentials: Option<&Credentials>,
    realm: Option<&str>,
    local: IpAddr,
) -> Verdict {
    let Answer::Failure { error, message, .. } = answer else {
        return unanswered(answer, seen, target, Ask::Allocate, local);
    };
    let who = match (credentials, realm) {
        (Some(credentials), Some(realm)) => {
            format!("user {}, realm {}", quoted(credentials.username.as_bytes()), quoted(realm.as_bytes()))
        }
        (Some(credentials), None) => format!("user {}", quoted(credentials.username.as_bytes())),
        _ => "no credentials were given".to_string(),
    };
    let said = coded(error);
    let (outcome, text) = match error.code {
        401 if seen.signed => {
            (Outcome::Unauthorized, format!("{said}: the server does not accept these credentials ({who})"))
        }
        401 => (Outcome::Unauthorized, format!("{said}: the server wants credentials ({who})")),
        // pion and webrtc-rs answer bad credentials with 400 and no phrase.
        400 if seen.signed && error.reason.is_empty() => (
            Outcome::Unauthorized,
            format!(
                "{said} to the authenticated request, without a phrase: some servers (pion, webrtc-rs) refuse bad credentials so ({who})"
            ),
        ),
        441 => (Outcome::Unauthorized, format!("{said}: other credentials than those of the allocation ({who})")),
        437 if seen.signed && error.reason.to_ascii_lowercase().contains("credential") => {
            (Outcome::Unauthorized, format!("{said} ({who})"))
        }
        437 => (Outcome::Error, format!("{said}: the server takes our address for one in use, from three ports")),
        486 => (Outcome::Error, format!("{said}: this user's quota is used up ({who})")),
        508 => (Outcome::Error, format!("{said}: the server has no relay port or address to give")),
        300 => (Outcome::Error, format!("{said}, which leads nowhere")),
        403 => (Outcome::Error, format!("{said}: the server's policy forbids it ({who})")),
        _ => (Outcome::Error, format!("{said} to the Allocate request{}", unknown(message))),
    };
    Verdict { code: Some(error.code), phrase: Some(error.reason.clone()), ..Verdict::failed(outcome, text) }
}

/// What both requests have in common.
fn unanswered(answer: &Answer, seen: &Seen, target: Target, ask: Ask, local: IpAddr) -> Verdict {
    let request = words::request(ask);
    match answer {
        Answer::Silence => silence(seen, target, ask),
        Answer::Unreachable(icmp) => unreachable(*icmp, target, local, &span(seen.waited)),
        Answer::IntegrityFailed { absent: true } => Verdict::broken(format!(
            "the answer to the authenticated {request} request carries no MESSAGE-INTEGRITY, so it cannot be trusted"
        )),
        Answer::IntegrityFailed { absent: false } => Verdict::broken(format!(
            "the MESSAGE-INTEGRITY of the answer to the {request} request does not verify: \
             something on the way rewrites it, or the server uses another password"
        )),
        Answer::BadChallenge(bad) => Verdict {
            code: Some(401),
            phrase: Some(String::new()),
            ..Verdict::broken(format!("the server's challenge cannot be answered: {bad}"))
        },
        Answer::NonceLoop => Verdict {
            code: Some(438),
            phrase: Some("Stale Nonce".into()),
            ..Verdict::broken(
                "438 Stale Nonce to every fresh nonce: a load balancer without affinity, or a broken server".into(),
            )
        },
        Answer::Malformed(text) => Verdict::broken(text.clone()),
        Answer::Success { .. } | Answer::Failure { .. } => Verdict::broken("an answer out of place".into()),
    }
}

fn silence(seen: &Seen, target: Target, ask: Ask) -> Verdict {
    let to = target.address;
    let request = words::request(ask);
    let waited = span(seen.waited);
    let elsewhere = seen.strays.iter().find_map(|stray| match stray {
        Stray::WrongSource { from, .. } => Some(*from),
        _ => None,
    });
    if let Some(from) = elsewhere {
        return Verdict::broken(format!(
            "the answer to the {request} request came from {from} instead of {to}: no client accepts it, no NAT lets it in"
        ))
        .elsewhere();
    }
    let what = if seen.signed { format!("authenticated {request}") } else { request.to_string() };
    let sent = match target.transport {
        Transport::Tcp | Transport::Tls => format!("no answer to the {what} request from {to} in {waited}"),
        _ => format!("no answer to {} of the {what} request from {to} in {waited}", copies(seen.copies)),
    };
    let text = if seen.answered { format!("{sent}, though it had answered before") } else { sent };
    let verdict = Verdict::failed(Outcome::Timeout, text);
    if seen.answered { verdict } else { verdict.elsewhere() }
}

fn unreachable(icmp: Icmp, target: Target, local: IpAddr, after: &str) -> Verdict {
    let to = target.address;
    let protocol = match target.transport {
        Transport::Udp | Transport::Dtls => "UDP",
        Transport::Tcp | Transport::Tls => "TCP",
    };
    let by = icmp.offender.map_or(String::new(), |offender| format!(" from {offender}"));
    let number = match (icmp.kind, icmp.code) {
        (Some(kind), Some(code)) => format!("ICMP{} {kind}/{code}", if icmp.v6 { "v6" } else { "" }),
        _ => "ICMP".to_string(),
    };
    let (outcome, text) = match (icmp.meaning, icmp.kind) {
        (Unreachability::Port, _) => (
            Outcome::Refused,
            format!(
                "{number} port unreachable{by} after {after}: nothing listens on {protocol} port {} of {}",
                to.port(),
                to.ip()
            ),
        ),
        (Unreachability::Prohibited, None) => {
            (Outcome::Unreachable, format!("this machine's own firewall forbids sending from {local} to {to}"))
        }
        (_, None) => (Outcome::Unreachable, format!("no route from {local} to {to}")),
        (Unreachability::Prohibited, _) => {
            (Outcome::Unreachable, format!("{number}{by} after {after}: a firewall forbids {protocol} to {to}"))
        }
        (Unreachability::Host, _) => {
            (Outcome::Unreachable, format!("{number} host unreachable{by} after {after}, on the way to {to}"))
        }
        (Unreachability::Network, _) => {
            (Outcome::Unreachable, format!("{number} network unreachable{by} after {after}, on the way to {to}"))
        }
        _ => (Outcome::Unreachable, format!("{number}{by} after {after}, on the way to {to}")),
    };
    Verdict::failed(outcome, text).elsewhere()
}

/// `401 Unauthorized`.
fn coded(error: &attribute::ErrorCode) -> String {
    if error.reason.is_empty() { error.code.to_string() } else { format!("{} {}", error.code, error.reason) }
}

/// ` (unknown attributes: …)` of a 420.
fn unknown(message: &crate::wire::message::Message) -> String {
    let names: Vec<_> = message.unknown_attributes().into_iter().map(attribute::name).collect();
    if names.is_empty() { String::new() } else { format!(" (unknown to it: {})", names.join(", ")) }
}

//! What went wrong, as a cause and a sentence.

use std::time::Duration;

use super::record::Ending;
use super::station::{End, Reply};
use crate::machine::{Distrust, Ending as Ended, Icmp, Phase, Refusal, Unreachability};
use crate::proto::auth::Credentials;
use crate::proto::exchange::Answer;
use crate::proto::resolution::Target;
use crate::proto::transaction::Stray;
use crate::report::Cause;
use crate::wire::rest;
use crate::wire::uri::Transport;

/// A cause and what there is to say about it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Told {
    pub cause: Cause,
    pub text: String,
    /// The server's code and phrase.
    pub code: Option<(u16, String)>,
}

impl Told {
    pub(super) fn new(cause: Cause, text: impl Into<String>) -> Told {
        Told { cause, text: text.into(), code: None }
    }

    pub(super) fn into_ending(self, took: Duration) -> Ending {
        let ending = Ending::failed(self.cause, took, self.text);
        match self.code {
            Some((code, phrase)) => ending.coded(code, &phrase),
            None => ending,
        }
    }
}

pub(super) fn distrust(why: &Distrust) -> Cause {
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
pub(super) fn in_handshake(why: &Refusal) -> bool {
    matches!(why, Refusal::Handshake { .. } | Refusal::TimedOut { during: Phase::Handshake })
}

pub(super) fn refusal(why: &Refusal, target: Target, took: Duration) -> Told {
    let to = target.address;
    let after = span(took);
    match why {
        Refusal::ConnectionRefused => Told::new(Cause::Refused, nothing_listens(target, &after)),
        Refusal::TimedOut { during: Phase::Connect } => {
            Told::new(Cause::NoAnswer, format!("no answer to the TCP connection to {to} in {after}"))
        }
        Refusal::TimedOut { during: Phase::Handshake } => {
            let cause = if target.transport == Transport::Dtls { Cause::NoAnswer } else { Cause::HandshakeTimeout };
            Told::new(cause, format!("{to} did not answer the handshake in {after}"))
        }
        Refusal::Unreachable { icmp: Some(icmp), .. } => unreachable(*icmp, target, &after),
        Refusal::Unreachable { icmp: None, text } => {
            Told::new(Cause::Unreachable, format!("no way from here to {to}: {text}"))
        }
        Refusal::Untrusted { why, .. } => Told::new(distrust(why), crate::probes::tls::distrust(why)),
        Refusal::Handshake { text } => {
            Told::new(Cause::HandshakeFailed, format!("the handshake with {to} failed after {after}: {text}"))
        }
        Refusal::Bind { text }
        | Refusal::Exhausted { text }
        | Refusal::Unsupported { text }
        | Refusal::Other { text } => Told::new(Cause::OtherError, text.clone()),
    }
}

/// Why there is no success.
pub(super) fn reply(reply: &Reply, request: &str, target: Target) -> Told {
    let to = target.address;
    let after = span(reply.seen.waited);
    let answer = match &reply.end {
        End::Closed(why) => {
            let how = match why {
                Ended::Finished => "closed",
                Ended::Reset => "reset",
                Ended::Failed(_) => "lost",
            };
            let text = format!("the connection was {how} after {after}, before the {request} request was answered");
            return Told::new(Cause::ConnectionClosed, text);
        }
        End::Garbage(bytes) => {
            return Told::new(
                Cause::NotStun,
                format!("{to} answered with something that is not STUN: {}", start(bytes)),
            );
        }
        End::Answer(answer) => answer,
    };
    match answer {
        Answer::Silence => silence(reply, request, target, &after),
        Answer::Unreachable(icmp) => unreachable(*icmp, target, &after),
        Answer::IntegrityFailed { absent } => {
            let what =
                if *absent { "carries no MESSAGE-INTEGRITY" } else { "has a MESSAGE-INTEGRITY that does not verify" };
            let text = format!("the answer to the authenticated {request} request {what}: it cannot be trusted");
            Told::new(Cause::IntegrityFailed, text)
        }
        Answer::BadChallenge(bad) => Told::new(Cause::BadChallenge, bad.to_string()),
        Answer::NonceLoop => Told::new(Cause::NonceLoop, "438 Stale Nonce to every fresh nonce"),
        Answer::Malformed(text) => Told::new(Cause::ProtocolError, text.clone()),
        Answer::Failure { error, .. } => {
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
            let phrase = error.reason.escape_debug();
            Told {
                cause,
                text: format!("{} {phrase} to the {request} request", error.code),
                code: Some((error.code, error.reason.clone())),
            }
        }
        Answer::Success { .. } => Told::new(Cause::ProtocolError, format!("an unusable {request} success")),
    }
}

/// An error to the authenticated Allocate request.
pub(super) fn allocate_error(
    code: u16,
    phrase: &str,
    took: Duration,
    credentials: Option<&Credentials>,
    unix_time: u64,
) -> Told {
    let user = credentials.map_or("", |credentials| credentials.username.as_str());
    let said = format!("{code} {}", phrase.escape_debug());
    let said = said.trim_end();
    let shown = user.escape_debug();
    match code {
        401 | 441 => Told::new(Cause::Unauthorized, format!("{said}: {}", forensics(user, unix_time))),
        400 if phrase.is_empty() => Told::new(
            Cause::Unauthorized,
            format!(
                "400 without a phrase, which is how pion and webrtc-rs refuse bad credentials: {}",
                forensics(user, unix_time)
            ),
        ),
        437 if phrase.to_ascii_lowercase().contains("credential") => Told::new(Cause::Unauthorized, said.to_string()),
        437 => Told::new(Cause::AllocationMismatch, format!("{said}: the server takes our address for one in use")),
        403 => Told::new(
            Cause::Forbidden,
            format!("{said} to Allocate: the server is draining, or its policy refuses \"{shown}\""),
        ),
        486 => Told::new(
            Cause::QuotaReached,
            format!("{said}: the quota of \"{shown}\", or of the whole server, is used up"),
        ),
        // coturn tries to bind for more than a second when the address is not its own.
        508 if took >= Duration::from_millis(900) => Told::new(
            Cause::RelayAddressNotLocal,
            format!(
                "{said} after {}: the server cannot bind its relay address (relay-ip is not one of its own)",
                span(took)
            ),
        ),
        508 => Told::new(Cause::PortsExhausted, format!("{said}: no relay port is left (min-port to max-port)")),
        440 => Told::new(Cause::FamilyUnsupported, format!("{said}: the server has no relay address of that family")),
        442 => Told::new(Cause::TransportForbidden, format!("{said}: UDP relays are switched off (no-udp-relay)")),
        _ => Told::new(Cause::OtherError, format!("{said} to the Allocate request")),
    }
}

/// What the user name tells about credentials that were refused.
pub(super) fn forensics(user: &str, unix_time: u64) -> String {
    let shown = user.escape_debug();
    let Some(expiry) = rest::expiry(user) else {
        return format!(
            "unknown user, wrong password, or another realm (the wire does not tell them apart); \
             \"{shown}\" carries no expiry time, so a server with use-auth-secret refuses it whatever the password"
        );
    };
    if expiry.millis {
        return format!("the expiry time in \"{shown}\" is in milliseconds; it must be in seconds");
    }
    if expiry.at > u64::from(i32::MAX.unsigned_abs()) {
        return format!("the expiry time in \"{shown}\" is after 2038, which coturn takes for the past");
    }
    if expiry.at <= unix_time {
        let ago = humantime::format_duration(Duration::from_secs(unix_time - expiry.at));
        return format!("these credentials expired {ago} ago by this machine's clock");
    }
    let left = humantime::format_duration(Duration::from_secs(expiry.at - unix_time));
    let order = if expiry.swapped { "; the time stands after the user id, which not every server reads" } else { "" };
    format!(
        "\"{shown}\" is valid for {left} by this machine's clock, so the secret differs, \
         the password is not base64(HMAC-SHA1(secret, user name)), or the server's clock is ahead{order}"
    )
}

/// How bytes begin: as text where they are text.
fn start(bytes: &[u8]) -> String {
    let text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    if bytes.iter().take(48).all(text) {
        return format!("\"{}\"", String::from_utf8_lossy(&bytes[..bytes.len().min(48)]).trim_end().escape_debug());
    }
    let hex: Vec<String> = bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("bytes {}", hex.join(" "))
}

fn silence(reply: &Reply, request: &str, target: Target, after: &str) -> Told {
    let to = target.address;
    let elsewhere = reply.seen.strays.iter().find_map(|stray| match stray {
        Stray::WrongSource { from, .. } => Some(*from),
        _ => None,
    });
    if let Some(from) = elsewhere {
        return Told::new(
            Cause::ProtocolError,
            format!("the answer came from {from} instead of {to}: no NAT lets it in"),
        );
    }
    let copies = match (target.transport, reply.seen.copies) {
        (Transport::Tcp | Transport::Tls, _) => format!("the {request} request"),
        (_, 1) => format!("1 copy of the {request} request"),
        (_, n) => format!("{n} copies of the {request} request"),
    };
    Told::new(Cause::NoAnswer, format!("no answer to {copies} in {after}"))
}

fn nothing_listens(target: Target, after: &str) -> String {
    let protocol = match target.transport {
        Transport::Udp | Transport::Dtls => "UDP",
        Transport::Tcp | Transport::Tls => "TCP",
    };
    let to = target.address;
    format!("refused after {after}: nothing listens on {protocol} port {} of {}", to.port(), to.ip())
}

fn unreachable(icmp: Icmp, target: Target, after: &str) -> Told {
    let by = icmp.offender.map_or(String::new(), |offender| format!(" from {offender}"));
    let number = match (icmp.kind, icmp.code) {
        (Some(kind), Some(code)) => format!("ICMP{} {kind}/{code}{by} after {after}", if icmp.v6 { "v6" } else { "" }),
        _ => format!("after {after}"),
    };
    match (icmp.meaning, icmp.kind) {
        (Unreachability::Port, _) => Told::new(Cause::Refused, format!("{number}: {}", nothing_listens(target, after))),
        (Unreachability::Prohibited, Some(_)) => {
            Told::new(Cause::Prohibited, format!("{number}: a firewall forbids it"))
        }
        (Unreachability::Prohibited, None) => {
            Told::new(Cause::Prohibited, "this machine's own firewall forbids sending there")
        }
        (_, None) => Told::new(Cause::Unreachable, format!("no route from here to {}", target.address)),
        _ => Told::new(Cause::Unreachable, format!("{number}: {} cannot be reached", target.address.ip())),
    }
}

/// `52 ms`, `4.5 s`.
pub(super) fn span(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1e3;
    if millis < 10.0 {
        format!("{millis:.1} ms")
    } else if millis < 1000.0 {
        format!("{millis:.0} ms")
    } else {
        format!("{:.1} s", millis / 1e3)
    }
}

//! What the end of an attempt amounts to, in one word and one sentence.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::machine::{Ending, Refusal};
use crate::probes::explain::{self, Asker, Scene, Told, copies, span};
use crate::proto::exchange::{Answer, Seen};
use crate::proto::resolution::Target;
use crate::report::{Cause, IcmpError, Outcome};
use crate::wire::uri::Transport;

/// The end of one attempt.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verdict {
    pub outcome: Outcome,
    pub cause: Option<Cause>,
    pub detail: Option<String>,
    /// The server's error code and its own phrase.
    pub code: Option<u16>,
    pub phrase: Option<String>,
    /// Another address of the same name may do better.
    pub next_address: bool,
    /// The ICMP error that it rests on.
    pub icmp: Option<IcmpError>,
}

impl Verdict {
    pub(super) fn ok() -> Verdict {
        let outcome = Outcome::Ok;
        Verdict { outcome, cause: None, detail: None, code: None, phrase: None, next_address: false, icmp: None }
    }

    fn failed(outcome: Outcome, cause: Cause, detail: String) -> Verdict {
        Verdict { outcome, cause: Some(cause), detail: Some(detail), ..Verdict::ok() }
    }

    /// It worked, and something about it is remarkable all the same.
    pub(super) fn remarkable(cause: Cause) -> Verdict {
        Verdict { cause: Some(cause), ..Verdict::ok() }
    }

    /// The server answered in a way that breaks the protocol.
    pub(super) fn broken(text: String) -> Verdict {
        Verdict::failed(Outcome::Error, Cause::ProtocolError, text)
    }

    /// `answered`: something came from the server, so that its other addresses need not be tried.
    fn told(told: Told, answered: bool) -> Verdict {
        let (outcome, path) = amounts_to(told.cause);
        let (code, phrase) = told.code.unzip();
        let (cause, detail, icmp) = (Some(told.cause), Some(told.text), told.icmp);
        Verdict { outcome, cause, detail, code, phrase, next_address: path && !answered, icmp }
    }
}

/// The outcome of a cause, and whether it may lie with this one address.
fn amounts_to(cause: Cause) -> (Outcome, bool) {
    match cause {
        Cause::NoAnswer | Cause::HandshakeTimeout => (Outcome::Timeout, true),
        Cause::Refused => (Outcome::Refused, true),
        Cause::Unreachable | Cause::Prohibited => (Outcome::Unreachable, true),
        Cause::CertificateExpired
        | Cause::CertificateNotYetValid
        | Cause::CertificateWrongName
        | Cause::CertificateSelfSigned
        | Cause::CertificateIncompleteChain
        | Cause::CertificateUntrusted
        | Cause::HandshakeFailed => (Outcome::TlsError, true),
        Cause::Unauthorized | Cause::NoCredentials => (Outcome::Unauthorized, false),
        Cause::CannotAsk | Cause::Stopped => (Outcome::Skipped, false),
        Cause::ConnectionClosed | Cause::WrongSource => (Outcome::Error, true),
        _ => (Outcome::Error, false),
    }
}

/// A connection that could not be had.
pub(super) fn refused(why: &Refusal, target: Target, local: IpAddr, after: Duration) -> Verdict {
    Verdict::told(explain::refusal(why, target, local, after), false)
}

/// A connection that ended in the middle of the conversation.
pub(super) fn closed(why: &Ending, scene: Scene<'_>, pending: usize, after: Duration) -> Verdict {
    Verdict::told(explain::closed(why, scene, pending, after), false)
}

/// Something that is not STUN.
pub(super) fn garbage(bytes: &[u8], scene: Scene<'_>, after: Duration) -> Verdict {
    Verdict::told(explain::garbage(bytes, scene, after), true)
}

/// Cut off by the end of the run. One copy that was lost says nothing; several that stay without
/// answer are silence, as far as it was listened to. `opening`: the connection did not stand yet.
pub(super) fn stopped(scene: Scene<'_>, seen: &Seen, opening: bool, after: Duration) -> Verdict {
    let (to, request) = (scene.target.address, scene.request);
    // The system has sent the SYN, and a handshake its first message, more than once by then.
    let listened = after >= Duration::from_millis(1500);
    let after = span(after);
    let silent = |text| Verdict::failed(Outcome::Timeout, Cause::NoAnswer, text);
    let undecided = |text| Verdict::failed(Outcome::Skipped, Cause::Stopped, text);
    if opening {
        let what = match scene.target.transport {
            Transport::Tcp => "the TCP connection",
            Transport::Tls => "the TCP connection or the TLS handshake",
            Transport::Udp | Transport::Dtls => "the DTLS handshake",
        };
        let text = format!("no answer to {what} with {to} in {after}, when the run was stopped");
        return if listened { silent(text) } else { undecided(text) };
    }
    match seen.copies {
        0 => undecided(format!("stopped after {after}, before the {request} request was sent to {to}")),
        1 => undecided(format!(
            "stopped after {after}: the only copy of the {request} request to {to} has no answer yet"
        )),
        n => silent(format!(
            "no answer to {} of the {request} request from {to} in {after}, when the run was stopped",
            copies(n)
        )),
    }
}

pub(super) fn no_socket(local: IpAddr) -> Verdict {
    Verdict::failed(Outcome::Skipped, Cause::CannotAsk, format!("no UDP socket could be had on {local}"))
}

/// The end of a Binding request.
pub(super) fn binding(answer: &Answer, seen: &Seen, scene: Scene<'_>, mapped: Option<SocketAddr>) -> Verdict {
    match answer {
        Answer::Success { .. } => match mapped {
            Some(mapped) if explain::is_possible(mapped) => Verdict::ok(),
            Some(mapped) => {
                Verdict::broken(format!("the server says that we come from {mapped}, which is no address of a host"))
            }
            None => Verdict::broken("the Binding success has no address in it (XOR-MAPPED-ADDRESS)".into()),
        },
        // Nothing but the request itself was refused: credentials do not belong to it.
        Answer::Failure { .. } => {
            Verdict { outcome: Outcome::Error, ..Verdict::told(explain::answer(answer, seen, scene), true) }
        }
        other => Verdict::told(explain::answer(other, seen, scene), seen.answered),
    }
}

/// The end of an Allocate request.
pub(super) fn allocate(answer: &Answer, seen: &Seen, scene: Scene<'_>, took: Duration, asker: Asker<'_>) -> Verdict {
    let told = match answer {
        Answer::Failure { error, message, .. } => explain::allocate_error(error, message, seen, took, asker),
        other => explain::answer(other, seen, scene),
    };
    Verdict::told(told, seen.answered)
}

//! Sentences for people: what was tried, what happened, after how long.

use super::task::Ask;
use super::{Config, Local};
use crate::machine::{Ending, Refusal};
use crate::probes::explain::{quoted, span};
use crate::proto::resolution::{Target, Unresolved};
use crate::proto::transaction::Stray;
use crate::report::{Cause, Outcome};
use crate::wire::attribute::Family;
use crate::wire::uri::{Host, IceUri};

/// The RFC's name of the request.
pub(super) fn request(ask: Ask) -> &'static str {
    match ask {
        Ask::Binding => "Binding",
        Ask::Allocate => "Allocate",
    }
}

/// Answers that did not count.
pub(super) fn strays(strays: &[Stray]) -> Vec<String> {
    let at = |time: &crate::machine::Time| span(time.since_start());
    let text = |stray: &Stray| match stray {
        Stray::WrongSource { from, at: time } => format!("at {}: an answer from {from}, which was not asked", at(time)),
        Stray::WrongKind { from, at: time } => {
            format!("at {}: a message from {from} that is no answer to this request", at(time))
        }
        Stray::BadIntegrity { at: time, absent: true } => format!("at {}: an answer without integrity", at(time)),
        Stray::BadIntegrity { at: time, absent: false } => {
            format!("at {}: an answer whose integrity does not verify", at(time))
        }
        Stray::Duplicate { at: time } => format!("at {}: a further copy of the answer", at(time)),
    };
    strays.iter().map(text).collect()
}

/// Something from a server that is no answer.
pub(super) fn noise(at: crate::machine::Time, from: std::net::SocketAddr, length: usize) -> String {
    format!("at {}: {length} bytes from {from} that are no answer to anything asked", span(at.since_start()))
}

/// Why a relay that was in use is gone.
pub(super) fn connection_ended(target: Target, why: &Ending) -> String {
    let transport = target.transport.as_str().to_uppercase();
    let how = match why {
        Ending::Finished => "the server closed it".to_string(),
        Ending::Reset => "it was reset".to_string(),
        Ending::Failed(text) => text.clone(),
    };
    format!("the {transport} connection to the relay at {} ended: {how}", target.address)
}

/// Why a relay that was in use cannot be understood any more.
pub(super) fn garbage(target: Target, bytes: &[u8]) -> String {
    format!("the relay at {} sent what is neither STUN nor ChannelData: {}", target.address, quoted(bytes))
}

pub(super) fn no_local_socket(what: &str, local: &Local, why: &Refusal) -> String {
    let text = match why {
        Refusal::Bind { text } | Refusal::Exhausted { text } | Refusal::Other { text } => text.clone(),
        other => format!("{other:?}"),
    };
    format!("no {what} on {} ({}): {text}", local.address, local.interface)
}

/// How much an outcome says about a server, among outcomes that differ by path.
pub(super) fn telling(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Unauthorized => 7,
        Outcome::Error => 6,
        Outcome::TlsError => 5,
        Outcome::Refused => 4,
        Outcome::Timeout => 3,
        Outcome::Unreachable => 2,
        Outcome::DnsError => 1,
        Outcome::Skipped | Outcome::Ok => 0,
    }
}

/// Why nothing was sent to a server.
pub(super) fn never_asked(
    uri: &IceUri,
    nothing_wanted: bool,
    stopped: bool,
    unresolved: &[(Family, Unresolved)],
    out_of_reach: &[(Family, Target)],
    config: &Config,
) -> (Outcome, Cause, String) {
    if nothing_wanted {
        let text = "not asked: it can give none of the candidates that were asked for".to_string();
        return (Outcome::Skipped, Cause::CannotAsk, text);
    }
    if config.locals.is_empty() {
        return (Outcome::Skipped, Cause::CannotAsk, "not asked: there is no usable local address".into());
    }
    if let Some((family, target)) = out_of_reach.first() {
        let text = format!(
            "it has only {0} addresses ({1}), and there is no usable {0} address here",
            words_of(*family),
            target.address.ip()
        );
        return (Outcome::Unreachable, Cause::Unreachable, text);
    }
    let name = match &uri.host {
        Host::Ip(ip) => ip.to_string(),
        Host::Name(name) => name.clone(),
    };
    if stopped && unresolved.is_empty() {
        return (Outcome::Skipped, Cause::Stopped, format!("stopped before the DNS had answered for {name}"));
    }
    // The same reason for both families is said once; otherwise the one that says more.
    let say = |why: &Unresolved| match why {
        Unresolved::NoAddress => 0,
        Unresolved::NoSuchName => 1,
        _ => 2,
    };
    match unresolved.iter().map(|(_, why)| why).max_by_key(|why| say(why)) {
        Some(why @ (Unresolved::NoSuchName | Unresolved::NoAddress)) => {
            (Outcome::DnsError, Cause::NoSuchName, format!("{name}: {why}"))
        }
        Some(why) => (Outcome::DnsError, Cause::DnsFailed, format!("{name}: {why}")),
        None => (Outcome::Skipped, Cause::CannotAsk, "not asked".into()),
    }
}

fn words_of(family: Family) -> &'static str {
    match family {
        Family::V4 => "IPv4",
        Family::V6 => "IPv6",
    }
}

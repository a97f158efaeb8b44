//! What came of each server.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::rc::Rc;

use crate::machine::Unreachability;
use crate::machine::script::Hands;
use crate::probes::nat::Config;
use crate::probes::nat::facts::ServerFacts;
use crate::probes::nat::ground::Ground;
use crate::probes::nat::pace::millis;
use crate::probes::nat::study::Found;
use crate::proto::resolution::Unresolved;
use crate::report::{Cause, Event, Outcome, Server};
use crate::wire::attribute::Family;

/// One entry for each server and family, from the first place that has the family.
pub(super) fn tell(hands: &Hands<Event>, config: &Config, found: &Found, grounds: &[Rc<Ground>]) {
    for (spec, server) in config.servers.iter().enumerate() {
        let mut families = HashSet::new();
        let mut told = false;
        for ground in grounds {
            let family = Family::of(SocketAddr::new(ground.place.address, 0));
            if !families.insert(family.number()) {
                continue;
            }
            let facts = ground.facts.borrow();
            let own: Vec<&ServerFacts> = facts.servers.iter().filter(|server| server.specs.contains(&spec)).collect();
            if own.is_empty() {
                continue;
            }
            told = true;
            let mut entry = blank(config, spec);
            fill(&mut entry, &own, server.uri.scheme.is_turn(), hands.stopping());
            hands.tell(Event::Server { elapsed_ms: hands.now().millis(), server: entry });
        }
        if !told {
            let mut entry = blank(config, spec);
            unreached(&mut entry, found.get(spec).map(Vec::as_slice).unwrap_or_default());
            hands.tell(Event::Server { elapsed_ms: hands.now().millis(), server: entry });
        }
    }
}

fn blank(config: &Config, spec: usize) -> Server {
    let server = config.servers.get(spec);
    let turn = server.is_some_and(|server| server.uri.scheme.is_turn());
    Server {
        url: server.map(|server| server.uri.to_string()).unwrap_or_default(),
        username: server.and_then(|server| Some(server.credentials.as_ref()?.username.clone())),
        resolved: Vec::new(),
        outcome: Outcome::Skipped,
        rtt_ms: None,
        software: None,
        error: None,
        cause: None,
        tls: None,
        gave: Vec::new(),
        wanted: if turn { vec!["relay".into()] } else { vec!["srflx".into()] },
    }
}

fn fill(entry: &mut Server, own: &[&ServerFacts], turn: bool, stopped: bool) {
    entry.resolved = own.iter().map(|server| server.address.to_string()).collect();
    entry.rtt_ms = own.iter().find_map(|server| server.round_trip).map(millis);
    entry.software = own.iter().find_map(|server| server.software.clone());
    let answered = own.iter().any(|server| server.answered == Some(true));
    let relayed = turn && own.iter().any(|server| !server.relayed.is_empty());
    if answered {
        entry.gave.push("srflx".into());
    }
    if relayed {
        entry.gave.push("relay".into());
    }
    if relayed || answered && !turn {
        entry.outcome = Outcome::Ok;
        return;
    }
    let icmp = own.iter().find_map(|server| server.icmp);
    let no_relay = own.iter().find_map(|server| server.no_relay.clone()).filter(|_| turn);
    let cause = no_relay.as_ref().map(|(_, cause)| *cause);
    let error = no_relay.map(|(text, _)| text).or_else(|| own.iter().find_map(|server| server.error.clone()));
    entry.cause = cause;
    (entry.outcome, entry.error) = match (icmp, error) {
        (_, Some(error)) => (cause.map_or(Outcome::Error, outcome), Some(error)),
        (Some(icmp), None) => match icmp.meaning {
            Unreachability::Port => (Outcome::Refused, Some("nothing listens there (ICMP port unreachable)".into())),
            _ => (Outcome::Unreachable, Some("a router says that there is no way (ICMP)".into())),
        },
        (None, None) if stopped => (Outcome::Skipped, Some("stopped before it had answered".into())),
        (None, None) if turn && answered => {
            (Outcome::Skipped, Some("not asked for a relayed address: others had given some".into()))
        }
        (None, None) if own.iter().all(|server| !server.udp) => {
            (Outcome::Skipped, Some("only UDP shows how UDP is treated".into()))
        }
        (None, None) => (Outcome::Timeout, Some("no answer over UDP, in spite of retransmission".into())),
    };
}

/// A server that was not asked from anywhere.
fn unreached(entry: &mut Server, found: &[(Family, Result<Vec<crate::proto::resolution::Target>, Unresolved>)]) {
    let failure = found.iter().filter_map(|(_, result)| result.as_ref().err());
    let failure = failure.max_by_key(|why| !matches!(why, Unresolved::NoAddress));
    match failure {
        Some(why) if found.iter().all(|(_, result)| result.is_err()) => {
            entry.outcome = Outcome::DnsError;
            entry.cause = Some(match why {
                Unresolved::NoSuchName | Unresolved::NoAddress => Cause::NoSuchName,
                _ => Cause::DnsFailed,
            });
            entry.error = Some(why.to_string());
        }
        _ => {
            entry.outcome = Outcome::Unreachable;
            entry.cause = Some(Cause::Unreachable);
            entry.error = Some("there is no usable address of its family here".into());
        }
    }
}

fn outcome(cause: Cause) -> Outcome {
    match cause {
        Cause::NoAnswer | Cause::HandshakeTimeout => Outcome::Timeout,
        Cause::Refused => Outcome::Refused,
        Cause::Unreachable | Cause::Prohibited => Outcome::Unreachable,
        Cause::CertificateExpired
        | Cause::CertificateNotYetValid
        | Cause::CertificateWrongName
        | Cause::CertificateSelfSigned
        | Cause::CertificateIncompleteChain
        | Cause::CertificateUntrusted
        | Cause::HandshakeFailed => Outcome::TlsError,
        Cause::Unauthorized | Cause::NoCredentials => Outcome::Unauthorized,
        _ => Outcome::Error,
    }
}

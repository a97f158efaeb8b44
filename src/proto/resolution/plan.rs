//! The order of RFC 5928 §3 as a pure function of the DNS answers that are in.

use std::net::{IpAddr, SocketAddr};

use super::{Answers, Target, Unresolved, host_name};
use crate::machine::{Chance, LookupFailure, Question, Record, RecordKind};
use crate::wire::attribute::Family;
use crate::wire::uri::{Host, IceUri, Transport};

/// NAPTR records that lead to NAPTR records are followed this far.
const NAPTR_DEPTH: u8 = 4;

#[derive(Debug)]
pub(super) struct Plan {
    uri: IceUri,
    transport: Transport,
    /// Drawn once, so that weighted SRV records keep their order when more answers come in.
    draw: [u8; 32],
}

/// The answer to a question, if it is in.
enum Known<'a> {
    Pending,
    Records(&'a [Record]),
    Nothing(&'a LookupFailure),
}

type Found = Result<Vec<Target>, Unresolved>;

impl Plan {
    pub(super) fn new(uri: &IceUri, mut chance: Chance) -> Plan {
        Plan { uri: uri.clone(), transport: uri.transport(), draw: chance.bytes() }
    }

    /// The targets of one family, when they are known; `needs` collects the questions that are open.
    pub(super) fn evaluate(
        &self,
        family: Family,
        answers: &Answers,
        impatient: bool,
        needs: &mut Vec<Question>,
    ) -> Option<Found> {
        let port = self.uri.port.unwrap_or(self.uri.default_port());
        let name = match (&self.uri.host, host_name(&self.uri)) {
            (Host::Ip(ip), _) => return Some(self.literal(*ip, port, family)),
            (_, Some(name)) => name.to_string(),
            (_, None) => return Some(Err(Unresolved::NoAddress)),
        };
        // Asked in any case: without SRV records it is the answer.
        let plain = addresses(&name, port, self.transport, false, family, answers, needs);
        if self.uri.port.is_some() {
            return plain;
        }
        let better = if self.uri.query.is_none() && self.uri.scheme.is_turn() {
            self.by_naptr(&name, 0, family, answers, needs)
        } else {
            self.by_srv(&name, family, answers, needs)
        };
        match better {
            Some(Some(found)) => Some(found),
            Some(None) => plain,
            None if impatient && matches!(plain, Some(Ok(_))) => plain,
            None => None,
        }
    }

    fn literal(&self, ip: IpAddr, port: u16, family: Family) -> Found {
        let address = SocketAddr::new(ip, port);
        if Family::of(address) == family {
            Ok(vec![Target { transport: self.transport, address, from_srv: false }])
        } else {
            Err(Unresolved::NoAddress)
        }
    }

    /// `_turn._udp.NAME`. The outer option: still open; the inner: no such records.
    #[allow(clippy::option_option, reason = "open and absent are two things")]
    fn by_srv(
        &self,
        name: &str,
        family: Family,
        answers: &Answers,
        needs: &mut Vec<Question>,
    ) -> Option<Option<Found>> {
        self.srv(&self.service(name), family, answers, needs)
    }

    #[allow(clippy::option_option, reason = "open and absent are two things")]
    fn srv(&self, owner: &str, family: Family, answers: &Answers, needs: &mut Vec<Question>) -> Option<Option<Found>> {
        let records = match ask(owner, RecordKind::Srv, answers, needs) {
            Known::Pending => return None,
            Known::Nothing(_) => return Some(None),
            Known::Records(records) => records,
        };
        let mut servers: Vec<(u16, u16, u16, &str)> = records
            .iter()
            .filter_map(|record| match record {
                Record::Srv { priority, weight, port, target } => Some((*priority, *weight, *port, target.as_str())),
                _ => None,
            })
            .collect();
        if servers.is_empty() {
            return Some(None);
        }
        if servers.iter().all(|(_, _, _, target)| matches!(*target, "" | ".")) {
            return Some(Some(Err(Unresolved::NotOffered)));
        }
        order_srv(&mut servers, Chance::from_seed(self.draw));
        let mut targets = Vec::new();
        let mut open = false;
        let mut last = Unresolved::NoAddress;
        for (_, _, port, target) in servers {
            match addresses(target, port, self.transport, true, family, answers, needs) {
                None => open = true,
                Some(Ok(mut found)) => targets.append(&mut found),
                Some(Err(why)) => last = why,
            }
        }
        if open {
            None
        } else if targets.is_empty() {
            Some(Some(Err(last)))
        } else {
            Some(Some(Ok(targets)))
        }
    }

    /// S-NAPTR with the application service RELAY (RFC 5928 §3 step 4); without records, SRV (step 5).
    #[allow(clippy::option_option, reason = "open and absent are two things")]
    fn by_naptr(
        &self,
        name: &str,
        depth: u8,
        family: Family,
        answers: &Answers,
        needs: &mut Vec<Question>,
    ) -> Option<Option<Found>> {
        // Asked beside NAPTR: most names have none, and then this is the answer.
        let step5 = if depth == 0 { self.by_srv(name, family, answers, needs) } else { Some(None) };
        let records = match ask(name, RecordKind::Naptr, answers, needs) {
            Known::Pending => return None,
            Known::Nothing(_) => return step5,
            Known::Records(records) => records,
        };
        let mut rules: Vec<(u16, u16, &str, &str)> = records
            .iter()
            .filter_map(|record| match record {
                Record::Naptr { order, preference, flags, services, replacement, .. } if self.serves(services) => {
                    Some((*order, *preference, flags.as_str(), replacement.as_str()))
                }
                _ => None,
            })
            .collect();
        let relay = records.iter().any(|record| {
            matches!(record, Record::Naptr { services, .. } if services.to_ascii_uppercase().starts_with("RELAY"))
        });
        if !relay {
            return step5;
        }
        rules.sort_unstable();
        for (_, _, flags, replacement) in rules {
            let found = match flags.to_ascii_uppercase().as_str() {
                "S" => self.srv(replacement, family, answers, needs)?,
                "A" => {
                    let port = self.uri.default_port();
                    Some(addresses(replacement, port, self.transport, true, family, answers, needs)?)
                }
                "" if depth < NAPTR_DEPTH => self.by_naptr(replacement, depth + 1, family, answers, needs)?,
                _ => None,
            };
            if let Some(Ok(targets)) = found {
                return Some(Some(Ok(targets)));
            }
        }
        // Records, but nothing works: no step 5 (RFC 5928 §3).
        Some(Some(Err(Unresolved::NothingUsable)))
    }

    /// Whether `RELAY:turn.udp:turn.tcp` names our transport.
    fn serves(&self, services: &str) -> bool {
        let services = services.to_ascii_lowercase();
        let mut parts = services.split(':');
        let wanted = format!("turn.{}", self.transport.as_str());
        parts.next() == Some("relay") && parts.any(|tag| tag == wanted)
    }

    /// RFC 7065 §4 and RFC 7350 §3: `_turn._udp`, `_turns._tcp`, `_stun._udp` …
    fn service(&self, name: &str) -> String {
        let turn = self.uri.scheme.is_turn();
        let (service, transport) = match self.transport {
            Transport::Udp => (if turn { "_turn" } else { "_stun" }, "_udp"),
            Transport::Tcp => (if turn { "_turn" } else { "_stun" }, "_tcp"),
            Transport::Tls => (if turn { "_turns" } else { "_stuns" }, "_tcp"),
            Transport::Dtls => (if turn { "_turns" } else { "_stuns" }, "_udp"),
        };
        format!("{service}.{transport}.{name}")
    }
}

fn ask<'a>(name: &str, kind: RecordKind, answers: &'a Answers, needs: &mut Vec<Question>) -> Known<'a> {
    let question = Question { name: name.to_string(), kind };
    match answers.get(&question) {
        None => {
            needs.push(question);
            Known::Pending
        }
        Some(None) => Known::Pending,
        Some(Some(Ok(records))) => Known::Records(records),
        Some(Some(Err(why))) => Known::Nothing(why),
    }
}

fn addresses(
    name: &str,
    port: u16,
    transport: Transport,
    from_srv: bool,
    family: Family,
    answers: &Answers,
    needs: &mut Vec<Question>,
) -> Option<Found> {
    let kind = match family {
        Family::V4 => RecordKind::A,
        Family::V6 => RecordKind::Aaaa,
    };
    let records = match ask(name, kind, answers, needs) {
        Known::Pending => return None,
        Known::Nothing(why) => return Some(Err(unresolved(why))),
        Known::Records(records) => records,
    };
    let mut targets: Vec<Target> = records
        .iter()
        .filter_map(|record| match record {
            Record::Address(ip) => Some(SocketAddr::new(*ip, port)),
            _ => None,
        })
        .filter(|address| Family::of(*address) == family)
        .map(|address| Target { transport, address, from_srv })
        .collect();
    targets.dedup();
    Some(if targets.is_empty() { Err(Unresolved::NoAddress) } else { Ok(targets) })
}

fn unresolved(why: &LookupFailure) -> Unresolved {
    match why {
        LookupFailure::NoSuchName => Unresolved::NoSuchName,
        LookupFailure::NoRecords => Unresolved::NoAddress,
        other => Unresolved::Failed(other.clone()),
    }
}

/// By priority; within one, drawn by weight (RFC 2782).
fn order_srv(servers: &mut Vec<(u16, u16, u16, &str)>, mut chance: Chance) {
    servers.sort_unstable();
    let mut ordered = Vec::with_capacity(servers.len());
    while let Some((priority, ..)) = servers.first().copied() {
        let same = servers.iter().take_while(|server| server.0 == priority).count();
        let total: u64 = servers[..same].iter().map(|server| u64::from(server.1)).sum();
        let mut left = chance.below(total + 1);
        let chosen = servers[..same]
            .iter()
            .position(|server| {
                let here = u64::from(server.1) >= left;
                left = left.saturating_sub(u64::from(server.1));
                here
            })
            .unwrap_or(0);
        ordered.push(servers.remove(chosen));
    }
    *servers = ordered;
}

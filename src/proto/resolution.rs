//! From a server URI to transport addresses (RFC 5928, RFC 7350 §4; RFC 8489 §8.1 for STUN).
//!
//! Everything that may be needed is asked at once, and each address family is answered as soon as
//! it can be, so that a slow AAAA record never delays IPv4.

mod plan;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use crate::machine::{Chance, LookupFailure, Question, Record, RecordKind, Time};
use crate::wire::attribute::Family;
use crate::wire::uri::{Host, IceUri, Transport};
use plan::Plan;

/// How long a missing SRV or NAPTR answer may hold up addresses that are there.
const PATIENCE: Duration = Duration::from_millis(1000);

/// Where a server can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    pub transport: Transport,
    pub address: SocketAddr,
    /// Found through SRV or NAPTR, which browsers do not ask.
    pub from_srv: bool,
}

/// Why a name gives no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unresolved {
    /// The name does not exist.
    NoSuchName,
    /// It exists, but has no address of this family.
    NoAddress,
    /// SRV says that the service is not offered there (RFC 2782: target ".").
    NotOffered,
    /// NAPTR records are there, but none leads to a server that can be used.
    NothingUsable,
    Failed(LookupFailure),
}

type Answers = HashMap<Question, Option<Result<Vec<Record>, LookupFailure>>>;

/// The resolution of one URI.
#[derive(Debug)]
pub struct Resolution {
    plan: Plan,
    answers: Answers,
    /// Questions to be put.
    ask: Vec<Question>,
    waiting: Vec<Family>,
    began: Time,
    settled: Vec<(Family, Result<Vec<Target>, Unresolved>)>,
}

impl Resolution {
    /// Starts; `families` are those that can be used from here.
    #[must_use]
    pub fn new(now: Time, uri: &IceUri, families: &[Family], chance: Chance) -> Resolution {
        let mut resolution = Resolution {
            plan: Plan::new(uri, chance),
            answers: HashMap::new(),
            ask: Vec::new(),
            waiting: families.to_vec(),
            began: now,
            settled: Vec::new(),
        };
        resolution.evaluate(now);
        resolution
    }

    /// A question that is to be put to the DNS.
    pub fn question(&mut self) -> Option<Question> {
        self.ask.pop()
    }

    /// A family whose addresses are known, or known not to be had. `Ok` is never empty.
    pub fn settled(&mut self) -> Option<(Family, Result<Vec<Target>, Unresolved>)> {
        (!self.settled.is_empty()).then(|| self.settled.remove(0))
    }

    pub fn answer(&mut self, now: Time, question: Question, answer: Result<Vec<Record>, LookupFailure>) {
        self.answers.insert(question, Some(answer));
        self.evaluate(now);
    }

    /// Time passed.
    pub fn tick(&mut self, now: Time) {
        if now >= self.wake() {
            self.evaluate(now);
        }
    }

    /// Nothing is left to be found out.
    #[must_use]
    pub fn done(&self) -> bool {
        self.waiting.is_empty()
    }

    #[must_use]
    pub fn wake(&self) -> Time {
        if self.waiting.is_empty() { Time::NEVER } else { self.began + PATIENCE }
    }

    /// SRV or NAPTR records led elsewhere than the name's own addresses, where browsers go.
    #[must_use]
    pub fn found_by_srv(&self) -> bool {
        self.answers.iter().any(|(question, answer)| {
            matches!(question.kind, RecordKind::Srv) && matches!(answer, Some(Ok(records)) if !records.is_empty())
        })
    }

    fn evaluate(&mut self, now: Time) {
        let impatient = now >= self.began + PATIENCE;
        for family in self.waiting.clone() {
            let mut needs = Vec::new();
            let outcome = self.plan.evaluate(family, &self.answers, impatient, &mut needs);
            for question in needs {
                if !self.answers.contains_key(&question) {
                    self.answers.insert(question.clone(), None);
                    self.ask.insert(0, question);
                }
            }
            if let Some(result) = outcome {
                self.waiting.retain(|waiting| *waiting != family);
                self.settled.push((family, result));
            }
        }
    }
}

impl std::fmt::Display for Unresolved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unresolved::NoSuchName => f.write_str("the name does not exist (NXDOMAIN)"),
            Unresolved::NoAddress => f.write_str("the name has no address"),
            Unresolved::NotOffered => f.write_str("its SRV record says that the service is not offered (target \".\")"),
            Unresolved::NothingUsable => f.write_str("its NAPTR records lead to no server that can be used"),
            Unresolved::Failed(LookupFailure::TimedOut) => f.write_str("no DNS server answered"),
            Unresolved::Failed(LookupFailure::ServerFailed(text)) => write!(f, "the DNS server failed ({text})"),
            Unresolved::Failed(LookupFailure::Other(text)) => write!(f, "the DNS could not be asked ({text})"),
            Unresolved::Failed(LookupFailure::NoSuchName) => Unresolved::NoSuchName.fmt(f),
            Unresolved::Failed(LookupFailure::NoRecords) => Unresolved::NoAddress.fmt(f),
        }
    }
}

/// The host of a URI as the DNS is asked for it.
fn host_name(uri: &IceUri) -> Option<&str> {
    match &uri.host {
        Host::Ip(_) => None,
        Host::Name(name) => Some(name),
    }
}

#[cfg(test)]
mod tests;

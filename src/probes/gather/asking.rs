//! A server: its name, the questions put to it, and what came of them.

mod fit;
mod place;

use std::collections::{HashMap, VecDeque};

use self::fit::{fitting, name, of, wanted};
use self::place::step_of;
use super::harvest::Harvest;
use super::task::{Ask, Ended, Plan};
use super::{Config, ServerSpec, words};
use crate::machine::{Chance, Lookup, LookupFailure, Output, Question, Record, Time};
use crate::probes::tls;
use crate::proto::resolution::{Resolution, Target, Unresolved};
use crate::report::{Attempt, CandidateKind, Event, IceError, Outcome, Server};
use crate::wire::attribute::Family;
use crate::wire::uri::{Host, Transport};

/// Addresses of one name and family that are tried one after the other.
const TARGETS: usize = 3;

type Out = VecDeque<Output<Event>>;

pub(super) struct Asking {
    pub resolution: Resolution,
    pub questions: HashMap<Lookup, Question>,
    /// The tasks of each family, by their place in the list of all.
    pub tasks: Vec<(Family, usize)>,
    index: usize,
    url: String,
    server: ServerSpec,
    wanted: Vec<CandidateKind>,
    usable: Vec<Family>,
    unresolved: Vec<(Family, Unresolved)>,
    /// Families with addresses, but no local address to reach them from.
    out_of_reach: Vec<(Family, Target)>,
    results: Vec<(Family, Summary)>,
    told: Vec<Family>,
    gave_all: bool,
    error_told: bool,
    stopped: bool,
    finished: bool,
}

/// What is kept of an ended attempt for the server's own line.
struct Summary {
    decisive: bool,
    address: String,
    outcome: Outcome,
    detail: Option<String>,
    rtt_ms: Option<f64>,
    software: Option<String>,
    tls: Option<crate::report::Tls>,
    gave: Vec<CandidateKind>,
    answered: bool,
    local: Option<(String, u16)>,
}

impl Asking {
    pub(super) fn new(now: Time, index: usize, server: &ServerSpec, config: &Config, chance: Chance) -> Asking {
        let families = [Family::V4, Family::V6];
        let usable = |family: &Family| config.locals.iter().any(|local| of(local.address) == *family);
        let wanted = wanted(server, config);
        Asking {
            resolution: Resolution::new(now, &server.uri, if wanted.is_empty() { &[] } else { &families }, chance),
            questions: HashMap::new(),
            tasks: Vec::new(),
            index,
            url: server.uri.to_string(),
            server: server.clone(),
            wanted,
            usable: families.into_iter().filter(usable).collect(),
            unresolved: Vec::new(),
            out_of_reach: Vec::new(),
            results: Vec::new(),
            told: Vec::new(),
            gave_all: false,
            error_told: false,
            stopped: false,
            finished: false,
        }
    }

    pub(super) fn answered(&mut self, now: Time, lookup: Lookup, answer: Result<Vec<Record>, LookupFailure>) {
        if let Some(question) = self.questions.remove(&lookup) {
            self.resolution.answer(now, question, answer);
        }
    }

    /// What to do with the addresses of one family.
    pub(super) fn settle(
        &mut self,
        family: Family,
        found: Result<Vec<Target>, Unresolved>,
        config: &Config,
    ) -> Vec<Plan> {
        let mut targets = match found {
            Ok(targets) => targets,
            Err(why) => {
                self.unresolved.push((family, why));
                return Vec::new();
            }
        };
        if !self.usable.contains(&family) {
            self.out_of_reach.push((family, targets[0]));
            return Vec::new();
        }
        if self.stopped {
            return Vec::new();
        }
        targets.truncate(TARGETS);
        let mut asks = Vec::new();
        let turn = self.server.uri.scheme.is_turn();
        if self.wanted.contains(&CandidateKind::Srflx) && (!turn || targets[0].transport == Transport::Udp) {
            asks.push(Ask::Binding);
        }
        if self.wanted.contains(&CandidateKind::Relay) {
            asks.push(Ask::Allocate);
        }
        let locals = fitting(config, family, targets[0].address.ip().is_loopback());
        let name = match &self.server.uri.host {
            Host::Ip(ip) => ip.to_string(),
            Host::Name(name) => name.clone(),
        };
        locals
            .into_iter()
            .flat_map(|local| asks.iter().map(move |ask| (local, *ask)))
            .map(|(local, ask)| Plan {
                server: self.index,
                local,
                ask,
                targets: targets.clone(),
                url: self.url.clone(),
                name: name.clone(),
                credentials: self.server.credentials.clone(),
            })
            .collect()
    }

    /// Takes in how an attempt ended; true when the server answered.
    pub(super) fn learn(
        &mut self,
        now: Time,
        ended: &Ended,
        config: &Config,
        harvest: &mut Harvest,
        out: &mut Out,
    ) -> bool {
        let elapsed_ms = now.millis();
        let mut gave = Vec::new();
        for find in &ended.finds {
            let asked_for = match find.kind {
                CandidateKind::Relay => config.relay,
                _ => config.srflx,
            };
            if asked_for {
                harvest.take(now, find, config, out);
                gave.push(find.kind);
            }
        }
        let decisive = ended.ask == Ask::Allocate || !self.wanted.contains(&CandidateKind::Relay);
        if let Some(code) = ended.verdict.code.filter(|_| decisive) {
            self.error_told = true;
            let error = IceError {
                elapsed_ms,
                url: self.url.clone(),
                address: ended.base.map(|base| base.ip().to_string()),
                port: ended.base.map(|base| base.port()),
                error_code: code,
                error_text: ended.verdict.phrase.clone().unwrap_or_default(),
            };
            out.push_back(Output::Event(Event::Error { elapsed_ms, error }));
        }
        let mut strays = words::strays(&ended.seen.strays);
        strays.extend(ended.remarks.iter().cloned());
        if ended.seen.md5_signed {
            strays.push("the answer is signed with the MD5 key although SHA-256 was agreed on".into());
        }
        let attempt = Attempt {
            url: self.url.clone(),
            request: words::request(ended.ask).to_ascii_lowercase(),
            local: ended.base.map(|base| base.to_string()),
            interface: Some(config.locals[ended.local].interface.clone()),
            server: Some(ended.target.address.to_string()),
            outcome: ended.verdict.outcome,
            step: ended.verdict.cause.map(|cause| step_of(ended, cause)),
            cause: ended.verdict.cause,
            rtt_ms: ended.seen.round_trip.map(|rtt| Time::from(rtt).millis()),
            began_ms: ended.began.millis(),
            ended_ms: Some(elapsed_ms),
            copies: ended.seen.copies,
            error_code: ended.verdict.code,
            error_text: ended.verdict.phrase.clone(),
            detail: ended.verdict.detail.clone(),
            strays,
            icmp: ended.verdict.icmp.clone(),
        };
        let family = Family::of(ended.target.address);
        self.results.push((
            family,
            Summary {
                decisive,
                address: ended.target.address.to_string(),
                outcome: ended.verdict.outcome,
                detail: ended.verdict.detail.clone(),
                rtt_ms: attempt.rtt_ms,
                software: ended.seen.software.clone(),
                tls: ended.secure.as_ref().map(tls::facts),
                gave,
                answered: ended.seen.answered,
                local: ended.base.map(|base| (base.ip().to_string(), base.port())),
            },
        ));
        out.push_back(Output::Event(Event::Attempt { elapsed_ms, attempt }));
        ended.seen.answered
    }

    pub(super) fn stop(&mut self, now: Time) {
        self.stopped = true;
        self.resolution.tick(now);
    }

    pub(super) fn is_finished(&self) -> bool {
        self.finished
    }

    /// Tells what came of each family, and of the server, once that is known.
    pub(super) fn conclude(&mut self, now: Time, config: &Config, settled: impl Fn(usize) -> bool, out: &mut Out) {
        if self.finished {
            return;
        }
        for family in [Family::V4, Family::V6] {
            let mut tasks = self.tasks.iter().filter(|(of, _)| *of == family).peekable();
            if tasks.peek().is_some() && !self.told.contains(&family) && tasks.all(|(_, task)| settled(*task)) {
                self.told.push(family);
                let server = self.summarise(family);
                self.gave_all |= self.wanted.iter().all(|kind| server.gave.contains(&name(*kind).to_string()));
                out.push_back(Output::Event(Event::Server { elapsed_ms: now.millis(), server }));
            }
        }
        let names_known = self.stopped || self.resolution.done() || (!self.tasks.is_empty() && self.usable_settled());
        if names_known && self.tasks.iter().all(|(family, _)| self.told.contains(family)) {
            self.finished = true;
            if self.tasks.is_empty() {
                let server = self.never_asked(config);
                out.push_back(Output::Event(Event::Server { elapsed_ms: now.millis(), server }));
            }
            if !self.gave_all && !self.error_told && !self.stopped && !self.wanted.is_empty() {
                self.tell_701(now, config, out);
            }
        }
    }

    fn usable_settled(&self) -> bool {
        self.usable.iter().all(|family| {
            self.tasks.iter().any(|(of, _)| of == family) || self.unresolved.iter().any(|(of, _)| of == family)
        })
    }

    /// 701: no local address reached the server, or nothing usable came back.
    fn tell_701(&self, now: Time, config: &Config, out: &mut Out) {
        let elapsed_ms = now.millis();
        let worst = self.worst(None);
        let text = match worst {
            Some(summary) => summary.detail.clone().unwrap_or_default(),
            None => self.never_asked(config).error.unwrap_or_default(),
        };
        let mut locals = self.results.iter().filter_map(|(_, summary)| summary.local.clone());
        let only = locals.next().filter(|first| locals.all(|other| other == *first));
        let error = IceError {
            elapsed_ms,
            url: self.url.clone(),
            address: only.as_ref().map(|(address, _)| address.clone()),
            port: only.map(|(_, port)| port),
            error_code: 701,
            error_text: text,
        };
        out.push_back(Output::Event(Event::Error { elapsed_ms, error }));
    }

    fn of_family(&self, family: Option<Family>) -> impl Iterator<Item = &Summary> {
        self.results.iter().filter(move |(of, _)| family.is_none_or(|family| *of == family)).map(|(_, summary)| summary)
    }

    /// The failure that says most: of the decisive question, and from where the server was heard.
    fn worst(&self, family: Option<Family>) -> Option<&Summary> {
        let failed = self.of_family(family).filter(|summary| summary.outcome != Outcome::Ok);
        failed.max_by_key(|summary| (summary.decisive, summary.answered, words::telling(summary.outcome)))
    }

    fn summarise(&self, family: Family) -> Server {
        let mut resolved: Vec<String> = Vec::new();
        let mut gave: Vec<CandidateKind> = Vec::new();
        for summary in self.of_family(Some(family)) {
            if !resolved.contains(&summary.address) {
                resolved.push(summary.address.clone());
            }
            gave.extend(summary.gave.iter().filter(|kind| self.wanted.contains(kind)));
        }
        gave.sort_unstable();
        gave.dedup();
        let all = self.wanted.iter().all(|kind| gave.contains(kind));
        let worst = self.worst(Some(family)).filter(|_| !all);
        let mut facts = self.of_family(Some(family));
        Server {
            url: self.url.clone(),
            username: self.username(),
            resolved,
            outcome: worst.map_or(Outcome::Ok, |summary| summary.outcome),
            rtt_ms: self.of_family(Some(family)).find_map(|summary| summary.rtt_ms),
            software: self.of_family(Some(family)).find_map(|summary| summary.software.clone()),
            error: worst.and_then(|summary| self.told_of(summary)),
            cause: None,
            tls: facts.find_map(|summary| summary.tls.clone()),
            gave: gave.into_iter().map(|kind| name(kind).to_string()).collect(),
            wanted: self.wanted_names(),
        }
    }

    /// Why it failed; silence to Allocate means more where Binding was answered.
    fn told_of(&self, worst: &Summary) -> Option<String> {
        let detail = worst.detail.clone()?;
        let mut others = self.results.iter().map(|(_, summary)| summary);
        let up = others.any(|other| other.outcome == Outcome::Ok && !other.decisive && other.address == worst.address);
        if worst.outcome == Outcome::Timeout && worst.decisive && !worst.answered && up {
            return Some(format!("{detail}, though it answers Binding: it does STUN only, or drops TURN"));
        }
        Some(detail)
    }

    /// The line of a server to which nothing was sent.
    fn never_asked(&self, config: &Config) -> Server {
        let (outcome, cause, error) = words::never_asked(
            &self.server.uri,
            self.wanted.is_empty(),
            self.stopped,
            &self.unresolved,
            &self.out_of_reach,
            config,
        );
        Server {
            url: self.url.clone(),
            username: self.username(),
            resolved: self.out_of_reach.iter().map(|(_, target)| target.address.to_string()).collect(),
            outcome,
            rtt_ms: None,
            software: None,
            error: Some(error),
            cause: Some(cause),
            tls: None,
            gave: Vec::new(),
            wanted: self.wanted_names(),
        }
    }

    fn username(&self) -> Option<String> {
        self.server.credentials.as_ref().map(|credentials| credentials.username.clone())
    }

    fn wanted_names(&self) -> Vec<String> {
        self.wanted.iter().map(|kind| name(*kind).to_string()).collect()
    }
}

//! The check of one address of one server, from the connection to the release.

use std::net::IpAddr;
use std::time::Duration;

use super::opening::Challenged;
use super::proofs::Ground;
use super::record::{Ending, Record};
use super::resolve::Found;
use super::station::{Reply, Station};
use super::{Config, ServerSpec};
use crate::machine::script::{Either, Hands, Line, both, either};
use crate::machine::{Chance, Time};
use crate::proto::exchange::Request;
use crate::proto::resolution::Target;
use crate::report::{self, Cause, Event, StepName};
use crate::wire::attribute::{self, Value};
use crate::wire::message::{Message, Method};

/// Redirections and fresh ports that are tried.
const TRIES: u32 = 4;

pub(super) struct Check {
    pub hands: Hands<Event>,
    pub server: ServerSpec,
    pub config: Config,
    pub record: Record,
    pub local: IpAddr,
    chance: std::cell::RefCell<Chance>,
}

/// An allocation that stands.
pub(super) struct Held {
    pub station: Station,
    pub relayed: std::net::SocketAddr,
    pub mapped: Option<std::net::SocketAddr>,
    pub target: Target,
}

impl Check {
    pub(super) fn new(hands: &Hands<Event>, server: &ServerSpec, config: &Config, chance: Chance) -> Check {
        let uri = &server.uri;
        let username = server.credentials.as_ref().map(|credentials| credentials.username.clone());
        Check {
            hands: hands.clone(),
            server: server.clone(),
            config: config.clone(),
            record: Record::new(hands, &uri.to_string(), username, uri.transport(), None),
            local: IpAddr::from([0, 0, 0, 0]),
            chance: std::cell::RefCell::new(chance),
        }
    }

    /// Runs the check and tells its entry; when the run is stopped, what is held is released first.
    pub(super) async fn run(mut self, found: Found) {
        let uri = &self.server.uri;
        let username = self.server.credentials.as_ref().map(|credentials| credentials.username.clone());
        self.record = Record::new(&self.hands, &uri.to_string(), username, uri.transport(), found.target);
        let resolved = found.target;
        self.record.step(StepName::Resolve, found.ending);
        if let Some(target) = resolved {
            let family = target.address.is_ipv4();
            if let Some(local) = self.config.locals.iter().find(|local| local.is_ipv4() == family) {
                self.local = *local;
            }
            self.go(target).await;
        }
        self.record.close();
    }

    async fn go(&self, target: Target) {
        let Some((held, untrusted)) = self.allocated(target).await else { return };
        let work = either(self.work(&held), self.hands.stopped()).await;
        if work == Either::Second(()) {
            self.record.step(StepName::RelaySend, Ending::failed(Cause::Stopped, Duration::ZERO, "stopped"));
        }
        self.release(&held).await;
        if work == Either::First(()) {
            let _ = either(self.options(target), self.hands.stopped()).await;
        }
        if untrusted {
            let well = [StepName::Allocate, StepName::RelaySend].into_iter().all(|step| self.record.went_well(step));
            self.record.note(|turn| turn.works_untrusted = Some(well));
        }
    }

    /// From the connection to an allocation; the flag says that the certificate had to be ignored.
    async fn allocated(&self, first: Target) -> Option<(Held, bool)> {
        let mut target = first;
        let mut visited = vec![first.address];
        let mut untrusted = false;
        for _ in 0..TRIES {
            let (station, ignoring) = self.unless_stopped(self.open(target)).await??;
            untrusted |= ignoring;
            self.record.local(station.local());
            match self.unless_stopped(self.challenge(&station, target)).await? {
                Challenged::Session(session) => {
                    station.sign_with(*session);
                    let reply = match either(station.ask(self.allocate()), self.hands.stopped()).await {
                        Either::First(reply) => reply,
                        Either::Second(()) => {
                            // The server may have granted it this very moment.
                            station
                                .ask_briefly(self.software(Request::new(Method::REFRESH).with(Value::Lifetime(0))))
                                .await;
                            self.stopped();
                            return None;
                        }
                    };
                    if matches!(reply.error(), Some((437, phrase, _)) if !phrase.to_ascii_lowercase().contains("credential"))
                    {
                        continue;
                    }
                    return Some((self.granted(station, &reply, target)?, untrusted));
                }
                Challenged::Open(reply) => return Some((self.granted(station, &reply, target)?, untrusted)),
                Challenged::Elsewhere(next) if !visited.contains(&next) => {
                    let text = format!("{} sends us to {next} (300 Try Alternate)", target.address);
                    self.hands.tell(Event::Note { elapsed_ms: self.hands.now().millis(), text });
                    visited.push(next);
                    target.address = next;
                }
                Challenged::Elsewhere(next) => {
                    let text = format!("300 Try Alternate leads in a circle: {} sends us to {next}", target.address);
                    self.record.step(StepName::Challenge, Ending::failed(Cause::Redirected, Duration::ZERO, text));
                    return None;
                }
                Challenged::Taken => {}
                Challenged::Failed => return None,
            }
        }
        let text = "437 or 300 again and again, from fresh ports";
        self.record.step(StepName::Challenge, Ending::failed(Cause::AllocationMismatch, Duration::ZERO, text));
        None
    }

    /// What comes of it, unless the run is stopped before.
    async fn unless_stopped<T>(&self, part: impl Future<Output = T>) -> Option<T> {
        match either(part, self.hands.stopped()).await {
            Either::First(value) => Some(value),
            Either::Second(()) => {
                self.stopped();
                None
            }
        }
    }

    fn stopped(&self) {
        self.record.step(StepName::Allocate, Ending::failed(Cause::Stopped, Duration::ZERO, "stopped"));
    }

    /// The step `allocate`.
    fn granted(&self, station: Station, reply: &Reply, target: Target) -> Option<Held> {
        let Some(message) = reply.success() else {
            self.record.step(StepName::Allocate, self.not_allocated(&station, reply, target));
            return None;
        };
        let relayed = message.addresses(attribute::XOR_RELAYED_ADDRESS);
        let (Some(first), Some(lifetime)) = (relayed.first().copied(), message.lifetime()) else {
            let text = "the Allocate success lacks XOR-RELAYED-ADDRESS or LIFETIME";
            self.record.step(StepName::Allocate, Ending::failed(Cause::ProtocolError, reply.took, text));
            return None;
        };
        let mapped = message.mapped();
        let lifetime = Duration::from_secs(lifetime.into());
        let realm = station.session().map(|session| session.realm());
        self.record.note(|turn| {
            turn.allocation = Some(report::Allocation {
                relayed: first.to_string(),
                relayed_additional: relayed.get(1).map(ToString::to_string),
                mapped: mapped.map(|mapped| mapped.to_string()),
                lifetime_ms: Time::from(lifetime).millis(),
                realm,
            });
        });
        let text = format!("{first} for {}", humantime::format_duration(lifetime));
        self.record.step(StepName::Allocate, Ending::ok(reply.took, text));
        Some(Held { station, relayed: first, mapped, target })
    }

    /// Everything that is done with an allocation.
    async fn work(&self, held: &Held) {
        let ground = self.ground(held).await;
        self.permissions(held, &ground).await;
        let (proofs, ()) = both(self.prove(held, &ground), self.negative_controls(held.target)).await;
        self.judge(held, &ground, &proofs);
        self.quality(held, &ground, &proofs).await;
        self.refresh(held).await;
        self.audit(held).await;
    }

    async fn refresh(&self, held: &Held) {
        let reply = held.station.ask(self.software(Request::new(Method::REFRESH))).await;
        let ending = match reply.success().and_then(Message::lifetime) {
            Some(lifetime) => Ending::ok(reply.took, format!("lifetime {lifetime} s")),
            None => Ending::told(held.station.explain(&reply, "Refresh", held.target), reply.took),
        };
        self.record.step(StepName::Refresh, ending);
    }

    async fn release(&self, held: &Held) {
        let request = self.software(Request::new(Method::REFRESH).with(Value::Lifetime(0)));
        let reply = held.station.ask_briefly(request).await;
        let ending = match (reply.success(), reply.error()) {
            (Some(_), _) | (None, Some((437, ..))) => Ending::ok(reply.took, ""),
            _ => Ending::told(held.station.explain(&reply, "Refresh", held.target), reply.took),
        };
        self.record.step(StepName::Release, ending);
    }

    /// Credentials that must not work: the right user with a wrong password, from a port of its own.
    async fn negative_controls(&self, target: Target) {
        let Some(credentials) = self.server.credentials.as_ref().filter(|_| self.config.controls) else { return };
        let Ok(line) = self.connect(target, crate::machine::Trust::Record).await else { return };
        let mut wrong = credentials.clone();
        wrong.password.push_str("-wrong");
        let station = line.with(Some(wrong));
        let reply = station.ask(self.allocate()).await;
        let refused = match (reply.success(), reply.error()) {
            (Some(_), _) => Some(false),
            (None, Some(_)) => Some(true),
            _ => None,
        };
        if refused == Some(false) {
            let release = Request::new(Method::REFRESH).with(Value::Lifetime(0));
            station.ask_briefly(release).await;
        }
        let error = reply.error().map(|(code, phrase, _)| (code, phrase.to_string()));
        self.record.note(|turn| {
            turn.controls.push(report::Control {
                name: "wrong-password".into(),
                refused,
                error_code: error.as_ref().map(|(code, _)| *code),
                error_text: error.map(|(_, phrase)| phrase),
            });
        });
    }

    pub(super) fn station(&self, line: Line<Event>, server: std::net::SocketAddr) -> Station {
        let chance = self.chance.borrow_mut().split();
        Station::new(&self.hands, line, server, self.config.schedule, self.server.credentials.clone(), chance)
    }

    /// What is used beside the allocation itself.
    async fn ground(&self, held: &Held) -> Ground {
        Ground::prepare(self, held).await
    }
}

//! The check of one address of one server, from the connection to the release.

use std::cell::{OnceCell, RefCell};
use std::net::IpAddr;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use super::ground::Ground;
use super::opening::Challenged;
use super::record::{Ending, Record};
use super::reference::References;
use super::resolve::Found;
use super::{Config, ServerSpec};
use crate::machine::script::{Either, Hands, Line, Part, all, both, either};
use crate::machine::{Chance, Time};
use crate::probes::station::{End, Manner, Reply, Station};
use crate::probes::weather::Weather;
use crate::proto::exchange::{Answer, Request};
use crate::proto::resolution::Target;
use crate::report::{self, Cause, Event, StepName};
use crate::wire::attribute::{self, Value};
use crate::wire::message::{Message, Method};

/// NEW-BANDWIDTH of coturn, after a draft; not in the registry.
const NEW_BANDWIDTH: u16 = 0x8010;
/// Redirections and fresh ports that are tried.
const TRIES: u32 = 6;
/// Streams on which nothing comes back that are tried: loss may hold one up for long.
const STALLS: u32 = 2;
/// The code of that.
const QUOTA_REACHED: u16 = 486;
/// How long a server may count what was released already (coturn: about a second).
pub(super) const QUOTA: Duration = Duration::from_millis(1500);
/// What a server may need to make an allocation.
const MAKING: Duration = Duration::from_millis(200);
/// How long an answer is waited for after a stop.
const GRACE: Duration = Duration::from_millis(300);

pub(super) struct Check {
    pub hands: Hands<Event>,
    pub server: ServerSpec,
    pub config: Config,
    pub record: Record,
    pub local: IpAddr,
    pub weather: Rc<Weather>,
    pub references: Rc<References>,
    chance: RefCell<Chance>,
    /// Stations that hold an allocation, or may: whatever happens, they are released in the end.
    owed: RefCell<Vec<Rc<Station>>>,
}

/// An allocation that stands.
pub(super) struct Held {
    pub station: Rc<Station>,
    pub lifetime: Duration,
    pub relayed: std::net::SocketAddr,
    pub mapped: Option<std::net::SocketAddr>,
    pub target: Target,
}

impl Check {
    pub(super) fn new(
        hands: &Hands<Event>,
        server: &ServerSpec,
        config: &Config,
        references: Rc<References>,
        chance: Chance,
    ) -> Check {
        let uri = &server.uri;
        let username = server.credentials.as_ref().map(|credentials| credentials.username.clone());
        Check {
            hands: hands.clone(),
            server: server.clone(),
            config: config.clone(),
            record: Record::new(hands, &uri.to_string(), username, uri.transport(), None),
            local: IpAddr::from([0, 0, 0, 0]),
            weather: Rc::default(),
            references,
            chance: RefCell::new(chance),
            owed: RefCell::default(),
        }
    }

    /// Runs the check and tells its entry; when the run is stopped, what is held is released first.
    pub(super) async fn run(mut self, found: Found) {
        let uri = &self.server.uri;
        let username = self.server.credentials.as_ref().map(|credentials| credentials.username.clone());
        self.record = Record::new(&self.hands, &uri.to_string(), username, uri.transport(), found.target);
        if let Some(credentials) = &self.server.credentials {
            let form = super::form::of(&credentials.username, &credentials.password);
            self.record.note(|turn| turn.credential_form = form);
        }
        let resolved = found.target;
        self.record.step(StepName::Resolve, found.ending);
        if let Some(target) = resolved {
            let family = target.address.is_ipv4();
            if let Some(local) = self.config.locals.iter().find(|local| local.is_ipv4() == family) {
                self.local = *local;
            }
            self.go(target).await;
            self.burst(target).await;
            let (lossy, affinity) = (self.weather.is_lossy(), self.weather.affinity());
            self.record.note(|turn| (turn.clues.lossy, turn.clues.affinity) = (Some(lossy), affinity));
        }
        self.record.close();
    }

    async fn go(&self, target: Target) {
        if let Some((held, untrusted)) = self.allocated(target).await {
            let ground = OnceCell::new();
            let work = either(Box::pin(self.work(&held, &ground)), self.hands.stopped()).await;
            if work == Either::Second(()) {
                let stopped = || Ending::failed(Cause::Stopped, Duration::ZERO, "stopped");
                self.record.step(StepName::RelaySend, stopped());
                // Without data that went through, nothing is proved yet.
                if !self.record.went_well(StepName::RelaySend) && !self.record.went_well(StepName::RelayReceive) {
                    self.record.step(StepName::Refresh, stopped());
                }
            }
            self.release(&held, ground.get()).await;
            if work == Either::First(()) {
                let _ = either(self.options(target), self.hands.stopped()).await;
            }
            if untrusted {
                let well =
                    [StepName::Allocate, StepName::RelaySend].into_iter().all(|step| self.record.went_well(step));
                self.record.note(|turn| turn.works_untrusted = Some(well));
            }
        }
        self.settle().await;
    }

    /// Asks for an allocation, which is released by the end of the check at the latest.
    pub(super) async fn allocate_on(&self, station: &Rc<Station>, request: Request) -> Reply {
        self.owe(station);
        let reply = station.ask(request).await;
        self.unless_granted(station, &reply);
        reply
    }

    pub(super) fn owe(&self, station: &Rc<Station>) {
        self.owed.borrow_mut().push(Rc::clone(station));
    }

    /// Nothing is owed for what was refused.
    pub(super) fn unless_granted(&self, station: &Rc<Station>, reply: &Reply) {
        let refused = matches!(
            &reply.end,
            End::Answer(Answer::Failure { .. } | Answer::BadChallenge(_) | Answer::NonceLoop | Answer::Unreachable(_))
                | End::Closed(_)
                | End::Garbage(_)
        );
        if refused {
            self.paid(station);
        }
    }

    pub(super) fn paid(&self, station: &Rc<Station>) {
        self.owed.borrow_mut().retain(|owed| !Rc::ptr_eq(owed, station));
    }

    /// Releases an allocation.
    pub(super) async fn give_back(&self, station: &Rc<Station>) -> Reply {
        let request = || self.software(Request::new(Method::REFRESH).with(Value::Lifetime(0)));
        let reply = match either(station.ask(request()), self.hands.stopped()).await {
            Either::First(reply) => reply,
            // Nobody waits for long any more.
            Either::Second(()) => {
                let reply = station.ask_briefly(request()).await;
                match reply.error() {
                    // The server may be making what it was asked for a moment ago.
                    Some((437, ..)) => {
                        self.hands.sleep(MAKING).await;
                        station.ask_briefly(request()).await
                    }
                    _ => reply,
                }
            }
        };
        self.paid(station);
        reply
    }

    /// Releases whatever is still held.
    async fn settle(&self) {
        let owed = self.owed.borrow().clone();
        let parts = owed.iter().map(|station| {
            Box::pin(async move {
                self.give_back(station).await;
            }) as Part<'_, ()>
        });
        all(parts.collect()).await;
    }

    /// From the connection to an allocation; the flag says that the certificate had to be ignored.
    async fn allocated(&self, first: Target) -> Option<(Held, bool)> {
        let mut target = first;
        let mut visited = vec![first.address];
        let mut untrusted = false;
        // How long the first refusal for want of room took.
        let mut full = None;
        let mut stalls = 0;
        for _ in 0..TRIES {
            let (station, ignoring) = self.unless_stopped(self.open(target)).await??;
            untrusted |= ignoring;
            self.record.local(station.local());
            let station = Rc::new(station);
            let again = stalls < if self.weather.is_lossy() { STALLS } else { 1 };
            let challenged = match stalls {
                0 => self.challenged(&station, target, again).await,
                _ if !station.line().is_stream() => self.challenged(&station, target, again).await,
                // A web server may be what says nothing.
                _ => both(self.challenged(&station, target, again), self.ask_web(target)).await.0,
            };
            match challenged? {
                Challenged::Session(session) => {
                    station.sign_with(*session);
                    self.owe(&station);
                    let reply = self.unless_stopped(station.ask_at_first(self.allocate())).await?;
                    self.unless_granted(&station, &reply);
                    if again && (reply.is_silence() && self.may_stall(&station) || self.is_broken_off(&reply)) {
                        // What it may have granted goes with the connection.
                        self.paid(&station);
                        stalls += 1;
                        continue;
                    }
                    if let Some(first) = full {
                        self.tried_again(QUOTA_REACHED, first, &reply);
                    }
                    if is_quota(&reply) && full.is_none() {
                        full = Some(reply.took);
                        let text = "486: trying again when what was released a moment ago no longer counts".into();
                        self.hands.tell(Event::Note { elapsed_ms: self.hands.now().millis(), text });
                        self.unless_stopped(self.hands.sleep(QUOTA)).await?;
                        continue;
                    }
                    let reply = match reply.error() {
                        Some((508, ..)) => self.unless_stopped(self.ask_again(target, reply)).await?,
                        _ => reply,
                    };
                    if matches!(reply.error(), Some((437, phrase, _)) if !phrase.to_ascii_lowercase().contains("credential"))
                    {
                        continue;
                    }
                    return Some((self.granted(station, &reply, target)?, untrusted));
                }
                Challenged::Open(reply) => {
                    self.owe(&station);
                    return Some((self.granted(station, &reply, target)?, untrusted));
                }
                Challenged::Elsewhere(next) if !visited.contains(&next) => {
                    let text = format!("{} sends us to {next} (300 Try Alternate)", target.address);
                    self.hands.tell(Event::Note { elapsed_ms: self.hands.now().millis(), text });
                    self.redirected(target, next);
                    visited.push(next);
                    target.address = next;
                }
                Challenged::Elsewhere(next) => {
                    let text = format!("300 Try Alternate leads in a circle: {} sends us to {next}", target.address);
                    self.redirected(target, next);
                    self.record.step(StepName::Challenge, Ending::failed(Cause::Redirected, Duration::ZERO, text));
                    return None;
                }
                Challenged::Taken => {}
                Challenged::Stalled => stalls += 1,
                Challenged::Failed => return None,
            }
        }
        let text = "437 or 300 again and again, from fresh ports";
        self.record.step(StepName::Challenge, Ending::failed(Cause::AllocationMismatch, Duration::ZERO, text));
        None
    }

    /// Whether silence may be the connection's alone: that of a stream, and on a line that loses packets
    /// that of a DTLS association, which the other side may have dropped without a word that arrived.
    pub(super) fn may_stall(&self, station: &Station) -> bool {
        station.line().is_stream() || station.line().secure().is_some() && self.weather.is_lossy()
    }

    /// Whether the connection ended on a line that loses packets. There that says nothing about the server:
    /// coturn, which gives up handshakes that were left half done, ends others along with them.
    pub(super) fn is_broken_off(&self, reply: &Reply) -> bool {
        matches!(reply.end, End::Closed(_)) && self.weather.is_lossy()
    }

    /// The challenge, unless the run is stopped before. An open relay may be granting something that
    /// very moment, which is waited for and released.
    async fn challenged(&self, station: &Rc<Station>, target: Target, again: bool) -> Option<Challenged> {
        let mut challenge = pin!(self.challenge(station, target, again));
        match either(challenge.as_mut(), self.hands.stopped()).await {
            Either::First(challenged) => Some(challenged),
            Either::Second(()) => {
                let late = either(challenge, self.hands.sleep(GRACE)).await;
                if matches!(late, Either::First(Challenged::Open(_))) {
                    self.owe(station);
                }
                self.stopped();
                None
            }
        }
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

    fn redirected(&self, from: Target, to: std::net::SocketAddr) {
        let redirect = report::Redirect { from: from.address.to_string(), to: to.to_string() };
        self.record.note(|turn| turn.clues.redirects.push(redirect));
    }

    fn stopped(&self) {
        self.record.step(StepName::Allocate, Ending::failed(Cause::Stopped, Duration::ZERO, "stopped"));
    }

    /// The step `allocate`.
    fn granted(&self, station: Rc<Station>, reply: &Reply, target: Target) -> Option<Held> {
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
                bandwidth_kbps: bandwidth(message),
            });
        });
        let text = format!("{first} for {}", humantime::format_duration(lifetime));
        self.record.step(StepName::Allocate, Ending::ok(reply.took, text));
        Some(Held { station, lifetime, relayed: first, mapped, target })
    }

    /// Everything that is done with an allocation.
    async fn work(&self, held: &Held, ground: &OnceCell<Ground>) {
        let (prepared, ()) = both(Ground::prepare(self, held), self.negative_controls(held.target)).await;
        let ground = ground.get_or_init(|| prepared);
        self.permissions(held, ground).await;
        let proofs = self.prove(held, ground).await;
        self.judge(held, ground, &proofs);
        Box::pin(self.payload_sizes(held, ground)).await;
        Box::pin(self.quality(held, ground, &proofs)).await;
        both(self.give_back_second(ground), self.refresh(held)).await;
        both(Box::pin(self.audit(held)), Box::pin(self.poison(held, ground))).await;
        Box::pin(self.needed_peers(held)).await;
    }

    /// A request that makes an allocation live on.
    pub(super) fn prolong(&self) -> Request {
        self.software(Request::new(Method::REFRESH))
    }

    pub(super) fn station(&self, line: Line<Event>, server: std::net::SocketAddr) -> Station {
        let chance = self.chance.borrow_mut().split();
        let Config { schedule, trace, .. } = self.config;
        let manner = Manner { schedule, trace, weather: Rc::clone(&self.weather) };
        Station::new(&self.hands, line, server, manner, self.server.credentials.clone(), chance)
    }
}

/// The limit that coturn announces with `max-bps`, in kilobits a second.
fn bandwidth(message: &Message) -> Option<u32> {
    Some(u32::from_be_bytes(message.get(NEW_BANDWIDTH)?.try_into().ok()?))
}

/// Whether a request was refused because of what else is allocated.
pub(super) fn is_quota(reply: &Reply) -> bool {
    matches!(reply.error(), Some((QUOTA_REACHED, ..)))
}

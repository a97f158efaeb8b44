//! The machine: gathering below, the ICE agent beside it, the other side's lines from above.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use super::account::Account;
use super::here::Here;
use super::pairs::{self, Gist, Scene};
use super::quality::Rtts;
use super::there::There;
use super::traffic::Traffic;
use super::words;
use super::{Config, Happening};
use crate::machine::{Chance, Input, Machine, Output, Time};
use crate::probes::gather::Gathering;
use crate::probes::gather::keep::{Heard, Way};
use crate::proto::ice::{self, Agent, Connection, Failure, IceCredentials, Role, Route};
use crate::report::Event;
use crate::report::connect::{ConnectPath, ConnectState};
use crate::wire::echo::Packet;
use crate::wire::signal::{Message, Part};

pub(super) const AGENT: &str = concat!("rtcprobe ", env!("CARGO_PKG_VERSION"));
/// Between two looks at what is new about the pairs, for whoever shows them.
const NEWS: Duration = Duration::from_millis(100);

/// Connects to another ICE agent.
pub struct Connecting {
    pub(super) config: Config,
    pub(super) chance: Chance,
    pub(super) gathering: Gathering,
    pub(super) agent: Agent,
    /// The agent from before a restart: in use until the new one has a pair (RFC 8445 §9).
    pub(super) former: Option<Agent>,
    pub(super) here: Here,
    pub(super) there: There,
    pub(super) account: Account,
    /// The description was said, in this generation.
    pub(super) described: bool,
    /// New credentials were said, and those of the other side are waited for.
    pub(super) restarting: bool,
    pub(super) lines: u32,
    pub(super) troubles: u32,
    pub(super) out: VecDeque<Happening>,
    pub(super) traffic: Traffic,
    /// Round-trip times of checks on the pair in use, for a peer that sends nothing back.
    pub(super) checks: Rtts,
    seen_checks: u32,
    /// What was told of each pair, and when.
    shown: Vec<Option<Gist>>,
    next_news: Time,
    /// What the other side was told last of how it goes.
    pub(super) said: Option<(ConnectState, bool, bool)>,
    pub(super) left: Option<Time>,
    /// Since when this side has nothing left to check.
    pub(super) exhausted: Option<Time>,
    pub(super) restart_began: Option<Time>,
    /// Gathering was told something, and may have something to do.
    pub(super) stirred: bool,
}

impl Connecting {
    #[must_use]
    pub fn new(mut config: Config, mut chance: Chance) -> Connecting {
        config.gather.keep = true;
        config.gather.tcp = config.tcp;
        config.gather.locals = super::fairness::intermingle(std::mem::take(&mut config.gather.locals));
        // A call is worth more copies: a candidate that is missing may be the only one that would have worked.
        config.gather.schedule = config.gather.schedule.steadier();
        let gathering = Gathering::new(config.gather.clone(), chance.split());
        let agent = Connecting::agent(&config, role(config.part), &mut chance);
        let (traffic, checks) = (Traffic::new(&mut chance), Rtts::new(chance.split()));
        Connecting {
            config,
            chance,
            gathering,
            agent,
            former: None,
            here: Here::default(),
            there: There::default(),
            account: Account::default(),
            described: false,
            restarting: false,
            lines: 0,
            troubles: 0,
            out: VecDeque::new(),
            traffic,
            checks,
            seen_checks: 0,
            shown: Vec::new(),
            next_news: Time::ZERO,
            said: None,
            left: None,
            exhausted: None,
            restart_began: None,
            stirred: false,
        }
    }

    /// An agent of a new generation.
    pub(super) fn agent(config: &Config, role: Role, chance: &mut Chance) -> Agent {
        let mut ice = ice::Config::usual(role, IceCredentials::random(chance));
        let of_kind = super::here::of_kind;
        ice.allowed = config.pairs.iter().map(|pair| (of_kind(pair.local), of_kind(pair.remote))).collect();
        Agent::new(ice, chance.split())
    }

    /// The agent whose pair carries data.
    pub(super) fn in_use(&self) -> &Agent {
        match &self.former {
            Some(former) if self.agent.selected().is_none() && former.selected().is_some() => former,
            _ => &self.agent,
        }
    }

    /// Whether a relay is part of the pair in use.
    pub(super) fn is_relayed(&self) -> bool {
        let selected = pairs::selected(self.in_use(), 0);
        selected.is_some_and(|selected| selected.path == ConnectPath::Relay)
    }

    fn heard(&mut self, now: Time, heard: Heard) {
        let route = |way: Way| Route(way.0);
        match heard {
            Heard::Found { way, base, candidate } => {
                if let Some(found) = self.here.take(way, base, candidate, &self.config) {
                    self.agent.add_local(found.local());
                }
            }
            Heard::Complete => {
                self.here.complete = true;
                self.agent.locals_complete();
            }
            Heard::Bytes { way, from, bytes } => self.received(now, way, from, &bytes),
            Heard::Unreachable { way, to, icmp } => {
                self.each_agent(|agent| agent.unreachable(route(way), to, icmp));
            }
            Heard::Refused { way, to, code, reason } => {
                let why = Failure::RelayRefused { code, reason };
                self.each_agent(|agent| agent.not_sent(route(way), to, why.clone()));
            }
            Heard::NoConnection { way, to, why } => {
                self.each_agent(|agent| agent.not_sent(route(way), to, Failure::NoConnection(why.clone())));
            }
            Heard::Resolved { name, address } => self.unveiled(now, &name, &address),
            Heard::Lost { way, why } => self.each_agent(|agent| agent.lost(route(way), &why)),
        }
    }

    /// What came over a way: by its first byte STUN or data (RFC 7983 §7).
    fn received(&mut self, now: Time, way: Way, from: SocketAddr, bytes: &[u8]) {
        const LAST_OF_STUN: u8 = 3;
        if bytes.first().is_some_and(|first| *first <= LAST_OF_STUN) {
            let of_former = self.former.as_mut().filter(|former| former.recognises(bytes));
            let agent = of_former.unwrap_or(&mut self.agent);
            if !agent.received(now, Route(way.0), from, bytes) {
                self.account.refuse(now, from.to_string(), "no STUN, though it begins like it".into());
            }
        } else if let Some(packet) = Packet::decode(bytes)
            && [Some(&self.agent), self.former.as_ref()].into_iter().flatten().any(|it| it.is_valid(Route(way.0), from))
            && let Some(answer) = self.traffic.received(now, &packet, bytes.len())
        {
            self.gathering.send(now, way, from, answer);
            self.stirred = true;
        }
    }

    fn each_agent(&mut self, mut tell: impl FnMut(&mut Agent)) {
        tell(&mut self.agent);
        self.former.iter_mut().for_each(tell);
    }

    /// Lets everything that can go on go on.
    pub(super) fn go_on(&mut self, now: Time) {
        while let Some(heard) = self.gathering.heard() {
            self.heard(now, heard);
        }
        if self.left.is_some() {
            return;
        }
        self.say_candidates();
        for former in [false, true] {
            let Some(agent) = (if former { self.former.as_mut() } else { Some(&mut self.agent) }) else { continue };
            agent.wake(now);
            while let Some(transmit) = agent.transmit() {
                self.gathering.send(now, Way(transmit.route.0), transmit.to, transmit.bytes);
                self.stirred = true;
            }
            let events: Vec<ice::Event> = std::iter::from_fn(|| agent.event()).collect();
            events.into_iter().for_each(|event| self.learn(now, event, former));
        }
        self.enter(now);
        self.measure(now);
        self.tell_of_pairs(now, false);
        self.decide(now);
    }

    /// Sends what is due over the pair in use, and takes note of what its checks took.
    fn measure(&mut self, now: Time) {
        let agent = self.in_use();
        let Some((route, to)) = agent.path() else { return };
        let spoken = agent.selected().and_then(|selected| agent.pairs().get(selected)).map(|pair| &pair.spoken);
        let (samples, rtt) = spoken.map_or((0, None), |spoken| (spoken.rtt_samples, spoken.rtt));
        if self.seen_checks != samples
            && let Some(rtt) = rtt
        {
            self.seen_checks = samples;
            self.checks.add(now, rtt);
        }
        self.pause(now);
        if self.account.state == ConnectState::Failed {
            return;
        }
        while let Some(packet) = self.traffic.send(now) {
            self.gathering.send(now, Way(route.0), to, packet);
            self.stirred = true;
        }
    }

    fn learn(&mut self, now: Time, event: ice::Event, former: bool) {
        match event {
            ice::Event::Valid { at, .. } => {
                self.account.first_valid.get_or_insert(at);
            }
            ice::Event::Selected { .. } => {
                let agent = if former { self.former.as_ref() } else { Some(&self.agent) };
                if let Some((route, to)) = agent.and_then(Agent::path) {
                    self.gathering.settle(Way(route.0), to);
                    self.stirred = true;
                }
                if !former {
                    self.restarted(now);
                }
                self.begin_to_measure(now);
            }
            ice::Event::RoleSwitched { role, .. } => {
                let role = if role == Role::Controlling { "controlling" } else { "controlled" };
                self.note(now, format!("both sides took the same role; this one is {role} now"));
            }
            ice::Event::PeerReflexive { local: true, address, .. } => {
                self.note(now, format!("the other side sees this one as {address}, which no server has seen"));
            }
            ice::Event::PeerReflexive { local: false, address, .. } => {
                self.note(now, format!("checks come from {address}, which is none of the candidates told"));
            }
            ice::Event::Refused { from, why, .. } => {
                self.account.refuse(now, from.to_string(), words::refused(&why));
            }
            ice::Event::Connection { .. } => {}
        }
    }

    /// A pair is in use: packets are sent over it, if that is wanted and the other side sends them back.
    fn begin_to_measure(&mut self, now: Time) {
        let echoes = self.there.description.as_ref().is_some_and(|description| description.echo);
        let wanted = self.config.until_failure || !self.config.duration.is_zero();
        if echoes && wanted && self.account.connected.is_none() {
            let duration = (!self.config.until_failure).then_some(self.config.duration);
            self.traffic.ask(now, duration, &mut self.chance);
        }
    }

    /// Takes note of the state that the agents are in.
    pub(super) fn enter(&mut self, now: Time) {
        let agent = self.in_use();
        let state = match agent.connection() {
            Connection::New => ConnectState::New,
            Connection::Checking => ConnectState::Checking,
            Connection::Connected => ConnectState::Connected,
            Connection::Disconnected => ConnectState::Disconnected,
            Connection::Failed => ConnectState::Failed,
        };
        let heard = agent.last_consent();
        if self.account.enter(now, state, heard) {
            self.learned(Event::Connection { elapsed_ms: now.millis(), state });
            self.tell_of_pairs(now, true);
            // What was found is not lost if this process is.
            if state == ConnectState::Connected {
                self.tell_all(now, None);
            }
        }
    }

    /// Tells what is new about pairs; not too often, unless it is `urgent`.
    pub(super) fn tell_of_pairs(&mut self, now: Time, urgent: bool) {
        if now < self.next_news && !urgent {
            return;
        }
        self.next_news = now + NEWS;
        let none = |_: SocketAddr| false;
        let scene = Scene { here: &self.here, strange: &none, ended: None };
        let mut news = Vec::new();
        for (index, pair) in self.agent.pairs().iter().enumerate() {
            let gist = pairs::gist(&self.agent, index, pair);
            if self.shown.len() <= index {
                self.shown.push(None);
            }
            if let Some(shown) = self.shown.get_mut(index)
                && shown.replace(gist) != Some(gist)
                && let (Some(pair), Ok(index)) = (pairs::pair(&self.agent, index, &scene), u32::try_from(index))
            {
                news.push(Event::Pair { elapsed_ms: now.millis(), index, pair: Box::new(pair) });
            }
        }
        news.into_iter().for_each(|event| self.learned(event));
    }

    /// Whether there is something about pairs that nobody was told.
    fn has_news(&self) -> bool {
        let mut pairs = self.agent.pairs().iter().enumerate();
        pairs.any(|(index, pair)| self.shown.get(index) != Some(&Some(pairs::gist(&self.agent, index, pair))))
    }

    /// The new agent's pairs are other ones.
    pub(super) fn forget_shown(&mut self) {
        self.shown.clear();
    }

    pub(super) fn learned(&mut self, event: Event) {
        self.out.push_back(Happening::Learned(Box::new(event)));
    }

    pub(super) fn note(&mut self, now: Time, text: String) {
        self.learned(Event::Note { elapsed_ms: now.millis(), text });
    }

    pub(super) fn say(&mut self, message: Message) {
        self.out.push_back(Happening::Say(message));
    }

    /// When there is something to do besides what gathering has to do.
    fn due(&self, now: Time) -> Time {
        if self.left.is_some() {
            return Time::NEVER;
        }
        let news = self.has_news().then_some(self.next_news);
        let former = self.former.as_ref().and_then(Agent::due);
        [self.agent.due(), former, news, self.traffic.due(), self.decides_at(now)]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(Time::NEVER)
    }
}

impl Machine for Connecting {
    type Event = Happening;

    fn input(&mut self, now: Time, input: Input<'_>) {
        match input {
            Input::Told { text } => self.told(now, text),
            Input::Stop => self.stop(now),
            input => self.gathering.input(now, input),
        }
        self.go_on(now);
    }

    fn output(&mut self, now: Time) -> Output<Happening> {
        loop {
            if let Some(happening) = self.out.pop_front() {
                return Output::Event(happening);
            }
            match self.gathering.output(now) {
                Output::WaitUntil(until, _) => {
                    self.go_on(now);
                    if !self.out.is_empty() || std::mem::take(&mut self.stirred) {
                        continue;
                    }
                    return Output::WaitUntil(until.min(self.due(now)), "the other side, and checks");
                }
                Output::Done => {
                    self.go_on(now);
                    match (self.out.is_empty(), self.left) {
                        (false, _) => continue,
                        (true, Some(_)) => return Output::Done,
                        (true, None) => return Output::WaitUntil(self.due(now), "the other side"),
                    }
                }
                output => return output.map(|event| Happening::Learned(Box::new(event))),
            }
        }
    }
}

pub(super) fn role(part: Part) -> Role {
    match part {
        Part::Offer => Role::Controlling,
        Part::Answer => Role::Controlled,
    }
}

//! Whether WebRTC will work from here: candidates and the check of every TURN server, side by side
//! over the same servers, as one machine.
//!
//! No server is asked for more than it would be by a browser with these servers: each TURN URL gets
//! one check, whose allocation is the relay candidate as well. Where a quota is too small for all
//! URLs at once, those that it refused are checked once more, one after the other, when everything
//! else is over; only then is the quota to blame and not our haste. The NAT is looked at last, with the
//! servers that proved to be of use.

mod nat;
mod ports;
mod relays;
mod vantages;

use std::collections::VecDeque;
use std::time::Duration;

use super::gather::{self, Gathering};
use super::turn;
use crate::machine::script::Script;
use crate::machine::{Chance, Input, Join, Machine, Output, Time};
use crate::report::{Cause, Event, Outcome, Turn};
use ports::Ports;
use relays::Relays;
use vantages::Vantages;

pub use vantages::Interface;

/// What to check.
#[derive(Debug, Clone)]
pub struct Config {
    /// Every server, the TURN servers too.
    pub gather: gather::Config,
    pub turn: turn::Config,
    /// Look at other ports of servers that do not answer; of these URLs, which nobody has written, only where no
    /// other of the same host answers.
    pub other_ports: Option<Vec<String>>,
    /// Check the TURN servers from these interfaces as well, when the checks are over.
    pub interfaces: Vec<Interface>,
    /// How to look at the NAT, with those of its servers that prove to be of use; and how long all of
    /// the run may take.
    pub nat: Option<(super::nat::Config, Duration)>,
}

/// The machine that checks everything.
pub struct Checking {
    config: turn::Config,
    servers: Vec<turn::ServerSpec>,
    chance: Chance,
    join: Join<Part, Running>,
    relays: Relays,
    ports: Ports,
    vantages: Vantages,
    behind: nat::Behind,
    /// TURN servers that are to be checked once more, and what was learned of them the first time.
    again: VecDeque<(usize, Vec<Turn>)>,
    /// What was learned the first time of the one that is checked once more.
    held: Vec<Turn>,
    /// The gathering reached its end.
    gathered: bool,
    /// The end of gathering and checks has been told.
    complete: bool,
    stopping: bool,
    over: bool,
    out: VecDeque<Output<Event>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Part {
    Gather,
    /// The STUN servers that the others are measured by.
    References,
    /// The TURN server at that place.
    Turn(usize),
    /// The same, when nothing else goes on.
    Alone(usize),
    /// The same checks from another interface, when the first ones are over.
    Vantage(usize),
    /// Where servers that do not answer may be, when the checks are over.
    Ports,
    /// What stands in between, after that.
    Nat,
}

enum Running {
    Gather(Box<Gathering>),
    References(Script<Event>),
    Ports(Script<Event>),
    Turn(Join<usize, Script<Event>>),
    Nat(Script<Event>),
}

impl Machine for Running {
    type Event = Event;

    fn input(&mut self, now: Time, input: Input<'_>) {
        match self {
            Running::Gather(machine) => machine.input(now, input),
            Running::References(machine) | Running::Ports(machine) | Running::Nat(machine) => machine.input(now, input),
            Running::Turn(machine) => machine.input(now, input),
        }
    }

    fn output(&mut self, now: Time) -> Output<Event> {
        match self {
            Running::Gather(machine) => machine.output(now),
            Running::References(machine) | Running::Ports(machine) | Running::Nat(machine) => machine.output(now),
            Running::Turn(machine) => machine.output(now).map(|(_, event)| event),
        }
    }
}

impl Checking {
    #[must_use]
    pub fn new(mut config: Config, mut chance: Chance) -> Checking {
        let turns = config.gather.servers.iter().filter(|server| server.uri.scheme.is_turn());
        let servers: Vec<turn::ServerSpec> = turns
            .map(|server| turn::ServerSpec { uri: server.uri.clone(), credentials: server.credentials.clone() })
            .collect();
        let relays = Relays::new(&config.gather);
        // The checks allocate; a second allocation beside each would only use up quotas.
        config.gather.relay = false;
        let mut join = Join::new();
        join.add(Part::Gather, Running::Gather(Box::new(Gathering::new(config.gather, chance.split()))));
        // Without a TURN server there is nothing to measure.
        if !servers.is_empty() {
            join.add(Part::References, Running::References(turn::references(&config.turn, chance.split())));
        }
        for (place, server) in servers.iter().enumerate() {
            join.add(Part::Turn(place), check(server, &config.turn, &mut chance));
        }
        Checking {
            config: config.turn,
            servers,
            chance,
            join,
            relays,
            ports: Ports::new(config.other_ports),
            vantages: Vantages::new(config.interfaces),
            behind: nat::Behind::new(config.nat),
            again: VecDeque::new(),
            held: Vec::new(),
            gathered: false,
            complete: false,
            stopping: false,
            over: false,
            out: VecDeque::new(),
        }
    }

    /// Why there is no [`Event::Nat`], where it was not looked at.
    #[must_use]
    pub fn nat_skipped(&self) -> Option<&'static str> {
        self.behind.skipped
    }

    fn learn(&mut self, now: Time, part: Part, event: Event) {
        match (part, event) {
            (Part::Nat, event) => self.out.extend(self.behind.told(event).map(Output::Event)),
            (Part::Vantage(place), Event::Turn { elapsed_ms, turn }) => {
                let told = self.vantages.told(place, &turn).map(Box::new);
                let event = told.map(|vantage| Event::Vantage { elapsed_ms, vantage });
                self.out.extend(event.map(Output::Event));
            }
            (Part::Vantage(_), Event::Step { .. }) => {}
            (Part::Gather, Event::Complete { .. }) => self.gathered = true,
            // What the gathering has no question for has its check.
            (Part::Gather, Event::Server { server, .. })
                if server.outcome == Outcome::Skipped && server.wanted.is_empty() => {}
            (Part::Turn(place), Event::Turn { turn, .. }) if self.is_held(place, &turn) => {
                match self.again.iter_mut().find(|(again, _)| *again == place) {
                    Some((_, held)) => held.push(*turn),
                    None => self.again.push_back((place, vec![*turn])),
                }
            }
            (Part::Alone(_), Event::Turn { turn, .. }) => {
                // Addresses that were not short of anything have been told of.
                if let Some(old) = self.held.iter().position(|old| old.address == turn.address) {
                    self.held.swap_remove(old);
                    self.tell(now, Event::Turn { elapsed_ms: now.millis(), turn });
                }
            }
            (_, event) => self.tell(now, event),
        }
    }

    /// A check that came too late for its share, because others of ours had theirs.
    fn is_held(&self, place: usize, turn: &Turn) -> bool {
        let short = turn.failing().is_some_and(|(_, step)| step.cause == Some(Cause::QuotaReached));
        short && !self.stopping && self.shares(place)
    }

    /// Another TURN URL is checked with the same user.
    fn shares(&self, place: usize) -> bool {
        let user = |server: &turn::ServerSpec| server.credentials.as_ref().map(|keys| keys.username.clone());
        let Some(one) = self.servers.get(place) else { return false };
        self.servers.iter().enumerate().any(|(other, server)| other != place && user(server) == user(one))
    }

    fn tell(&mut self, now: Time, event: Event) {
        match &event {
            Event::Server { server, .. } => self.behind.gathered(server),
            Event::Turn { turn, .. } => {
                self.behind.checked(turn);
                self.ports.checked(turn);
            }
            Event::Reference { reference, .. } => self.ports.measured(reference),
            _ => {}
        }
        self.relays.told(now, event, &mut self.out);
    }

    /// Everything is over: the next check that must have the server to itself, or the end.
    fn go_on(&mut self, now: Time) {
        for turn in std::mem::take(&mut self.held) {
            self.tell(now, Event::Turn { elapsed_ms: now.millis(), turn: Box::new(turn) });
        }
        let Some((place, held)) = self.again.pop_front() else {
            return self.look_behind(now);
        };
        self.held = held;
        if let Some(server) = self.servers.get(place).filter(|_| !self.stopping) {
            let text = format!("{}: our own checks used up the quota; checking it alone", server.uri);
            self.out.push_back(Output::Event(Event::Note { elapsed_ms: now.millis(), text }));
            self.join.add(Part::Alone(place), check(server, &self.config, &mut self.chance));
        }
    }

    /// The checks are over: other interfaces, other ports, the NAT, or the end.
    fn look_behind(&mut self, now: Time) {
        if !self.complete && self.gathered && !self.stopping {
            self.complete = true;
            self.tell(now, Event::Complete { elapsed_ms: now.millis() });
        }
        if !self.stopping {
            let others = self.vantages.begin(&self.servers, &self.config, &mut self.chance);
            if !others.is_empty() {
                for (place, machine) in others {
                    self.join.add(Part::Vantage(place), Running::Turn(machine));
                }
                return;
            }
        }
        if !self.stopping
            && let Some(machine) = self.ports.begin(&self.config, &mut self.chance)
        {
            return self.join.add(Part::Ports, Running::Ports(machine));
        }
        let next = if self.stopping { None } else { self.behind.begin(now, &mut self.chance) };
        match next {
            Some(machine) => self.join.add(Part::Nat, machine),
            None => self.over = true,
        }
    }
}

fn check(server: &turn::ServerSpec, config: &turn::Config, chance: &mut Chance) -> Running {
    Running::Turn(turn::checks(std::slice::from_ref(server), config, chance.split()))
}

impl Machine for Checking {
    type Event = Event;

    fn input(&mut self, now: Time, input: Input<'_>) {
        self.stopping |= matches!(input, Input::Stop);
        self.join.input(now, input);
    }

    fn output(&mut self, now: Time) -> Output<Event> {
        loop {
            if let Some(output) = self.out.pop_front() {
                return output;
            }
            if self.over {
                return Output::Done;
            }
            if self.behind.is_late(now) {
                self.join.tell(&Part::Nat, |machine| machine.input(now, Input::Stop));
            }
            match self.join.output(now) {
                Output::WaitUntil(until, why) => return Output::WaitUntil(self.behind.before_late(until), why),
                Output::Event((part, event)) => self.learn(now, part, event),
                Output::Done => self.go_on(now),
                output => return output.map(|(_, event)| event),
            }
        }
    }
}

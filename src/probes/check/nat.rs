//! The look at the NAT, when the checks are over: they have given their allocations back by then, so
//! that neither takes the other's share of a quota.

use std::time::Duration;

use super::Running;
use crate::machine::{Chance, Time};
use crate::probes::nat::{self, Config};
use crate::report::{Event, Outcome, RelayProtocol, Server, StepName, Turn};
use crate::wire::uri::{IceUri, Transport};

/// No verdict waits longer for it.
const LONGEST: Duration = Duration::from_secs(4);
/// With less than that nothing is found out.
const SHORTEST: Duration = Duration::from_secs(1);
/// What giving back allocations may take.
const RESERVE: Duration = Duration::from_millis(500);
/// Servers that are asked: more say nothing new.
const SERVERS: usize = 5;

const NO_TIME: &str = "no-time-left";

pub(super) struct Behind {
    config: Option<Config>,
    /// When the whole run is to be over.
    end: Duration,
    /// URLs that proved to be of use.
    useful: Vec<String>,
    /// When it is stopped, while it runs.
    until: Option<Time>,
    cut_short: bool,
    /// Why it was not looked at.
    pub(super) skipped: Option<&'static str>,
}

impl Behind {
    pub(super) fn new(config: Option<(Config, Duration)>) -> Behind {
        let end = config.as_ref().map_or(Duration::ZERO, |(_, limit)| *limit);
        let config = config.map(|(config, _)| config);
        Behind { config, end, useful: Vec::new(), until: None, cut_short: false, skipped: None }
    }

    pub(super) fn gathered(&mut self, server: &Server) {
        // Of TURN servers the checks tell.
        if server.outcome == Outcome::Ok && !server.url.starts_with("turn") {
            self.useful.push(server.url.clone());
        }
    }

    pub(super) fn checked(&mut self, turn: &Turn) {
        // Over UDP a server has to say as what it sees us, too.
        let sees = turn.transport != RelayProtocol::Udp || turn.went_well(StepName::Binding);
        if turn.works == Some(true) && sees {
            self.useful.push(turn.url.clone());
        }
    }

    /// The machine, the first time that it is asked for, if there is somebody to ask and the time.
    pub(super) fn begin(&mut self, now: Time, chance: &mut Chance) -> Option<Running> {
        let mut config = self.config.take()?;
        let turns = |uri: &IceUri| uri.scheme.is_turn();
        config.servers.retain(|server| self.useful.contains(&server.uri.to_string()));
        if !config.servers.iter().any(|server| server.uri.transport() == Transport::Udp) {
            self.skipped = Some("no-binding-answer");
            return None;
        }
        // Over streams a relay is a second place to look from, too; over UDP it is nearer.
        let by_udp = config.servers.iter().any(|server| turns(&server.uri) && is_udp(&server.uri));
        config.servers.retain(|server| is_udp(&server.uri) || (turns(&server.uri) && !by_udp));
        // A relay tells most: it is not to be the one that is left out.
        let (relays, plain): (Vec<_>, Vec<_>) = config.servers.into_iter().partition(|server| turns(&server.uri));
        let spare = SERVERS.saturating_sub(relays.len().min(2));
        config.servers = plain.into_iter().take(spare).chain(relays).take(SERVERS).collect();
        let last = Time::ZERO + self.end.saturating_sub(RESERVE);
        if last < now + SHORTEST {
            self.skipped = Some(NO_TIME);
            return None;
        }
        self.until = Some(last.min(now + LONGEST));
        Some(Running::Nat(nat::probe(config, chance.split())))
    }

    /// Whether its time is over; says so once.
    pub(super) fn is_late(&mut self, now: Time) -> bool {
        let late = self.until.is_some_and(|until| until <= now);
        if late {
            self.until = None;
            self.cut_short = true;
        }
        late
    }

    /// Not later than its time is over.
    pub(super) fn before_late(&self, until: Time) -> Time {
        self.until.map_or(until, |late| late.min(until))
    }

    /// What it tells: of servers the checks tell more, and whoever is stopped does not know by whom.
    pub(super) fn told(&self, event: Event) -> Option<Event> {
        match event {
            Event::Server { .. } => None,
            Event::Nat { elapsed_ms, nat, mut unknown } if self.cut_short => {
                unknown.values_mut().filter(|why| *why == "interrupted").for_each(|why| *why = NO_TIME.into());
                Some(Event::Nat { elapsed_ms, nat, unknown })
            }
            event => Some(event),
        }
    }
}

fn is_udp(uri: &IceUri) -> bool {
    uri.transport() == Transport::Udp
}

//! The relay candidates, and the errors that a browser would report, of checks that gather nothing
//! themselves.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use crate::machine::{Output, Time};
use crate::probes::gather::Config;
use crate::probes::gather::harvest::{Find, Harvest};
use crate::report::{CandidateKind, Event, IceError, RelayProtocol, StepName, StepOutcome, Turn};
use crate::wire::uri::Transport;

/// The code of a browser for a server that it could not reach (W3C WebRTC §4.8.3).
const UNREACHED: u16 = 701;

pub(super) struct Relays {
    harvest: Harvest,
    config: Config,
    /// When each allocation was granted, by URL and address.
    granted: HashMap<(String, Option<String>), f64>,
}

impl Relays {
    pub(super) fn new(config: &Config) -> Relays {
        Relays { harvest: Harvest::new(config), config: config.clone(), granted: HashMap::new() }
    }

    /// Passes an event on; before the end of a check, what it gave.
    pub(super) fn told(&mut self, now: Time, event: Event, out: &mut VecDeque<Output<Event>>) {
        match &event {
            Event::Step { elapsed_ms, url, address, step }
                if step.name == StepName::Allocate && step.outcome == StepOutcome::Ok =>
            {
                self.granted.insert((url.clone(), address.clone()), *elapsed_ms);
            }
            Event::Turn { elapsed_ms, turn } if self.config.relay => {
                if let Some(error) = error(*elapsed_ms, turn) {
                    out.push_back(Output::Event(Event::Error { elapsed_ms: *elapsed_ms, error }));
                }
                if let Some(find) = self.find(turn) {
                    let granted = self.granted.get(&(turn.url.clone(), turn.address.clone()));
                    let now = granted.map_or(now, |ms| Time::ZERO + Duration::from_secs_f64(ms / 1e3));
                    self.harvest.take(now, &find, &self.config, out);
                }
            }
            _ => {}
        }
        out.push_back(Output::Event(event));
    }

    fn find(&self, turn: &Turn) -> Option<Find> {
        let allocation = turn.allocation.as_ref()?;
        let address: SocketAddr = allocation.relayed.parse().ok()?;
        let local: SocketAddr = turn.local.as_ref()?.parse().ok()?;
        Some(Find {
            kind: CandidateKind::Relay,
            address,
            base: address,
            related: allocation.mapped.as_ref().and_then(|mapped| mapped.parse().ok()),
            server: self.config.servers.iter().position(|server| server.uri.to_string() == turn.url)?,
            local: self.config.locals.iter().position(|known| known.address == local.ip())?,
            server_address: turn.address.as_ref()?.parse().ok()?,
            transport: match turn.transport {
                RelayProtocol::Udp => Transport::Udp,
                RelayProtocol::Tcp => Transport::Tcp,
                RelayProtocol::Tls => Transport::Tls,
                RelayProtocol::Dtls => Transport::Dtls,
            },
            url: turn.url.clone(),
        })
    }
}

/// What a browser would report of a check that got no allocation.
fn error(elapsed_ms: f64, turn: &Turn) -> Option<IceError> {
    let (_, step) = turn.failing().filter(|(_, step)| step.name <= StepName::Allocate)?;
    // The gathering asks for a Binding over UDP itself, and says so.
    let told = turn.transport == RelayProtocol::Udp && step.name <= StepName::Binding;
    if told || turn.allocation.is_some() {
        return None;
    }
    let local: Option<SocketAddr> = turn.local.as_ref().and_then(|local| local.parse().ok());
    let text = step.error_text.clone().or_else(|| step.detail.clone());
    Some(IceError {
        elapsed_ms,
        url: turn.url.clone(),
        address: local.map(|local| local.ip().to_string()),
        port: local.map(|local| local.port()),
        error_code: step.error_code.unwrap_or(UNREACHED),
        error_text: text.unwrap_or_default(),
    })
}

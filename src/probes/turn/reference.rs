//! STUN servers that others are measured by: whether UDP leaves this network at all, and as whom the
//! world sees us.

use std::cell::{Cell, RefCell};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use super::Config;
use crate::machine::script::{Either, Hands, Part, Script, all, either};
use crate::machine::{Chance, Time, Want};
use crate::probes::explain;
use crate::probes::resolve::resolve;
use crate::probes::station::{End, Manner, Station};
use crate::probes::weather::Weather;
use crate::proto::exchange::{Answer, Request};
use crate::report::{Event, Reference, StepOutcome};
use crate::wire::attribute::Family;
use crate::wire::message::{Message, Method};
use crate::wire::uri::{Host, IceUri};

/// Addresses of reference servers, as far as they are known by now.
#[derive(Debug, Default)]
pub(super) struct References {
    addresses: RefCell<Vec<SocketAddr>>,
    resolved: Cell<bool>,
}

impl References {
    /// Finds out the addresses of all of them, at once.
    pub(super) async fn find(&self, hands: &Hands<Event>, config: &Config, mut chance: Chance) {
        let parts = config.reference.iter().map(|uri| {
            let chance = chance.split();
            Box::pin(async move { addresses(hands, uri, chance).await }) as Part<'_, Vec<SocketAddr>>
        });
        let found = all(parts.collect()).await;
        self.addresses.borrow_mut().extend(found.into_iter().flatten());
        self.resolved.set(true);
        hands.changed();
    }

    /// Those of a family, when they are known.
    pub(super) async fn of_family(&self, hands: &Hands<Event>, ipv4: bool) -> Vec<SocketAddr> {
        hands.until(|| self.resolved.get().then_some(())).await;
        self.addresses.borrow().iter().copied().filter(|address| address.is_ipv4() == ipv4).collect()
    }
}

/// Both families, each with the first address.
async fn addresses(hands: &Hands<Event>, uri: &IceUri, chance: Chance) -> Vec<SocketAddr> {
    if let Host::Ip(ip) = &uri.host {
        return vec![SocketAddr::new(*ip, uri.port.unwrap_or(uri.default_port()))];
    }
    let settled = resolve(hands, uri, chance).await;
    let first = |(_, result): &(Family, Result<Vec<_>, _>)| {
        let targets: &Vec<crate::proto::resolution::Target> = result.as_ref().ok()?;
        targets.first().map(|target| target.address)
    };
    settled.iter().filter_map(first).collect()
}

/// Asks every reference server over UDP, and tells what came of it.
#[must_use]
pub fn references(config: &Config, mut chance: Chance) -> Script<Event> {
    let config = config.clone();
    Script::new(|hands| async move {
        let parts = config.reference.iter().map(|uri| {
            let (hands, config, chance) = (&hands, &config, chance.split());
            Box::pin(async move { measure(hands, uri, config, chance).await }) as Part<'_, ()>
        });
        all(parts.collect()).await;
    })
}

async fn measure(hands: &Hands<Event>, uri: &IceUri, config: &Config, mut chance: Chance) {
    let found = addresses(hands, uri, chance.split()).await;
    let tell = |reference| hands.tell(Event::Reference { elapsed_ms: hands.now().millis(), reference });
    let url = uri.to_string();
    if found.is_empty() && !hands.stopping() {
        let outcome = StepOutcome::Skipped;
        tell(Reference { url: url.clone(), address: None, outcome, mapped: None, rtt_ms: None, icmp: None });
    }
    let parts = found.into_iter().filter_map(|address| {
        let local = config.locals.iter().find(|local| local.is_ipv4() == address.is_ipv4())?;
        let (url, chance) = (url.clone(), chance.split());
        Some(Box::pin(async move {
            if let Some(reference) = ask(hands, url, (*local, address), config, chance).await {
                tell(reference);
            }
        }) as Part<'_, ()>)
    });
    all(parts.collect()).await;
}

async fn ask(
    hands: &Hands<Event>,
    url: String,
    (local, address): (IpAddr, SocketAddr),
    config: &Config,
    chance: Chance,
) -> Option<Reference> {
    let line = hands.open(Want::udp(SocketAddr::new(local, 0))).await.ok()?;
    let manner = Manner { schedule: config.schedule, trace: config.trace, weather: Rc::new(Weather::default()) };
    let station = Station::new(hands, line, address, manner, None, chance);
    let asking = station.ask_bare(Request::new(Method::BINDING));
    let Either::First(reply) = either(asking, hands.stopped()).await else { return None };
    let icmp = match &reply.end {
        End::Answer(Answer::Unreachable(icmp)) => Some(explain::icmp_error(*icmp)),
        _ => None,
    };
    let outcome = match reply.success() {
        Some(_) => StepOutcome::Ok,
        None if reply.is_silence() => StepOutcome::Timeout,
        None => StepOutcome::Failed,
    };
    Some(Reference {
        url,
        address: Some(address.to_string()),
        outcome,
        mapped: reply.success().and_then(Message::mapped).map(|mapped| mapped.to_string()),
        rtt_ms: reply.seen.round_trip.map(|rtt| Time::from(rtt).millis()),
        icmp,
    })
}

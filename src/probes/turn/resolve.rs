//! The first step: from the server's name to its addresses.

use std::net::IpAddr;
use std::time::Duration;

use super::record::Ending;
use super::{ADDRESSES, Config, ServerSpec};
use crate::machine::Chance;
use crate::machine::script::Hands;
use crate::probes::resolve;
use crate::proto::resolution::{Target, Unresolved};
use crate::report::{Cause, Event};
use crate::wire::attribute::Family;
use crate::wire::uri::Host;

/// An address to check, or none, with the step that led to it.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub target: Option<Target>,
    pub ending: Ending,
}

/// Resolves both families; never empty.
pub(super) async fn resolve(
    hands: &Hands<Event>,
    server: &ServerSpec,
    config: &Config,
    chance: &mut Chance,
) -> Vec<Found> {
    let began = hands.now();
    let settled = resolve::resolve(hands, &server.uri, chance.split()).await;
    targets(hands, server, config, &settled, hands.now() - began)
}

fn targets(
    hands: &Hands<Event>,
    server: &ServerSpec,
    config: &Config,
    settled: &[(Family, Result<Vec<Target>, Unresolved>)],
    took: Duration,
) -> Vec<Found> {
    let has = |family: Family| config.locals.iter().any(|local| local.is_ipv4() == (family == Family::V4));
    let ipv4 = settled.iter().any(|(family, result)| {
        *family == Family::V4 && has(Family::V4) && result.as_ref().is_ok_and(|targets| !targets.is_empty())
    });
    let usable = |family: Family, target: &Target| {
        has(family) && (config.global_v6 || !ipv4 || !is_global_v6(target.address.ip()))
    };
    let mut found = Vec::new();
    let mut beyond = Vec::new();
    for (family, result) in settled {
        for target in result.iter().flatten().take(ADDRESSES) {
            if usable(*family, target) {
                let how = match (&server.uri.host, target.from_srv) {
                    (Host::Ip(_), _) => "an address, no name".to_string(),
                    (_, true) => format!("{} (by SRV, which browsers do not ask)", target.address),
                    (_, false) => target.address.to_string(),
                };
                found.push(Found { target: Some(*target), ending: Ending::ok(took, how) });
            } else {
                beyond.push(*target);
            }
        }
    }
    if !found.is_empty() {
        return found;
    }
    let ending = if hands.stopping() {
        Ending::failed(Cause::Stopped, took, "stopped before the DNS had answered")
    } else if let Some(target) = beyond.first() {
        let family = if target.address.is_ipv4() { "IPv4" } else { "IPv6" };
        let text = format!("its address is {}, and there is no usable {family} address here", target.address.ip());
        Ending::failed(Cause::Unreachable, took, text)
    } else {
        unresolved(settled, took)
    };
    vec![Found { target: None, ending }]
}

/// An IPv6 address that a route of the Internet leads to.
fn is_global_v6(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(ip) if !ip.is_unique_local() && !ip.is_unicast_link_local() && !ip.is_loopback())
}

fn unresolved(settled: &[(Family, Result<Vec<Target>, Unresolved>)], took: Duration) -> Ending {
    let say = |why: &Unresolved| match why {
        Unresolved::NoAddress => 0,
        Unresolved::NoSuchName => 1,
        _ => 2,
    };
    let reasons = settled.iter().filter_map(|(_, result)| result.as_ref().err());
    let Some(why) = reasons.max_by_key(|why| say(why)) else {
        return Ending::failed(Cause::DnsFailed, took, "no address");
    };
    let cause = match why {
        Unresolved::NoSuchName | Unresolved::NoAddress => Cause::NoSuchName,
        _ => Cause::DnsFailed,
    };
    Ending::failed(cause, took, why.to_string())
}

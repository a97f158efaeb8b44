//! Where NATs are probed from.

use std::net::{IpAddr, SocketAddr};

use crate::commands::environment;
use crate::commands::locals::{self, Wish};
use crate::commands::record::World;
use crate::commands::stop::Stop;
use crate::drive;
use crate::probes::nat::Place;
use crate::report::Interface;
use crate::wire::uri::{Host, IceUri};

/// The ways out of this host that calls would take: the addresses that the system itself sends from
/// to the Internet and to the servers, IPv4 first. All that were asked for, when some were.
pub fn choose(
    world: &World,
    interfaces: &[Interface],
    wish: &Wish,
    servers: &[IceUri],
    gateway: bool,
) -> Result<Vec<Place>, Stop> {
    let routed = environment::routed(world)?;
    let mut found = locals::choose(interfaces, wish, &routed)?;
    if wish.interfaces.is_empty() && wish.addresses.is_empty() {
        let mut ways = if servers.iter().all(locals::is_here) { Vec::new() } else { routed };
        ways.extend(world.fact("towards", || Ok(servers.iter().filter_map(towards).collect::<Vec<_>>()))?);
        // Without a route to anywhere, whatever there is may lead to a server that is near.
        if found.iter().any(|local| ways.contains(&local.address)) {
            found.retain(|local| ways.contains(&local.address));
        }
    }
    let routers = if gateway { world.fact("routers", routers)? } else { Vec::new() };
    let place = |local: crate::probes::gather::Local| Place {
        gateway: routers
            .iter()
            .find(|(interface, router)| *interface == local.interface && router.is_ipv4() == local.address.is_ipv4())
            .map(|(_, router)| *router),
        mtu: interfaces.iter().find(|interface| interface.name == local.interface).and_then(|interface| interface.mtu),
        address: local.address,
        interface: Some(local.interface),
    };
    Ok(found.into_iter().map(place).collect())
}

/// The routers to everywhere else, each with the interface that leads to it.
fn routers() -> Result<Vec<(String, SocketAddr)>, Stop> {
    let found = drive::gateways().map_err(|why| Stop::CannotRun(why.to_string()))?;
    Ok(found.into_iter().map(|router| (router.interface, router.address)).collect())
}

/// From where the system sends to a server that is named by its address.
fn towards(server: &IceUri) -> Option<IpAddr> {
    match &server.host {
        Host::Ip(ip) => drive::source_address(SocketAddr::new(*ip, server.port.unwrap_or(server.default_port()))),
        Host::Name(_) if locals::is_here(server) => Some(IpAddr::from([127, 0, 0, 1])),
        Host::Name(_) => None,
    }
}

//! How to look at the NAT beside a connection.

use super::ConnectArgs;
use crate::commands::locals::Wish;
use crate::commands::nat as between;
use crate::commands::record::World;
use crate::commands::stop::Stop;
use crate::probes::connect::{Config, Only, Policy};
use crate::probes::gather;
use crate::probes::nat::{self, Tests};
use crate::report::Environment;
use crate::wire::uri::{IceUri, Transport};

/// Mapping and filtering, and nothing else: `None` where it is not wanted or of no use. The servers are to be filled in.
pub fn look(
    args: &ConnectArgs,
    connect: &Config,
    servers: &[IceUri],
    (environment, wish): (&Environment, &Wish),
    demo: bool,
    world: &World,
) -> Result<Option<nat::Config>, Stop> {
    let by_udp = connect.policy == Policy::All && connect.only != Some(Only::Tcp);
    let ports = between::ports_missing(args.probing.port_range, None).is_none();
    if args.no_forecast || !by_udp || !ports {
        return Ok(None);
    }
    Ok(Some(nat::Config {
        places: between::places::choose(world, &environment.interfaces, wish, servers, false)?,
        ports: args.probing.port_range,
        tests: Tests { hairpinning: false, ports: false, tcp: false, fragments: false, path_mtu: false },
        ..between::config(world, args.probing.timing.schedule(), args.no_software, demo)
    }))
}

/// Fills the servers in. As seen from relays, more would be known; but a second allocation beside the connection's own
/// may be one too many for a user's quota.
pub fn ask(look: Option<nat::Config>, servers: &[gather::ServerSpec]) -> Option<nat::Config> {
    let by_udp = servers.iter().filter(|server| server.uri.transport() == Transport::Udp);
    let servers: Vec<nat::ServerSpec> =
        by_udp.map(|server| nat::ServerSpec { uri: server.uri.clone(), credentials: None }).collect();
    look.filter(|_| !servers.is_empty()).map(|look| nat::Config { servers, ..look })
}

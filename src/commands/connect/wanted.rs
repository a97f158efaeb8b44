//! What the machine is to do, by what was asked.

use std::time::{Duration, SystemTime};

use super::way::Kept;
use super::{ConnectArgs, Only};
use crate::commands::gather::{Policy as Wanted, connections};
use crate::commands::record::World;
use crate::commands::servers::Named;
use crate::commands::stop::{Stop, usage};
use crate::probes::connect::{self, Config, PairKind, Policy};
use crate::probes::gather::{self, Alternate, Local};
use crate::report::CandidateKind;

/// How long the other side is waited for, when programs speak.
const WAIT: Duration = Duration::from_secs(60);
/// And when somebody has to carry a text.
const CARRIED: Duration = Duration::from_secs(600);
/// What --echo measures for.
const ECHO: Duration = Duration::from_secs(5);
/// Gathering, checking and leaving take no longer than this.
const BESIDES: Duration = Duration::from_secs(60);

pub fn config(
    args: &ConnectArgs,
    kept: &Kept,
    named: Named,
    locals: Vec<Local>,
    demo: bool,
    world: &World,
) -> Result<Config, Stop> {
    let relay_only = args.policy.map_or(named.relay_only, |policy| policy == Wanted::Relay);
    if relay_only && !demo && !kept.may_name_servers && !named.servers.iter().any(|server| server.uri.scheme.is_turn())
    {
        return usage("only relay candidates are wanted, but no TURN server is named; add one with --turn");
    }
    let tcp = args.tcp || args.only == Some(Only::Tcp);
    let gather = gather::Config {
        servers: named.servers,
        locals,
        host: !relay_only,
        srflx: !relay_only,
        relay: true,
        schedule: args.probing.timing.schedule(),
        alternate: Alternate::Follow,
        send_software: !args.no_software,
        connections: world.fact("connections", || Ok(connections()))?,
        unix_time: world.started().duration_since(SystemTime::UNIX_EPOCH).ok().map(|since| since.as_secs()),
        keep: true,
        tcp,
    };
    Ok(Config {
        gather,
        part: kept.part,
        trickle: kept.trickle,
        policy: if relay_only { Policy::Relay } else { Policy::All },
        only: args.only.map(|only| match only {
            Only::Udp => connect::Only::Udp,
            Only::Tcp => connect::Only::Tcp,
        }),
        pairs: args.pair.clone(),
        duration: args.duration.unwrap_or(if args.echo { ECHO } else { Duration::ZERO }),
        until_failure: args.until_failure,
        restart: args.restart,
        wait: wait(args, kept.carried),
        tcp,
        mdns: !args.no_mdns,
        nat: None,
    })
}

/// How long the other side is waited for.
pub fn wait(args: &ConnectArgs, carried: bool) -> Duration {
    args.wait.unwrap_or(if carried { CARRIED } else { WAIT })
}

/// How long the whole may take; none for who waits for a failure.
pub fn limit(args: &ConnectArgs, config: &Config) -> Option<Duration> {
    let parts = [config.wait, config.duration, config.restart.unwrap_or_default(), BESIDES];
    let limit = (!config.until_failure).then(|| parts.into_iter().fold(Duration::ZERO, Duration::saturating_add));
    args.probing.timeout.or(limit)
}

/// Reads a pair of types, such as `host-srflx`.
pub fn pair(text: &str) -> Result<PairKind, String> {
    let kind = |word: &str| match word {
        "host" => Some(CandidateKind::Host),
        "srflx" => Some(CandidateKind::Srflx),
        "prflx" => Some(CandidateKind::Prflx),
        "relay" => Some(CandidateKind::Relay),
        _ => None,
    };
    let both = text.trim().split_once('-').and_then(|(local, remote)| kind(local).zip(kind(remote)));
    match both {
        Some((local, remote)) => Ok(PairKind { local, remote }),
        None => Err("write two of host, srflx, prflx and relay with a hyphen between, such as host-srflx".into()),
    }
}

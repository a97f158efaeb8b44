pub mod facts;
pub mod places;
mod verdict;

use std::time::{Duration, UNIX_EPOCH};

use clap::{ArgMatches, Args};

use super::demo::{Demo, DemoArgs};
use super::locals::{self, Wish};
use super::output::{OutputArgs, Outputs};
use super::probing::ProbeArgs;
use super::record::{self, World};
use super::servers::{DefaultsArgs, Manner, ServerArgs};
use super::stop::{Stop, usage};
use super::{environment, span};
use crate::drive::{self, Ended};
use crate::machine::Chance;
use crate::probes::nat::{Config, ServerSpec, Tests, ports_needed, probe as probing};
use crate::proto::schedule::Schedule;
use crate::report::{Environment, Event, Report};
use crate::rules;
use crate::view::ui::Ui;
use crate::wire::uri::Transport;

/// Find out how the NAT in front of this host treats packets, and with whom calls go direct
///
/// Mapping, filtering, hairpinning and ports in the words of RFC 4787, by three methods that check each other:
/// a server with two addresses (RFC 5780), several plain STUN servers, and relayed addresses of TURN servers. One
/// plain STUN server beside one TURN server with credentials is enough to know it all. Then a forecast, worked out
/// by playing ICE between this NAT and each other kind: with whom calls go direct, and with whom they need a relay.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct NatArgs {
    #[command(flatten)]
    pub servers: ServerArgs,
    #[command(flatten)]
    pub defaults: DefaultsArgs,
    #[command(flatten)]
    pub demo: DemoArgs,
    /// Measure how long the NAT keeps an idle mapping, up to this long; takes about as long as that is [up to: 130s]
    #[arg(long, value_name = "MAX", env = "RTCPROBE_NAT_LIFETIME", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "130s", value_parser = lifetime, help_heading = "NAT")]
    pub lifetime: Option<Duration>,
    /// Ask the router for its public address, by PCP, NAT-PMP and UPnP: tells one NAT from several in a row
    #[arg(long, env = "RTCPROBE_GATEWAY", value_parser = super::flag::parse, help_heading = "NAT")]
    pub gateway: bool,
    /// Do not tell servers the name and version of this program
    #[arg(long, env = "RTCPROBE_NO_SOFTWARE", value_parser = super::flag::parse, help_heading = "NAT")]
    pub no_software: bool,
    /// Fail with exit code 1 on a warning, too: a symmetric NAT, a server that does not answer
    #[arg(long, env = "RTCPROBE_STRICT", value_parser = super::flag::parse, help_heading = "Verdict")]
    pub strict: bool,
    #[command(flatten)]
    pub probing: ProbeArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

const EXAMPLES: &str = "\
Examples:
  rtcprobe nat
  rtcprobe nat --demo=symmetric
  rtcprobe nat stun:stun.example.org turn:turn.example.org --username alice --credential-file password.txt
  rtcprobe nat --stun stun.example.org --lifetime --gateway
  rtcprobe nat --ice-servers config.json --json";

const NO_SERVER: &str = "no server is named, and --no-default-servers keeps from asking public ones; name a STUN \
    server, such as --stun stun.example.org, or try --demo";

/// The network phase may take that long, besides what is measured over a longer time.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Nobody waits longer for a mapping to go away.
const LONGEST: Duration = Duration::from_secs(3600);
/// Below that loss and a late packet are as likely as a mapping that is gone.
const SHORTEST: Duration = Duration::from_secs(5);

/// Everything that was asked.
struct Plan {
    config: Config,
    options: drive::Options,
    limit: Duration,
    environment: Environment,
    defaults: bool,
    demo: Option<Demo>,
    outputs: Outputs,
    chance: Chance,
}

pub fn run(args: &NatArgs, matches: &ArgMatches, world: &World, ui: &mut Ui) -> Result<u8, Stop> {
    let plan = ask(args, matches, world, ui)?;
    let (mut report, outputs, ended) = probe(plan, world, ui)?;
    judge(&mut report, ended);
    world.finish(&report)?;
    outputs.end(&report, ui);
    Ok(outputs.code(&report, args.strict))
}

fn ask(args: &NatArgs, matches: &ArgMatches, world: &World, ui: &mut Ui) -> Result<Plan, Stop> {
    let now = world.started();
    let outputs = args.output.outputs("nat")?;
    enough_ports(args.probing.port_range, args.lifetime)?;
    let mut chance = Chance::from_seed(world.seed()?);
    let demo = args.demo.ask(now, &mut chance)?;
    let manner = Manner { defaults: !args.defaults.no_default_servers, ..Manner::default() };
    let named = match &demo {
        Some(_) => args.servers.none(matches)?,
        None => record::servers(world, || args.servers.ask(matches, manner, now, ui))?,
    };
    if named.servers.is_empty() && demo.is_none() {
        return usage(NO_SERVER);
    }
    let options = world.options(|| args.probing.options())?;
    let options = demo.as_ref().map_or(options.clone(), |demo| demo.options(options));
    let environment = environment::look(world)?;
    let uris = || named.servers.iter().map(|server| &server.uri);
    let wish = if demo.is_some() { Wish::demo() } else { args.probing.wish(uris()) };
    locals::check_family(uris(), &wish)?;
    let uris: Vec<_> = uris().cloned().collect();
    let places = places::choose(world, &environment.interfaces, &wish, &uris, args.gateway)?;
    let schedule = args.probing.timing.schedule();
    let config = Config {
        servers: named.servers.into_iter().map(spec).collect(),
        places,
        ports: args.probing.port_range,
        lifetime: args.lifetime,
        gateway: args.gateway,
        trace: ui.verbose > 1,
        ..config(world, schedule, args.no_software, demo.is_some())
    };
    // Names, a server that is silent, and then the others.
    let limit = TIMEOUT.max(schedule.total() * 3).saturating_add(args.lifetime.unwrap_or_default());
    let limit = args.probing.timeout.unwrap_or(limit);
    let defaults = named.defaults;
    Ok(Plan { config, options, limit, environment, defaults, demo, outputs, chance })
}

/// What is the same whoever looks: the servers and the places are to be filled in.
pub fn config(world: &World, schedule: Schedule, no_software: bool, demo: bool) -> Config {
    Config {
        servers: Vec::new(),
        places: Vec::new(),
        schedule,
        // Nothing leads to the public address of a NAT that is only simulated.
        tests: Tests { hairpinning: !demo, ..Tests::default() },
        ports: None,
        lifetime: None,
        gateway: false,
        software: (!no_software).then(|| concat!("rtcprobe ", env!("CARGO_PKG_VERSION")).to_string()),
        unix_time: world.started().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs(),
        trace: false,
    }
}

pub fn spec(server: crate::probes::gather::ServerSpec) -> ServerSpec {
    ServerSpec { uri: server.uri, credentials: server.credentials }
}

fn probe(plan: Plan, world: &World, ui: &mut Ui) -> Result<(Report, Outputs, Ended), Stop> {
    let Plan { mut config, options, limit, environment, defaults, demo, mut outputs, chance } = plan;
    let mut report = Report::new("nat", drive::rfc3339(world.started()), environment);
    report.demo = demo.as_ref().map(|demo| demo.kind.clone());
    report.default_servers = defaults;
    outputs.begin(report.demo.as_deref(), ui);
    let mut end = 0.0;
    let named = std::mem::take(&mut config.servers);
    let lifetime = config.lifetime;
    let look = async |servers| {
        ui.begin(&[facts::awaited(lifetime)]);
        let mut probing = probing(Config { servers, ..config }, chance);
        world
            .run(&mut probing, &options, Some(limit), |now, mut event| {
                end = now.millis();
                if let Event::Nat { nat, .. } = &mut event {
                    rules::forecast::fill(nat);
                }
                outputs.learn(&event, ui);
                report.learn(&event);
            })
            .await
    };
    let running = async {
        match demo {
            // Over UDP is all there is to learn.
            Some(demo) => {
                demo.serve(world, async |named| {
                    let by_udp = named.into_iter().filter(|server| server.uri.transport() == Transport::Udp);
                    look(by_udp.map(spec).collect()).await
                })
                .await
            }
            None => Ok(look(named).await),
        }
    };
    let cannot = |why: drive::CannotRun| Stop::CannotRun(why.to_string());
    let ended = drive::block_on(running).map_err(cannot)??.map_err(cannot)?;
    report.duration_ms = end;
    ui.end();
    Ok((report, outputs, ended))
}

fn judge(report: &mut Report, ended: Ended) {
    report.interrupted = ended == Ended::Interrupted;
    facts::explain(report, ended);
    report.findings = rules::judge(report);
    verdict::spare(report);
    report.verdict = verdict::verdict(report);
}

/// Every port talks to one place, and none is used twice.
fn enough_ports(range: Option<(u16, u16)>, lifetime: Option<Duration>) -> Result<(), Stop> {
    match (range, ports_missing(range, lifetime)) {
        (Some((first, last)), Some(wanted)) => {
            let of = if lifetime.is_some() { "nat --lifetime" } else { "nat" };
            usage(format!(
                "--port-range {first}-{last}: {of} looks at many ports, each used once, and needs {wanted} to choose from"
            ))
        }
        _ => Ok(()),
    }
}

/// How many ports a range has to have, if it has fewer.
pub fn ports_missing(range: Option<(u16, u16)>, lifetime: Option<Duration>) -> Option<usize> {
    let wanted = ports_needed(lifetime);
    range.and_then(|(first, last)| (usize::from(last.abs_diff(first)) + 1 < wanted).then_some(wanted))
}

fn lifetime(text: &str) -> Result<Duration, String> {
    match span::parse(text)? {
        span if span > LONGEST => Err("write an hour at the most, such as 10m".into()),
        span if span < SHORTEST => Err("write five seconds at the least, such as 60s".into()),
        span => Ok(span),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_worth_measuring_between_seconds_and_an_hour() {
        assert_eq!(lifetime("60s"), Ok(Duration::from_secs(60)));
        for text in ["1s", "2h", "0", "long"] {
            assert!(lifetime(text).is_err(), "{text}");
        }
    }
}

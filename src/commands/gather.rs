use std::time::{Duration, SystemTime};

use clap::{ArgMatches, Args, ValueEnum};

use super::demo::{Demo, DemoArgs};
use super::locals::{self, Wish};
use super::output::{OutputArgs, Outputs};
use super::probing::ProbeArgs;
use super::record::{self, World};
use super::servers::{DefaultsArgs, Manner, Named, ServerArgs};
use super::stop::{Stop, usage};
use super::{environment, judge};
use crate::drive::{self, Ended};
use crate::machine::Chance;
use crate::probes::gather::{Alternate, Config, Gathering};
use crate::report::{Environment, Report};
use crate::view::ui::Ui;

/// Gather ICE candidates and show them as they are found, with every server's errors
///
/// Does what a browser does before a call: collects host candidates from the network interfaces, server
/// reflexive ones from STUN and TURN servers and relay candidates from TURN servers, shows each the moment
/// it is found, and says for every server whether it gave what it should and if not, why.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct GatherArgs {
    #[command(flatten)]
    pub servers: ServerArgs,
    #[command(flatten)]
    pub defaults: DefaultsArgs,
    #[command(flatten)]
    pub demo: DemoArgs,
    /// Which candidates a browser would be allowed to use
    #[arg(long, value_enum, value_name = "POLICY", env = "RTCPROBE_POLICY", help_heading = "Gathering")]
    pub policy: Option<Policy>,
    /// Which kinds of candidates to gather
    #[arg(
        long,
        value_enum,
        value_name = "KINDS",
        env = "RTCPROBE_CANDIDATES",
        value_delimiter = ',',
        help_heading = "Gathering"
    )]
    pub candidates: Vec<Kind>,
    /// What to do when a server sends us to another one (300 Try Alternate)
    #[arg(
        long,
        value_enum,
        value_name = "RULE",
        env = "RTCPROBE_ALTERNATE",
        default_value_t,
        help_heading = "Gathering"
    )]
    pub alternate: Redirects,
    /// Do not tell servers the name and version of this program
    #[arg(long, env = "RTCPROBE_NO_SOFTWARE", value_parser = super::flag::parse, help_heading = "Gathering")]
    pub no_software: bool,
    /// Fail with exit code 1 on a warning, too
    #[arg(long, env = "RTCPROBE_STRICT", value_parser = super::flag::parse, help_heading = "Gathering")]
    pub strict: bool,
    #[command(flatten)]
    pub probing: ProbeArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// The network phase may take that long.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Connections that may be open at once, at the most.
const CONNECTIONS: u64 = 200;
/// Descriptors for everything else: standard streams, the runtime, local sockets, the DNS.
const OTHERS: u64 = 14;

const EXAMPLES: &str = "\
Examples:
  rtcprobe gather
  rtcprobe gather stun:stun.example.org
  rtcprobe gather turn:turn.example.org?transport=udp turns:turn.example.org --username alice --credential-file password.txt
  rtcprobe gather --turn turn.example.org --secret-file secret.txt --user-id alice
  rtcprobe gather --ice-servers config.json --json";

/// `iceTransportPolicy` of WebRTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Policy {
    /// Every kind
    All,
    /// Relay candidates only
    Relay,
}

/// The kinds of candidates that can be gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    Host,
    Srflx,
    Relay,
}

/// What to do about 300 Try Alternate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Redirects {
    /// Go there
    #[default]
    Follow,
    /// Go there only when the answer is signed (RFC 8489 section 10)
    Signed,
    /// Take it for an error
    Ignore,
}

/// Everything that was asked.
struct Plan {
    config: Config,
    options: drive::Options,
    environment: Environment,
    demo: Option<Demo>,
    /// Public servers are asked, as none was named.
    defaults: bool,
    outputs: Outputs,
    chance: Chance,
}

pub fn run(args: &GatherArgs, matches: &ArgMatches, world: &World, ui: &mut Ui) -> Result<u8, Stop> {
    let plan = ask(args, matches, world, ui)?;
    let (mut report, outputs, ended) = probe(args, plan, world, ui)?;
    judge::gathering(&mut report, ended);
    world.finish(&report)?;
    outputs.end(&report, ui);
    Ok(outputs.code(&report, args.strict))
}

fn ask(args: &GatherArgs, matches: &ArgMatches, world: &World, ui: &mut Ui) -> Result<Plan, Stop> {
    let now = world.started();
    let outputs = args.output.outputs("gather")?;
    let mut chance = Chance::from_seed(world.seed()?);
    let demo = args.demo.ask(now, &mut chance)?;
    let manner = Manner { defaults: !args.defaults.no_default_servers, ..Manner::default() };
    let named = match &demo {
        Some(_) => args.servers.none(matches)?,
        None => record::servers(world, || args.servers.ask(matches, manner, now, ui))?,
    };
    let options = world.options(|| args.probing.options())?;
    let options = demo.as_ref().map_or(options.clone(), |demo| demo.options(options));
    let (host, srflx, relay) = kinds(args, &named, demo.is_some())?;
    let environment = environment::look(world)?;
    let uris = || named.servers.iter().map(|server| &server.uri);
    let wish = if demo.is_some() { Wish::demo() } else { args.probing.wish(uris()) };
    locals::check_family(uris(), &wish)?;
    let locals = locals::choose(&environment.interfaces, &wish, &environment::routed(world)?)?;
    let config = Config {
        servers: named.servers,
        locals,
        host,
        srflx,
        relay,
        schedule: args.probing.timing.schedule(),
        alternate: match args.alternate {
            Redirects::Follow => Alternate::Follow,
            Redirects::Signed => Alternate::Signed,
            Redirects::Ignore => Alternate::Ignore,
        },
        send_software: !args.no_software,
        connections: world.fact("connections", || Ok(connections()))?,
        unix_time: now.duration_since(SystemTime::UNIX_EPOCH).ok().map(|since| since.as_secs()),
        keep: false,
        tcp: false,
    };
    Ok(Plan { config, options, environment, demo, defaults: named.defaults, outputs, chance })
}

/// As many connections as descriptors allow; the rest wait their turn.
pub fn connections() -> usize {
    let free = drive::file_limit().saturating_sub(OTHERS);
    usize::try_from(free.clamp(1, CONNECTIONS)).unwrap_or(1)
}

fn kinds(args: &GatherArgs, named: &Named, demo: bool) -> Result<(bool, bool, bool), Stop> {
    let relay_only = match args.policy {
        Some(policy) => policy == Policy::Relay,
        None => named.relay_only,
    };
    let wants = |kind| args.candidates.is_empty() || args.candidates.contains(&kind);
    let kinds = (wants(Kind::Host) && !relay_only, wants(Kind::Srflx) && !relay_only, wants(Kind::Relay));
    if kinds == (false, false, false) {
        return usage("the relay policy and --candidates together leave nothing to gather; add relay to --candidates");
    }
    if kinds == (false, false, true) && !demo && !named.servers.iter().any(|server| server.uri.scheme.is_turn()) {
        return usage("only relay candidates are wanted, but no TURN server is named; add one with --turn");
    }
    Ok(kinds)
}

fn probe(args: &GatherArgs, plan: Plan, world: &World, ui: &mut Ui) -> Result<(Report, Outputs, Ended), Stop> {
    let Plan { mut config, options, environment, demo, defaults, mut outputs, chance } = plan;
    let mut report = Report::new("gather", drive::rfc3339(world.started()), environment);
    report.demo = demo.as_ref().map(|demo| demo.kind.clone());
    report.default_servers = defaults;
    outputs.begin(report.demo.as_deref(), ui);
    let patience = config.schedule.total() + Duration::from_secs(1);
    let limit = Some(args.probing.timeout.unwrap_or(TIMEOUT.max(patience)));
    let mut end = 0.0;
    let named = std::mem::take(&mut config.servers);
    let gather = async |servers| {
        let config = Config { servers, ..config };
        let urls: Vec<String> = config.servers.iter().map(|server| server.uri.to_string()).collect();
        ui.begin(&urls);
        let mut gathering = Gathering::new(config, chance);
        world
            .run(&mut gathering, &options, limit, |now, event| {
                end = now.millis();
                outputs.learn(&event, ui);
                report.learn(&event);
            })
            .await
    };
    let running = async {
        match demo {
            Some(demo) => demo.serve(world, gather).await,
            None => Ok(gather(named).await),
        }
    };
    let cannot = |why: drive::CannotRun| Stop::CannotRun(why.to_string());
    let ended = drive::block_on(running).map_err(cannot)??.map_err(cannot)?;
    report.duration_ms = report.gather.as_ref().and_then(|gather| gather.complete_ms).unwrap_or(end);
    ui.end();
    Ok((report, outputs, ended))
}

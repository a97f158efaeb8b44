pub mod asked;
pub mod facts;
pub mod verdict;

use std::net::IpAddr;
use std::time::{Duration, UNIX_EPOCH};

use clap::{ArgMatches, Args};

use super::demo::{Demo, DemoArgs};
use super::environment;
use super::locals::{self, Wish};
use super::output::{OutputArgs, Outputs};
use super::probing::ProbeArgs;
use super::record::{self, World};
use super::servers::{Manner, ServerArgs};
use super::stop::{Stop, usage};
use crate::drive::{self, Ended};
use crate::machine::Chance;
use crate::probes::turn::{Config, ServerSpec, checks, references};
use crate::report::{Environment, Event, Report};
use crate::rules;
use crate::view::ui::Ui;
use crate::wire::uri::{IceUri, Transport};

use asked::{OptionArgs, QualityArgs, Required};
use verdict::Demands;

/// Prove that a TURN server works, or name the first step that fails and why
///
/// Checks each URL at each of its addresses, all at once: resolve, connect, TLS, Binding, challenge, allocate,
/// permission, channel, data to and fro, refresh, release. Sends data through the relay from this machine to
/// itself in several ways, so that no second machine is needed, and measures loss, round-trip times and jitter.
///
/// Fails (exit code 1) when a URI that is named, or all transports of a host that is named without one, do not
/// work; `check` judges by what is found about them.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct TurnArgs {
    #[command(flatten)]
    pub servers: ServerArgs,
    /// Ask without credentials where none are given: a server that is no open relay refuses that
    #[arg(long, env = "RTCPROBE_ANONYMOUS", value_parser = super::flag::parse, help_heading = "Servers")]
    pub anonymous: bool,
    #[command(flatten)]
    pub demo: DemoArgs,
    #[command(flatten)]
    pub quality: QualityArgs,
    #[command(flatten)]
    pub options: OptionArgs,
    /// Ask which peers the server would relay to: its own network, cloud metadata, other users. Sends them nothing; data goes from one relayed address of ours to another, to see whether that takes a permission
    #[arg(long, env = "RTCPROBE_AUDIT", value_parser = super::flag::parse, help_heading = "Security")]
    pub audit: bool,
    /// A STUN server over UDP to tell this network's trouble from the servers'; repeat for more [default: the STUN servers that are named]
    #[arg(long, value_name = "TARGET", env = "RTCPROBE_REFERENCE", value_delimiter = ',', help_heading = "Probing")]
    pub reference: Vec<String>,
    /// Do not try whether a wrong password, a wrong realm and an unknown user are refused
    #[arg(long, env = "RTCPROBE_NO_CONTROLS", value_parser = super::flag::parse, help_heading = "Security")]
    pub no_controls: bool,
    /// Do not tell servers the name and version of this program
    #[arg(long, env = "RTCPROBE_NO_SOFTWARE", value_parser = super::flag::parse, help_heading = "Security")]
    pub no_software: bool,
    /// Fail unless each of these transports works, and only then; without it every URI must work, and of a bare host one transport
    #[arg(
        long,
        value_enum,
        value_name = "TRANSPORTS",
        env = "RTCPROBE_REQUIRE",
        value_delimiter = ',',
        help_heading = "Verdict"
    )]
    pub require: Vec<Required>,
    /// Fail with exit code 1 on a warning, too
    #[arg(long, env = "RTCPROBE_STRICT", value_parser = super::flag::parse, help_heading = "Verdict")]
    pub strict: bool,
    #[command(flatten)]
    pub probing: ProbeArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

const EXAMPLES: &str = "\
Examples:
  rtcprobe turn --demo
  rtcprobe turn --turn turn.example.org --username alice --credential-file password.txt
  rtcprobe turn turn:turn.example.org?transport=udp turns:turn.example.org --username alice --credential-file -
  rtcprobe turn --turn turn.example.org --secret-file secret.txt --require udp,tls --audit --json
  rtcprobe turn --turn turn.example.org --anonymous --no-echo";

const NO_SERVER: &str = "no TURN server is named; name one, such as --turn turn.example.org --username alice \
    --credential-file password.txt, or try --demo";

/// Everything that was asked.
struct Plan {
    servers: Vec<ServerSpec>,
    stun: Vec<IceUri>,
    demands: Demands,
    config: Config,
    options: drive::Options,
    limit: Duration,
    environment: Environment,
    demo: Option<Demo>,
    outputs: Outputs,
    chance: Chance,
}

pub fn run(args: &TurnArgs, matches: &ArgMatches, world: &World, ui: &mut Ui) -> Result<u8, Stop> {
    let plan = ask(args, matches, world, ui)?;
    let (mut report, demands, outputs, ended) = probe(args, plan, world, ui)?;
    judge(args, &mut report, &demands, ended);
    world.finish(&report)?;
    outputs.end(&report, ui);
    Ok(outputs.code(&report, args.strict))
}

fn ask(args: &TurnArgs, matches: &ArgMatches, world: &World, ui: &mut Ui) -> Result<Plan, Stop> {
    let now = world.started();
    let outputs = args.output.outputs("turn")?;
    let mut chance = Chance::from_seed(world.seed()?);
    let demo = args.demo.ask(now, &mut chance)?;
    let manner = Manner { anonymous: args.anonymous, spread: true, ..Manner::default() };
    let named = match &demo {
        Some(_) => args.servers.none(matches)?,
        None => record::servers(world, || args.servers.ask(matches, manner, now, ui))?,
    };
    let options = world.options(|| args.probing.options())?;
    let options = demo.as_ref().map_or(options.clone(), |demo| demo.options(options));
    let mut stun = Vec::new();
    let mut servers = Vec::new();
    for server in named.servers {
        match server.uri.scheme.is_turn() {
            true => servers.push(ServerSpec { uri: server.uri, credentials: server.credentials }),
            false if server.uri.transport() == Transport::Udp => stun.push(server.uri),
            false => return usage(format!("{}: turn uses STUN servers over UDP only; write stun:", server.uri)),
        }
    }
    if servers.is_empty() && demo.is_none() {
        return usage(NO_SERVER);
    }
    if !args.reference.is_empty() {
        stun = world.fact("references", || super::check::references(&args.reference, ui))?;
    }
    let hosts = named.hosts.iter().map(|uris| uris.iter().map(ToString::to_string).collect());
    let demands = Demands {
        urls: Vec::new(),
        required: args.require.iter().map(|required| required.protocol()).collect(),
        hosts: hosts.collect(),
    };
    if demo.is_none() {
        can_be_required(&args.require, &servers)?;
    }
    let environment = environment::look(world)?;
    let uris = || servers.iter().map(|server| &server.uri);
    let wish = if demo.is_some() { Wish::demo() } else { args.probing.wish(uris()) };
    locals::check_family(uris().chain(&stun), &wish)?;
    let routed = environment::routed(world)?;
    let mut locals = locals::choose(&environment.interfaces, &wish, &routed)?;
    if wish.loopback && uris().all(locals::is_here) {
        locals.sort_by_key(|local| !local.address.is_loopback());
    }
    let config = Config {
        schedule: args.probing.timing.schedule(),
        locals: locals.into_iter().map(|local| local.address).collect(),
        global_v6: routed.iter().any(IpAddr::is_ipv6),
        reference: Vec::new(),
        send_software: !args.no_software,
        controls: !args.no_controls,
        echo: args.quality.plan(),
        options: args.options.options(),
        extras: args.options.extras(args.options.all),
        audit: args.audit,
        peers: args.options.peer.clone(),
        unix_time: now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs(),
        trace: ui.verbose > 0,
    };
    let limit = asked::limit(&config.schedule, config.echo.as_ref(), config.options, config.audit);
    let limit = args.probing.timeout.unwrap_or(limit);
    Ok(Plan { servers, stun, demands, config, options, limit, environment, demo, outputs, chance })
}

/// A server to measure others by that has no address.
pub fn lost(event: &Event, ui: &mut Ui) {
    if let Event::Reference { reference, .. } = event
        && reference.address.is_none()
    {
        ui.warn(&format!("{} has no address; going on without it", reference.url));
    }
}

/// A transport that nobody is asked by can only fail.
fn can_be_required(required: &[Required], servers: &[ServerSpec]) -> Result<(), Stop> {
    let asked = |required: &Required| {
        servers.iter().any(|server| facts::protocol(server.uri.transport()) == required.protocol())
    };
    match required.iter().find(|required| !asked(required)) {
        None => Ok(()),
        Some(missing) => {
            let missing = format!("{missing:?}").to_lowercase();
            usage(format!("--require {missing}: no server is asked over {missing}; name one, or a bare host for all"))
        }
    }
}

fn probe(args: &TurnArgs, plan: Plan, world: &World, ui: &mut Ui) -> Result<(Report, Demands, Outputs, Ended), Stop> {
    let Plan { servers, stun, mut demands, mut config, options, limit, environment, demo, mut outputs, chance } = plan;
    let mut report = Report::new("turn", drive::rfc3339(world.started()), environment);
    report.demo = demo.as_ref().map(|demo| demo.kind.clone());
    outputs.begin(report.demo.as_deref(), ui);
    let rto_ms = args.probing.timing.schedule().rto.as_secs_f64() * 1e3;
    let mut end = 0.0;
    let check = async |servers: Vec<ServerSpec>, stun: Vec<IceUri>| {
        config.reference = stun;
        demands.urls = servers.iter().map(|server| server.uri.to_string()).collect();
        ui.begin(&demands.urls);
        let mut chance = chance;
        let measure = references(&config, chance.split());
        let mut checks = checks(&servers, &config, chance);
        checks.add(servers.len(), measure);
        world
            .run(&mut checks, &options, Some(limit), |now, (_, event)| {
                end = now.millis();
                lost(&event, ui);
                outputs.learn(&event, ui);
                report.learn(&event);
                if let Event::Turn { elapsed_ms, turn } = &event {
                    let event = Event::Server { elapsed_ms: *elapsed_ms, server: facts::server(turn, rto_ms) };
                    outputs.learn(&event, ui);
                }
            })
            .await
    };
    let running = async {
        match demo {
            Some(demo) => {
                demo.serve(world, async |named| {
                    let (turn, stun): (Vec<_>, Vec<_>) =
                        named.into_iter().partition(|server| server.uri.scheme.is_turn());
                    let spec = |server: crate::probes::gather::ServerSpec| ServerSpec {
                        uri: server.uri,
                        credentials: server.credentials.filter(|_| !args.anonymous),
                    };
                    let stun = stun.into_iter().map(|server| server.uri).collect();
                    check(turn.into_iter().map(spec).collect(), stun).await
                })
                .await
            }
            None => Ok(check(servers, stun).await),
        }
    };
    let cannot = |why: drive::CannotRun| Stop::CannotRun(why.to_string());
    let ended = drive::block_on(running).map_err(cannot)??.map_err(cannot)?;
    report.duration_ms = end;
    ui.end();
    Ok((report, demands, outputs, ended))
}

fn judge(args: &TurnArgs, report: &mut Report, demands: &Demands, ended: Ended) {
    let rto_ms = args.probing.timing.schedule().rto.as_secs_f64() * 1e3;
    report.interrupted = ended == Ended::Interrupted;
    facts::settle(report, &demands.urls, rto_ms, ended);
    facts::explain(report, ended, !args.quality.no_echo);
    report.assumed = demands.hosts.iter().flatten().cloned().collect();
    report.findings = rules::judge(report);
    if args.anonymous {
        // That is what was asked for, and what a server should do.
        report.findings.retain(|finding| finding.code != "auth-missing-in-client");
    }
    report.verdict = verdict::verdict(report, demands);
}

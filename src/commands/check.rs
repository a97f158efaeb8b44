mod configured;
mod settle;

use std::net::IpAddr;
use std::time::{Duration, UNIX_EPOCH};

use clap::{ArgMatches, Args};

use super::demo::{Demo, DemoArgs};
use super::locals::{self, Wish};
use super::output::{OutputArgs, Outputs};
use super::probing::ProbeArgs;
use super::record::{self, World};
use super::servers::{DefaultsArgs, Manner, ServerArgs};
use super::stop::{Stop, usage};
use super::turn::asked::{OptionArgs, QualityArgs};
use super::turn::facts;
use super::turn::verdict::Demands;
use super::{environment, gather as gathering, judge, keys, nat as between};
use crate::drive::{self, Ended};
use crate::machine::Chance;
use crate::probes::check::{Checking, Config, Interface};
use crate::probes::{gather, nat, turn};
use crate::report::{Cause, Configuration, Environment, Event, Report};
use crate::rules::expectation::Expect;
use crate::rules::{self, Rule};
use crate::view::ui::Ui;
use crate::wire::uri::{IceUri, Transport};

/// Say whether WebRTC will connect, what is wrong, how that is known, and what to change
///
/// Gathers candidates and checks every TURN server, side by side, looks at the NAT in between, and draws the conclusions: findings with
/// their evidence and what to do about them, and a verdict. `rtcprobe explain CODE` says more about a finding.
///
/// Fails (exit code 1) on a finding that is an error and on a URI that does not work; a URI about which only warnings are found is
/// a warning while another one does the job.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct CheckArgs {
    #[command(flatten)]
    pub servers: ServerArgs,
    #[command(flatten)]
    pub defaults: DefaultsArgs,
    #[command(flatten)]
    pub demo: DemoArgs,
    /// A STUN server over UDP to tell this network's trouble from the servers'; repeat for more [default: the STUN servers that are named]
    #[arg(long, value_name = "TARGET", env = "RTCPROBE_REFERENCE", value_delimiter = ',', help_heading = "Probing")]
    pub reference: Vec<String>,
    /// All of it may take this long
    #[arg(long, value_name = "TIME", env = "RTCPROBE_BUDGET", value_parser = super::span::parse, default_value = "15s")]
    #[arg(help_heading = "Probing")]
    pub budget: Duration,
    /// Do not look at the NAT in between
    #[arg(long, env = "RTCPROBE_NO_NAT", value_parser = super::flag::parse, help_heading = "Probing")]
    pub no_nat: bool,
    /// Do not look at other ports of a TURN server that does not answer: an Allocate request without credentials to
    /// UDP and TCP 3478, 5349, 443, 80 and 3479, and TCP 443 of the --reference servers
    #[arg(long, env = "RTCPROBE_NO_OTHER_PORTS", value_parser = super::flag::parse, help_heading = "Probing")]
    pub no_other_ports: bool,
    #[command(flatten)]
    pub quality: QualityArgs,
    #[command(flatten)]
    pub options: OptionArgs,
    /// Ask which peers the servers would relay to: their own network, cloud metadata, other users. Sends them nothing; data goes from one relayed address of ours to another, to see whether that takes a permission
    #[arg(long, env = "RTCPROBE_AUDIT", value_parser = super::flag::parse, help_heading = "Security")]
    pub audit: bool,
    /// Do not try whether a wrong password, a wrong realm and an unknown user are refused
    #[arg(long, env = "RTCPROBE_NO_CONTROLS", value_parser = super::flag::parse, help_heading = "Security")]
    pub no_controls: bool,
    /// Do not tell servers the name and version of this program
    #[arg(long, env = "RTCPROBE_NO_SOFTWARE", value_parser = super::flag::parse, help_heading = "Security")]
    pub no_software: bool,
    /// What must be true: host, srflx, relay, relay:udp, ipv6, mapping=endpoint-independent, filtering=…, rtt<80ms,
    /// loss<1%, jitter<30ms, relay-echo, cert-days>14, no-finding=CODE, max-severity=warning; repeat for more
    #[arg(long, value_name = "FACT", env = "RTCPROBE_EXPECT", value_delimiter = ',', help_heading = "Verdict")]
    pub expect: Vec<Expect>,
    /// Leave this finding out, and what it is about out of the verdict; repeat for more
    #[arg(long, value_name = "CODE", env = "RTCPROBE_IGNORE", value_delimiter = ',', help_heading = "Verdict")]
    #[arg(value_parser = known_code)]
    pub ignore: Vec<String>,
    /// Fail with exit code 1 on a warning, too, and on an expectation that is not decided
    #[arg(long, env = "RTCPROBE_STRICT", value_parser = super::flag::parse, help_heading = "Verdict")]
    pub strict: bool,
    #[command(flatten)]
    pub probing: ProbeArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

const EXAMPLES: &str = "\
Examples:
  rtcprobe check --demo
  rtcprobe check
  rtcprobe check --turn turn.example.org --username alice --credential-file password.txt
  rtcprobe check --ice-servers config.json --json";

/// The code of a finding that exists.
fn known_code(text: &str) -> Result<String, String> {
    match Rule::find(text.trim()) {
        Some(rule) => Ok(rule.code.to_string()),
        None => Err(super::explain::unknown_finding(text)),
    }
}

/// Everything that was asked.
struct Plan {
    config: Config,
    stun: Vec<IceUri>,
    configuration: Option<Configuration>,
    demands: Demands,
    options: drive::Options,
    environment: Environment,
    demo: Option<Demo>,
    outputs: Outputs,
    chance: Chance,
    /// The servers are public ones that nobody named.
    defaults: bool,
}

pub fn run(args: &CheckArgs, matches: &ArgMatches, world: &World, ui: &mut Ui) -> Result<u8, Stop> {
    let plan = ask(args, matches, world, ui)?;
    let (mut report, outputs, demands, ended) = probe(args, plan, world, ui)?;
    judge(args, &mut report, &demands, ended);
    world.finish(&report)?;
    outputs.end(&report, ui);
    Ok(outputs.code(&report, args.strict))
}

fn ask(args: &CheckArgs, matches: &ArgMatches, world: &World, ui: &mut Ui) -> Result<Plan, Stop> {
    let now = world.started();
    let outputs = args.output.outputs("check")?;
    let mut chance = Chance::from_seed(world.seed()?);
    let demo = args.demo.ask(now, &mut chance)?;
    // A list without credentials is something to tell of, not a reason to look no further.
    let manner =
        Manner { defaults: !args.defaults.no_default_servers, anonymous: true, spread: true, ..Manner::default() };
    let named = match &demo {
        Some(_) => args.servers.none(matches)?,
        None => record::servers(world, || args.servers.ask(matches, manner, now, ui))?,
    };
    let options = world.options(|| args.probing.options())?;
    let options = demo.as_ref().map_or(options.clone(), |demo| demo.options(options));
    let stun = match args.reference.is_empty() {
        true => over_udp(&named.servers),
        false => world.fact("references", || references(&args.reference, ui))?,
    };
    let configuration = demo.is_none().then(|| configured::configuration(&named, &args.ignore));
    let environment = environment::look(world)?;
    let uris = || named.servers.iter().map(|server| &server.uri);
    let wish = if demo.is_some() { Wish::demo() } else { args.probing.wish(uris()) };
    locals::check_family(uris().chain(&stun), &wish)?;
    let routed = environment::routed(world)?;
    let locals = locals::choose(&environment.interfaces, &wish, &routed)?;
    let mut addresses: Vec<_> = locals.iter().map(|local| local.address).collect();
    if wish.loopback && uris().all(locals::is_here) {
        addresses.sort_by_key(|address| !address.is_loopback());
    }
    let since = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let schedule = args.probing.timing.schedule();
    let nat = match why_not_nat(args) {
        Some(_) => None,
        None => Some((behind(args, world, &named.servers, &environment, &wish, demo.is_some())?, limit(args))),
    };
    let hosts: Vec<Vec<String>> =
        named.hosts.iter().map(|uris| uris.iter().map(ToString::to_string).collect()).collect();
    let config = Config {
        nat,
        interfaces: if wish.interfaces.iter().any(|name| name == "all") {
            others(&locals, &addresses)
        } else {
            Vec::new()
        },
        other_ports: (!args.no_other_ports).then(|| hosts.concat()),
        gather: gather::Config {
            servers: named.servers,
            locals,
            host: true,
            srflx: true,
            relay: true,
            schedule,
            alternate: gather::Alternate::Follow,
            send_software: !args.no_software,
            connections: world.fact("connections", || Ok(gathering::connections()))?,
            unix_time: Some(since),
            keep: false,
            tcp: false,
        },
        turn: turn::Config {
            schedule,
            locals: addresses,
            global_v6: routed.iter().any(IpAddr::is_ipv6),
            reference: Vec::new(),
            send_software: !args.no_software,
            controls: !args.no_controls,
            echo: args.quality.plan(),
            options: args.options.options(),
            extras: args.options.extras(true),
            audit: args.audit,
            peers: args.options.peer.clone(),
            unix_time: since,
            trace: ui.verbose > 0,
        },
    };
    let demands = Demands { urls: Vec::new(), required: Vec::new(), hosts };
    let defaults = named.defaults;
    Ok(Plan { config, stun, configuration, demands, options, environment, demo, outputs, chance, defaults })
}

/// The interfaces that the checks do not go out by, which take the first address of each family.
fn others(locals: &[gather::Local], addresses: &[IpAddr]) -> Vec<Interface> {
    let first = |ipv4: bool| addresses.iter().find(|address| address.is_ipv4() == ipv4);
    let taken = [first(true), first(false)];
    let mut found: Vec<Interface> = Vec::new();
    for gather::Local { interface, address } in locals {
        if taken.contains(&Some(address)) || address.is_loopback() {
            continue;
        }
        match found.iter_mut().find(|other| other.name == *interface) {
            Some(other) => other.addresses.push(*address),
            None => found.push(Interface { name: interface.clone(), addresses: vec![*address] }),
        }
    }
    found
}

/// How long all of it may take.
fn limit(args: &CheckArgs) -> Duration {
    args.probing.timeout.map_or(args.budget, |timeout| timeout.min(args.budget))
}

/// Why the NAT is not looked at, where that is clear from the start.
fn why_not_nat(args: &CheckArgs) -> Option<&'static str> {
    match between::ports_missing(args.probing.port_range, None) {
        _ if args.no_nat => Some("not-asked"),
        missing => missing.map(|_| "port-range-too-small"),
    }
}

/// How to look at the NAT; with which servers is known when they were checked.
fn behind(
    args: &CheckArgs,
    world: &World,
    servers: &[gather::ServerSpec],
    environment: &Environment,
    wish: &Wish,
    demo: bool,
) -> Result<nat::Config, Stop> {
    let uris: Vec<IceUri> = servers.iter().map(|server| server.uri.clone()).collect();
    Ok(nat::Config {
        places: between::places::choose(world, &environment.interfaces, wish, &uris, false)?,
        ports: args.probing.port_range,
        ..between::config(world, args.probing.timing.schedule(), args.no_software, demo)
    })
}

/// The STUN servers over UDP that tell this network's trouble from the servers'.
pub fn references(named: &[String], ui: &mut Ui) -> Result<Vec<IceUri>, Stop> {
    let mut found = Vec::new();
    for text in named {
        let uri = keys::server(keys::Kind::Reference, text, ui)?;
        if uri.transport() != Transport::Udp {
            return usage(format!("--reference {uri}: it is to be a STUN server over UDP; write stun:HOST"));
        }
        found.push(uri);
    }
    Ok(found)
}

fn over_udp(servers: &[gather::ServerSpec]) -> Vec<IceUri> {
    let uris = servers.iter().map(|server| &server.uri);
    uris.filter(|uri| !uri.scheme.is_turn() && uri.transport() == Transport::Udp).cloned().collect()
}

fn probe(args: &CheckArgs, plan: Plan, world: &World, ui: &mut Ui) -> Result<(Report, Outputs, Demands, Ended), Stop> {
    let Plan {
        mut config,
        stun,
        configuration,
        mut demands,
        options,
        environment,
        demo,
        mut outputs,
        chance,
        defaults,
    } = plan;
    let mut report = Report::new("check", drive::rfc3339(world.started()), environment);
    report.configuration = configuration;
    report.demo = demo.as_ref().map(|demo| demo.kind.clone());
    report.default_servers = defaults;
    outputs.begin(report.demo.as_deref(), ui);
    let rto_ms = args.probing.timing.schedule().rto.as_secs_f64() * 1e3;
    let limit = limit(args);
    let mut end = 0.0;
    let mut skipped = None;
    let named = std::mem::take(&mut config.gather.servers);
    let check = async |servers: Vec<gather::ServerSpec>, stun: Vec<IceUri>| {
        config.turn.reference = stun;
        if let Some((nat, _)) = &mut config.nat {
            nat.servers = servers.iter().cloned().map(between::spec).collect();
        }
        config.gather.servers = servers;
        demands.urls = config.gather.servers.iter().map(|server| server.uri.to_string()).collect();
        ui.begin(&demands.urls);
        let mut checking = Checking::new(config, chance);
        let ended = world
            .run(&mut checking, &options, Some(limit), |now, mut event| {
                end = now.millis();
                if let Event::Nat { nat, .. } = &mut event {
                    rules::forecast::fill(nat);
                }
                super::turn::lost(&event, ui);
                outputs.learn(&event, ui);
                report.learn(&event);
                if let Event::Turn { elapsed_ms, turn } = &event {
                    let event = Event::Server { elapsed_ms: *elapsed_ms, server: facts::server(turn, rto_ms) };
                    outputs.learn(&event, ui);
                }
            })
            .await;
        skipped = checking.nat_skipped();
        ended
    };
    let running = async {
        match demo {
            Some(demo) => {
                demo.serve(world, async |named| {
                    let stun = over_udp(&named);
                    check(named, stun).await
                })
                .await
            }
            None => Ok(check(named, stun).await),
        }
    };
    let cannot = |why: drive::CannotRun| Stop::CannotRun(why.to_string());
    let ended = drive::block_on(running).map_err(cannot)??.map_err(cannot)?;
    report.duration_ms = end;
    if let Some(why) = skipped.or(why_not_nat(args)) {
        report.unknown.insert("/nat".into(), why.into());
    }
    ui.end();
    Ok((report, outputs, demands, ended))
}

fn judge(args: &CheckArgs, report: &mut Report, demands: &Demands, ended: Ended) {
    let rto_ms = args.probing.timing.schedule().rto.as_secs_f64() * 1e3;
    settle::servers(report, &demands.urls, rto_ms, ended);
    facts::explain(report, ended, !args.quality.no_echo);
    judge::explain(report, ended);
    for (index, vantage) in report.vantages.iter().enumerate().filter(|(_, vantage)| vantage.works.is_none()) {
        let why = if vantage.cause == Some(Cause::QuotaReached) { "quota-reached" } else { "not-reached" };
        report.unknown.insert(format!("/vantages/{index}/works"), why.into());
    }
    between::facts::explain_nat(report, ended);
    report.assumed = demands.hosts.iter().flatten().cloned().collect();
    report.findings = rules::judge(report);
    settle::excuse(report, demands);
    settle::spare(report);
    let ignored = settle::ignore(report, &args.ignore);
    report.expectations = args.expect.iter().map(|expect| expect.decide(report)).collect();
    report.verdict = settle::verdict(report, demands, &ignored);
}

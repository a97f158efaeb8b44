mod browser;
mod dialled;
mod foresight;
mod itself;
mod means;
mod paste;
mod spoken;
mod talk;
mod token;
mod wanted;
mod way;
mod web;
mod whip;

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, ArgMatches, Args, ValueEnum};
use tokio::sync::mpsc;

use super::demo::{Demo, DemoArgs};
use super::environment;
use super::locals::{self, Wish};
use super::output::{OutputArgs, Outputs};
use super::probing::ProbeArgs;
use super::record::{self, World};
use super::servers::{DefaultsArgs, Manner, ServerArgs};
use super::stop::Stop;
use crate::drive::{self, Ended};
use crate::machine::{Chance, Time};
use crate::probes::connect::{Both, Config, Foreseeing, Happening, PairKind};
use crate::probes::gather::ServerSpec;
use crate::proto::whip::Protocol;
use crate::report::{Environment, Event, Report, Severity, Verdict};
use crate::rules;
use crate::view::escape::visible;
use crate::view::ui::Ui;
use crate::wire::signal::{Description, Message, Part};
use browser::Browser;
use dialled::{Dial, Listen};
use itself::Itself;
use means::{Aside, Begun, Means, Theirs};
use paste::Paste;
use spoken::{Exec, Pipe};
use way::{EXAMPLES, Kept, WORDS, Way};

/// Connect to another rtcprobe, a browser or any ICE agent, and show by which path, and why not by the others
///
/// Gathers candidates, tells the other side of them and hears of its own, checks every pair as a browser would
/// (RFC 8445), and says which pair was selected, how long it took, and for each of the others why it failed. How the
/// two sides hear of one another is your choice: a line to paste, a command such as ssh, a TCP connection, a media
/// server, a page in a browser.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES, group = ArgGroup::new("way").multiple(false))]
#[command(mut_arg("uris", |arg| arg.value_name("offer|answer LINE|browser|URI").help(WORDS)))]
pub struct ConnectArgs {
    #[command(flatten)]
    pub servers: ServerArgs,
    #[command(flatten)]
    pub defaults: DefaultsArgs,
    #[command(flatten)]
    pub demo: DemoArgs,
    /// Run this command in a shell and speak with it over its standard input and output, such as
    /// 'ssh host rtcprobe connect answer -'
    #[arg(long, value_name = "CMD", env = "RTCPROBE_EXEC", group = "way", help_heading = "The other side")]
    pub exec: Option<String>,
    /// Wait at this address and port for another rtcprobe that dials; a port alone is one of every address
    #[arg(long, value_name = "ADDR", env = "RTCPROBE_LISTEN", group = "way", help_heading = "The other side")]
    pub listen: Option<String>,
    /// Dial an rtcprobe that listens, host:port
    #[arg(long, value_name = "ADDR", env = "RTCPROBE_DIAL", group = "way", help_heading = "The other side")]
    pub dial: Option<String>,
    /// Publish to this media server (WHIP, RFC 9725); ICE only, no media
    #[arg(
        long,
        value_name = "URL",
        env = "RTCPROBE_WHIP",
        hide_env_values = true,
        group = "way",
        help_heading = "The other side"
    )]
    pub whip: Option<String>,
    /// Watch from this media server (WHEP); ICE only, no media
    #[arg(
        long,
        value_name = "URL",
        env = "RTCPROBE_WHEP",
        hide_env_values = true,
        group = "way",
        help_heading = "The other side"
    )]
    pub whep: Option<String>,
    /// Be both sides, to see whether two clients of this network reach one another
    #[arg(long = "self", env = "RTCPROBE_SELF", value_parser = super::flag::parse, group = "way")]
    #[arg(help_heading = "The other side")]
    pub itself: bool,
    /// What both sides know, for --listen and --dial. Other users of this machine can see it; --token-file keeps it to
    /// yourself
    #[arg(long, value_name = "T", env = "RTCPROBE_TOKEN", hide_env_values = true, help_heading = "The other side")]
    pub token: Option<String>,
    /// File with the token in it; - reads standard input
    #[arg(long, value_name = "FILE", env = "RTCPROBE_TOKEN_FILE", help_heading = "The other side")]
    pub token_file: Option<PathBuf>,
    /// Give the description as SDP, for programs that take nothing else
    #[arg(long, env = "RTCPROBE_SDP", value_parser = super::flag::parse, help_heading = "The other side")]
    pub sdp: bool,
    #[command(flatten)]
    pub web: web::WebArgs,
    /// Draw the line as a QR code as well
    #[arg(long, env = "RTCPROBE_QR", value_parser = super::flag::parse, help_heading = "The other side")]
    pub qr: bool,
    /// How long to wait for the other side [default: 1m; 10m when somebody has to carry a text]
    #[arg(long, value_name = "TIME", env = "RTCPROBE_WAIT", value_parser = super::span::parse)]
    #[arg(help_heading = "The other side")]
    pub wait: Option<Duration>,
    /// Which candidates to use
    #[arg(long, value_enum, value_name = "POLICY", env = "RTCPROBE_POLICY", help_heading = "Connecting")]
    pub policy: Option<super::gather::Policy>,
    /// Candidates of this transport only, whichever way a relay is reached
    #[arg(long, value_enum, value_name = "TRANSPORT", env = "RTCPROBE_ONLY", help_heading = "Connecting")]
    pub only: Option<Only>,
    /// Pairs of these types of candidates only, local and remote, such as host-srflx; repeat for more
    #[arg(long, value_name = "L-R", env = "RTCPROBE_PAIR", value_delimiter = ',', value_parser = wanted::pair)]
    #[arg(help_heading = "Connecting")]
    pub pair: Vec<PairKind>,
    /// Use TCP host candidates, too (RFC 6544)
    #[arg(long, env = "RTCPROBE_TCP", value_parser = super::flag::parse, help_heading = "Connecting")]
    pub tcp: bool,
    /// Tell all candidates at once, when the last is known
    #[arg(long, env = "RTCPROBE_NO_TRICKLE", value_parser = super::flag::parse, help_heading = "Connecting")]
    pub no_trickle: bool,
    /// Do not ask the local network for the .local names that browsers hide addresses behind
    #[arg(long, env = "RTCPROBE_NO_MDNS", value_parser = super::flag::parse, help_heading = "Connecting")]
    pub no_mdns: bool,
    /// Do not look at the NAT beside it, which tells whether a direct path was to be expected
    #[arg(long, env = "RTCPROBE_NO_FORECAST", value_parser = super::flag::parse, help_heading = "Connecting")]
    pub no_forecast: bool,
    /// Send packets over the selected pair and measure what comes back, for 5s or as long as --duration says
    #[arg(long, env = "RTCPROBE_ECHO", value_parser = super::flag::parse, help_heading = "Connecting")]
    pub echo: bool,
    /// Likewise, for so long
    #[arg(long, value_name = "TIME", env = "RTCPROBE_DURATION", value_parser = super::span::parse)]
    #[arg(help_heading = "Connecting")]
    pub duration: Option<Duration>,
    /// Go on until the path is lost for good, and say when it was noticed
    #[arg(long, env = "RTCPROBE_UNTIL_FAILURE", value_parser = super::flag::parse, help_heading = "Connecting")]
    pub until_failure: bool,
    /// Restart ICE that long after the first pair was selected [without a value: 2s]
    #[arg(long, value_name = "AFTER", env = "RTCPROBE_RESTART", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "2s", value_parser = super::span::parse, help_heading = "Connecting")]
    pub restart: Option<Duration>,
    /// Do not tell servers the name and version of this program
    #[arg(long, env = "RTCPROBE_NO_SOFTWARE", value_parser = super::flag::parse, help_heading = "Connecting")]
    pub no_software: bool,
    /// Fail with exit code 1 on a warning, too
    #[arg(long, env = "RTCPROBE_STRICT", value_parser = super::flag::parse, help_heading = "Verdict")]
    pub strict: bool,
    #[command(flatten)]
    pub probing: ProbeArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Transports of candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Only {
    Udp,
    Tcp,
}

/// Everything that was asked.
struct Plan {
    config: Config,
    kept: Kept,
    limit: Option<Duration>,
    options: drive::Options,
    environment: Environment,
    demo: Option<Demo>,
    /// Public servers are asked, as none was named.
    defaults: bool,
    outputs: Outputs,
    chance: Chance,
}

/// A run that is over.
struct Over {
    report: Report,
    outputs: Outputs,
    ended: Ended,
    /// Why the way to the other side failed, and whether it had described itself before.
    trouble: Option<Stop>,
    described: bool,
}

pub fn run(args: &ConnectArgs, matches: &ArgMatches, world: &World, ui: &mut Ui) -> Result<u8, Stop> {
    let way = match world.is_replay() {
        true => Way::Itself,
        false => Way::read(args, matches)?,
    };
    let outputs = way::outputs(args, &way, ui)?;
    let words = way.words(args);
    let asked = Asked { args, matches, words, world, outputs };
    let wait = wanted::wait(args, false);
    let Over { mut report, outputs, ended, trouble, described } = match way {
        Way::Paste { part, text } => {
            let (form, out) = (way::form(args), ui.turn_aside());
            asked.through(Paste { form, qr: args.qr, ..Paste::new(part, text, out) }, ui)
        }
        Way::Pipe { part } => {
            let out = ui.turn_aside();
            asked.through(Pipe::new(part, out), ui)
        }
        Way::Exec { command } => asked.through(Exec::new(command), ui),
        Way::Listen { at } => asked.through(Listen::new(at, token::to_share(args)?, wait)?, ui),
        Way::Dial { to } => asked.through(Dial { to, token: token::to_dial(args)?, wait, lines: None }, ui),
        Way::Whip { url } => asked.through(args.web.media(Protocol::Whip, &url, args, matches)?, ui),
        Way::Whep { url } => asked.through(args.web.media(Protocol::Whep, &url, args, matches)?, ui),
        Way::Browser => asked.through(Browser::new(args.web.browser(args)), ui),
        Way::Itself => asked.through(Itself, ui),
    }?;
    if let Some(stop) = trouble.filter(|_| !described && ended != Ended::Interrupted) {
        return Err(stop);
    }
    judge(&mut report, ended);
    world.finish(&report)?;
    outputs.end(&report, ui);
    Ok(outputs.code(&report, args.strict))
}

/// What every way needs to know.
struct Asked<'a> {
    args: &'a ConnectArgs,
    matches: &'a ArgMatches,
    /// So many of the plain arguments are no servers.
    words: usize,
    world: &'a World,
    outputs: Outputs,
}

impl Asked<'_> {
    fn through<M: Means>(self, means: M, ui: &mut Ui) -> Result<Over, Stop> {
        let kept = Kept {
            signalling: means.signalling().into(),
            part: means.part(),
            trickle: means.trickles() && !self.args.no_trickle,
            carried: means.is_carried(),
            may_name_servers: means.may_name_servers(),
            both: means.is_alone(),
        };
        let world = self.world;
        let plan = self.ask(kept, ui)?;
        probe(means, plan, world, ui)
    }

    fn ask(self, kept: Kept, ui: &mut Ui) -> Result<Plan, Stop> {
        let Asked { args, matches, words, world, outputs } = self;
        let now = world.started();
        let mut chance = Chance::from_seed(world.seed()?);
        let kept = world.fact("way", || Ok(kept))?;
        let demo = args.demo.ask(now, &mut chance)?;
        let manner = Manner { defaults: !args.defaults.no_default_servers, words, ..Manner::default() };
        let named = match &demo {
            Some(_) => args.servers.beside_demo(matches, words)?,
            None => record::servers(world, || args.servers.ask(matches, manner, now, ui))?,
        };
        let options = world.options(|| args.probing.options())?;
        let options = demo.as_ref().map_or(options.clone(), |demo| demo.options(options));
        let environment = environment::look(world)?;
        let uris = || named.servers.iter().map(|server| &server.uri);
        let wish = if demo.is_some() { Wish::demo() } else { args.probing.wish(uris()) };
        locals::check_family(uris(), &wish)?;
        let locals = locals::choose(&environment.interfaces, &wish, &environment::routed(world)?)?;
        let defaults = named.defaults;
        let uris: Vec<_> = uris().cloned().collect();
        let mut config = wanted::config(args, &kept, named, locals, demo.is_some(), world)?;
        if !kept.both {
            config.nat = foresight::look(args, &config, &uris, (&environment, &wish), demo.is_some(), world)?;
        }
        let limit = wanted::limit(args, &config);
        Ok(Plan { config, kept, limit, options, environment, demo, defaults, outputs, chance })
    }
}

fn probe<M: Means>(mut means: M, plan: Plan, world: &World, ui: &mut Ui) -> Result<Over, Stop> {
    let Plan { mut config, kept, limit, options, environment, demo, defaults, mut outputs, chance } = plan;
    let mut report = Report::new("connect", drive::rfc3339(world.started()), environment);
    report.demo = demo.as_ref().map(|demo| demo.kind.clone());
    report.default_servers = defaults;
    outputs.begin(report.demo.as_deref(), ui);
    let mut end = 0.0;
    let aside = Aside::new(ui);
    let running = async {
        let watch = means.watch();
        means.given(&config.gather.servers);
        let begun = match world.is_replay() {
            true => Begun::default(),
            false => tokio::select! {
                begun = means.begin(&aside) => begun?,
                () = drive::interrupted() => {
                    return Err(Stop::Interrupted("interrupted before the other side came".into()));
                }
            },
        };
        let mut named = std::mem::take(&mut config.gather.servers);
        named.extend(named_by_the_other(&kept, begun.servers, world)?);
        let (mouth, ear) = drive::ear();
        let (tell, ours) = mpsc::unbounded_channel();
        let theirs = Theirs::new(mouth);
        let run = async |servers: Vec<ServerSpec>| {
            let urls: Vec<String> = servers.iter().map(|server| server.uri.to_string()).collect();
            aside.with(|ui| ui.begin(&urls));
            config.nat = foresight::ask(config.nat, &servers);
            config.gather.servers = servers;
            let learn = |now: Time, happening| {
                end = now.millis();
                match happening {
                    Happening::Learned(mut event) => {
                        if let Event::Connect { connect, .. } = &mut *event {
                            connect.signalling.clone_from(&kept.signalling);
                            connect.forecast = rules::forecast::path(connect);
                        }
                        aside.with(|ui| outputs.learn(&event, ui));
                        report.learn(&event);
                        // Whoever watched has seen enough when nobody is there any more.
                        watch.iter().for_each(|watch| drop(watch.send((*event).clone())));
                    }
                    // Nobody listens any more when the other side has left.
                    Happening::Say(message) => drop(tell.send(addressed(message, kept.part, &theirs))),
                    Happening::Trouble(sentence) => aside.warn(&visible(&sentence)),
                }
            };
            let mut ear = ear;
            let ended = match kept.both {
                true => world.run_told(&mut Both::new(&config, chance), &options, limit, &mut ear, learn).await,
                false => world.run_told(&mut Foreseeing::new(config, chance), &options, limit, &mut ear, learn).await,
            };
            drop(tell);
            ended
        };
        let machine = async {
            match demo {
                Some(demo) => demo.serve(world, run).await,
                None => Ok(run(named).await),
            }
        };
        let (ended, carried) = tokio::join!(machine, means.carry(ours, &theirs, &aside));
        Ok((ended?, carried.err(), theirs.described()))
    };
    let cannot = |why: drive::CannotRun| Stop::CannotRun(why.to_string());
    let (ended, trouble, described) = drive::block_on(running).map_err(cannot)??;
    let ended = ended.map_err(cannot)?;
    report.duration_ms = end;
    aside.with(Ui::end);
    Ok(Over { report, outputs, ended, trouble, described })
}

/// An answer says whose it is.
fn addressed(message: Message, part: Part, theirs: &Theirs) -> Message {
    match message {
        Message::Description(description) if part == Part::Answer => {
            Message::Description(Description { answers: theirs.ufrag(), ..description })
        }
        message => message,
    }
}

/// ICE servers that came from the other side, now or when the trace was written.
fn named_by_the_other(kept: &Kept, servers: Vec<ServerSpec>, world: &World) -> Result<Vec<ServerSpec>, Stop> {
    match kept.may_name_servers {
        true if world.is_replay() => record::remembered_demo(world),
        true => {
            record::keep_demo(world, &servers);
            Ok(servers)
        }
        false => Ok(servers),
    }
}

fn judge(report: &mut Report, ended: Ended) {
    report.interrupted = ended == Ended::Interrupted;
    super::judge::explain_servers(report);
    report.findings = rules::judge(report);
    let connected = report.connect.as_ref().is_some_and(|connect| connect.connected_ms.is_some());
    let worst = |path: bool| {
        let of = report.findings.iter().filter(|finding| !path || finding.servers.is_empty());
        of.map(|finding| finding.severity).max()
    };
    // A server that is of no use matters less than a path that is.
    report.verdict = match (connected, worst(true), worst(false)) {
        (false, ..) | (true, Some(Severity::Error), _) => Verdict::Fail,
        (true, _, Some(Severity::Error | Severity::Warning)) => Verdict::Warn,
        (true, ..) => Verdict::Pass,
    };
}

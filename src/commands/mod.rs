//! What was asked: one file per subcommand, its arguments first, then its four steps.

mod certificate;
mod check;
mod completions;
mod config;
mod connect;
mod demo;
pub mod environment;
pub mod exit;
mod explain;
mod flag;
mod gather;
mod judge;
mod keys;
mod locals;
mod man;
mod nat;
mod output;
mod parser;
mod probing;
mod record;
mod replay;
mod report;
mod schema;
mod serve;
mod servers;
mod span;
mod stop;
mod telling;
mod turn;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::time::SystemTime;

use clap::{ArgMatches, FromArgMatches, Parser, Subcommand};

use record::{RecordArgs, World};
use stop::Stop;

use crate::drive;
use crate::view::nagios;
use crate::view::ui::{Terminal, Ui, Wishes};

/// Tells whether WebRTC will connect from where you stand, and if not, exactly why and what to change
#[derive(Debug, Parser)]
#[command(name = "rtcprobe", version, after_help = exit::HELP, arg_required_else_help = true, propagate_version = true)]
#[command(subcommand_required = true, disable_help_subcommand = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Gather(Box<gather::GatherArgs>),
    Nat(Box<nat::NatArgs>),
    Turn(Box<turn::TurnArgs>),
    Check(Box<check::CheckArgs>),
    Connect(Box<connect::ConnectArgs>),
    Replay(replay::ReplayArgs),
    Explain(explain::ExplainArgs),
    Serve(Box<serve::ServeArgs>),
    Report(Box<report::ReportArgs>),
    Schema(schema::SchemaArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

impl Command {
    /// The file with servers and options, of those that name servers.
    fn file(&mut self) -> Option<&mut config::ConfigArgs> {
        match self {
            Command::Gather(args) => Some(&mut args.servers.file),
            Command::Nat(args) => Some(&mut args.servers.file),
            Command::Turn(args) => Some(&mut args.servers.file),
            Command::Check(args) => Some(&mut args.servers.file),
            Command::Connect(args) => Some(&mut args.servers.file),
            _ => None,
        }
    }
}

/// The parser of the command line, for help, completions and manual pages.
#[must_use]
pub fn command() -> clap::Command {
    parser::finished(<Cli as clap::CommandFactory>::command())
}

/// Reads a variable of the environment.
pub type Lookup = dyn Fn(&str) -> Option<String>;

/// What `main` hands in.
pub struct Surroundings {
    pub terminal: Terminal,
    pub out: Box<dyn Write + Send>,
    pub err: Box<dyn Write + Send>,
    /// The start of the run.
    pub now: SystemTime,
    /// What reads a variable of the environment, for those that a configuration file refers to.
    pub variable: Box<Lookup>,
    /// Where a job of GitHub Actions takes a page (`GITHUB_STEP_SUMMARY`).
    pub job_summary: Option<PathBuf>,
}

/// Runs a command line from its first word (the program's name) to its exit code.
pub fn run(args: impl IntoIterator<Item = OsString>, around: Surroundings) -> u8 {
    let Surroundings { terminal, out, err, now, job_summary, variable } = around;
    let args: Vec<OsString> = args.into_iter().collect();
    let all = args.clone();
    // A plugin says so on stdout, too, when its command line cannot be read.
    let plugin = args.iter().any(|arg| arg == "--nagios");
    let (cli, matches) = match parse(args, &terminal).and_then(|parsed| with_file(parsed, &all, &terminal, &*variable))
    {
        Ok(parsed) => parsed,
        Err(stop) => return refuse(stop, plugin, &terminal, out, err),
    };
    let Some((name, matches)) = matches.subcommand() else { return exit::USAGE };
    let plugin = plugin || matches!(matches.try_get_one::<bool>("nagios"), Ok(Some(true)));
    let wishes = match &cli.command {
        Command::Gather(args) => args.output.wishes(),
        Command::Nat(args) => args.output.wishes(),
        Command::Turn(args) => args.output.wishes(),
        Command::Check(args) => args.output.wishes(),
        Command::Connect(args) => args.output.wishes(),
        Command::Replay(args) => args.output.wishes(),
        Command::Serve(args) => Ok(args.talk.wishes()),
        Command::Report(args) => args.wishes(),
        Command::Explain(_) | Command::Schema(_) | Command::Completions(_) | Command::Man(_) => Ok(Wishes::default()),
    };
    let mut ui = match wishes {
        Ok(wishes) => Ui::new(&terminal, wishes, out, err),
        Err(stop) => return refuse(stop, plugin, &terminal, out, err),
    };
    ui.job_summary = job_summary;
    let ready = |wanted| {
        drive::raise_file_limit();
        drive::enough_descriptors(wanted).map_err(|why| Stop::CannotRun(why.to_string()))
    };
    let asking = |recording: &RecordArgs, demo: bool, ui: &mut Ui| {
        ready(for_client(demo))?;
        if ui.private {
            recording.beside_redaction()?;
        }
        let options = record::options(&command(), name, matches);
        let world = World::live(recording, name, options, now)?;
        probe(&cli.command, matches, &world, ui)
    };
    let result = match &cli.command {
        Command::Gather(args) => asking(&args.probing.record, args.demo.demo.is_some(), &mut ui),
        Command::Nat(args) => asking(&args.probing.record, args.demo.demo.is_some(), &mut ui),
        Command::Turn(args) => asking(&args.probing.record, args.demo.demo.is_some(), &mut ui),
        Command::Check(args) => asking(&args.probing.record, args.demo.demo.is_some(), &mut ui),
        Command::Connect(args) => asking(&args.probing.record, args.demo.demo.is_some(), &mut ui),
        Command::Replay(args) => replay::run(args, matches, &mut ui),
        Command::Serve(args) => ready(FOR_SERVER).and_then(|()| serve::run(args, matches, now, &mut ui)),
        Command::Report(args) => report::run(args, &mut ui),
        Command::Explain(args) => explain::run(args, &mut ui),
        Command::Schema(args) => schema::run(args, &mut ui),
        Command::Completions(args) => completions::run(args, &mut ui),
        Command::Man(args) => man::run(args, &mut ui),
    };
    let result = result.and_then(|code| ui.finish().map(|()| code).map_err(Stop::CannotRun));
    result.unwrap_or_else(|stop| {
        ui.end();
        let stop = located(&cli.command, stop);
        tell(&stop, plugin, &mut ui)
    })
}

/// With the place in the file, where what is wrong was written in one.
fn located(command: &Command, stop: Stop) -> Stop {
    let file = match command {
        Command::Gather(args) => &args.servers.file,
        Command::Nat(args) => &args.servers.file,
        Command::Turn(args) => &args.servers.file,
        Command::Check(args) => &args.servers.file,
        Command::Connect(args) => &args.servers.file,
        _ => return stop,
    };
    match &file.configured {
        Some(configured) => configured.located(stop),
        None => stop,
    }
}

/// Says why there is no answer; hands back the exit code.
fn tell(stop: &Stop, plugin: bool, ui: &mut Ui) -> u8 {
    ui.error(&stop.sentence());
    match plugin {
        true => {
            ui.answer(&nagios::unknown(&stop.sentence()));
            nagios::UNKNOWN
        }
        false => stop.code(),
    }
}

/// Runs a command that asks somebody, in a world that may be a recorded one.
fn probe(command: &Command, matches: &ArgMatches, world: &World, ui: &mut Ui) -> Result<u8, Stop> {
    match command {
        Command::Gather(args) => gather::run(args, matches, world, ui),
        Command::Nat(args) => nat::run(args, matches, world, ui),
        Command::Turn(args) => turn::run(args, matches, world, ui),
        Command::Check(args) => check::run(args, matches, world, ui),
        Command::Connect(args) => connect::run(args, matches, world, ui),
        _ => stop::usage("the trace names a command that sends nothing"),
    }
}

/// Descriptors of a server with a few listeners and a few relays.
const FOR_SERVER: usize = 48;

/// Descriptors of a client, which brings its server in a demo.
fn for_client(demo: bool) -> usize {
    drive::LEAST_DESCRIPTORS + if demo { FOR_SERVER } else { 0 }
}

fn parse(args: impl IntoIterator<Item = OsString>, terminal: &Terminal) -> Result<(Cli, ArgMatches), Stop> {
    let mut command = command();
    let args = parser::without_help_word(args);
    let matches = command.try_get_matches_from_mut(args).map_err(|why| parser::stop(&why, terminal))?;
    let cli = Cli::from_arg_matches(&matches).map_err(|why| parser::stop(&why, terminal))?;
    Ok((cli, matches))
}

/// The same with what the configuration file has, if one is named.
fn with_file(
    (mut cli, matches): (Cli, ArgMatches),
    args: &[OsString],
    terminal: &Terminal,
    variable: config::Variable<'_>,
) -> Result<(Cli, ArgMatches), Stop> {
    let (Some(named), Some((_, sub))) = (cli.command.file(), matches.subcommand()) else { return Ok((cli, matches)) };
    let Some(mut configured) = named.read(sub, variable)? else { return Ok((cli, matches)) };
    let args = config::completed(&parser::without_help_word(args.to_vec()), &mut configured, sub);
    let (again, matches) = parse(args, terminal).map_err(|stop| configured.located(stop))?;
    cli = again;
    if let Some(named) = cli.command.file() {
        named.configured = Some(configured);
    }
    Ok((cli, matches))
}

/// Reads a command line that was recorded; the environment of today has no say in it.
fn recorded(words: &[String]) -> Result<(Cli, ArgMatches), Stop> {
    let mut command = command().mut_subcommands(|sub| sub.mut_args(|arg| arg.env(None::<&str>)));
    let wrong = |why: clap::Error| match parser::stop(&why, &Terminal::default()) {
        Stop::Parser { text, .. } => Stop::Usage(format!("the trace's options are not understood: {text}")),
        stop => stop,
    };
    let matches = command.try_get_matches_from_mut(words).map_err(wrong)?;
    let cli = Cli::from_arg_matches(&matches).map_err(wrong)?;
    Ok((cli, matches))
}

/// Ends before anything was done.
fn refuse(stop: Stop, plugin: bool, terminal: &Terminal, out: Box<dyn Write + Send>, err: Box<dyn Write + Send>) -> u8 {
    let mut ui = Ui::new(terminal, Wishes::default(), out, err);
    let code = match stop {
        Stop::Parser { text, code: exit::OK } => {
            ui.answer(&text);
            exit::OK
        }
        stop => tell(&stop, plugin, &mut ui),
    };
    match ui.finish() {
        Ok(()) => code,
        Err(_) => exit::CANNOT_RUN,
    }
}

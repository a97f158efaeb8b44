//! What was asked: one file per subcommand, its arguments first, then its four steps.

mod certificate;
mod completions;
mod demo;
pub mod environment;
pub mod exit;
mod gather;
mod judge;
mod keys;
mod locals;
mod man;
mod output;
mod parser;
mod probing;
mod schema;
mod serve;
mod servers;
mod span;
mod stop;
mod turn;

use std::ffi::OsString;
use std::io::Write;
use std::time::SystemTime;

use clap::{FromArgMatches, Parser, Subcommand};

use stop::Stop;

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
    Turn(Box<turn::TurnArgs>),
    Serve(Box<serve::ServeArgs>),
    Schema(schema::SchemaArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// The parser of the command line, for help, completions and manual pages.
#[must_use]
pub fn command() -> clap::Command {
    parser::finished(<Cli as clap::CommandFactory>::command())
}

/// What `main` hands in.
pub struct Surroundings {
    pub terminal: Terminal,
    pub out: Box<dyn Write>,
    pub err: Box<dyn Write + Send>,
    /// The start of the run.
    pub now: SystemTime,
}

/// Runs a command line from its first word (the program's name) to its exit code.
pub fn run(args: impl IntoIterator<Item = OsString>, around: Surroundings) -> u8 {
    let Surroundings { terminal, out, err, now } = around;
    let (cli, matches) = match parse(args, &terminal) {
        Ok(parsed) => parsed,
        Err(stop) => return refuse(stop, &terminal, out, err),
    };
    let Some((_, matches)) = matches.subcommand() else { return exit::USAGE };
    let wishes = match &cli.command {
        Command::Gather(args) => args.output.wishes(),
        Command::Turn(args) => args.output.wishes(),
        Command::Serve(args) => Ok(args.talk.wishes()),
        Command::Schema(_) | Command::Completions(_) | Command::Man(_) => Ok(Wishes::default()),
    };
    let mut ui = match wishes {
        Ok(wishes) => Ui::new(&terminal, wishes, out, err),
        Err(stop) => return refuse(stop, &terminal, out, err),
    };
    let result = match &cli.command {
        Command::Gather(args) => gather::run(args, matches, now, &mut ui),
        Command::Turn(args) => turn::run(args, matches, now, &mut ui),
        Command::Serve(args) => serve::run(args, now, &mut ui),
        Command::Schema(args) => schema::run(args, &mut ui),
        Command::Completions(args) => completions::run(args, &mut ui),
        Command::Man(args) => man::run(args, &mut ui),
    };
    let result = result.and_then(|code| ui.finish().map(|()| code).map_err(Stop::CannotRun));
    result.unwrap_or_else(|stop| {
        ui.end();
        ui.error(&stop.to_string());
        stop.code()
    })
}

fn parse(args: impl IntoIterator<Item = OsString>, terminal: &Terminal) -> Result<(Cli, clap::ArgMatches), Stop> {
    let mut command = command();
    let matches = command.try_get_matches_from_mut(args).map_err(|why| parser::stop(&why, terminal))?;
    let cli = Cli::from_arg_matches(&matches).map_err(|why| parser::stop(&why, terminal))?;
    Ok((cli, matches))
}

/// Ends before anything was done.
fn refuse(stop: Stop, terminal: &Terminal, out: Box<dyn Write>, err: Box<dyn Write + Send>) -> u8 {
    let mut ui = Ui::new(terminal, Wishes::default(), out, err);
    let code = stop.code();
    match stop {
        Stop::Parser { text, code: exit::OK } => ui.answer(&text),
        stop => ui.error(&stop.to_string()),
    }
    match ui.finish() {
        Ok(()) => code,
        Err(_) => exit::CANNOT_RUN,
    }
}

use std::fs::File;
use std::path::PathBuf;

use clap::{ArgMatches, Args};

use super::output::OutputArgs;
use super::record::{self, Trace, World};
use super::stop::{Stop, usage};
use crate::rules;
use crate::view;
use crate::view::ui::{Terminal, Ui, Wishes};

/// Run a recorded run again, without a network
///
/// Takes what --trace wrote and tells the same machines the same things at the same times: the same report
/// comes out, to the byte. A later rtcprobe judges the old packets by today's rules; where it would have asked
/// something else than was recorded, it says so and judges the recorded report.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct ReplayArgs {
    /// The trace; - reads standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub output: OutputArgs,
}

const EXAMPLES: &str = "\
Examples:
  rtcprobe turn turn:turn.example.org --username alice --credential-file password.txt --trace run.trace
  rtcprobe replay run.trace
  rtcprobe replay run.trace --json";

pub fn run(args: &ReplayArgs, matches: &ArgMatches, ui: &mut Ui) -> Result<u8, Stop> {
    let trace = read(&args.file)?;
    let words = words(&trace, matches);
    // Once in silence, since what was shown cannot be taken back.
    let mut silent =
        Ui::new(&Terminal::default(), Wishes::default(), Box::new(std::io::sink()), Box::new(std::io::sink()));
    let world = World::replayed(trace.clone());
    again(&words, &world, &mut silent)?;
    match world.diverged() {
        None => again(&words, &World::replayed(trace), ui),
        Some(when) => {
            ui.warn(&format!(
                "this version (recorded with {}) would have asked something else, from {when} on; \
                 the recorded report is judged by today's rules",
                view::escape::visible(&trace.header.rtcprobe)
            ));
            judged_anew(args, trace, ui)
        }
    }
}

fn read(path: &PathBuf) -> Result<Trace, Stop> {
    let wrong = |why: String| Stop::Usage(format!("{}: {why}", path.display()));
    match path.as_os_str() == "-" {
        true => Trace::read(std::io::stdin()).map_err(wrong),
        false => {
            let file = File::open(path).map_err(|why| match why.kind() {
                std::io::ErrorKind::NotFound => wrong("there is no such file".into()),
                _ => wrong(format!("it cannot be read: {why}")),
            })?;
            Trace::read(file).map_err(wrong)
        }
    }
}

/// The recorded command line, with the output that is wanted now.
fn words(trace: &Trace, matches: &ArgMatches) -> Vec<String> {
    let output = record::output_options(&super::command(), "replay", matches);
    let mut words = vec!["rtcprobe".to_owned(), trace.header.command.clone()];
    words.extend(trace.header.options.iter().cloned());
    words.extend(output);
    words
}

fn again(words: &[String], world: &World, ui: &mut Ui) -> Result<u8, Stop> {
    let (cli, matches) = super::recorded(words)?;
    match matches.subcommand() {
        Some((_, matches)) => super::probe(&cli.command, matches, world, ui),
        None => usage("the trace names no command"),
    }
}

fn judged_anew(args: &ReplayArgs, trace: Trace, ui: &mut Ui) -> Result<u8, Stop> {
    let report = trace.lines.into_iter().find_map(|line| match line {
        record::Line::Report(report) => Some(report),
        _ => None,
    });
    let Some(mut report) = report else {
        return usage(
            "the trace ends before the report, so there is nothing to judge; it needs the version that wrote it",
        );
    };
    report.findings = rules::judge(&report);
    let outputs = args.output.outputs("replay")?;
    outputs.whole(&report, ui);
    Ok(outputs.code(&report, false))
}

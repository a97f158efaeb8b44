use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::stop::{Stop, usage};
use crate::view::ui::{ColorWhen, Wishes};

/// How the answer is given; shared by every command.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Print the report as one JSON document, the same as --output json
    #[arg(long, env = "RTCPROBE_JSON", value_parser = super::flag::parse)]
    pub json: bool,
    /// How to print the answer
    #[arg(long, value_enum, value_name = "FORMAT", env = "RTCPROBE_OUTPUT")]
    pub output: Option<Format>,
    /// Write the answer to a file, whole or not at all
    #[arg(short = 'o', long, value_name = "FILE", env = "RTCPROBE_OUTPUT_FILE")]
    pub output_file: Option<PathBuf>,
    #[command(flatten)]
    pub talk: TalkArgs,
}

/// How much is said besides the answer; shared by every command that takes a while.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct TalkArgs {
    /// Print the answer only: no notes, no warnings, no progress
    #[arg(short, long, env = "RTCPROBE_QUIET", value_parser = super::flag::parse, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more on stderr about what happens
    #[arg(short, long, action = clap::ArgAction::Count, env = "RTCPROBE_VERBOSE")]
    pub verbose: u8,
    /// When to use colour
    #[arg(long, value_enum, value_name = "WHEN", env = "RTCPROBE_COLOR", default_value_t)]
    pub color: ColorWhen,
    /// Never show what is being waited for
    #[arg(long, env = "RTCPROBE_NO_PROGRESS", value_parser = super::flag::parse)]
    pub no_progress: bool,
}

/// The shape of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// One JSON document at the end; its schema is printed by rtcprobe schema
    Json,
    /// One JSON object a line for each event as it happens, the report last
    Jsonl,
}

impl OutputArgs {
    /// The format that is wanted.
    pub fn format(&self) -> Result<Format, Stop> {
        match (self.json, self.output) {
            (true, None | Some(Format::Json)) => Ok(Format::Json),
            (true, Some(_)) => usage("--json and --output ask for two different formats; give one of them"),
            (false, format) => Ok(format.unwrap_or_default()),
        }
    }

    /// What the terminal is to be like. Checks that a file can be written where one is wanted.
    pub fn wishes(&self) -> Result<Wishes, Stop> {
        let file = self.output_file.clone().filter(|path| path.as_os_str() != "-");
        if let Some(path) = &file {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            if folder.is_some_and(|folder| !folder.is_dir()) || path.is_dir() {
                return usage(format!("-o {}: there is no such folder, or it is a folder itself", path.display()));
            }
        }
        Ok(Wishes { file, ..self.talk.wishes() })
    }
}

impl TalkArgs {
    pub fn wishes(&self) -> Wishes {
        Wishes {
            color: self.color,
            quiet: self.quiet,
            verbose: self.verbose,
            no_progress: self.no_progress,
            file: None,
        }
    }
}

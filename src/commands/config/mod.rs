//! Servers and options from a file: `--config FILE`, or a profile of the user's configuration file.

mod file;
mod place;
mod servers;

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, ValueHint};

pub use file::Configured;

use super::stop::{Stop, usage};

/// A file with servers and options; shared by every command that names servers.
///
/// The command line comes first, then the environment, then the file.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Servers")]
pub struct ConfigArgs {
    /// Servers and options from this TOML file, where neither the command line nor the environment has them
    ///
    /// Servers that are named otherwise take the place of all of the file's, and credentials that are given for
    /// all servers that of theirs. Expectations and limits of commands that have none are left alone.
    #[arg(long, value_name = "FILE", env = "RTCPROBE_CONFIG", value_hint = ValueHint::FilePath)]
    pub config: Option<OsString>,
    /// Likewise from [profile.NAME] of the user's configuration file, rtcprobe/config.toml
    ///
    /// It is looked for in $XDG_CONFIG_HOME or ~/.config; on macOS in ~/Library/Application Support, on Windows
    /// in %APPDATA%.
    #[arg(long, value_name = "NAME", env = "RTCPROBE_PROFILE")]
    pub profile: Option<String>,
    /// What is in there.
    #[arg(skip)]
    pub configured: Option<Configured>,
}

/// What reads a variable of the environment.
pub type Variable<'a> = &'a crate::commands::Lookup;

impl ConfigArgs {
    /// Reads the file, if there is to be one.
    pub fn read(&self, matches: &ArgMatches, variable: Variable<'_>) -> Result<Option<Configured>, Stop> {
        let config = self.config.as_ref().filter(|path| !path.is_empty());
        let profile = self.profile.as_ref().filter(|name| !name.is_empty());
        let typed = |id| matches.value_source(id) == Some(ValueSource::CommandLine);
        match (config, profile) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) if typed("config") == typed("profile") => {
                usage("--config and --profile both name a set of servers and options; give one")
            }
            (Some(path), None) => file::config(path.as_ref(), variable).map(Some),
            (Some(path), Some(_)) if typed("config") => file::config(path.as_ref(), variable).map(Some),
            (_, Some(name)) => file::profile(&place::of_the_user(variable)?, name, variable).map(Some),
        }
    }
}

/// The command line with the options of the file before its own, where neither it nor the environment
/// has them; options that the command does not know are left out, there and in what is known of the file.
pub fn completed(args: &[OsString], configured: &mut Configured, matches: &ArgMatches) -> Vec<OsString> {
    let given =
        |id: &str| matches!(matches.value_source(id), Some(ValueSource::CommandLine | ValueSource::EnvVariable));
    let known = |id: &str| matches.try_contains_id(id).is_ok();
    let family = ["ipv4", "ipv6"];
    let wanted = |option: &str| {
        let id = option.replace('-', "_");
        let rivals = if family.contains(&option) { &family[..] } else { &[] };
        known(&id) && !given(&id) && !rivals.iter().any(|id| given(id))
    };
    configured.options.retain(|written| wanted(written.option));
    let (before, after) = args.split_at(args.len().min(2));
    let mut all = before.to_vec();
    for written in &configured.options {
        let mut word = OsString::from(format!("--{}", written.option));
        if let Some(value) = &written.value {
            word.push("=");
            word.push(value);
        }
        all.push(word);
    }
    all.extend_from_slice(after);
    all
}

impl Configured {
    /// The same complaint, with the line of the file where that option stands; for options that were written
    /// elsewhere, as it is.
    #[must_use]
    pub fn located(&self, stop: Stop) -> Stop {
        let sentence = stop.sentence();
        let about = |written: &&file::Written| {
            let (_, after) = sentence.split_once(&format!("--{}", written.option))?;
            // A longer option begins alike.
            let ends = !after.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '-');
            let value = written.value.as_ref().and_then(|value| value.to_str());
            Some((ends, value.is_some_and(|value| sentence.contains(value))))
        };
        let is = |written: &&file::Written, named: bool| {
            about(written).is_some_and(|(ends, value)| ends && (value || !named))
        };
        let mut options = self.options.iter();
        let found =
            options.clone().find(|written| is(written, true)).or_else(|| options.find(|written| is(written, false)));
        let Some(written) = found else { return stop };
        let place = format!("{}, line {}", self.place, written.line);
        let said = sentence.replacen(&format!("--{}", written.option), written.option, 1);
        let told = format!("{place}: {said}");
        match stop {
            Stop::CannotRun(_) => Stop::CannotRun(told),
            _ => Stop::Usage(told),
        }
    }
}

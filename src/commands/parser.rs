//! clap, with help for people: short errors, and nobody's environment in the help.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::exit;
use super::stop::Stop;
use crate::view::ui::Terminal;

/// The command with what every subcommand has in common.
pub fn finished(command: clap::Command) -> clap::Command {
    // Help and manual name the variables; what is in them is nobody's business.
    command.mut_subcommands(|sub| sub.mut_args(|arg| arg.hide_env_values(true)))
}

/// What clap has to say, in one sentence; help and version as they are.
pub fn stop(why: &clap::Error, terminal: &Terminal) -> Stop {
    let rendered = why.render();
    match why.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let plain = !terminal.stdout || terminal.no_color.as_deref().is_some_and(|value| !value.is_empty());
            let text = if plain { rendered.to_string() } else { rendered.ansi().to_string() };
            Stop::Parser { text, code: exit::OK }
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Stop::Parser { text: format!("no command given\n\n{rendered}"), code: exit::USAGE }
        }
        _ => Stop::Parser { text: sentence(why, &rendered.to_string()), code: exit::USAGE },
    }
}

/// `rtcprobe help gather` is `rtcprobe gather --help`.
pub fn without_help_word(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    if args.get(1).is_some_and(|word| word == "help") {
        args.remove(1);
        args.truncate(2);
        args.push("--help".into());
    }
    args
}

fn sentence(why: &clap::Error, rendered: &str) -> String {
    let word = |kind| match why.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => {
            let texts: Vec<&str> = texts.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
            Some(texts.join(", ")).filter(|text| !text.is_empty())
        }
        _ => None,
    };
    let first = rendered.lines().next().unwrap_or_default().trim_start_matches("error: ");
    let mut text = match (why.kind(), word(ContextKind::InvalidArg)) {
        (ErrorKind::MissingRequiredArgument, Some(missing)) => format!("{missing} is missing"),
        (ErrorKind::ArgumentConflict, Some(one)) => match word(ContextKind::PriorArg) {
            Some(others) if others == one => format!("{one} can be given once only"),
            Some(others) => format!("{one} cannot be used with {others}"),
            None => first.to_string(),
        },
        _ => first.replace("invalid digit found in string", "it is not a number"),
    };
    let meant = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    if let Some(meant) = meant.into_iter().find_map(word) {
        text.push_str(&format!("; did you mean '{meant}'?"));
    } else if let Some(valid) = word(ContextKind::ValidValue) {
        text.push_str(&format!("; it can be {valid}"));
    } else if why.kind() == ErrorKind::InvalidSubcommand {
        let command = super::command();
        let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        text.push_str(&format!("; there are {}", names.join(", ")));
    }
    text
}

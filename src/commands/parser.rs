//! clap, with help for people: short errors, and nobody's environment in the help.

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

fn sentence(why: &clap::Error, rendered: &str) -> String {
    let word = |kind| match why.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let mut text = match (why.kind(), word(ContextKind::InvalidArg)) {
        (ErrorKind::MissingRequiredArgument, Some(missing)) => format!("{missing} is missing"),
        _ => rendered.lines().next().unwrap_or_default().trim_start_matches("error: ").to_string(),
    };
    let meant = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    if let Some(meant) = meant.into_iter().find_map(word) {
        text.push_str(&format!("; did you mean '{meant}'?"));
    } else if let Some(valid) = word(ContextKind::ValidValue) {
        text.push_str(&format!("; it can be {valid}"));
    }
    text
}

use clap::ArgMatches;
use clap::parser::ValueSource;
use serde::{Deserialize, Serialize};

use super::ConnectArgs;
use crate::commands::stop::{Stop, usage};
use crate::view::escape::visible;
use crate::wire::signal::Part;
use crate::wire::uri;

/// How the two sides are to tell one another of themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// Somebody carries a text to and fro; the other side's may be there already.
    Paste {
        part: Part,
        text: Option<String>,
    },
    /// Lines on standard input and output.
    Pipe {
        part: Part,
    },
    /// Lines to and from a command.
    Exec {
        command: String,
    },
    Listen {
        at: String,
    },
    Dial {
        to: String,
    },
    Whip {
        url: String,
    },
    Whep {
        url: String,
    },
    Browser,
    /// Both sides are in this process.
    Itself,
}

/// What a trace holds of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// As in the report.
    pub signalling: String,
    pub part: Part,
    pub trickle: bool,
    /// Somebody carries a text.
    pub carried: bool,
    /// ICE servers may come from the other side.
    pub may_name_servers: bool,
    /// Both sides are in one process.
    pub both: bool,
}

const NO_WAY: &str = "say how the other side is to hear of this one: offer, answer LINE, browser, --exec CMD, \
    --listen ADDR, --dial ADDR, --whip URL or --whep URL; or try it alone with --self --demo";

impl Way {
    /// Reads it from the command line, and how many of the plain arguments belong to it.
    pub fn read(args: &ConnectArgs, matches: &ArgMatches) -> Result<(Way, usize), Stop> {
        let words: Vec<&str> = args.servers.uris.iter().map(String::as_str).collect();
        let option = option(args);
        let typed = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
        match (words.first().copied(), option) {
            // The environment names what is usual; the command line, what is wanted now.
            (Some(word @ ("offer" | "answer" | "browser")), Some((name, _))) if typed(id(name)) => {
                usage(format!("{word} and {name} are two ways to reach the other side; give one"))
            }
            (Some("offer"), _) if words.get(1) == Some(&"-") => Ok((Way::Pipe { part: Part::Offer }, 2)),
            (Some("offer"), _) => Ok((Way::Paste { part: Part::Offer, text: None }, 1)),
            (Some("answer"), _) => Ok(answer(&words)),
            (Some("browser"), _) => Ok((Way::Browser, 1)),
            (_, Some((_, way))) => Ok((way, 0)),
            (Some(word), None) if !uri::has_scheme(word) => {
                let word = visible(&uri::shown(word));
                usage(format!("{word}: it is neither offer, answer nor browser, nor the URI of a server; {NO_WAY}"))
            }
            (_, None) => usage(NO_WAY),
        }
    }

    /// Whether standard output carries what the other side is to hear.
    pub fn takes_stdout(&self) -> bool {
        matches!(self, Way::Paste { .. } | Way::Pipe { .. })
    }
}

/// The way that an option names.
fn option(args: &ConnectArgs) -> Option<(&'static str, Way)> {
    let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    if args.itself {
        return Some(("--self", Way::Itself));
    }
    None.or_else(|| text(&args.exec).map(|command| ("--exec", Way::Exec { command })))
        .or_else(|| text(&args.listen).map(|at| ("--listen", Way::Listen { at })))
        .or_else(|| text(&args.dial).map(|to| ("--dial", Way::Dial { to })))
        .or_else(|| text(&args.whip).map(|url| ("--whip", Way::Whip { url })))
        .or_else(|| text(&args.whep).map(|url| ("--whep", Way::Whep { url })))
}

/// What clap calls the option.
fn id(option: &str) -> &str {
    match option {
        "--self" => "itself",
        _ => option.trim_start_matches('-'),
    }
}

/// `answer`, `answer -`, `answer LINE`, each with servers behind it.
fn answer(words: &[&str]) -> (Way, usize) {
    let part = Part::Answer;
    match words.get(1) {
        Some(&"-") => (Way::Pipe { part }, 2),
        Some(text) if !uri::has_scheme(text) => (Way::Paste { part, text: Some((*text).to_string()) }, 2),
        _ => (Way::Paste { part, text: None }, 1),
    }
}

use std::path::PathBuf;

use clap::ArgMatches;
use clap::parser::ValueSource;
use serde::{Deserialize, Serialize};

use super::ConnectArgs;
use crate::commands::output::{OutputArgs, Outputs};
use crate::commands::stop::{Stop, usage};
use crate::view::escape::visible;
use crate::view::ui::Ui;
use crate::wire::signal::Part;
use crate::wire::signal::line::PREFIX;
use crate::wire::signal::pasted::Form;
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

/// What may stand as plain arguments.
pub const WORDS: &str = "offer prints a line to paste on the other side, and reads its answer; answer LINE takes that \
    line (or SDP, or JSON) and prints the answer; with - instead, both speak JSON lines over standard input and \
    output; browser serves a page that makes a browser the other side. Servers may follow, as URIs";

pub const EXAMPLES: &str = "\
Examples:
  rtcprobe connect --self --demo
  rtcprobe connect offer
  rtcprobe connect answer rtcprobe1:AbCd…
  rtcprobe connect --exec 'ssh host.example.org rtcprobe connect answer -'
  rtcprobe connect --listen 4000                       here, and there:
  rtcprobe connect --dial host.example.org:4000 --token-file token.txt
  rtcprobe connect browser --ice-servers config.json
  rtcprobe connect --whip https://media.example.org/whip/room --bearer-file token.txt";

const NO_WAY: &str = "say how the other side is to hear of this one: offer, answer LINE, browser, --exec CMD, \
    --listen ADDR, --dial ADDR, --whip URL or --whep URL; or try it alone with --self --demo";

impl Way {
    /// Reads it from the command line.
    pub fn read(args: &ConnectArgs, matches: &ArgMatches) -> Result<Way, Stop> {
        let words = words(args);
        let option = option(args);
        let typed = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
        match (words.first().copied(), option) {
            // The environment names what is usual; the command line, what is wanted now.
            (Some(word @ ("offer" | "answer" | "browser")), Some((name, _))) if typed(id(name)) => {
                usage(format!("{word} and {name} are two ways to reach the other side; give one"))
            }
            (Some("offer"), _) if words.get(1) == Some(&"-") => Ok(Way::Pipe { part: Part::Offer }),
            (Some("offer"), _) => Ok(Way::Paste { part: Part::Offer, text: None }),
            (Some("answer"), _) => Ok(answer(&words)),
            (Some("browser"), _) => Ok(Way::Browser),
            (Some(word), None) if word.starts_with(PREFIX) => {
                Ok(Way::Paste { part: Part::Answer, text: Some(word.to_owned()) })
            }
            (_, Some((_, way))) => Ok(way),
            (Some(word), None) if !uri::has_scheme(word) => {
                let word = visible(&uri::shown(word));
                usage(format!("{word}: it is neither offer, answer nor browser, nor the URI of a server; {NO_WAY}"))
            }
            (_, None) => usage(NO_WAY),
        }
    }

    /// How many of the plain arguments belong to it; the rest are servers.
    pub fn words(&self, args: &ConnectArgs) -> usize {
        let words = words(args);
        match self {
            Way::Paste { part: Part::Offer, .. } | Way::Browser => 1,
            Way::Pipe { .. } => 2,
            Way::Paste { part: Part::Answer, text: None } => 1,
            Way::Paste { part: Part::Answer, .. } => {
                let of_text = words.iter().skip(1).take_while(|word| !uri::has_scheme(word)).count();
                1 + of_text
            }
            _ => 0,
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

fn words(args: &ConnectArgs) -> Vec<&str> {
    args.servers.uris.iter().map(String::as_str).collect()
}

/// `answer`, `answer -`, `answer LINE`, each with servers behind it. A line may have been broken into words.
fn answer(words: &[&str]) -> Way {
    let part = Part::Answer;
    let text: Vec<&str> = words.iter().skip(1).take_while(|word| !uri::has_scheme(word)).copied().collect();
    match &text[..] {
        ["-"] => Way::Pipe { part },
        [] => Way::Paste { part, text: None },
        text => Way::Paste { part, text: Some(text.join("\n")) },
    }
}

/// The form of the description that is asked for.
pub fn form(args: &ConnectArgs) -> Option<Form> {
    match (args.sdp, args.output.json) {
        (true, _) => Some(Form::Sdp),
        (false, true) => Some(Form::Json),
        (false, false) => None,
    }
}

/// Where the answers go. What the other side is to hear goes to stdout in some ways, and the report elsewhere.
pub fn outputs(args: &ConnectArgs, way: &Way, ui: &mut Ui) -> Result<Outputs, Stop> {
    if !way.takes_stdout() {
        if args.sdp || args.qr {
            return usage("--sdp and --qr are for offer and answer, where a person carries the description");
        }
        return args.output.outputs("connect");
    }
    if matches!(way, Way::Pipe { .. }) && (args.sdp || args.qr || args.output.json) {
        return usage("with - both sides speak JSON lines; --sdp, --qr and --json are for a text that is pasted");
    }
    if matches!(way, Way::Paste { .. }) && args.restart.is_some() {
        return usage(
            "--restart: both sides would have to be told anew, and a text is carried once; use --exec, --listen and \
             --dial, or --self",
        );
    }
    if !matches!(way, Way::Paste { text: Some(_), .. }) {
        spare_stdin(args)?;
    }
    // A program at the other end of the pipe shows the report of its own side.
    let silent = matches!(way, Way::Pipe { .. }) && !ui.terminal.stderr && args.output.is_default() && ui.verbose == 0;
    ui.quiet |= silent;
    let output = OutputArgs { json: false, ..args.output.clone() };
    output.outputs("connect")?.beside_stdout(silent, args.output.output_file.is_some())
}

/// What the other side says comes on standard input.
fn spare_stdin(args: &ConnectArgs) -> Result<(), Stop> {
    let is_stdin = |path: &PathBuf| path.as_os_str() == "-";
    let taken = [
        ("--credential-file", args.servers.credential_file.iter().any(is_stdin)),
        ("--secret-file", args.servers.secret_file.iter().any(is_stdin)),
        ("--ice-servers", args.servers.ice_servers.as_deref() == Some("-")),
        ("--token-file", args.token_file.as_ref().is_some_and(is_stdin)),
        ("--bearer-file", args.web.bearer_file.as_ref().is_some_and(is_stdin)),
    ];
    match taken.into_iter().find(|(_, taken)| *taken) {
        Some((option, _)) => {
            usage(format!("{option} -: the other side is heard on standard input; give {option} a file"))
        }
        None => Ok(()),
    }
}

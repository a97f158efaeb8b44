use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

/// Options that a trace does not hold: servers and keys are kept apart, without their secrets, and
/// where a replay prints is its own affair.
const LEFT_OUT: &[&str] = &[
    "uris",
    "stun",
    "turn",
    "username",
    "credential",
    "credential_file",
    "secret",
    "secret_file",
    "ttl",
    "user_id",
    "ice_servers",
    "config",
    "profile",
    "ca_file",
    "pcap",
    "trace",
    "exec",
    "listen",
    "dial",
    "whip",
    "whep",
    "itself",
    "token",
    "token_file",
    "sdp",
    "qr",
];
/// The heading of the options about the output.
const OUTPUT: &str = "Output";

/// The options of a run that shape it, whether they came from the command line or the environment.
pub fn options(program: &Command, name: &str, matches: &ArgMatches) -> Vec<String> {
    chosen(program, name, matches, |arg| !LEFT_OUT.contains(&arg.get_id().as_str()) && !is_output(arg))
}

/// The options about the output.
pub fn output_options(program: &Command, name: &str, matches: &ArgMatches) -> Vec<String> {
    chosen(program, name, matches, is_output)
}

fn chosen(program: &Command, name: &str, matches: &ArgMatches, wanted: impl Fn(&Arg) -> bool) -> Vec<String> {
    let Some(command) = program.find_subcommand(name) else { return Vec::new() };
    let given = |arg: &&Arg| {
        let id = arg.get_id().as_str();
        let source = matches.try_contains_id(id).ok().and_then(|_| matches.value_source(id));
        wanted(arg) && matches!(source, Some(ValueSource::CommandLine | ValueSource::EnvVariable))
    };
    command.get_arguments().filter(given).flat_map(|arg| written(arg, matches)).collect()
}

fn is_output(arg: &Arg) -> bool {
    arg.get_help_heading() == Some(OUTPUT)
}

/// An option as it could stand on the command line.
fn written(arg: &Arg, matches: &ArgMatches) -> Vec<String> {
    let id = arg.get_id().as_str();
    let Some(long) = arg.get_long() else { return Vec::new() };
    match arg.get_action() {
        ArgAction::SetTrue => match matches.get_flag(id) {
            true => vec![format!("--{long}")],
            false => Vec::new(),
        },
        ArgAction::Count => vec![format!("--{long}"); usize::from(matches.get_count(id))],
        _ => {
            let values = matches.get_raw(id).into_iter().flatten();
            values.map(|value| format!("--{long}={}", value.to_string_lossy())).collect()
        }
    }
}

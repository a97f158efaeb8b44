//! What both sides know: from a file, the environment or the command line, or made up here.

use super::ConnectArgs;
use crate::commands::servers::Input;
use crate::commands::stop::{Stop, usage};
use crate::drive;
use crate::machine::Chance;

/// A token that others cannot guess has so many characters at least.
const LEAST: usize = 16;

/// A token, and whether the user has yet to learn of it.
pub struct Token {
    pub text: String,
    pub made_up: bool,
}

/// What is given.
pub fn given(args: &ConnectArgs) -> Result<Option<String>, Stop> {
    let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    match (text(&args.token), &args.token_file) {
        (Some(_), Some(_)) => usage("--token and --token-file are both given; give one"),
        (Some(token), None) => Ok(Some(token)),
        (None, Some(path)) => match Input::default().password("--token-file", path)? {
            token if token.is_empty() => usage(format!("--token-file {}: it is empty", path.display())),
            token => Ok(Some(token)),
        },
        (None, None) => Ok(None),
    }
}

/// What is given, if it is long enough.
pub fn shared(args: &ConnectArgs) -> Result<Option<String>, Stop> {
    match given(args)? {
        Some(token) if token.chars().count() < LEAST => usage(format!(
            "the token has fewer than {LEAST} characters; leave it out where you listen, and one is made"
        )),
        token => Ok(token),
    }
}

/// For the side that listens: what is given, or a new one.
pub fn to_share(args: &ConnectArgs) -> Result<Token, Stop> {
    Ok(match shared(args)? {
        Some(text) => Token { text, made_up: false },
        None => {
            // Not of the run's chance, whose seed is in its trace.
            let seed = drive::seed().map_err(|why| Stop::CannotRun(why.to_string()))?;
            Token { text: made_up(&mut Chance::from_seed(seed)), made_up: true }
        }
    })
}

/// For the side that dials.
pub fn to_dial(args: &ConnectArgs) -> Result<String, Stop> {
    match shared(args)? {
        Some(token) => Ok(token),
        None => usage(
            "--dial needs the token that the other side knows, too: put the one that --listen printed into \
             RTCPROBE_TOKEN or into a file for --token-file",
        ),
    }
}

/// 120 bits, in letters and digits that are not taken for one another.
fn made_up(chance: &mut Chance) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
    chance.bytes::<24>().iter().map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect()
}

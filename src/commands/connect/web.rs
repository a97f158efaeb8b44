use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args};

use super::ConnectArgs;
use super::browser::{self, Wanted};
use super::whip::Whip;
use crate::commands::gather::Policy;
use crate::commands::servers::Input;
use crate::commands::stop::{Stop, usage};
use crate::proto::whip::Protocol;

/// How browsers and media servers are spoken with.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "The other side")]
pub struct WebArgs {
    /// File with the bearer token for --whip and --whep in it; - reads standard input. RTCPROBE_BEARER may hold the token
    #[arg(long, value_name = "FILE", env = "RTCPROBE_BEARER_FILE")]
    pub bearer_file: Option<PathBuf>,
    /// The token itself: from the environment only, as others can see a command line
    #[arg(long, value_name = "T", env = "RTCPROBE_BEARER", hide_env_values = true, hide = true)]
    pub bearer: Option<String>,
    /// Serve the page for a browser at this address, port or both instead of on this machine only
    #[arg(long, value_name = "ADDR", env = "RTCPROBE_BIND", value_parser = browser::bind, default_value = "127.0.0.1")]
    #[arg(hide_default_value = true)]
    pub bind: SocketAddr,
    /// Open the page in the system's browser
    #[arg(long, env = "RTCPROBE_OPEN", value_parser = crate::commands::flag::parse)]
    pub open: bool,
    /// Let the browser offer, and so decide on the pair
    #[arg(long, env = "RTCPROBE_BROWSER_OFFERS", value_parser = crate::commands::flag::parse)]
    pub browser_offers: bool,
}

/// How long somebody may take to open a page.
const OPENED: Duration = Duration::from_secs(600);

impl WebArgs {
    /// The token for a media server.
    fn token(&self, matches: &ArgMatches) -> Result<Option<String>, Stop> {
        if matches.value_source("bearer") == Some(ValueSource::CommandLine) {
            return usage(
                "--bearer: others on this machine can read a command line; put the token into a file for \
                 --bearer-file, or into RTCPROBE_BEARER",
            );
        }
        match &self.bearer_file {
            Some(path) => Input::default().password("--bearer-file", path).map(Some),
            None => Ok(self.bearer.clone().filter(|token| !token.is_empty())),
        }
    }

    pub fn media(&self, protocol: Protocol, url: &str, args: &ConnectArgs, matches: &ArgMatches) -> Result<Whip, Stop> {
        Whip::new(protocol, url, self.token(matches)?, &args.probing.options()?)
    }

    pub fn browser(&self, args: &ConnectArgs) -> Wanted {
        Wanted {
            bind: self.bind,
            open: self.open,
            offers: self.browser_offers,
            wait: args.wait.unwrap_or(OPENED),
            relay_only: args.policy == Some(Policy::Relay),
        }
    }
}

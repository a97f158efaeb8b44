use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::parser::ValueSource;
use clap::{ArgMatches, Args};

use super::config::ConfigArgs;
use super::keys::{self, Assigned};
use super::stop::{Stop, usage};
use crate::probes::gather::ServerSpec;
use crate::proto::auth::Credentials;
use crate::view::escape::visible;
use crate::view::ui::Ui;
use crate::wire::ice_servers;
use crate::wire::uri::IceUri;

/// Which servers to talk to; shared by every command that talks to one.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Servers")]
pub struct ServerArgs {
    /// Servers: stun:host, stuns:host, turn:host?transport=udp, turns:host?transport=tcp
    #[arg(value_name = "URI")]
    pub uris: Vec<String>,
    /// A STUN server: host, host:port or a stun: or stuns: URI; repeat for more
    #[arg(long, value_name = "TARGET", env = "RTCPROBE_STUN", value_delimiter = ',')]
    pub stun: Vec<String>,
    /// A TURN server: host, host:port or a turn: or turns: URI; repeat for more
    #[arg(long, value_name = "TARGET", env = "RTCPROBE_TURN", value_delimiter = ',')]
    pub turn: Vec<String>,
    /// User name for the TURN server that it follows, or for all of them when given before the first
    #[arg(long, value_name = "U", env = "RTCPROBE_USERNAME", hide_env_values = true)]
    pub username: Vec<String>,
    /// Password, likewise. Other users of this machine can see it; --credential-file keeps it to yourself
    #[arg(long, value_name = "P", env = "RTCPROBE_CREDENTIAL", hide_env_values = true)]
    pub credential: Vec<String>,
    /// File with the password in it, likewise; - reads standard input
    #[arg(long, value_name = "FILE", env = "RTCPROBE_CREDENTIAL_FILE")]
    pub credential_file: Vec<PathBuf>,
    /// Shared secret to make time-limited credentials from (coturn: use-auth-secret), likewise
    #[arg(long, value_name = "S", env = "RTCPROBE_SECRET", hide_env_values = true)]
    pub secret: Vec<String>,
    /// File with the shared secret in it, likewise; - reads standard input
    #[arg(long, value_name = "FILE", env = "RTCPROBE_SECRET_FILE")]
    pub secret_file: Vec<PathBuf>,
    /// How long credentials made from a secret last
    #[arg(long, value_name = "TIME", env = "RTCPROBE_TTL", value_parser = super::span::parse, default_value = "1h")]
    pub ttl: Duration,
    /// User id to put into credentials made from a secret
    #[arg(long, value_name = "ID", env = "RTCPROBE_USER_ID")]
    pub user_id: Option<String>,
    /// Servers as JSON, inline, in a file or on standard input (-): an RTCConfiguration, its iceServers, or what a provider's API returned
    #[arg(long, value_name = "FILE|-|JSON", env = "RTCPROBE_ICE_SERVERS", hide_env_values = true)]
    pub ice_servers: Option<String>,
    #[command(flatten)]
    pub file: ConfigArgs,
}

/// What to do when no server is named; shared by every command that can do with public STUN servers.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Servers")]
pub struct DefaultsArgs {
    /// Ask nobody when no server is named
    #[arg(long, env = "RTCPROBE_NO_DEFAULT_SERVERS", value_parser = super::flag::parse)]
    pub no_default_servers: bool,
}

/// Asked when no server is named: run by their owners for everybody, without a promise.
pub const DEFAULTS: [&str; 2] = ["stun:stun.l.google.com:19302", "stun:stun.cloudflare.com:3478"];

/// What a command makes of the servers that are named.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manner {
    /// Without any, public STUN servers are asked.
    pub defaults: bool,
    /// TURN servers may come without credentials.
    pub anonymous: bool,
    /// A TURN host without a scheme stands for every transport worth checking.
    pub spread: bool,
    /// So many of the plain arguments are no servers.
    pub words: usize,
}

/// The servers that the command line names.
#[derive(Debug, Default)]
pub struct Named {
    pub servers: Vec<ServerSpec>,
    /// For each host that stands for several transports: those.
    pub hosts: Vec<Vec<IceUri>>,
    /// The configuration said `iceTransportPolicy: relay`.
    pub relay_only: bool,
    /// None was named, and public ones stand in.
    pub defaults: bool,
    /// Where they come from, in the words of the report.
    pub source: &'static str,
    /// URLs that were named twice.
    pub repeated: Vec<String>,
}

/// Options that a demo cannot follow.
const ELSEWHERE: [&str; 5] = ["interface", "local_address", "ipv6", "nameserver", "ca_file"];

impl ServerArgs {
    /// For a demo, which brings its own servers: none, and none may be named on the command line.
    pub fn none(&self, matches: &ArgMatches) -> Result<Named, Stop> {
        self.beside_demo(matches, 0)
    }

    /// The same where so many of the plain arguments are no servers.
    pub fn beside_demo(&self, matches: &ArgMatches, words: usize) -> Result<Named, Stop> {
        let named = |id: &&str| matches.value_source(id) == Some(ValueSource::CommandLine);
        let filed = self.file.configured.as_ref().is_some_and(|file| !file.servers.is_empty());
        let in_file = filed && ["config", "profile"].iter().any(named);
        if in_file || self.uris.len() > words || ["stun", "turn", "ice_servers"].iter().any(named) {
            return usage("--demo brings its own servers; name servers or ask for the demo, not both");
        }
        match ELSEWHERE.iter().find(|id| named(id)) {
            Some(id) => usage(format!(
                "--demo runs on the loopback interface, with certificates and names of its own; leave --{} out",
                id.replace('_', "-")
            )),
            None => Ok(Named::default()),
        }
    }

    /// Reads the servers and their credentials. Sends nothing.
    pub fn ask(&self, matches: &ArgMatches, manner: Manner, now: SystemTime, ui: &mut Ui) -> Result<Named, Stop> {
        let from_json = self.ice_servers.is_some();
        let mut source = if from_json { "ice-servers" } else { "command-line" };
        let mut input = Input::default();
        let minting = Minting { now, ttl: self.ttl, user_id: self.user_id.as_deref(), ttl_given: false };
        let Assigned { mut servers, everyone, mut hosts } = keys::assign(matches, manner, &minting, &mut input, ui)?;
        let (mut relay_only, mut defaults) = (false, false);
        if let Some(source) = &self.ice_servers {
            let list = read_list(source, &mut input)?;
            list.warnings.iter().for_each(|warning| ui.warn(&format!("--ice-servers: {}", visible(warning))));
            relay_only = list.relay_only;
            servers.extend(listed(list, manner, everyone.as_ref(), ui)?);
        }
        if let Some(file) = self.file.configured.as_ref().filter(|_| servers.is_empty() && !from_json) {
            let given =
                |id| matches!(matches.value_source(id), Some(ValueSource::CommandLine | ValueSource::EnvVariable));
            let minting = Minting { ttl_given: given("ttl"), ..minting };
            (servers, hosts) = file.servers(manner, everyone.as_ref(), &minting, ui)?;
            if !servers.is_empty() {
                source = "config";
            }
        }
        if servers.is_empty() {
            if everyone.is_some() && !from_json {
                return usage("credentials are given, but no TURN server to use them with; name one with --turn");
            }
            if from_json {
                return usage("--ice-servers names no server; give at least one, or leave the option out");
            }
            if manner.defaults {
                source = "default";
                servers = default_servers(ui)?;
                defaults = true;
            }
        }
        let repeated = drop_repeated(&mut servers, ui);
        Ok(Named { servers, hosts, relay_only, defaults, source, repeated })
    }
}

/// What credentials made from a secret are made of.
pub struct Minting<'a> {
    now: SystemTime,
    ttl: Duration,
    user_id: Option<&'a str>,
    /// A file has no say in how long they last.
    ttl_given: bool,
}

impl<'a> Minting<'a> {
    /// The same with what a file says of it, where nothing else does.
    pub fn of(&self, ttl: Option<Duration>, user_id: Option<&'a str>) -> Minting<'a> {
        let ttl = ttl.filter(|_| !self.ttl_given).unwrap_or(self.ttl);
        Minting { ttl, user_id: self.user_id.or(user_id), ..*self }
    }

    /// The user name and the password of the moment.
    pub fn mint(&self, secret: &str) -> (String, String) {
        use crate::wire::rest;
        let end = self.now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO) + self.ttl;
        let username = rest::username(end.as_secs(), self.user_id);
        let password = rest::credential(secret, &username);
        (username, password)
    }
}

/// Standard input, which can be read for one purpose only.
#[derive(Default)]
pub struct Input {
    taken_by: Option<&'static str>,
}

impl Input {
    /// The text of a file, or of standard input for `-`, of so many bytes at the most.
    pub fn read(&mut self, option: &'static str, path: &Path, most: u64) -> Result<String, Stop> {
        let text = if path.as_os_str() == "-" {
            if let Some(other) = self.taken_by.replace(option) {
                return usage(format!(
                    "standard input is wanted twice, for {other} and for {option}; put one of them into a file"
                ));
            }
            read_up_to(std::io::stdin(), most)
        } else {
            fs::File::open(path).and_then(|file| read_up_to(file, most))
        };
        let text = text.and_then(|bytes| match bytes {
            Some(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| std::io::ErrorKind::InvalidData.into()),
            None => Ok(None),
        });
        match text {
            Ok(Some(text)) => Ok(text),
            Ok(None) => usage(format!("{option} {}: it is larger than {} KiB", shown(path), most / 1024)),
            Err(why) => match why.kind() {
                std::io::ErrorKind::NotFound => usage(format!("{option} {}: there is no such file", shown(path))),
                std::io::ErrorKind::InvalidData => usage(format!("{option} {}: it is not text in UTF-8", shown(path))),
                _ => usage(format!("{option} {}: it cannot be read: {why}", shown(path))),
            },
        }
    }

    /// A password or a secret: the one line of a file. Editors put a line break behind it, and those
    /// of Windows a byte order mark before it.
    pub fn password(&mut self, option: &'static str, path: &Path) -> Result<String, Stop> {
        let text = self.read(option, path, SMALL)?;
        let mut lines = text.trim_start_matches('\u{feff}').lines().filter(|line| !line.is_empty());
        let first = lines.next().unwrap_or_default().to_string();
        match lines.next() {
            None => Ok(first),
            Some(_) => usage(format!(
                "{option} {}: there are several lines in it; it is to hold one password and nothing else",
                shown(path)
            )),
        }
    }
}

/// What a reader has, or nothing when that is more than `most` bytes.
pub fn read_up_to(from: impl Read, most: u64) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    from.take(most + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes).filter(|bytes| bytes.len() as u64 <= most))
}

/// More than any password, or any list of users, needs.
pub const SMALL: u64 = 64 * 1024;

/// More than any list of servers needs.
const LISTS: u64 = 1024 * 1024;

fn shown(path: &Path) -> String {
    visible(&path.display().to_string())
}

fn read_list(source: &str, input: &mut Input) -> Result<ice_servers::IceServers, Stop> {
    // Broken JSON is no file either: its name would be shown, and a password with it.
    let inline = source.trim_start().starts_with(['{', '[']) || source.contains(['{', '"']);
    let (text, place) = if inline {
        (source.to_string(), "--ice-servers".to_string())
    } else {
        let place = format!("--ice-servers {}", visible(source));
        (input.read("--ice-servers", Path::new(source), LISTS)?, place)
    };
    ice_servers::parse(&text).or_else(|why| usage(format!("{place}: {}", visible(&why.to_string()))))
}

fn listed(
    list: ice_servers::IceServers,
    manner: Manner,
    everyone: Option<&Credentials>,
    ui: &mut Ui,
) -> Result<Vec<ServerSpec>, Stop> {
    let mut servers = Vec::new();
    for (number, server) in list.servers.into_iter().enumerate() {
        for url in server.urls {
            let place = format!("--ice-servers, iceServers[{number}]");
            url.warnings.iter().for_each(|warning| ui.warn(&format!("{place}: {}", visible(warning))));
            let credentials = if !url.uri.scheme.is_turn() {
                None
            } else if let (Some(username), Some(password)) = (&server.username, &server.credential) {
                Some(keys::checked(username.clone(), password.clone(), &place)?)
            } else if let Some(credentials) = everyone {
                Some(credentials.clone())
            } else if manner.anonymous {
                None
            } else {
                return usage(format!(
                    "{place}: {} needs \"username\" and \"credential\" beside its \"urls\", or --username and \
                     --credential-file",
                    url.uri
                ));
            };
            servers.push(ServerSpec { uri: url.uri, credentials });
        }
    }
    Ok(servers)
}

fn default_servers(ui: &mut Ui) -> Result<Vec<ServerSpec>, Stop> {
    let names = DEFAULTS.map(|uri| uri.trim_start_matches("stun:"));
    ui.say(&format!("note: asking public STUN servers, {}; --no-default-servers turns this off", names.join(" and ")));
    let spec = |uri| Ok(ServerSpec { uri: keys::server(keys::Kind::Uri, uri, ui)?, credentials: None });
    DEFAULTS.into_iter().map(spec).collect()
}

fn drop_repeated(servers: &mut Vec<ServerSpec>, ui: &mut Ui) -> Vec<String> {
    let mut repeated = Vec::new();
    let mut seen: Vec<ServerSpec> = Vec::new();
    for server in servers.drain(..) {
        if seen.contains(&server) {
            ui.warn(&format!("{} is named twice; it is asked once", server.uri));
            repeated.push(server.uri.to_string());
        } else {
            seen.push(server);
        }
    }
    *servers = seen;
    repeated
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(bytes: &[u8]) -> Result<String, Stop> {
        let name = format!("rtcprobe-password-{}-{}", std::process::id(), bytes.len());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, bytes).unwrap();
        let read = Input::default().password("--credential-file", &path);
        fs::remove_file(&path).unwrap();
        read
    }

    #[test]
    fn a_password_is_the_one_line_of_its_file() {
        for text in ["pw é", "pw é\n", "pw é\r\n\r\n", "\u{feff}pw é\r\n"] {
            assert_eq!(password(text.as_bytes()).as_deref(), Ok("pw é"), "{text:?}");
        }
        for text in [&b"one\ntwo"[..], b"\xff\xfep\0w\0", &vec![b'x'; 65537]] {
            assert_eq!(password(text).map_err(|why| why.code()), Err(2));
        }
        assert_eq!(password(&vec![b'x'; 65536]).map(|password| password.len()), Ok(65536));
    }
}

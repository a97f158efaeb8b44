use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::parser::ValueSource;
use clap::{ArgMatches, Args};

use super::output::TalkArgs;
use super::servers::{Input, SMALL};
use super::stop::{Stop, usage};
use super::{certificate, exit};
use crate::drive;
use crate::machine::{self, Chance, Machine, Output, Time};
use crate::server::nat::{Nat, NatConfig};
use crate::server::{Addresses, Behind, Config, Discovery, Event, Listen, Server, Users};
use crate::view::escape::visible;
use crate::view::ui::Ui;

/// Run a STUN and TURN server for trials and tests, never for production
///
/// Answers Binding (with two addresses also NAT behaviour discovery, RFC 5780) and TURN over UDP, TCP, TLS
/// and DTLS, until it is interrupted. It has no rate limits, keeps users in memory and makes its own
/// certificates: do not leave it where strangers can reach it.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// Listen on this address; with two of one family, the second is the alternate address of RFC 5780
    #[arg(long, value_name = "IP", env = "RTCPROBE_LISTEN", value_delimiter = ',', default_value = "127.0.0.1")]
    pub listen: Vec<IpAddr>,
    /// Port for UDP and TCP; 0 lets the system choose
    #[arg(long, value_name = "PORT", env = "RTCPROBE_PORT", value_parser = port, default_value_t = 3478)]
    pub port: u16,
    /// The alternate port of RFC 5780
    #[arg(long, value_name = "PORT", env = "RTCPROBE_ALT_PORT", value_parser = port, default_value_t = 3479)]
    pub alt_port: u16,
    /// Port for TLS and DTLS; 0 lets the system choose
    #[arg(long, value_name = "PORT", env = "RTCPROBE_TLS_PORT", value_parser = port, default_value_t = 5349)]
    pub tls_port: u16,
    /// Relay from this address, instead of the first that is listened on
    #[arg(long, value_name = "IP", env = "RTCPROBE_RELAY_IP", value_delimiter = ',')]
    pub relay_ip: Vec<IpAddr>,
    /// A user who may allocate; repeat for more. Without users and secret one is made up
    #[arg(long, value_name = "NAME:PASS", env = "RTCPROBE_USER", hide_env_values = true)]
    pub user: Vec<String>,
    /// File with a NAME:PASS on each line
    #[arg(long, value_name = "FILE", env = "RTCPROBE_USER_FILE")]
    pub user_file: Option<PathBuf>,
    /// Accept time-limited credentials made from this secret, as coturn's use-auth-secret does
    #[arg(long, value_name = "S", env = "RTCPROBE_SECRET", hide_env_values = true, conflicts_with_all = ["user", "user_file"])]
    pub secret: Option<String>,
    /// File with that secret in it; - reads standard input
    #[arg(long, value_name = "FILE", env = "RTCPROBE_SECRET_FILE", conflicts_with_all = ["user", "user_file", "secret"])]
    pub secret_file: Option<PathBuf>,
    /// The realm; also a name in the certificate
    #[arg(long, value_name = "NAME", env = "RTCPROBE_REALM", default_value = "rtcprobe.test")]
    pub realm: String,
    /// Put a simulated NAT of this kind before it, for clients on this machine; see gather --demo
    #[arg(long, value_name = "KIND", env = "RTCPROBE_NAT")]
    pub nat: Option<String>,
    /// Write the certificate to trust into this file, for --ca-file
    #[arg(long, value_name = "FILE", env = "RTCPROBE_CA_OUT")]
    pub ca_out: Option<PathBuf>,
    #[command(flatten)]
    pub talk: TalkArgs,
}

/// Who was made up when nobody was named.
struct Guest {
    name: &'static str,
    password: String,
}

pub fn run(args: &ServeArgs, matches: &ArgMatches, now: SystemTime, ui: &mut Ui) -> Result<u8, Stop> {
    if args.realm.trim().is_empty() {
        return usage("--realm: it is empty; give a name such as example.org, or leave the option out");
    }
    let cannot = |why: drive::CannotRun| Stop::CannotRun(why.to_string());
    let mut chance = Chance::from_seed(drive::seed().map_err(cannot)?);
    let (users, guest) = users(args, matches, &mut chance)?;
    let nat = nat(args)?;
    let config = config(args, users, now)?;
    let mut names = vec![args.realm.clone(), "localhost".to_string()];
    names.extend(args.listen.iter().map(ToString::to_string));
    let made = certificate::make(&names)?;
    if let Some(path) = &args.ca_out {
        let written = std::fs::write(path, &made.authority);
        written.or_else(|why| usage(format!("--ca-out {}: it cannot be written: {why}", path.display())))?;
    }
    let options = drive::Options {
        serve_certificate: Some((made.certificate.into_bytes(), made.key.into_bytes())),
        ..drive::Options::default()
    };
    let server = Server::new(config, chance.split());
    match nat {
        Some(nat) => serve(Behind::new(server, Nat::new(nat, chance)), &options, args, guest.as_ref(), ui)?,
        None => serve(server, &options, args, guest.as_ref(), ui)?,
    }
    Ok(exit::OK)
}

/// A server that ends when an address that was asked for cannot be had: whoever starts one wants
/// it there.
struct Everywhere<M> {
    server: M,
    refused: bool,
}

impl<M: Machine<Event = Event>> Machine for Everywhere<M> {
    type Event = Event;

    fn input(&mut self, now: Time, input: machine::Input<'_>) {
        self.server.input(now, input);
    }

    fn output(&mut self, now: Time) -> Output<Event> {
        if self.refused {
            return Output::Done;
        }
        let output = self.server.output(now);
        self.refused = matches!(output, Output::Event(Event::CannotListen { .. }));
        output
    }
}

/// Runs the server to its end.
fn serve(
    server: impl Machine<Event = Event>,
    options: &drive::Options,
    args: &ServeArgs,
    guest: Option<&Guest>,
    ui: &mut Ui,
) -> Result<(), Stop> {
    let mut refused = None;
    let mut server = Everywhere { server, refused: false };
    let running = drive::run(&mut server, options, None, |now, event| match &event {
        Event::Listening(addresses) => {
            ui.say("This server is for trials and tests, never for production: anybody who reaches it can use it.");
            ui.answer(&greeting(addresses, args, guest));
        }
        Event::CannotListen { .. } => refused = Some(event.to_string()),
        event => ui.detail(&format!("{:10.1}  {}", now.millis(), visible(&event.to_string()))),
    });
    drive::block_on(running).and_then(|ended| ended).map_err(|why| Stop::CannotRun(why.to_string()))?;
    refused.map_or(Ok(()), |why| Err(Stop::CannotRun(why)))
}

fn users(args: &ServeArgs, matches: &ArgMatches, chance: &mut Chance) -> Result<(Users, Option<Guest>), Stop> {
    let mut input = Input::default();
    // A variable that is set to nothing is as good as unset.
    let unset = |id, empty| empty && matches.value_source(id) == Some(ValueSource::EnvVariable);
    let secret = match (&args.secret, &args.secret_file) {
        (Some(secret), _) if !unset("secret", secret.is_empty()) => Some(("--secret", secret.clone())),
        (_, Some(path)) => Some(("--secret-file", input.password("--secret-file", path)?)),
        _ => None,
    };
    match secret {
        Some((option, secret)) if secret.is_empty() => {
            return usage(format!("{option}: the secret is empty; with it anybody could make credentials"));
        }
        Some((_, secret)) => return Ok((Users::from_secret(&secret), None)),
        None => {}
    }
    let mut lines = args.user.clone();
    if unset("user", lines.iter().all(String::is_empty)) {
        lines.clear();
    }
    if let Some(path) = &args.user_file {
        let text = input.read("--user-file", path, SMALL)?;
        let text = text.trim_start_matches('\u{feff}');
        let before = lines.len();
        lines.extend(text.lines().filter(|line| !line.trim().is_empty()).map(str::to_string));
        if lines.len() == before {
            return usage(format!("--user-file {}: there is nobody in it; write NAME:PASS", path.display()));
        }
    }
    let mut users = Users::default();
    for line in &lines {
        match line.split_once(':') {
            Some((name, password)) if !name.is_empty() && !password.is_empty() => users = users.and(name, password),
            _ => return usage("a user is written NAME:PASS, with both of them there (--user, --user-file)"),
        }
    }
    if users.is_open() {
        let password: String = chance.bytes::<8>().iter().map(|byte| format!("{byte:02x}")).collect();
        return Ok((Users::one("trial", &password), Some(Guest { name: "trial", password })));
    }
    Ok((users, None))
}

fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| "write a port from 0 to 65535".into())
}

fn nat(args: &ServeArgs) -> Result<Option<NatConfig>, Stop> {
    let Some(kind) = &args.nat else { return Ok(None) };
    if args.listen.iter().any(|ip| !ip.is_loopback()) {
        return usage("--nat works for clients on this machine only; leave --listen out, or listen on 127.0.0.1");
    }
    kind.parse().map(Some).or_else(|why| usage(format!("--nat {}: {why}", visible(kind))))
}

fn config(args: &ServeArgs, users: Users, now: SystemTime) -> Result<Config, Stop> {
    let mut listen = Listen::default();
    for family in [IpAddr::is_ipv4, IpAddr::is_ipv6] {
        let own: Vec<IpAddr> = args.listen.iter().copied().filter(family).collect();
        if let [primary, alternate] = own[..] {
            let ports = if args.port == 0 { (0, 0) } else { (args.port, args.alt_port) };
            if args.port == args.alt_port && args.port != 0 {
                return usage("--port and --alt-port are the same; RFC 5780 needs two ports");
            }
            listen.discovery.push(Discovery { primary, alternate, ports });
        } else {
            listen.udp.extend(own.iter().map(|ip| SocketAddr::new(*ip, args.port)));
        }
        listen.tcp.extend(own.iter().map(|ip| SocketAddr::new(*ip, args.port)));
        listen.tls.extend(own.iter().map(|ip| SocketAddr::new(*ip, args.tls_port)));
        if cfg!(feature = "dtls") {
            listen.dtls.extend(own.iter().map(|ip| SocketAddr::new(*ip, args.tls_port)));
        }
    }
    let relay = if args.relay_ip.is_empty() { args.listen.clone() } else { args.relay_ip.clone() };
    if relay.iter().any(IpAddr::is_unspecified) {
        return usage("a relay needs an address of its own; name one with --relay-ip, or one to --listen on");
    }
    let unix_time_at_start = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    Ok(Config { listen, relay, users, unix_time_at_start, ..Config::new(&args.realm) })
}

/// Where it listens, and commands to paste.
fn greeting(addresses: &Addresses, args: &ServeArgs, guest: Option<&Guest>) -> String {
    let mut out = String::new();
    for (name, list) in
        [("udp", &addresses.udp), ("tcp", &addresses.tcp), ("tls", &addresses.tls), ("dtls", &addresses.dtls)]
    {
        for at in list {
            out.push_str(&format!("listening  {name:4}  {at}\n"));
        }
    }
    for (primary, other) in &addresses.discovery {
        out.push_str(&format!("RFC 5780   udp   {primary} and {other}\n"));
    }
    let keys = match guest {
        Some(guest) => format!("--username {} --credential {}", guest.name, guest.password),
        None if args.secret.as_ref().is_some_and(|secret| !secret.is_empty()) || args.secret_file.is_some() => {
            "--secret-file FILE".into()
        }
        None => "--username NAME --credential-file FILE".into(),
    };
    out.push_str("\nTry it:\n");
    let mut say = |command: String| out.push_str(&format!("  rtcprobe gather {command}\n"));
    if let Some(at) = addresses.udp.first() {
        say(format!("stun:{at}"));
        say(format!("'turn:{at}?transport=udp' {keys}"));
    }
    if let Some(at) = addresses.tcp.first() {
        say(format!("'turn:{at}?transport=tcp' {keys}"));
    }
    if let Some(at) = addresses.tls.first() {
        let trust = match &args.ca_out {
            Some(path) => format!("--ca-file {}", path.display()),
            None => "--insecure".into(),
        };
        let host = if at.ip() == IpAddr::V4(Ipv4Addr::LOCALHOST) { "localhost".into() } else { at.ip().to_string() };
        let host = if at.is_ipv6() { format!("[{host}]") } else { host };
        say(format!("'turns:{host}:{}?transport=tcp' {keys} {trust}", at.port()));
    }
    out
}

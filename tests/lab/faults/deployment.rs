//! A deployment as `fixtures/faults/*.toml` describes it, and what is to be said of it.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use serde::Deserialize;

/// A server, what is around it, who comes to it, and what there is to find.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Deployment {
    /// Where people meet it.
    pub about: String,

    // The server.
    /// What runs at its address.
    #[serde(default)]
    pub server: Kind,
    /// coturn's flags, beside the addresses, the login and the ports of the lab.
    #[serde(default)]
    pub flags: Vec<String>,
    #[serde(default)]
    pub login: Login,
    #[serde(default = "first_address")]
    pub listen: Vec<String>,
    #[serde(default = "first_address")]
    pub relay: Vec<String>,
    #[serde(default)]
    pub certificate: Option<Certificate>,
    /// A user in coturn's database, as `[name, password, realm]`.
    #[serde(default)]
    pub stored: Option<[String; 3]>,
    /// May not bind ports below 1024.
    #[serde(default)]
    pub unprivileged: bool,
    /// With the command line of its administrator.
    #[serde(default)]
    pub cli: bool,
    /// It is not waited for until it listens: it may never.
    #[serde(default)]
    pub hopeless: bool,
    /// A second coturn.
    #[serde(default)]
    pub second: Option<Second>,
    /// Allocations that somebody else holds.
    #[serde(default)]
    pub held: u32,
    /// Other programs on the server.
    #[serde(default)]
    pub strangers: Vec<Stranger>,
    /// Proxies on the server.
    #[serde(default)]
    pub proxies: Vec<Proxy>,

    // What is around it.
    /// Rules of nftables for what comes to the server itself, for what it sends, and whole tables.
    #[serde(default)]
    pub input: String,
    #[serde(default)]
    pub output: String,
    #[serde(default)]
    pub tables: String,
    /// Lines of `ip -batch` on the server.
    #[serde(default)]
    pub routes: String,
    /// Whole tables for the client's router.
    #[serde(default)]
    pub router: String,
    /// Lines of `ip -batch` on the client.
    #[serde(default)]
    pub client_lines: String,
    /// A STUN server at the router, where it sees what the world sees.
    #[serde(default)]
    pub stun_elsewhere: bool,
    /// A 1:1 NAT in front of the server, which then has a private address.
    #[serde(default)]
    pub gateway: Option<Gateway>,
    /// The client's NAT.
    #[serde(default)]
    pub nat: Nat,
    /// The client's firewall.
    #[serde(default)]
    pub firewall: Firewall,
    #[serde(default = "yes")]
    pub ipv6: bool,
    #[serde(default)]
    pub rtt_ms: u64,
    #[serde(default)]
    pub loss_percent: u8,
    /// Names and their addresses.
    #[serde(default)]
    pub zone: Vec<[String; 2]>,

    // Who comes to it.
    /// The host of the URLs.
    #[serde(default = "host")]
    pub host: String,
    /// `udp`, `tcp`, `tls`, `dtls`, whole URLs, or `bare` for the host alone, as people type it.
    #[serde(default = "both")]
    pub urls: Vec<String>,
    #[serde(default)]
    pub client: Client,
    #[serde(default)]
    pub args: Vec<String>,
    /// Trusts the authority of the lab.
    #[serde(default = "yes")]
    pub trusts: bool,

    // What there is to find.
    /// The finding that comes first; without it, nothing may be found that weighs more than an info.
    #[serde(default)]
    pub first: Option<String>,
    /// Other findings that must be there.
    #[serde(default)]
    pub and: Vec<String>,
    /// Errors that may be there as well.
    #[serde(default)]
    pub also: Vec<String>,
    /// What must not be found; errors that nobody named must not be in any case.
    #[serde(default)]
    pub never: Vec<String>,
    /// Why it is not found yet: the fixture is run, and told when it has become right.
    #[serde(default)]
    pub pending: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    #[default]
    Coturn,
    /// `rtcprobe serve`.
    Serve,
    Nothing,
}

/// How coturn lets people in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Login {
    #[default]
    Users,
    Secret,
    /// As the flags say.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certificate {
    Good,
    Expired,
    NotYetValid,
    WrongName,
    SelfSigned,
    NoIntermediate,
    Intermediate,
    WithRoot,
    OtherKey,
    Wildcard,
    HighWildcard,
    NoNames,
    OldIntermediate,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Second {
    pub listen: Vec<String>,
    #[serde(default)]
    pub flags: Vec<String>,
    #[serde(default)]
    pub certificate: Option<Certificate>,
}

/// A program that is no TURN server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stranger {
    pub at: SocketAddr,
    pub manner: Manner,
    #[serde(default)]
    pub over: Over,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manner {
    Silent,
    Reset,
    Http,
    Garbage,
    /// Answers Binding and nothing else.
    Stun,
    /// Has the port, and is not heard of.
    Bound,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Over {
    Udp,
    #[default]
    Tcp,
    Tls,
}

/// A TCP proxy.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proxy {
    pub at: SocketAddr,
    pub to: SocketAddr,
    /// Puts a PROXY protocol header (version 1) in front.
    #[serde(default)]
    pub header: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gateway {
    Plain,
    Hairpin,
    OnlyTurn,
    OtherSource,
    OtherPorts,
    /// What comes in seems to come from the gateway.
    Masquerading,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nat {
    None,
    #[default]
    Masquerade,
    Random,
    Symmetric,
    FullCone,
    AddressDependent,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Firewall {
    #[default]
    Open,
    Stateful,
    UdpBlocked,
    UdpRejected,
    Tcp443Only,
    StunPortsBlocked,
    StunInspected,
    AllBlocked,
}

/// The credentials that a client has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Client {
    /// Those that fit the login.
    #[default]
    Right,
    Nobody,
    WrongPassword,
    UnknownUser,
    /// A user and a password, whatever the server wants.
    User,
    /// Made from the secret, whatever the server wants.
    Secret,
    WrongSecret,
    Expired,
    Milliseconds,
    After2038,
    /// A time to live in place of a time.
    TimeToLive,
    /// The password is right for a name that has no time in it.
    NoTime,
    TimeAfterName,
    TimeAlone,
    Hex,
    Unpadded,
    Sha256,
    /// The name's time lies a year ahead.
    LongLived,
    /// A space in the name.
    OddName,
    Stored,
}

fn first_address() -> Vec<String> {
    vec!["203.0.113.10".into()]
}

fn host() -> String {
    "203.0.113.10".into()
}

fn both() -> Vec<String> {
    vec!["udp".into(), "tcp".into()]
}

fn yes() -> bool {
    true
}

/// Every deployment, as `file/name`.
pub fn all() -> BTreeMap<String, Deployment> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/faults");
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let of: BTreeMap<String, Deployment> =
            toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        all.extend(of.into_iter().map(|(name, deployment)| (format!("{file}/{name}"), deployment)));
    }
    all
}

impl Deployment {
    /// The URLs in full.
    pub fn urls(&self) -> Vec<String> {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let full = |word: &String| match word.as_str() {
            "bare" => format!("--turn={host}"),
            "udp" => format!("turn:{host}:3478?transport=udp"),
            "tcp" => format!("turn:{host}:3478?transport=tcp"),
            "tls" => format!("turns:{host}:5349?transport=tcp"),
            "dtls" => format!("turns:{host}:5349?transport=udp"),
            url => url.replace("HOST", &host),
        };
        self.urls.iter().map(full).collect()
    }
}

//! What a server is told before it starts.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use super::faults::Faults;
use crate::wire::rest;

/// How a server behaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub listen: Listen,
    /// Where relayed transport addresses are taken from, at most one of each family is used. Empty:
    /// no TURN.
    pub relay: Vec<IpAddr>,
    /// The ports of relayed transport addresses; `None` leaves them to the system. RFC 8656 §7.2
    /// recommends 49152 to 65535.
    pub relay_ports: Option<RangeInclusive<u16>>,
    /// The address to announce in place of the relay address (coturn's `external-ip`).
    pub external: Option<IpAddr>,
    pub users: Users,
    pub realm: String,
    /// SOFTWARE; sent as it is, whatever bytes it holds.
    pub software: Option<Vec<u8>>,
    /// How long a nonce is good; zero makes every one stale.
    pub nonce_lifetime: Duration,
    pub security: Security,
    /// Wants credentials for Binding requests too.
    pub authenticate_binding: bool,
    /// Says MAPPED-ADDRESS beside XOR-MAPPED-ADDRESS, so that a meddling ALG shows (RFC 5780 §6.1).
    pub mapped_address: bool,
    /// Answers requests without the magic cookie (RFC 8489 §11).
    pub rfc3489: bool,
    pub lifetimes: Lifetimes,
    pub limits: Limits,
    /// Peers that nobody may send to (403).
    pub forbidden_peers: Vec<Network>,
    /// Attributes that it has never heard of; where they must be understood they are answered with 420
    /// (RFC 5780 leaves PADDING and RESPONSE-PORT to the server's choice).
    pub unheard_of: Vec<u16>,
    /// Accepts DONT-FRAGMENT; otherwise it is answered with 420 (RFC 8656 §7.2).
    pub dont_fragment: bool,
    /// Accepts REQUESTED-TRANSPORT TCP (RFC 6062); otherwise it is answered with 442.
    pub tcp_relay: bool,
    /// Seconds since 1970 when the machine's clock stood at zero; credentials from a shared secret
    /// expire by it.
    pub unix_time_at_start: u64,
    pub faults: Faults,
}

impl Config {
    /// A server that listens on no address yet and has no users.
    #[must_use]
    pub fn new(realm: &str) -> Config {
        Config {
            listen: Listen::default(),
            relay: Vec::new(),
            relay_ports: None,
            external: None,
            users: Users::default(),
            realm: realm.into(),
            software: Some(concat!("rtcprobe ", env!("CARGO_PKG_VERSION")).as_bytes().to_vec()),
            nonce_lifetime: Duration::from_secs(600),
            security: Security::Rfc5389,
            authenticate_binding: false,
            mapped_address: true,
            rfc3489: true,
            lifetimes: Lifetimes::default(),
            limits: Limits::default(),
            forbidden_peers: Network::NEVER_PEERS.to_vec(),
            unheard_of: Vec::new(),
            dont_fragment: true,
            tcp_relay: true,
            unix_time_at_start: 0,
            faults: Faults::default(),
        }
    }

    /// A server on 127.0.0.1, UDP and TCP, on a port of the system's choice, that relays there.
    #[must_use]
    pub fn loopback(users: Users) -> Config {
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Config {
            listen: Listen {
                udp: vec![SocketAddr::new(here, 0)],
                tcp: vec![SocketAddr::new(here, 0)],
                ..Listen::default()
            },
            relay: vec![here],
            users,
            ..Config::new("rtcprobe.test")
        }
    }
}

/// Where to listen. Port 0 lets the system choose; [`super::Event::Listening`] says what it chose.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listen {
    pub udp: Vec<SocketAddr>,
    pub tcp: Vec<SocketAddr>,
    pub tls: Vec<SocketAddr>,
    pub dtls: Vec<SocketAddr>,
    /// Two addresses with two ports each, for NAT behaviour discovery.
    pub discovery: Vec<Discovery>,
}

/// The four UDP sockets of RFC 5780: two addresses times two ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Discovery {
    pub primary: IpAddr,
    /// Of the same family. When it cannot be bound, the server goes on without RFC 5780.
    pub alternate: IpAddr,
    /// Both zero or both not.
    pub ports: (u16, u16),
}

/// Who may allocate, and with which password. `Debug` shows neither passwords nor the secret.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Users {
    known: BTreeMap<String, String>,
    secret: Option<String>,
}

impl Users {
    /// Everybody, without credentials.
    #[must_use]
    pub fn anybody() -> Users {
        Users::default()
    }

    /// One user.
    #[must_use]
    pub fn one(name: &str, password: &str) -> Users {
        Users::default().and(name, password)
    }

    #[must_use]
    pub fn and(mut self, name: &str, password: &str) -> Users {
        self.known.insert(name.into(), password.into());
        self
    }

    /// Time-limited credentials made from that secret (coturn's `use-auth-secret`).
    #[must_use]
    pub fn from_secret(secret: &str) -> Users {
        Users { known: BTreeMap::new(), secret: Some(secret.into()) }
    }

    /// Whether anybody may do anything.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.known.is_empty() && self.secret.is_none()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.known.keys().map(String::as_str)
    }

    /// The user's password, if there is such a user at that time (seconds since 1970).
    pub(super) fn password(&self, name: &str, unix_time: u64) -> Option<String> {
        if let Some(password) = self.known.get(name) {
            return Some(password.clone());
        }
        let secret = self.secret.as_ref()?;
        // Strictly as coturn: the time stands first, in seconds.
        let expiry: u64 = name.split(':').next()?.parse().ok()?;
        (expiry > unix_time).then(|| rest::credential(secret, name))
    }
}

impl std::fmt::Debug for Users {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let secret = if self.secret.is_some() { ", secret: …" } else { "" };
        write!(f, "Users {{ known: {:?}{secret} }}", self.known.keys())
    }
}

/// Which generation of long-term credentials the server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Security {
    /// MD5 keys and MESSAGE-INTEGRITY only, as nearly all servers do.
    #[default]
    Rfc5389,
    /// A nonce cookie and PASSWORD-ALGORITHMS as well (RFC 8489 §9.2); `userhash` asks for user names
    /// to be hidden.
    Rfc8489 { userhash: bool, cookie: CookieBits },
}

/// Where the feature bits of a nonce cookie stand: the text of RFC 8489 and its own example differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CookieBits {
    /// Bit 0 is the most significant one, as §18.1 prints it.
    MostSignificantFirst,
    /// As appendix B.1 has it.
    LeastSignificantFirst,
    /// Both, so that every client finds its own.
    #[default]
    Both,
}

/// How long things live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// Of an allocation, when less or nothing is asked for (RFC 8656 §3.2).
    pub default: Duration,
    /// Of an allocation, at most.
    pub longest: Duration,
    /// Of a permission (RFC 8656 §9: 300 s, not to be changed outside a test).
    pub permission: Duration,
    /// Of a channel (RFC 8656 §12: 600 s).
    pub channel: Duration,
    /// Of a reserved port (RFC 8656 §7.2: at least 30 s).
    pub reservation: Duration,
    /// Of a peer connection that no ConnectionBind claims (RFC 6062 §4.3: 30 s).
    pub unclaimed: Duration,
    /// Of a client connection without an allocation and without a word.
    pub idle: Duration,
}

impl Default for Lifetimes {
    fn default() -> Lifetimes {
        Lifetimes {
            default: Duration::from_secs(600),
            longest: Duration::from_secs(3600),
            permission: Duration::from_secs(300),
            channel: Duration::from_secs(600),
            reservation: Duration::from_secs(30),
            unclaimed: Duration::from_secs(30),
            idle: Duration::from_secs(60),
        }
    }
}

/// How much there may be, so that nobody can exhaust the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Beyond, 508.
    pub allocations: usize,
    /// Beyond, 486.
    pub allocations_per_user: usize,
    /// Client connections; beyond, a new one is closed at once.
    pub streams: usize,
    /// For each allocation; beyond, 508.
    pub permissions: usize,
    pub channels: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { allocations: 4096, allocations_per_user: 4096, streams: 4096, permissions: 256, channels: 256 }
    }
}

/// A range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    pub address: IpAddr,
    /// Prefix length in bits.
    pub prefix: u8,
}

impl Network {
    /// What cannot be a peer anywhere: "this network" and multicast.
    pub const NEVER_PEERS: &[Network] = &[
        Network { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), prefix: 8 },
        Network { address: IpAddr::V4(Ipv4Addr::new(224, 0, 0, 0)), prefix: 3 },
        Network { address: IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED), prefix: 128 },
        Network { address: IpAddr::V6(std::net::Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0)), prefix: 8 },
    ];

    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        // An IPv4-mapped address must not be a way round.
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix.min(32))).unwrap_or(0);
                net.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(net), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix.min(128))).unwrap_or(0);
                net.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_its_addresses_and_no_others() {
        let net = Network { address: "10.0.0.0".parse().unwrap(), prefix: 8 };
        assert!(net.contains("10.255.0.1".parse().unwrap()));
        assert!(net.contains("::ffff:10.0.0.1".parse().unwrap()));
        assert!(!net.contains("11.0.0.1".parse().unwrap()));
        assert!(!net.contains("::1".parse().unwrap()));
        let all = Network { address: "::".parse().unwrap(), prefix: 0 };
        assert!(all.contains("2001:db8::1".parse().unwrap()));
    }

    #[test]
    fn debug_shows_no_password() {
        let users = Users { secret: Some("north".into()), ..Users::one("alice", "s3same") };
        let shown = format!("{users:?}");
        assert!(shown.contains("alice") && !shown.contains("s3same") && !shown.contains("north"));
    }
}

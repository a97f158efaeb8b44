//! The server of `--demo`: everything on loopback, with a NAT in front of it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::behind::Behind;
use super::config::{Config, Discovery, Listen, Users};
use super::event::Addresses;
use super::nat::{Nat, NatConfig};
use super::{Server, faults::Faults};
use crate::machine::Chance;
use crate::wire::uri::{Host, IceUri, Query, Scheme};

/// The demo's only user.
pub const DEMO_USER: &str = "demo";
/// The demo's realm, and the name that its certificate must bear; it stands for 127.0.0.1.
pub const DEMO_REALM: &str = "rtcprobe.demo";

const PRIMARY: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const ALTERNATE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// The demo server with its NAT.
pub type Demo = Behind<Server>;

/// The ports of the demo server; the default lets the system choose them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DemoPorts {
    /// The two UDP ports of RFC 5780, on both addresses: both zero or both not.
    pub udp: (u16, u16),
    pub tcp: u16,
    pub tls: u16,
    pub dtls: u16,
}

/// How the demo server is spoken to.
#[derive(Clone, PartialEq, Eq)]
pub struct DemoAddresses {
    pub username: String,
    /// Made for this run.
    pub password: String,
    /// The NAT's addresses on its outside.
    pub public: Vec<IpAddr>,
    /// Names that are not to be asked of the DNS.
    pub hosts: Vec<(String, IpAddr)>,
}

impl DemoAddresses {
    /// The STUN and TURN URIs of a demo server that listens at `addresses`: `stun:`, then `turn:` by
    /// UDP and TCP, then `turns:` by TLS and DTLS, as far as each is there.
    #[must_use]
    pub fn uris(&self, addresses: &Addresses) -> Vec<IceUri> {
        let ip = |address: &SocketAddr| Host::Ip(address.ip());
        let name = |_: &SocketAddr| Host::Name(DEMO_REALM.into());
        let mut uris = Vec::new();
        let mut add = |list: &[SocketAddr], scheme, host: &dyn Fn(&SocketAddr) -> Host, query| {
            if let Some(address) = list.first() {
                uris.push(IceUri { scheme, host: host(address), port: Some(address.port()), query });
            }
        };
        add(&addresses.udp, Scheme::Stun, &ip, None);
        add(&addresses.udp, Scheme::Turn, &ip, Some(Query::Udp));
        add(&addresses.tcp, Scheme::Turn, &ip, Some(Query::Tcp));
        add(&addresses.tls, Scheme::Turns, &name, Some(Query::Tcp));
        add(&addresses.dtls, Scheme::Turns, &name, Some(Query::Udp));
        uris
    }
}

impl std::fmt::Debug for DemoAddresses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DemoAddresses {{ username: {:?}, password: …, public: {:?} }}", self.username, self.public)
    }
}

/// The demo server behind (seen from it: with its clients behind) a NAT of that kind, and how to
/// speak to it.
///
/// It listens with UDP on 127.0.0.1 and 127.0.0.2, two ports each (RFC 5780), and with TCP, TLS and
/// DTLS on 127.0.0.1; relayed addresses are real ones of 127.0.0.1. Where the ports are the
/// system's choice, [`super::Event::Listening`] tells them. Where 127.0.0.2 cannot be bound (macOS)
/// it goes on without RFC 5780.
#[must_use]
pub fn demo(kind: NatConfig, ports: DemoPorts, unix_time: u64, mut chance: Chance) -> (Demo, DemoAddresses) {
    let password: String = chance.bytes::<12>().iter().map(|byte| format!("{byte:02x}")).collect();
    let addresses = DemoAddresses {
        username: DEMO_USER.into(),
        password: password.clone(),
        public: kind.public.clone(),
        hosts: vec![(DEMO_REALM.into(), PRIMARY)],
    };
    let config = Config {
        listen: Listen {
            udp: Vec::new(),
            tcp: vec![SocketAddr::new(PRIMARY, ports.tcp)],
            tls: vec![SocketAddr::new(PRIMARY, ports.tls)],
            dtls: vec![SocketAddr::new(PRIMARY, ports.dtls)],
            discovery: vec![Discovery { primary: PRIMARY, alternate: ALTERNATE, ports: ports.udp }],
        },
        relay: vec![PRIMARY],
        users: Users::one(DEMO_USER, &password),
        unix_time_at_start: unix_time,
        faults: Faults::default(),
        ..Config::new(DEMO_REALM)
    };
    let server = Server::new(config, chance.split());
    (Behind::new(server, Nat::new(kind, chance)), addresses)
}

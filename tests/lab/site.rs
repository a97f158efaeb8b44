//! Many sites around one server: each with a client behind a NAT of its own, in user space or the
//! kernel's, so that many NATs can be looked at side by side with the same servers.
//!
//! ```text
//! client ── box (user space: NATs, path) ────────────────── server
//! client ── router (kernel: nftables) ── box (path) ─────── server
//! 10.0.0.2                     198.51.100.N                 203.0.113.10 to .59
//! ```

use std::fs;
use std::net::{IpAddr, UdpSocket};
use std::path::Path as FilePath;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use rtcprobe::server::nat::{Mapping, NatConfig, Pooling};

use crate::namespace::Host;
use crate::nat::{Firewall, Nat};
use crate::netbox::{Cable, Device, NetBox};
use crate::path::Path;
use crate::topology::{Dir, at};
use crate::usernat::{Quirks, UserNat};

/// How many addresses a site has on the outside.
pub const POOL: u8 = 4;
/// The server has these, in pairs for servers with two.
pub const SERVERS: [&str; 12] = [
    "203.0.113.10",
    "203.0.113.11",
    "203.0.113.20",
    "203.0.113.21",
    "203.0.113.30",
    "203.0.113.31",
    "203.0.113.40",
    "203.0.113.41",
    "203.0.113.50",
    "203.0.113.51",
    "203.0.113.58",
    "203.0.113.59",
];

/// What stands between a client and the server.
#[derive(Debug, Clone)]
pub enum Gate {
    /// In user space, the innermost first; without any, a router.
    User(Vec<NatConfig>, Quirks),
    /// The kernel's.
    Kernel(Nat, Firewall),
}

impl Gate {
    /// A NAT in user space, whatever its configuration says of its addresses.
    pub fn user(config: NatConfig) -> Gate {
        Gate::User(vec![config], Quirks::default())
    }

    /// In user space, by one of the names of `serve --nat`.
    pub fn called(kind: &str) -> Gate {
        match kind.parse().unwrap() {
            NatConfig { mapping: Mapping::None, .. } if kind == "none" => Gate::User(Vec::new(), Quirks::default()),
            config => Gate::user(config),
        }
    }

    /// Whether the client has an address of the LAN.
    fn translates(&self) -> bool {
        match self {
            Gate::User(nats, _) => nats.iter().any(|nat| nat.mapping != Mapping::None),
            Gate::Kernel(nat, _) => *nat != Nat::None,
        }
    }
}

/// The server and what is common to all sites; gone when dropped, after the sites.
pub struct World {
    pub server: Host,
    dir: Dir,
    sites: AtomicU8,
}

/// A client behind its NAT; gone when dropped.
pub struct Site {
    pub client: Host,
    /// Its addresses on the outside, those of its NAT or its own.
    pub public: Vec<IpAddr>,
    /// For a gate of the kernel.
    pub router: Option<Host>,
    _box: NetBox,
}

impl World {
    pub fn new() -> World {
        let dir = Dir::new();
        fs::write(dir.path().join("resolv.conf"), format!("nameserver {}\n", at::DNS)).unwrap();
        fs::write(dir.path().join("hosts"), "127.0.0.1 localhost\n::1 localhost\n").unwrap();
        let server = Host::new("server", dir.path());
        let addresses: String = SERVERS.iter().map(|address| format!("addr add {address}/32 dev lo\n")).collect();
        server.ip(&format!("{addresses}addr add {}/32 dev lo\naddr add {}/32 dev lo\n", at::BLACKHOLE, at::CLOSED));
        server.nft(&format!(
            "table ip blackhole {{ chain input {{ type filter hook input priority filter; ip daddr {} drop\n}}\n}}\n",
            at::BLACKHOLE
        ));
        World { server, dir, sites: AtomicU8::new(0) }
    }

    /// A directory for files.
    pub fn dir(&self) -> &FilePath {
        self.dir.path()
    }

    /// A site whose path is perfect.
    pub fn site(&self, gate: Gate) -> Site {
        self.site_over(gate, [Path::default(); 2])
    }

    /// A site behind a path: there and back.
    pub fn site_over(&self, gate: Gate, paths: [Path; 2]) -> Site {
        let number = self.sites.fetch_add(1, Ordering::Relaxed);
        assert!(number < 60, "a world has room for 60 sites");
        let public: Vec<IpAddr> = (0..POOL).map(|n| IpAddr::from([198, 51, 100, number * POOL + n])).collect();
        let client = Host::new("client", self.dir());
        let local = if gate.translates() { IpAddr::from([10, 0, 0, 2]) } else { public[0] };
        let device = format!("site{number}");
        let (router, carrier) = match gate {
            Gate::User(nats, quirks) => {
                let inside = client.run(|| Device::tun("eth0"));
                let name = device.clone();
                let outside = self.server.run(move || Device::tun(&name));
                client.ip(&format!("link set eth0 up\naddr add {local}/24 dev eth0\nroute add default dev eth0\n"));
                let nat = UserNat::new(&with_addresses(nats, &public), quirks, number);
                (None, NetBox::between(inside, outside, nat, paths))
            }
            Gate::Kernel(nat, firewall) => {
                let router = Host::new("router", self.dir());
                let near = router.run(|| Device::tap("wan0"));
                let name = device.clone();
                let far = self.server.run(move || Device::tap(&name));
                let cable = NetBox::between(near, far, Cable, paths);
                route(&client, &router, local, nat, firewall, public[0]);
                (Some(router), cable)
            }
        };
        let routes: String =
            public.iter().map(|address| format!("route add {address}/32 dev {device} src {}\n", at::SERVER)).collect();
        self.server.ip(&format!("link set {device} up\n{routes}"));
        if let Some(router) = &router {
            await_link(&client, router, "10.0.0.1");
            await_link(router, &self.server, at::SERVER);
        }
        Site { client, public, router, _box: carrier }
    }
}

/// Waits until links carry, which the kernel begins a while after they are up, and neighbours have met.
fn await_link(from: &Host, to: &Host, address: &'static str) {
    let far = to.run(move || UdpSocket::bind((address, 0)).unwrap());
    far.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
    let near = from.run(|| UdpSocket::bind("0.0.0.0:0").unwrap());
    let began = Instant::now();
    while near.send_to(b"hello", far.local_addr().unwrap()).and_then(|_| far.recv_from(&mut [0; 8])).is_err() {
        assert!(began.elapsed() < Duration::from_secs(10), "{address} is not reached from {}", from.name());
    }
}

/// The kernel as a router, with its NAT.
fn route(client: &Host, router: &Host, local: IpAddr, nat: Nat, firewall: Firewall, public: IpAddr) {
    router.ip(&format!(
        "link add eth0 netns {} type veth peer name lan0\nlink set lan0 up\nlink set wan0 up\n\
         addr add 10.0.0.1/24 dev lan0\nroute add 203.0.113.0/24 dev wan0{}\n",
        client.namespace().display(),
        if nat == Nat::None {
            format!("\nroute add {local}/32 dev lan0\naddr add 192.0.2.1/32 dev wan0")
        } else {
            format!("\naddr add {public}/32 dev wan0")
        }
    ));
    client.ip(&format!(
        "link set eth0 up\naddr add {local}/32 dev eth0\nroute add 10.0.0.0/24 dev eth0\nroute add default via 10.0.0.1\n"
    ));
    router.sysctl("ipv4/ip_forward", "1");
    // For a client with an address of the outside; at once, not after up to 0.8 s.
    router.sysctl("ipv4/neigh/wan0/proxy_delay", "0");
    router.sysctl("ipv4/conf/wan0/proxy_arp", "1");
    let rules = nat.rules("10.0.0.0/24", &public.to_string(), &SERVERS) + &firewall.rules();
    if !rules.is_empty() {
        router.nft(&rules);
    }
}

/// Gives NATs addresses: the outermost the site's, those within it shared address space.
fn with_addresses(mut nats: Vec<NatConfig>, public: &[IpAddr]) -> Vec<NatConfig> {
    let outermost = nats.len().saturating_sub(1);
    for (n, nat) in nats.iter_mut().enumerate() {
        // A pool only where one is asked for: the first address alone is what most NATs have.
        let pool = if nat.pooling == Pooling::Arbitrary { usize::from(POOL) } else { 1 };
        nat.public = match u8::try_from(outermost - n).unwrap() {
            0 => public[..pool].to_vec(),
            depth => vec![IpAddr::from([100, 64, depth, 2])],
        };
    }
    nats
}

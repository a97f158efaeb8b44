//! The network that a test runs in.
//!
//! ```text
//! client ──lan── router ──(network box)── switch ── server
//! 10.0.0.2      198.51.100.1                      203.0.113.10, .11 and others
//! 2001:db8:1::2                                   2001:db8:77::10, ::11 and others
//! ```

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{fs, process, thread};

use crate::namespace::Host;
use crate::nat::{Firewall, Nat};
use crate::netbox::{Cable, Device, NetBox};
use crate::path::Path as NetPath;

/// The addresses of the lab.
pub mod at {
    pub const CLIENT: &str = "10.0.0.2";
    pub const CLIENT6: &str = "2001:db8:1::2";
    /// The client's address where nothing translates it.
    pub const CLIENT_PUBLIC: &str = "192.0.2.2";
    /// What the Internet sees of the client behind a NAT.
    pub const PUBLIC: &str = "198.51.100.1";
    /// The server's two addresses of each family.
    pub const SERVER: &str = "203.0.113.10";
    pub const SERVER_2: &str = "203.0.113.11";
    pub const SERVER6: &str = "2001:db8:77::10";
    pub const SERVER6_2: &str = "2001:db8:77::11";
    /// The DNS server.
    pub const DNS: &str = "203.0.113.53";
    /// Swallows everything.
    pub const BLACKHOLE: &str = "203.0.113.66";
    pub const BLACKHOLE6: &str = "2001:db8:77::66";
    /// Nothing listens here: ICMP port unreachable, RST.
    pub const CLOSED: &str = "203.0.113.77";
    /// The router knows no way: ICMP host unreachable, at once.
    pub const UNREACHABLE: &str = "203.0.113.88";
    /// Nobody answers ARP: ICMP host unreachable after three seconds.
    pub const ABSENT: &str = "203.0.113.99";
    /// A network of the server's own, any address of it; its second half is silent.
    pub const CROWD: &str = "198.18.0.0/24";
    pub const SILENT_CROWD: &str = "198.18.0.128/25";
}

/// What to build.
#[derive(Debug, Clone, Copy)]
pub struct Topology {
    pub nat: Nat,
    pub firewall: Firewall,
    /// Whether the client has IPv6.
    pub ipv6: bool,
    /// Round-trip time between the router and the switch.
    pub rtt: Duration,
    /// Frames lost there, of a hundred, each way.
    pub loss_percent: u8,
    /// Frames that arrive twice, of a hundred, each way.
    pub duplicate_percent: u8,
    /// Frames that are overtaken, of a hundred, each way.
    pub reorder_percent: u8,
    /// Of what is left to chance there.
    pub seed: u64,
}

impl Topology {
    /// Between the router and the switch, there and back.
    fn paths(&self) -> [NetPath; 2] {
        [1, 2].map(|way| NetPath {
            delay: self.rtt / 2,
            loss: self.loss_percent,
            duplicate: self.duplicate_percent,
            reorder: self.reorder_percent,
            held: if self.reorder_percent > 0 { Duration::from_millis(5) } else { Duration::ZERO },
            seed: self.seed * 2 + way,
            jitter: Duration::ZERO,
        })
    }
}

impl Default for Topology {
    fn default() -> Topology {
        Topology {
            nat: Nat::Masquerade,
            firewall: Firewall::Open,
            ipv6: true,
            rtt: Duration::ZERO,
            loss_percent: 0,
            duplicate_percent: 0,
            reorder_percent: 0,
            seed: 0,
        }
    }
}

/// A network with a client, its router and a server; gone when dropped.
pub struct Lab {
    pub client: Host,
    pub router: Host,
    pub server: Host,
    _switch: Host,
    _box: Option<NetBox>,
    dir: Dir,
}

impl Lab {
    /// Behind masquerade, everything open.
    pub fn usual() -> Lab {
        Lab::new(Topology::default())
    }

    pub fn behind(nat: Nat) -> Lab {
        Lab::new(Topology { nat, ..Topology::default() })
    }

    pub fn firewalled(firewall: Firewall) -> Lab {
        Lab::new(Topology { firewall, ..Topology::default() })
    }

    pub fn new(topology: Topology) -> Lab {
        let dir = Dir::new();
        fs::write(dir.0.join("resolv.conf"), format!("nameserver {}\noptions timeout:2 attempts:2\n", at::DNS))
            .unwrap();
        fs::write(dir.0.join("hosts"), "127.0.0.1 localhost\n::1 localhost\n").unwrap();
        let [client, router, switch, server] =
            ["client", "router", "switch", "server"].map(|name| Host::new(name, &dir.0));

        switch.ip("link add br0 type bridge mcast_snooping 0\nlink set br0 up\n");
        server_on(&server, &switch);
        let carrier = wan(&router, &switch, topology);
        lan(&client, &router, topology);
        for name in ["ipv4/ip_forward", "ipv6/conf/all/forwarding"] {
            router.sysctl(name, "1");
        }
        let rules =
            topology.nat.rules("10.0.0.0/24", at::PUBLIC, &[at::SERVER, at::SERVER_2]) + &topology.firewall.rules();
        if !rules.is_empty() {
            router.nft(&rules);
        }
        let lab = Lab { client, router, server, _switch: switch, _box: carrier, dir };
        lab.await_links(topology);
        if topology.rtt > Duration::ZERO {
            lab.meet(topology.rtt);
        }
        lab
    }

    /// A directory for the files of this lab.
    pub fn dir(&self) -> &Path {
        &self.dir.0
    }

    /// Waits until every link carries: the kernel starts their queues a while after they are up.
    fn await_links(&self, topology: Topology) {
        let gateway = if topology.nat == Nat::None { "192.0.2.1" } else { "10.0.0.1" };
        let mut links = vec![(&self.router, &self.server, at::SERVER), (&self.client, &self.router, gateway)];
        links.push((&self.router, &self.server, at::SERVER6));
        if topology.ipv6 {
            links.push((&self.client, &self.router, "2001:db8:1::1"));
        }
        for (from, to, address) in links {
            let address = SocketAddr::new(address.parse().unwrap(), 9);
            let far = to.run(move || UdpSocket::bind(address).unwrap());
            far.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
            let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
            let near = from.run(move || UdpSocket::bind(any).unwrap());
            let began = Instant::now();
            while near.send_to(b"hello", address).and_then(|_| far.recv_from(&mut [0; 8])).is_err() {
                assert!(began.elapsed() < Duration::from_secs(10), "{address} is not reached from {}", from.name());
            }
        }
    }

    /// Lets neighbours learn each other's link addresses, so that no test pays for that.
    fn meet(&self, rtt: Duration) {
        let servers = [at::SERVER, at::SERVER_2, at::DNS, at::BLACKHOLE, at::CLOSED, at::SERVER6, at::SERVER6_2];
        for _ in 0..2 {
            self.router.run(move || {
                for server in servers {
                    let server: IpAddr = server.parse().unwrap();
                    let any = if server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                    UdpSocket::bind(any).unwrap().send_to(b"hello", SocketAddr::new(server, 9)).unwrap();
                }
            });
            thread::sleep(rtt * 2 + Duration::from_millis(20));
        }
    }
}

/// The server and its addresses. All public addresses of the lab are on one link.
fn server_on(server: &Host, switch: &Host) {
    switch.ip(&format!(
        "link add eth0 netns {} type veth peer name server0\nlink set server0 master br0 up\n",
        server.namespace().display()
    ));
    let mut batch = String::from("link set eth0 up\n");
    for address in [at::SERVER, at::SERVER_2, at::DNS, at::BLACKHOLE, at::CLOSED] {
        batch += &format!("addr add {address}/24 dev eth0\n");
    }
    for address in [at::SERVER6, at::SERVER6_2, at::BLACKHOLE6] {
        batch += &format!("addr add {address}/64 dev eth0 nodad\n");
    }
    batch += &format!(
        "route add 198.51.100.0/24 dev eth0 src {}\nroute add 192.0.2.0/24 via {}\n\
         route add 2001:db8:1::/64 via 2001:db8:77::1\nroute add local {} dev lo\n",
        at::SERVER,
        at::PUBLIC,
        at::CROWD
    );
    server.ip(&batch);
    server.nft(&format!(
        "table inet blackhole {{ chain input {{ type filter hook input priority filter;
            ip daddr {{ {}, {} }} drop
            ip6 daddr {} meta l4proto {{ tcp, udp }} drop
        }}
        }}\n",
        at::BLACKHOLE,
        at::SILENT_CROWD,
        at::BLACKHOLE6
    ));
}

/// The router's outside, with the network box when it has something to do.
fn wan(router: &Host, switch: &Host, topology: Topology) -> Option<NetBox> {
    let paths = topology.paths();
    let carrier = if paths.iter().any(|path| !path.is_plain()) {
        let near = router.run(|| Device::tap("wan0"));
        let far = switch.run(|| Device::tap("router0"));
        switch.ip("link set router0 master br0 up\n");
        Some(NetBox::between(near, far, Cable, paths))
    } else {
        switch.ip(&format!(
            "link add wan0 netns {} type veth peer name router0\nlink set router0 master br0 up\n",
            router.namespace().display()
        ));
        None
    };
    router.ip(&format!(
        "link set wan0 up\naddr add {}/24 dev wan0\naddr add 2001:db8:77::1/64 dev wan0 nodad\n\
         route add 203.0.113.0/24 dev wan0\nroute add {} via {}\nroute add unreachable {}\n",
        at::PUBLIC,
        at::CROWD,
        at::SERVER,
        at::UNREACHABLE
    ));
    carrier
}

/// The client and the router's inside.
fn lan(client: &Host, router: &Host, topology: Topology) {
    let (address, gateway) = match topology.nat {
        Nat::None => (at::CLIENT_PUBLIC, "192.0.2.1"),
        _ => (at::CLIENT, "10.0.0.1"),
    };
    router.ip(&format!(
        "link add eth0 netns {} type veth peer name lan0\nlink set lan0 up\n\
         addr add {gateway}/24 dev lan0\naddr add 2001:db8:1::1/64 dev lan0 nodad\n",
        client.namespace().display()
    ));
    let ipv6 = if topology.ipv6 {
        format!("addr add {}/64 dev eth0 nodad\nroute add default via 2001:db8:1::1\n", at::CLIENT6)
    } else {
        client.sysctl("ipv6/conf/eth0/disable_ipv6", "1");
        String::new()
    };
    client.ip(&format!("link set eth0 up\naddr add {address}/24 dev eth0\nroute add default via {gateway}\n{ipv6}"));
}

/// A directory for the files of one lab; those of processes that are no more are removed.
pub struct Dir(PathBuf);

impl Dir {
    pub fn new() -> Dir {
        static SWEEP: Once = Once::new();
        static COUNT: AtomicU32 = AtomicU32::new(0);
        const PREFIX: &str = "rtcprobe-lab-";
        SWEEP.call_once(|| {
            for entry in fs::read_dir(std::env::temp_dir()).unwrap().flatten() {
                let name = entry.file_name();
                let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
                let pid = rest.split('-').next().unwrap_or_default();
                if pid.parse::<u32>().is_ok() && !Path::new("/proc").join(pid).exists() {
                    let _ = fs::remove_dir_all(entry.path());
                }
            }
        });
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("{PREFIX}{}-{number}", process::id()));
        fs::create_dir(&dir).unwrap();
        Dir(dir)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

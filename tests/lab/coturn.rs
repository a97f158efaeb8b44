//! coturn, the TURN server that most people run.

use std::fs;
use std::io::{ErrorKind, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use crate::certificates::Identity;
use crate::namespace::Host;
use crate::process::{Cmd, Process};
use crate::topology::{Lab, at};

pub const USER: &str = "alice";
/// Not to be seen anywhere in what rtcprobe prints.
pub const PASSWORD: &str = "down-the-rabbit-hole";
pub const REALM: &str = "lab.test";
/// The shared secret of the TURN REST API; not to be seen either.
pub const SECRET: &str = "painting-the-roses-red";

const PORT: u16 = 3478;
const TLS_PORT: u16 = 5349;
/// Where relayed transport addresses come from: apart from the ports that clients are given.
const RELAYS: RangeInclusive<u16> = 61000..=61999;

/// How coturn is to run.
pub struct Options {
    /// `use-auth-secret` in place of a user and password.
    pub rest: bool,
    pub identity: Option<Identity>,
    pub user_quota: Option<u32>,
    pub listen: Vec<&'static str>,
    /// Any other flags.
    pub more: Vec<&'static str>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            rest: false,
            identity: None,
            user_quota: None,
            listen: vec![at::SERVER, at::SERVER_2, at::SERVER6, at::SERVER6_2],
            more: Vec::new(),
        }
    }
}

/// A coturn that answers; stopped when dropped.
pub struct Coturn {
    server: Host,
    log: PathBuf,
    process: Process,
}

impl Coturn {
    /// With a user, a password and nothing special.
    pub fn usual(lab: &Lab) -> Coturn {
        Coturn::start(lab, Options::default())
    }

    /// With TLS and DTLS.
    pub fn with_identity(lab: &Lab, identity: Identity) -> Coturn {
        Coturn::start(lab, Options { identity: Some(identity), ..Options::default() })
    }

    pub fn start(lab: &Lab, options: Options) -> Coturn {
        let file = |name: &str| lab.dir().join(name).to_str().unwrap().to_owned();
        let log = lab.dir().join("coturn.log");
        let (low, high) = (RELAYS.start().to_string(), RELAYS.end().to_string());
        let mut cmd = Cmd::new("turnserver")
            .args(["-n", "--no-cli", "-m", "1", "-v", "-f", "--simple-log", "--no-stdout-log"])
            .args(["--log-file", &file("coturn.log"), "--pidfile", &file("coturn.pid"), "--userdb", &file("coturn.db")])
            .args(["-p", &PORT.to_string(), "--tls-listening-port", &TLS_PORT.to_string()])
            .args(["--min-port", &low, "--max-port", &high, "-r", REALM]);
        cmd = if options.rest {
            cmd.args(["--use-auth-secret", "--static-auth-secret", SECRET])
        } else {
            cmd.args(["-a", "-u", &format!("{USER}:{PASSWORD}")])
        };
        cmd = match &options.identity {
            Some(identity) => cmd.arg("--cert").arg(&identity.chain).arg("--pkey").arg(&identity.key),
            None => cmd.args(["--no-tls", "--no-dtls"]),
        };
        if let Some(quota) = options.user_quota {
            cmd = cmd.args(["-q", &quota.to_string()]);
        }
        for address in &options.listen {
            cmd = cmd.args(["-L", address]);
        }
        // One of each family: from several it takes any, whichever was asked.
        cmd = cmd.args(["-E", at::SERVER, "-E", at::SERVER6]);
        let process = lab.server.spawn(cmd.args(options.more));
        let mut coturn = Coturn { server: lab.server.clone(), log, process };
        for address in &options.listen {
            coturn.await_answer(address.parse().unwrap(), options.identity.is_some());
        }
        coturn
    }

    /// Waits until an address answers over UDP and listens on TCP.
    fn await_answer(&mut self, address: IpAddr, tls: bool) {
        let udp = SocketAddr::new(address, PORT);
        let tcp = SocketAddr::new(address, if tls { TLS_PORT } else { PORT });
        let began = Instant::now();
        while !self.server.run(move || answers(udp) && TcpStream::connect(tcp).is_ok()) {
            let log = || fs::read_to_string(&self.log).unwrap_or_default();
            assert!(self.process.running(), "coturn ended:\n{}", log());
            assert!(began.elapsed() < Duration::from_secs(20), "coturn does not answer at {udp}:\n{}", log());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// How many allocations live, by the sockets that they hold.
    pub fn allocations(&self) -> usize {
        self.server.udp_sockets(RELAYS)
    }

    /// Waits a little until no allocation lives, and tells how many do.
    pub fn allocations_left(&self) -> usize {
        let began = Instant::now();
        while self.allocations() > 0 && began.elapsed() < Duration::from_secs(3) {
            thread::sleep(Duration::from_millis(10));
        }
        self.allocations()
    }

    /// How many allocations there ever were.
    pub fn allocated(&self) -> usize {
        self.log().lines().filter(|line| line.contains(" ALLOCATE processed, success")).count()
    }

    /// How many allocations the client gave back, in so many words.
    pub fn released(&self) -> usize {
        self.log()
            .lines()
            .filter(|line| line.contains(" refreshed, ") && format!("{line},").contains(" lifetime=0,"))
            .count()
    }

    /// Whether this address is one of its relays.
    pub fn relays(port: u16) -> bool {
        RELAYS.contains(&port)
    }
}

/// Whether a STUN server answers there, asked from this thread's host.
pub fn answers(server: SocketAddr) -> bool {
    let any = if server.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { "::".parse().unwrap() };
    let socket = UdpSocket::bind((any, 0)).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let mut request = Vec::from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]);
    request.write_all(b"are you yet?").unwrap();
    match socket.connect(server).and_then(|()| socket.send(&request)).and_then(|_| socket.recv(&mut [0; 512])) {
        Ok(length) => length >= 20,
        Err(e) => {
            // A refusal comes at once.
            assert!(!matches!(e.kind(), ErrorKind::InvalidInput), "{server}: {e}");
            false
        }
    }
}

//! coturn, the TURN server that most people run.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
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
    /// One of each family: from several it takes any, whichever was asked.
    pub relay: Vec<&'static str>,
    /// Any other flags.
    pub more: Vec<&'static str>,
    /// What its files are called; two on one host need two names.
    pub name: &'static str,
    /// Nothing but addresses and ports: realm and users are for `more` to say, and whether it
    /// answers is not waited for, only that it listens.
    pub bare: bool,
    /// With the command line of its administrator, for [`Coturn::sessions`].
    pub cli: bool,
    /// May not bind ports below 1024.
    pub unprivileged: bool,
    /// Never mind whether it listens.
    pub hopeless: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            rest: false,
            identity: None,
            user_quota: None,
            listen: vec![at::SERVER, at::SERVER_2, at::SERVER6, at::SERVER6_2],
            relay: vec![at::SERVER, at::SERVER6],
            more: Vec::new(),
            name: "coturn",
            bare: false,
            cli: false,
            unprivileged: false,
            hopeless: false,
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
        Coturn::start_on(&lab.server, lab.dir(), options)
    }

    /// On another host; its files go into that directory.
    pub fn start_on(host: &Host, dir: &Path, options: Options) -> Coturn {
        let path = |kind: &str| dir.join(format!("{}.{kind}", options.name));
        let file = |kind: &str| path(kind).to_str().unwrap().to_owned();
        let log = path("log");
        let _ = fs::remove_file(&log);
        let (low, high) = (RELAYS.start().to_string(), RELAYS.end().to_string());
        let mut cmd = if options.unprivileged {
            Cmd::new("setpriv").args(["--bounding-set", "-net_bind_service", "turnserver"])
        } else {
            Cmd::new("turnserver")
        };
        cmd = cmd
            .args(if options.cli { ["-n", "--cli-password=lab"] } else { ["-n", "--no-cli"] })
            .args(["-m", "1", "-v", "-f", "--simple-log", "--no-stdout-log"])
            .args(["--log-file", &file("log"), "--pidfile", &file("pid"), "--userdb", &file("db")])
            .args(["-p", &PORT.to_string(), "--tls-listening-port", &TLS_PORT.to_string()])
            .args(["--min-port", &low, "--max-port", &high]);
        cmd = match (options.bare, options.rest) {
            (true, _) => cmd,
            (false, true) => cmd.args(["-r", REALM, "--use-auth-secret", "--static-auth-secret", SECRET]),
            (false, false) => cmd.args(["-r", REALM, "-a", "-u", &format!("{USER}:{PASSWORD}")]),
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
        for address in &options.relay {
            cmd = cmd.args(["-E", address]);
        }
        let process = host.spawn(cmd.args(options.more.iter().copied()));
        let mut coturn = Coturn { server: host.clone(), log, process };
        if options.hopeless {
            coturn.await_anything();
        } else if options.bare {
            coturn.await_sockets(&options);
        } else {
            for address in &options.listen {
                coturn.await_answer(address.parse().unwrap(), options.identity.is_some());
            }
        }
        coturn
    }

    /// Waits until it listens on something, or until it is clear that it does not.
    fn await_anything(&mut self) {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(2) && self.server.listening(PORT) == 0 {
            thread::sleep(Duration::from_millis(10));
        }
        thread::sleep(Duration::from_millis(200));
    }

    /// Waits until it has opened what it listens on, unless its flags say that it has no such thing.
    fn await_sockets(&mut self, options: &Options) {
        let flag = |flag: &str| options.more.contains(&flag);
        let named = |flag: &str| options.more.iter().skip_while(|word| **word != flag).nth(1);
        let port = |flag: &str, usual: u16| named(flag).map_or(usual, |port| port.parse().unwrap());
        let plain = if flag("--no-udp") || flag("--no-tcp") { 1 } else { 2 };
        let secure = if options.identity.is_some() && !flag("--no-tls") { 2 } else { 0 };
        let began = Instant::now();
        for (port, kinds) in [(port("-p", PORT), plain), (port("--tls-listening-port", TLS_PORT), secure)] {
            while self.server.listening(port) < kinds * options.listen.len() {
                assert!(self.process.running(), "coturn ended:\n{}", self.log());
                assert!(began.elapsed() < Duration::from_secs(20), "coturn does not listen:\n{}", self.log());
                thread::sleep(Duration::from_millis(5));
            }
        }
        // It reads what comes a moment later.
        thread::sleep(Duration::from_millis(20));
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

    /// How many sessions it has, by its own account. Needs [`Options::cli`].
    pub fn sessions(&self) -> usize {
        let said = self.server.run(|| {
            let mut cli = TcpStream::connect("127.0.0.1:5766").unwrap();
            cli.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            let mut said = Vec::new();
            let mut read_to = 0;
            for (prompt, say) in [("password:", "lab\r\n"), (">", "ps\r\n"), ("Total sessions:", ""), (">", "")] {
                let found = loop {
                    if let Some(at) = said[read_to..].windows(prompt.len()).position(|text| text == prompt.as_bytes()) {
                        break at;
                    }
                    let mut some = [0; 4096];
                    let length = cli.read(&mut some).unwrap();
                    assert!(length > 0, "coturn's command line ended");
                    said.extend(&some[..length]);
                };
                read_to += found + prompt.len();
                cli.write_all(say.as_bytes()).unwrap();
            }
            String::from_utf8_lossy(&said).into_owned()
        });
        let total = said.split("Total sessions:").nth(1).and_then(|rest| rest.split_whitespace().next());
        total.and_then(|total| total.parse().ok()).unwrap_or_else(|| panic!("no count of sessions: {said}"))
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

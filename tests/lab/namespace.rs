//! A host: network and mount namespaces of its own, and the thread that lives in them.
//!
//! The namespaces have no names and no files: they are held by the thread, by its children and by
//! the sockets that were opened there, so they are gone when these are, however the test ends.
//! Children are told to die with the thread that started them, for the case of a test process that
//! is killed.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::gettid;

use crate::process::{Cmd, Finished, Process};

type Job = Box<dyn FnOnce() + Send>;

/// A host; clones are the same host.
#[derive(Clone)]
pub struct Host {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    namespace: PathBuf,
    jobs: Mutex<Sender<Job>>,
}

impl Host {
    /// A host with nothing but a loopback interface, whose `/etc/resolv.conf` and `/etc/hosts` are
    /// the files of these names in `etc`.
    ///
    /// # Panics
    ///
    /// When the system does not let us make one, saying what to do about it.
    pub fn new(name: &str, etc: &Path) -> Host {
        let (jobs, work) = channel::<Job>();
        let (made, making) = channel();
        let etc = etc.to_path_buf();
        thread::Builder::new()
            .name(format!("lab {name}"))
            .spawn(move || {
                made.send(enter_new(&etc)).unwrap();
                while let Ok(job) = work.recv() {
                    job();
                }
            })
            .unwrap();
        let namespace = match making.recv().unwrap() {
            Ok(path) => path,
            Err(why) => panic!(
                "THE LAB CANNOT RUN: {why}\n\
                 It needs Linux and root, or a user namespace:\n  \
                 unshare --user --map-root-user --net --mount cargo test --offline --test lab"
            ),
        };
        let host = Host { inner: Arc::new(Inner { name: name.into(), namespace, jobs: Mutex::new(jobs) }) };
        host.ip("link set lo up");
        host
    }

    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// A path by which `ip` finds the network namespace.
    pub fn namespace(&self) -> &Path {
        &self.inner.namespace
    }

    /// Does something on this host; sockets that it opens stay there.
    pub fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> T {
        let (done, result) = channel();
        self.inner
            .jobs
            .lock()
            .unwrap()
            .send(Box::new(move || {
                let _ = done.send(catch_unwind(AssertUnwindSafe(job)));
            }))
            .unwrap();
        match result.recv().unwrap() {
            Ok(value) => value,
            Err(panic) => resume_unwind(panic),
        }
    }

    /// Starts a command on this host.
    pub fn spawn(&self, cmd: Cmd) -> Process {
        let place = self.inner.name.clone();
        self.run(move || Process::start(&place, cmd))
    }

    /// Starts a command on this host, to talk with.
    pub fn spawn_open(&self, cmd: Cmd) -> (Process, ChildStdin, ChildStdout) {
        let place = self.inner.name.clone();
        self.run(move || Process::start_open(&place, cmd))
    }

    /// Runs a command on this host to its end.
    pub fn exec(&self, cmd: Cmd) -> Finished {
        self.spawn(cmd).finish()
    }

    /// Runs a batch of `ip` commands, one a line.
    pub fn ip(&self, batch: &str) {
        self.exec(Cmd::new("ip").args(["-batch", "-"]).stdin(batch)).expect_success();
    }

    /// Loads nftables rules.
    pub fn nft(&self, rules: &str) {
        self.exec(Cmd::new("nft").args(["-f", "-"]).stdin(rules)).expect_success();
    }

    /// Writes a setting below `/proc/sys/net`, which is this host's alone.
    pub fn sysctl(&self, name: &str, value: &str) {
        let (name, value) = (name.to_owned(), value.to_owned());
        self.run(move || set(&name, &value).unwrap());
    }

    /// How many UDP sockets are bound to a port in the range.
    pub fn udp_sockets(&self, ports: std::ops::RangeInclusive<u16>) -> usize {
        self.sockets(["udp", "udp6"], |port, _| ports.contains(&port)).len()
    }

    /// On how many addresses something listens on a port: once for UDP, once for TCP.
    pub fn listening(&self, port: u16) -> usize {
        // State 7 is that of UDP sockets without a peer, A is LISTEN.
        let udp = self.sockets(["udp", "udp6"], |local, state| local == port && state == "07");
        let tcp = self.sockets(["tcp", "tcp6"], |local, state| local == port && state == "0A");
        // coturn may have several sockets for one address.
        [udp, tcp].map(|addresses| addresses.into_iter().collect::<BTreeSet<_>>().len()).iter().sum()
    }

    /// The local addresses of sockets whose port and state are wanted.
    fn sockets(&self, tables: [&'static str; 2], wanted: impl Fn(u16, &str) -> bool) -> Vec<String> {
        let tables =
            self.run(move || tables.map(|table| fs::read_to_string(format!("/proc/thread-self/net/{table}")).unwrap()));
        let socket = |line: &str| {
            let mut words = line.split_whitespace().skip(1);
            let (local, state) = (words.next()?.to_owned(), words.nth(1)?);
            let port = u16::from_str_radix(local.rsplit(':').next()?, 16).unwrap();
            wanted(port, state).then_some(local)
        };
        tables.iter().flat_map(|table| table.lines().skip(1)).filter_map(socket).collect()
    }
}

/// Moves this thread to namespaces of its own and tells the network one's path.
fn enter_new(etc: &Path) -> Result<PathBuf, String> {
    unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS)
        .map_err(|e| format!("cannot make network and mount namespaces: {e}"))?;
    let none: Option<&str> = None;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)
        .map_err(|e| format!("cannot make the mounts private: {e}"))?;
    for file in ["resolv.conf", "hosts"] {
        let target = Path::new("/etc").join(file);
        mount(Some(&etc.join(file)), &target, none, MsFlags::MS_BIND, none)
            .map_err(|e| format!("cannot mount over {}: {e}", target.display()))?;
    }
    // /sys/class/net shows the network of whoever mounted it. Some containers do not allow this; then
    // only what is told of interfaces is wrong.
    let _ = mount(Some("lab"), "/sys", Some("sysfs"), MsFlags::empty(), none);
    // Addresses are usable at once, routers are not listened to, odd routes are allowed (P6, P7).
    for (name, value) in [
        ("ipv6/conf/all/disable_ipv6", "0"),
        ("ipv6/conf/default/disable_ipv6", "0"),
        ("ipv6/conf/default/accept_dad", "0"),
        ("ipv6/conf/default/dad_transmits", "0"),
        ("ipv6/conf/default/accept_ra", "0"),
        ("ipv4/conf/all/rp_filter", "0"),
        ("ipv4/conf/default/rp_filter", "0"),
        // Every refusal is heard, not one a second (P5).
        ("ipv4/icmp_ratelimit", "0"),
        ("ipv6/icmp/ratelimit", "0"),
    ] {
        set(name, value)?;
    }
    Ok(format!("/proc/{}/task/{}/ns/net", std::process::id(), gettid()).into())
}

fn set(name: &str, value: &str) -> Result<(), String> {
    fs::write(format!("/proc/sys/net/{name}"), value).map_err(|e| format!("cannot set net/{name}: {e}"))
}

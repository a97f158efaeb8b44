//! Commands on a host: started there, awaited with a limit, killed when dropped.

use std::ffi::OsString;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

/// No command of the lab takes longer.
const LIMIT: Duration = Duration::from_secs(90);

/// What the lab needs beside a Rust toolchain.
const PACKAGES: &str = "coturn gir1.2-nice-0.1 iproute2 nftables openssl python3-aioice python3-gi sofia-sip-bin stun-client tcpdump \
    util-linux, and chromium, firefox-esr, python3-aiortc and \
    python3-aiohttp for the ignored tests";

/// Where commands are; administrators' ones are not on everybody's path.
fn search_path() -> OsString {
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin");
    path
}

/// A command to be.
pub struct Cmd {
    argv: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    stdin: Option<Vec<u8>>,
}

impl Cmd {
    pub fn new(program: impl Into<OsString>) -> Cmd {
        Cmd { argv: vec![program.into()], env: Vec::new(), stdin: None }
    }

    pub fn arg(mut self, arg: impl Into<OsString>) -> Cmd {
        self.argv.push(arg.into());
        self
    }

    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Cmd {
        self.argv.extend(args.into_iter().map(Into::into));
        self
    }

    /// The command itself, for others that start commands.
    pub fn words(&self) -> Vec<OsString> {
        self.argv.clone()
    }

    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Cmd {
        self.env.push((name.into(), value.into()));
        self
    }

    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Cmd {
        self.stdin = Some(bytes.into());
        self
    }
}

/// A command that runs.
pub struct Process {
    what: String,
    child: Child,
    began: Instant,
    stdout: Option<JoinHandle<String>>,
    stderr: Option<JoinHandle<String>>,
}

/// A command that ran.
#[derive(Debug)]
pub struct Finished {
    pub what: String,
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Process {
    /// Starts a command in the namespaces of the calling thread. It dies with that thread.
    pub fn start(place: &str, cmd: Cmd) -> Process {
        let bytes = cmd.stdin.clone();
        let stdin = if bytes.is_some() { Stdio::piped() } else { Stdio::null() };
        let mut process = Process::spawn(place, cmd, stdin);
        if let Some(bytes) = bytes {
            // A command that ends without reading says why on stderr.
            let _ = process.child.stdin.take().unwrap().write_all(&bytes);
        }
        process.stdout = Some(reader(process.child.stdout.take().unwrap()));
        process
    }

    /// Starts one to talk with.
    pub fn start_open(place: &str, cmd: Cmd) -> (Process, ChildStdin, ChildStdout) {
        let mut process = Process::spawn(place, cmd, Stdio::piped());
        let (stdin, stdout) = (process.child.stdin.take().unwrap(), process.child.stdout.take().unwrap());
        (process, stdin, stdout)
    }

    fn spawn(place: &str, cmd: Cmd, stdin: Stdio) -> Process {
        let words: Vec<_> = cmd.argv.iter().map(|word| word.to_string_lossy()).collect();
        let what = format!("{place}$ {}", words.join(" "));
        let path = search_path();
        let installed = |program: &OsString| std::env::split_paths(&path).any(|dir| dir.join(program).exists());
        assert!(
            installed(&cmd.argv[0]),
            "THE LAB CANNOT RUN: {} is not installed; Debian's packages are\n  {PACKAGES}",
            cmd.argv[0].display()
        );
        let mut command = Command::new("setpriv");
        command.env("PATH", &path);
        command.args(["--pdeathsig", "KILL", "--"]).args(&cmd.argv).envs(cmd.env);
        // A group of its own, so that what it starts in turn can be killed with it.
        command.process_group(0);
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let began = Instant::now();
        let mut child = command.spawn().unwrap_or_else(|e| panic!("{what}: {e}"));
        let stderr = Some(reader(child.stderr.take().unwrap()));
        Process { what, child, began, stdout: None, stderr }
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    pub fn running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// The most memory that rtcprobe held so far, and how many files it has open; nothing once it has ended.
    pub fn appetite(&self) -> Option<(u64, usize)> {
        let proc = format!("/proc/{}", self.pid());
        let status = fs::read_to_string(format!("{proc}/status")).ok()?;
        // Not what it was before it became what it is to be: a copy of this process.
        status.starts_with("Name:\trtcprobe\n").then_some(())?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kib = peak.split_whitespace().next()?.parse().ok()?;
        Some((kib, fs::read_dir(format!("{proc}/fd")).ok()?.count()))
    }

    /// Waits for the end, watching [`Process::appetite`]: the most KiB and the most open files.
    pub fn finish_watched(mut self) -> (Finished, u64, usize) {
        let (mut memory, mut files) = (0, 0);
        while self.running() {
            if let Some((kib, open)) = self.appetite() {
                (memory, files) = (memory.max(kib), files.max(open));
            }
            thread::sleep(Duration::from_millis(10));
        }
        (self.finish(), memory, files)
    }

    /// Waits so long for the end, and no longer; whether it came.
    pub fn await_end(&mut self, limit: Duration) -> bool {
        let began = Instant::now();
        while self.running() {
            if began.elapsed() > limit {
                return false;
            }
            thread::sleep(Duration::from_millis(5));
        }
        true
    }

    /// Waits for the end.
    pub fn finish(mut self) -> Finished {
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(self.began.elapsed() < LIMIT, "{} still runs after {LIMIT:?}", self.what);
            // Short commands are many, long ones few.
            thread::sleep((self.began.elapsed() / 20).clamp(Duration::from_micros(300), Duration::from_millis(20)));
        };
        let took = self.began.elapsed();
        // Nothing that it started may keep its pipes open.
        let _ = killpg(self.pid(), Signal::SIGKILL);
        let stdout = self.stdout.take().map(|reader| reader.join().unwrap()).unwrap_or_default();
        let stderr = self.stderr.take().unwrap().join().unwrap();
        Finished { what: self.what.clone(), status, stdout, stderr, took }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.running() {
            let _ = killpg(self.pid(), Signal::SIGKILL);
            let _ = self.child.wait();
        }
    }
}

impl Finished {
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    pub fn expect_success(self) -> Finished {
        assert!(self.status.success(), "{self}");
        self
    }
}

impl std::fmt::Display for Finished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n({:?} after {:?}", self.what, self.status.code(), self.took)?;
        if let Some(signal) = self.status.signal() {
            write!(f, ", signal {signal}")?;
        }
        write!(f, ")\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr)
    }
}

fn reader(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

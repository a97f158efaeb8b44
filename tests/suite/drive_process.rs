//! What concerns a whole process: signals and descriptors. Each test starts this program again.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rtcprobe::drive::Options;
use rtcprobe::machine::{Input, Refusal, Socket, Time, Want};

use super::drive::{at, perform};

struct Again {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Again {
    fn start(part: &str) -> Again {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "--nocapture", "--test-threads=1", &format!("drive_process::part_{part}")])
            .env("DRIVE_PART", part)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Again { child, lines }
    }

    /// Skips to the line that begins with this, and gives the rest of it.
    fn wait_for(&mut self, begin: &str) -> String {
        loop {
            let mut line = String::new();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "the other process ended before `{begin}`");
            if let Some((_, rest)) = line.split_once(begin) {
                return rest.trim().to_owned();
            }
        }
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    fn end(mut self) {
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success(), "{rest}");
    }
}

#[test]
fn stops_in_order_on_ctrl_c_and_sigterm() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let mut again = Again::start("obedient");
        again.wait_for("ready");
        again.signal(signal);
        again.wait_for("told to stop");
        assert_eq!(again.wait_for("ended:"), "Interrupted");
        again.end();
    }
}

#[test]
fn a_second_ctrl_c_ends_at_once() {
    let mut again = Again::start("stubborn");
    again.wait_for("ready");
    let begin = Instant::now();
    again.signal(Signal::SIGINT);
    again.wait_for("told to stop");
    again.signal(Signal::SIGINT);
    assert_eq!(again.wait_for("ended:"), "Interrupted");
    assert!(begin.elapsed() < Duration::from_millis(1900));
    again.end();
}

#[test]
#[ignore = "started by other tests"]
fn part_obedient() {
    until_stopped(true);
}

#[test]
#[ignore = "started by other tests"]
fn part_stubborn() {
    until_stopped(false);
}

/// `--include-ignored` must not turn the process of all tests upside down.
fn started_by_another_test() -> bool {
    std::env::var_os("DRIVE_PART").is_some()
}

fn until_stopped(obedient: bool) {
    if !started_by_another_test() {
        return;
    }
    let want = Want::udp(at("127.0.0.1:0"));
    let (ended, _) = perform(&Options::default(), want, |strings, _, input| match input {
        Input::Opened { .. } => println!("ready"),
        Input::Stop => {
            println!("told to stop");
            strings.done = obedient;
        }
        other => panic!("{other:?}"),
    });
    println!("ended: {ended:?}");
}

#[test]
fn survives_running_out_of_descriptors() {
    let mut again = Again::start("exhausted");
    let address = again.wait_for("exhausted, listening on");
    let _stream = std::net::TcpStream::connect(address).unwrap();
    again.wait_for("accepted");
    again.end();
}

#[test]
#[ignore = "started by other tests"]
fn part_exhausted() {
    if !started_by_another_test() {
        return;
    }
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, 30, hard).unwrap();
    let udp = || Want::udp(at("127.0.0.1:0"));
    let mut listener = None;
    perform(&Options::default(), Want::TcpListen { local: at("127.0.0.1:0") }, |strings, now, input| match input {
        Input::Opened { socket: Socket(name), local, .. } => {
            listener.get_or_insert(local);
            strings.open(name + 1, udp());
        }
        Input::Refused { socket, why: Refusal::Exhausted { .. } } => {
            assert!(socket.0 > 5);
            println!("exhausted, listening on {}", listener.unwrap());
            strings.wake = now + Duration::from_millis(200);
        }
        // There is somebody at the door; make room.
        Input::Tick => strings.close(2),
        Input::Accepted { .. } => {
            println!("accepted");
            strings.wake = Time::NEVER;
            strings.done = true;
        }
        other => panic!("{other:?}"),
    });
}

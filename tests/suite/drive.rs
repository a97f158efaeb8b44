//! The driver over 127.0.0.1 and ::1, with puppets for machines.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rtcprobe::drive::{self, Ended, Options};
use rtcprobe::machine::{
    Ending, Fragments, Input, Machine, Output, Phase, Refusal, Socket, Time, Unreachability, Want,
};

/// What a puppet wants done next.
pub struct Strings {
    pub outputs: VecDeque<Output<String>>,
    pub wake: Time,
    pub done: bool,
}

impl Strings {
    pub fn open(&mut self, socket: u64, want: Want) {
        self.outputs.push_back(Output::Open { socket: Socket(socket), want });
    }
    pub fn close(&mut self, socket: u64) {
        self.outputs.push_back(Output::Close { socket: Socket(socket) });
    }
    pub fn send(&mut self, socket: Socket, to: SocketAddr, bytes: impl Into<Vec<u8>>) {
        self.outputs.push_back(Output::Send { socket, to, bytes: bytes.into() });
    }
    pub fn say(&mut self, text: impl Into<String>) {
        self.outputs.push_back(Output::Event(text.into()));
    }
}

/// A machine on strings: a closure hears everything.
struct Puppet<F> {
    strings: Strings,
    on: F,
}

impl<F: FnMut(&mut Strings, Time, Input<'_>)> Machine for Puppet<F> {
    type Event = String;
    fn input(&mut self, now: Time, input: Input<'_>) {
        if matches!(input, Input::Tick) {
            self.strings.wake = Time::NEVER;
        }
        (self.on)(&mut self.strings, now, input);
    }
    fn output(&mut self, _now: Time) -> Output<String> {
        match self.strings.outputs.pop_front() {
            Some(output) => output,
            None if self.strings.done => Output::Done,
            None => Output::WaitUntil(self.strings.wake, "the puppeteer"),
        }
    }
}

/// Runs a puppet that opens `first` under the name 1.
pub fn perform(options: &Options, first: Want, on: impl FnMut(&mut Strings, Time, Input<'_>)) -> (Ended, Vec<String>) {
    perform_within(options, Duration::from_secs(20), first, on)
}

fn perform_within(
    options: &Options,
    limit: Duration,
    first: Want,
    on: impl FnMut(&mut Strings, Time, Input<'_>),
) -> (Ended, Vec<String>) {
    let mut strings = Strings { outputs: VecDeque::new(), wake: Time::NEVER, done: false };
    strings.open(1, first);
    let mut puppet = Puppet { strings, on };
    let mut said = Vec::new();
    let run = async { drive::run(&mut puppet, options, Some(limit), |_, event| said.push(event)).await };
    let ended = drive::block_on(run).unwrap().unwrap();
    (ended, said)
}

/// Runs a puppet that is done at once.
pub fn start(options: &Options) -> Result<Ended, drive::CannotRun> {
    let strings = Strings { outputs: VecDeque::new(), wake: Time::NEVER, done: true };
    let mut puppet = Puppet { strings, on: |_: &mut Strings, _: Time, _: Input<'_>| {} };
    drive::block_on(async { drive::run(&mut puppet, options, None, |_, _| {}).await })?
}

pub fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn udp(local: &str) -> Want {
    Want::udp(at(local))
}

fn tcp(to: SocketAddr) -> Want {
    Want::Tcp { local: None, to }
}

/// A UDP address where nobody listens.
fn nobody(host: &str) -> SocketAddr {
    std::net::UdpSocket::bind((host, 0)).unwrap().local_addr().unwrap()
}

fn echoes_datagrams(host: &str) {
    let (mut server, mut client) = (None, None);
    let (ended, said) = perform(&Options::default(), udp(host), |strings, _, input| match input {
        Input::Opened { socket: Socket(1), local, secure: None } => {
            server = Some(local);
            strings.open(2, Want::udp(SocketAddr::new(local.ip(), 0)));
        }
        Input::Opened { socket, local, .. } => {
            client = Some(local);
            strings.send(socket, server.unwrap(), *b"hello");
        }
        Input::Received { socket: Socket(1), from, bytes } => {
            assert_eq!(Some(from), client);
            strings.send(Socket(1), from, bytes);
        }
        Input::Received { socket: Socket(2), from, bytes } => {
            assert_eq!(Some(from), server);
            strings.say(String::from_utf8_lossy(bytes));
            strings.done = true;
        }
        other => panic!("{other:?}"),
    });
    assert_eq!((ended, said), (Ended::Done, vec!["hello".to_owned()]));
}

#[test]
fn carries_datagrams_over_ipv4_and_ipv6() {
    echoes_datagrams("127.0.0.1:0");
    echoes_datagrams("[::1]:0");
}

fn refused_port(host: &str, connect: bool) {
    let dead = nobody(host);
    let local = SocketAddr::new(dead.ip(), 0);
    let want = Want::Udp { local, connect: connect.then_some(dead), fragments: Fragments::System };
    let (ended, said) = perform(&Options::default(), want, |strings, _, input| match input {
        Input::Opened { socket, .. } => strings.send(socket, dead, *b"?"),
        Input::Unreachable { socket: Socket(1), to, icmp } => {
            assert_eq!((to, icmp.meaning), (dead, Unreachability::Port));
            if cfg!(target_os = "linux") {
                let expected = if dead.is_ipv4() { (Some(3), Some(3)) } else { (Some(1), Some(4)) };
                assert_eq!((icmp.kind, icmp.code), expected);
                assert_eq!((icmp.v6, icmp.offender), (dead.is_ipv6(), Some(dead.ip())));
            }
            strings.say("unreachable");
            strings.done = true;
        }
        other => panic!("{other:?}"),
    });
    assert_eq!((ended, said.len()), (Ended::Done, 1));
}

#[test]
fn tells_of_icmp_errors_on_connected_sockets() {
    refused_port("127.0.0.1", true);
    refused_port("::1", true);
}

#[test]
#[cfg(target_os = "linux")]
fn tells_of_icmp_errors_on_unconnected_sockets() {
    refused_port("127.0.0.1", false);
    refused_port("::1", false);
}

#[test]
fn an_icmp_error_does_not_keep_datagrams_from_a_healthy_peer() {
    let dead = nobody("127.0.0.1");
    let (mut healthy, mut heard, mut errors) = (None, 0, 0);
    let (ended, _) = perform(&Options::default(), udp("127.0.0.1:0"), |strings, _, input| match input {
        Input::Opened { socket: Socket(1), local, .. } => {
            healthy = Some(local);
            strings.open(2, udp("127.0.0.1:0"));
        }
        Input::Opened { socket, .. } => {
            for _ in 0..20 {
                strings.send(socket, dead, *b"to nobody");
                strings.send(socket, healthy.unwrap(), *b"to somebody");
            }
        }
        Input::Received { socket: Socket(1), .. } => {
            heard += 1;
            strings.done = heard == 20;
        }
        Input::Unreachable { to, icmp, .. } => {
            assert_eq!((to, icmp.meaning), (dead, Unreachability::Port));
            errors += 1;
        }
        other => panic!("{other:?}"),
    });
    assert_eq!((ended, heard), (Ended::Done, 20));
    assert!(errors > 0 || !cfg!(target_os = "linux"));
}

#[test]
fn tells_when_a_datagram_cannot_even_be_sent() {
    let (ended, said) = perform(&Options::default(), udp("127.0.0.1:0"), |strings, _, input| match input {
        Input::Opened { socket, .. } => strings.send(socket, at("127.0.0.1:9"), vec![0; 65_535]),
        Input::Unreachable { icmp, .. } => {
            strings.say(format!("{:?} {:?}", icmp.kind, icmp.meaning));
            strings.done = true;
        }
        other => panic!("{other:?}"),
    });
    assert_eq!((ended, said), (Ended::Done, vec!["None TooLarge".to_owned()]));
}

#[test]
fn takes_ports_from_the_range_until_it_is_used_up() {
    // Below what systems give out by themselves.
    let first = 23_457;
    let options = Options { port_range: Some((first, first + 2)), ..Options::default() };
    let mut ports = Vec::new();
    let (_, said) = perform(&options, udp("127.0.0.1:0"), |strings, _, input| match input {
        Input::Opened { socket: Socket(name), local, .. } => {
            ports.push(local.port());
            strings.open(name + 1, udp("127.0.0.1:0"));
        }
        Input::Refused { why: Refusal::Bind { text }, .. } => {
            strings.say(text.as_str());
            strings.done = true;
        }
        other => panic!("{other:?}"),
    });
    ports.sort_unstable();
    assert_eq!(ports, [first, first + 1, first + 2]);
    assert_eq!(said, ["127.0.0.1: every port from 23457 to 23459 is in use"]);
}

#[test]
fn says_which_address_could_not_be_bound() {
    let (_, said) = perform(&Options::default(), udp("192.0.2.1:0"), |strings, _, input| match input {
        Input::Refused { why: Refusal::Bind { text }, .. } => {
            strings.say(text.as_str());
            strings.done = true;
        }
        other => panic!("{other:?}"),
    });
    assert_eq!(said, ["192.0.2.1:0: cannot assign requested address"]);
}

#[test]
fn a_closed_port_can_be_had_again_at_once() {
    let mut local = None;
    let (ended, _) = perform(&Options::default(), udp("127.0.0.1:0"), |strings, _, input| match input {
        Input::Opened { socket: Socket(1), local: first, .. } if local.is_none() => {
            local = Some(first);
            strings.close(1);
            strings.open(1, Want::udp(first));
        }
        Input::Opened { socket: Socket(1), local: second, .. } => {
            assert_eq!(Some(second), local);
            strings.done = true;
        }
        other => panic!("{other:?}"),
    });
    assert_eq!(ended, Ended::Done);
}

fn echoes_streams(host: &str, size: usize) {
    let (mut server, mut echoed) = (None, 0);
    let bytes: Vec<u8> = (0..size).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let mut heard = Vec::new();
    let want = Want::TcpListen { local: at(host) };
    let (ended, _) = perform(&Options::default(), want, |strings, _, input| match input {
        Input::Opened { socket: Socket(1), local, .. } => {
            server = Some(local);
            strings.open(2, tcp(local));
        }
        Input::Accepted { listener: Socket(1), socket, local, .. } => {
            assert!(socket.0 >= Socket::ACCEPTED);
            assert_eq!(Some(local), server);
        }
        Input::Opened { socket, .. } => {
            for part in bytes.chunks(50_000) {
                strings.send(socket, server.unwrap(), part);
            }
        }
        Input::Received { socket: Socket(2), bytes: part, .. } => {
            heard.extend_from_slice(part);
            if heard.len() == size {
                strings.close(2);
            }
        }
        Input::Received { socket, from, bytes } => {
            echoed += bytes.len();
            strings.send(socket, from, bytes);
        }
        Input::Closed { socket, why: Ending::Finished } => {
            assert!(socket.0 >= Socket::ACCEPTED);
            strings.done = true;
        }
        other => panic!("{other:?}"),
    });
    assert_eq!((ended, echoed), (Ended::Done, size));
    assert!(heard == bytes);
}

#[test]
fn carries_streams_over_ipv4_and_ipv6() {
    echoes_streams("127.0.0.1:0", 5);
    echoes_streams("[::1]:0", 5);
}

#[test]
fn carries_long_streams() {
    echoes_streams("127.0.0.1:0", 900_000);
}

#[test]
fn tells_a_refused_connection() {
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (_, said) = perform(&Options::default(), tcp(dead), |strings, _, input| match input {
        Input::Refused { socket: Socket(1), why } => {
            strings.say(format!("{why:?}"));
            strings.done = true;
        }
        other => panic!("{other:?}"),
    });
    assert_eq!(said, ["ConnectionRefused"]);
}

/// A listener whose backlog is full answers no SYN.
#[test]
#[cfg(target_os = "linux")]
fn gives_up_connecting_in_time() {
    let full = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    full.bind(&at("127.0.0.1:0").into()).unwrap();
    full.listen(0).unwrap();
    let to = full.local_addr().unwrap().as_socket().unwrap();
    let _first = std::net::TcpStream::connect(to).unwrap();
    let options = Options { connect_timeout: Some(Duration::from_millis(100)), ..Options::default() };
    let (_, said) = perform(&options, tcp(to), |strings, _, input| match input {
        Input::Refused { socket: Socket(1), why: Refusal::TimedOut { during: Phase::Connect } } => {
            strings.say("timed out");
            strings.done = true;
        }
        other => panic!("{other:?}"),
    });
    assert_eq!(said, ["timed out"]);
}

#[test]
fn what_was_sent_before_the_end_arrives() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let to = listener.local_addr().unwrap();
    let reader = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        std::thread::sleep(Duration::from_millis(50));
        let mut all = Vec::new();
        std::io::Read::read_to_end(&mut stream, &mut all).unwrap();
        all.len()
    });
    perform(&Options::default(), tcp(to), |strings, _, input| {
        if let Input::Opened { socket, .. } = input {
            strings.send(socket, to, vec![7; 1_000_000]);
            strings.done = true;
        }
    });
    assert_eq!(reader.join().unwrap(), 1_000_000);
}

#[test]
fn gives_up_on_a_peer_that_does_not_read() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let to = listener.local_addr().unwrap();
    let (ended, said) = perform(&Options::default(), tcp(to), |strings, _, input| match input {
        Input::Opened { .. } => strings.wake = Time::ZERO,
        Input::Tick => {
            strings.send(Socket(1), to, vec![7; 100_000]);
            strings.wake = Time::ZERO;
        }
        Input::Closed { why: Ending::Failed(text), .. } => {
            strings.say(text.as_str());
            strings.done = true;
        }
        other => panic!("{other:?}"),
    });
    assert_eq!((ended, said.len()), (Ended::Done, 1), "{said:?}");
}

#[test]
fn tells_a_reset_from_an_orderly_end() {
    for linger in [None, Some(Duration::ZERO)] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let to = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            socket2::SockRef::from(&stream).set_linger(linger).unwrap();
        });
        let (_, said) = perform(&Options::default(), tcp(to), |strings, _, input| {
            if let Input::Closed { why, .. } = input {
                strings.say(format!("{why:?}"));
                strings.done = true;
            }
        });
        server.join().unwrap();
        assert_eq!(said, [if linger.is_some() { "Reset" } else { "Finished" }]);
    }
}

#[test]
fn tells_the_machine_to_stop_at_the_limit() {
    let (ended, said) =
        perform_within(&Options::default(), Duration::from_millis(30), udp("127.0.0.1:0"), |strings, _, input| {
            if let Input::Stop = input {
                strings.say("tidied up");
                strings.done = true;
            }
        });
    assert_eq!((ended, said), (Ended::TimedOut, vec!["tidied up".to_owned()]));
}

#[test]
fn cuts_off_a_machine_that_does_not_stop() {
    let begin = Instant::now();
    let (ended, _) = perform_within(&Options::default(), Duration::from_millis(30), udp("127.0.0.1:0"), |_, _, _| {});
    assert_eq!(ended, Ended::TimedOut);
    assert!(begin.elapsed() >= Duration::from_secs(2));
}

#[test]
fn wakes_the_machine_on_time_during_a_flood() {
    let (mut target, mut ticks, mut heard) = (None, 0, 0_u64);
    let (ended, _) = perform(&Options::default(), udp("127.0.0.1:0"), |strings, now, input| match input {
        Input::Opened { socket: Socket(1), local, .. } => {
            target = Some(local);
            strings.wake = now + Duration::from_millis(20);
            strings.open(2, udp("127.0.0.1:0"));
        }
        Input::Opened { socket, .. } => {
            for _ in 0..100 {
                strings.send(socket, target.unwrap(), vec![1; 100]);
            }
        }
        Input::Received { socket, from, bytes } => {
            heard += 1;
            // Each answered twice, for ever.
            strings.send(socket, from, bytes);
            strings.send(socket, from, bytes);
        }
        Input::Tick => {
            ticks += 1;
            strings.wake = now + Duration::from_millis(20);
            strings.done = ticks == 10;
        }
        Input::Unreachable { .. } => {}
        other => panic!("{other:?}"),
    });
    assert_eq!((ended, ticks), (Ended::Done, 10));
    assert!(heard > 100);
}

#[test]
fn times_never_go_backwards() {
    let mut last = Time::ZERO;
    let mut target = None;
    let mut heard = 0;
    perform(&Options::default(), udp("127.0.0.1:0"), |strings, now, input| {
        assert!(now >= last);
        last = now;
        match input {
            Input::Opened { socket: Socket(1), local, .. } => {
                target = Some(local);
                strings.open(2, udp("127.0.0.1:0"));
            }
            Input::Opened { socket, .. } => (0..50).for_each(|_| strings.send(socket, target.unwrap(), *b"x")),
            Input::Received { .. } => {
                heard += 1;
                strings.done = heard == 50;
            }
            _ => {}
        }
    });
}

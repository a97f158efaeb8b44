//! What gathering keeps, in use over coturn: datagrams from relay to relay and from a host to a relay, and nothing left
//! behind.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rtcprobe::drive;
use rtcprobe::machine::{Chance, Input, Join, Machine, Output, Time};
use rtcprobe::probes::gather::keep::{Heard, Way};
use rtcprobe::probes::gather::{Alternate, Config, Gathering, Local, ServerSpec};
use rtcprobe::proto::auth::Credentials;
use rtcprobe::proto::schedule::Schedule;
use rtcprobe::report::{CandidateKind, TcpKind};
use rtcprobe::wire::uri;

use crate::certificates::{Authority, Leaf};
use crate::coturn::{Coturn, Options, PASSWORD, USER};
use crate::topology::{Lab, at};

const EVERY: Duration = Duration::from_millis(50);
/// Rounds that are spoken at least, so that channels are bound and used.
const ROUNDS: u32 = 12;

/// Where one of the two can be reached.
#[derive(Default)]
struct Ends {
    relay: Option<(Way, SocketAddr)>,
    host: Option<(Way, SocketAddr)>,
    srflx: Option<SocketAddr>,
    complete: bool,
}

/// Two who gather, and speak to one another over what they found until all of it was heard.
struct Pair {
    join: Join<usize, Gathering>,
    ends: [Ends; 2],
    next: Time,
    rounds: u32,
    /// Who heard what.
    heard: BTreeSet<(usize, &'static str)>,
    trouble: Vec<String>,
    released: bool,
}

impl Pair {
    fn new(config: &Config) -> Pair {
        let mut join = Join::new();
        for who in 0..2 {
            join.add(who, Gathering::new(config.clone(), Chance::from_seed(drive::seed().unwrap())));
        }
        let (heard, trouble) = (BTreeSet::new(), Vec::new());
        Pair { join, ends: Default::default(), next: Time::ZERO, rounds: 0, heard, trouble, released: false }
    }

    fn listen(&mut self, now: Time) {
        for who in 0..2 {
            while let Some(heard) = self.join.tell(&who, Gathering::heard).flatten() {
                self.take(now, who, heard);
            }
        }
    }

    fn take(&mut self, now: Time, who: usize, heard: Heard) {
        let ends = &mut self.ends[who];
        match heard {
            Heard::Found { way, candidate, .. } => {
                let address = SocketAddr::new(candidate.address.parse().unwrap(), candidate.port);
                match candidate.kind {
                    CandidateKind::Host => ends.host = Some((way, address)),
                    CandidateKind::Relay => ends.relay = Some((way, address)),
                    _ => ends.srflx = Some(address),
                }
            }
            Heard::Complete => ends.complete = true,
            Heard::Bytes { way, from, bytes } => {
                let relay = ends.relay.is_some_and(|(relay, _)| relay == way);
                let what = match (relay, &bytes[..]) {
                    (true, b"from the relay") => "relay to relay",
                    (true, b"from the host") => "host to relay",
                    (false, b"back to the host") => "relay to host",
                    other => panic!("{who}: {other:?} from {from}"),
                };
                self.heard.insert((who, what));
                if what == "host to relay" {
                    self.join.tell(&who, |it| it.send(now, way, from, b"back to the host".to_vec()));
                }
            }
            other => self.trouble.push(format!("{who}: {other:?}")),
        }
    }

    /// Says everything once more; true when something was said.
    fn speak(&mut self, now: Time) -> bool {
        if self.released || now < self.next || !self.ends.iter().all(|ends| ends.complete) {
            return false;
        }
        self.next = now + EVERY;
        self.rounds += 1;
        if !self.trouble.is_empty() || (self.rounds > ROUNDS && self.heard.len() == 6) {
            self.released = true;
            for who in 0..2 {
                self.join.tell(&who, |it| it.release(now));
            }
            return true;
        }
        for who in 0..2 {
            let (own, other) = (&self.ends[who], &self.ends[1 - who]);
            let (Some(relay), Some(host), Some(far)) = (own.relay, own.host, other.relay) else {
                self.trouble.push(format!("{who} has no relay"));
                continue;
            };
            let public = other.srflx.or(other.host.map(|(_, host)| host));
            self.join.tell(&who, |it| {
                public.into_iter().for_each(|public| it.permit(relay.0, public));
                it.send(now, relay.0, far.1, b"from the relay".to_vec());
                it.send(now, host.0, far.1, b"from the host".to_vec());
            });
        }
        true
    }
}

impl Machine for Pair {
    type Event = ();

    fn input(&mut self, now: Time, input: Input<'_>) {
        self.join.input(now, input);
    }

    fn output(&mut self, now: Time) -> Output<()> {
        loop {
            let output = match self.join.output(now) {
                Output::Event(_) => continue,
                Output::WaitUntil(until, why) => {
                    self.listen(now);
                    if self.speak(now) {
                        continue;
                    }
                    let until = if self.released { until } else { until.min(self.next.max(now + EVERY)) };
                    return Output::WaitUntil(until, why);
                }
                other => other.map(|_| ()),
            };
            return output;
        }
    }
}

fn config(uri: &str, locals: &[&str]) -> Config {
    let credentials = Some(Credentials { username: USER.into(), password: PASSWORD.into() });
    let server = |(uri, credentials)| ServerSpec { uri: uri::parse(uri).unwrap().uri, credentials };
    let local = |address: &&str| Local { interface: "eth0".into(), address: address.parse::<IpAddr>().unwrap() };
    Config {
        servers: [(uri, credentials), ("stun:203.0.113.10", None)].map(server).into(),
        locals: locals.iter().map(local).collect(),
        host: true,
        srflx: true,
        relay: true,
        schedule: Schedule::PROMPT,
        alternate: Alternate::Follow,
        send_software: true,
        connections: 10,
        unix_time: None,
        keep: true,
        tcp: false,
    }
}

/// Both on the lab's client.
fn speak(lab: &Lab, authority: &Authority, config: Config) {
    let authorities = Some(fs::read(authority.file()).unwrap());
    let (heard, trouble) = lab.client.run(move || {
        let mut pair = Pair::new(&config);
        let options = drive::Options { authorities, ..drive::Options::default() };
        let run = drive::run(&mut pair, &options, Some(Duration::from_secs(20)), |_, ()| {});
        let ended = drive::block_on(run).unwrap().unwrap();
        assert_eq!(ended, drive::Ended::Done, "{:?} {:?}", pair.heard, pair.trouble);
        (pair.heard, pair.trouble)
    });
    assert_eq!(trouble, [""; 0], "{heard:?}");
    let all = |who| ["host to relay", "relay to host", "relay to relay"].map(|what| (who, what));
    assert_eq!(heard, all(0).into_iter().chain(all(1)).collect(), "everybody hears everything");
}

#[test]
fn kept_relays_carry_data_over_every_transport_and_are_given_back() {
    let lab = Lab::usual();
    let authority = Authority::new(lab.dir());
    let identity = Some(authority.issue(Leaf::Good));
    let coturn = Coturn::start(&lab, Options { identity, cli: true, ..Options::default() });
    for uri in [
        "turn:203.0.113.10",
        "turn:203.0.113.10?transport=tcp",
        "turns:203.0.113.10",
        "turns:203.0.113.10?transport=udp",
    ] {
        speak(&lab, &authority, config(uri, &[at::CLIENT]));
        assert_eq!(coturn.allocations_left(), 0, "{uri}");
    }
    assert_eq!((coturn.allocated(), coturn.released()), (8, 8), "{}", coturn.log());
    assert_eq!(coturn.sessions(), 0);
}

#[test]
fn a_relay_with_ipv6_only_is_kept_as_well() {
    let lab = Lab::usual();
    let authority = Authority::new(lab.dir());
    let more = vec!["--allocation-default-address-family", "keep"];
    let coturn = Coturn::start(&lab, Options { relay: vec![at::SERVER6], more, cli: true, ..Options::default() });
    for uri in ["turn:[2001:db8:77::10]", "turn:[2001:db8:77::10]?transport=tcp"] {
        speak(&lab, &authority, config(uri, &[at::CLIENT6]));
        assert_eq!(coturn.allocations_left(), 0, "{uri}");
    }
    assert_eq!(coturn.sessions(), 0);
}

/// One opens a connection to the other, and both say something.
struct Callers {
    join: Join<usize, Gathering>,
    active: Option<Way>,
    passive: Option<SocketAddr>,
    complete: usize,
    heard: Vec<(usize, Vec<u8>)>,
}

impl Callers {
    fn take(&mut self, now: Time, who: usize, heard: Heard) {
        match heard {
            Heard::Found { way, base, candidate } => match (who, candidate.tcp_type) {
                (0, Some(TcpKind::Active)) => self.active = Some(way),
                (1, Some(TcpKind::Passive)) => self.passive = Some(base),
                _ => {}
            },
            Heard::Complete => {
                self.complete += 1;
                if let (2, Some(way), Some(to)) = (self.complete, self.active, self.passive) {
                    self.join.tell(&0, |it| it.send(now, way, to, b"there".to_vec()));
                }
            }
            Heard::Bytes { way, from, bytes } => {
                self.heard.push((who, bytes));
                if who == 1 {
                    self.join.tell(&1, |it| it.send(now, way, from, vec![7; 1200]));
                } else {
                    for who in 0..2 {
                        self.join.tell(&who, |it| it.release(now));
                    }
                }
            }
            // One of the two hangs up first.
            Heard::NoConnection { .. } if self.heard.len() == 2 => {}
            other => panic!("{who}: {other:?}"),
        }
    }
}

impl Machine for Callers {
    type Event = ();

    fn input(&mut self, now: Time, input: Input<'_>) {
        self.join.input(now, input);
        for who in 0..2 {
            while let Some(heard) = self.join.tell(&who, Gathering::heard).flatten() {
                self.take(now, who, heard);
            }
        }
    }

    fn output(&mut self, now: Time) -> Output<()> {
        loop {
            match self.join.output(now) {
                Output::Event(_) => {}
                other => return other.map(|_| ()),
            }
        }
    }
}

#[test]
fn tcp_host_candidates_connect_in_both_families() {
    let lab = Lab::usual();
    for local in [at::CLIENT, at::CLIENT6] {
        let heard = lab.client.run(move || {
            let config = Config { tcp: true, servers: Vec::new(), ..config("stun:203.0.113.10", &[local]) };
            let mut join = Join::new();
            for who in 0..2 {
                join.add(who, Gathering::new(config.clone(), Chance::from_seed(drive::seed().unwrap())));
            }
            let mut callers = Callers { join, active: None, passive: None, complete: 0, heard: Vec::new() };
            let options = drive::Options::default();
            let run = drive::run(&mut callers, &options, Some(Duration::from_secs(20)), |_, ()| {});
            let ended = drive::block_on(run).unwrap().unwrap();
            assert_eq!(ended, drive::Ended::Done, "{:?}", callers.heard);
            callers.heard
        });
        assert_eq!(heard, [(1, b"there".to_vec()), (0, vec![7; 1200])], "{local}");
    }
}

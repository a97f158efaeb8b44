//! Names that hide addresses, asked for over a real link.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::thread;
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, OpCode};
use hickory_proto::rr::{RData, Record};
use nix::net::if_::if_nametoindex;
use rtcprobe::drive;
use rtcprobe::machine::{Chance, Input, Machine, Output, Time};
use rtcprobe::probes::gather::keep::Heard;
use rtcprobe::probes::gather::{Alternate, Config, Gathering, Local};
use rtcprobe::proto::schedule::Schedule;
use rtcprobe::wire::mdns;
use socket2::{Domain, Protocol, Socket, Type};

use crate::browser;
use crate::namespace::Host;
use crate::topology::{Lab, at};

const ROUTER: &str = "10.0.0.1";
const ROUTER6: &str = "2001:db8:1::1";

/// Asks for one name, and ends.
struct Asking {
    gathering: Gathering,
    name: String,
    answer: Option<Result<IpAddr, String>>,
}

impl Machine for Asking {
    type Event = ();

    fn input(&mut self, now: Time, input: Input<'_>) {
        self.gathering.input(now, input);
        while let Some(heard) = self.gathering.heard() {
            match heard {
                Heard::Complete => self.gathering.resolve(&self.name),
                Heard::Resolved { address, .. } => {
                    self.answer = Some(address);
                    self.gathering.release(now);
                }
                _ => {}
            }
        }
    }

    fn output(&mut self, now: Time) -> Output<()> {
        loop {
            match self.gathering.output(now) {
                Output::Event(_) => {}
                other => return other.map(|_| ()),
            }
        }
    }
}

/// What a host with these addresses learns of a name.
fn ask(host: &Host, addresses: &[&str], name: &str) -> Result<IpAddr, String> {
    let local = |address: &&str| Local { interface: "eth0".into(), address: address.parse().unwrap() };
    let config = Config {
        servers: Vec::new(),
        locals: addresses.iter().map(local).collect(),
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
    };
    let name = name.to_string();
    host.run(move || {
        let gathering = Gathering::new(config, Chance::from_seed(drive::seed().unwrap()));
        let mut asking = Asking { gathering, name, answer: None };
        let options = drive::Options::default();
        let run = drive::run(&mut asking, &options, Some(Duration::from_secs(20)), |_, ()| {});
        assert_eq!(drive::block_on(run).unwrap().unwrap(), drive::Ended::Done);
        asking.answer.unwrap()
    })
}

/// Answers to everybody on the router's link for that name, until nobody has asked for a while.
fn respond(router: &Host, name: &'static str, address: IpAddr) {
    let (socket, group) = router.run(move || {
        let group = mdns::GROUPS.into_iter().find(|group| group.is_ipv4() == address.is_ipv4()).unwrap();
        let socket = Socket::new(Domain::for_address(group), Type::DGRAM, Some(Protocol::UDP)).unwrap();
        socket.set_reuse_address(true).unwrap();
        match (group.ip(), address) {
            (IpAddr::V4(to), _) => {
                let own: Ipv4Addr = ROUTER.parse().unwrap();
                socket.bind(&group.into()).unwrap();
                socket.join_multicast_v4(&to, &own).unwrap();
                socket.set_multicast_if_v4(&own).unwrap();
            }
            (IpAddr::V6(to), _) => {
                let index = if_nametoindex("lan0").unwrap();
                socket.bind(&SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), mdns::PORT).into()).unwrap();
                socket.join_multicast_v6(&to, index).unwrap();
                socket.set_multicast_if_v6(index).unwrap();
            }
        }
        socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        (UdpSocket::from(socket), group)
    });
    thread::spawn(move || {
        let mut buffer = [0; 9000];
        while let Ok((length, _)) = socket.recv_from(&mut buffer) {
            let Ok(asked) = Message::from_vec(&buffer[..length]) else { continue };
            let Some(query) = asked.queries.first() else { continue };
            if asked.metadata.message_type == MessageType::Query && query.name().to_string() == format!("{name}.") {
                let data = match address {
                    IpAddr::V4(ip) => RData::A(ip.into()),
                    IpAddr::V6(ip) => RData::AAAA(ip.into()),
                };
                let mut answer = Message::new(0, MessageType::Response, OpCode::Query);
                answer.add_answer(Record::from_rdata(query.name().clone(), 120, data));
                socket.send_to(&answer.to_vec().unwrap(), group).unwrap();
            }
        }
    });
}

#[test]
fn names_are_resolved_over_a_real_link_in_both_families() {
    let lab = Lab::usual();
    respond(&lab.router, "router-4.local", ROUTER.parse().unwrap());
    respond(&lab.router, "router-6.local", ROUTER6.parse().unwrap());
    let both = [at::CLIENT, at::CLIENT6];
    assert_eq!(ask(&lab.client, &both, "router-4.local"), Ok(ROUTER.parse().unwrap()));
    assert_eq!(ask(&lab.client, &both, "router-6.local"), Ok(ROUTER6.parse().unwrap()));
    assert_eq!(ask(&lab.client, &[at::CLIENT6], "router-6.local"), Ok(ROUTER6.parse().unwrap()));
    assert!(ask(&lab.client, &both, "nobody.local").is_err());
}

#[test]
#[ignore = "needs Chromium"]
fn the_names_of_chromium_are_resolved_from_its_own_host_and_from_the_next() {
    let lab = Lab::usual();
    let (name, _chromium) = browser::hidden(&lab);
    assert!(mdns::is_name(&name), "{name}");
    let client = Ok(at::CLIENT.parse().unwrap());
    assert_eq!(ask(&lab.router, &[ROUTER, ROUTER6], &name), client);
    assert_eq!(ask(&lab.client, &[at::CLIENT, at::CLIENT6], &name), client);
}

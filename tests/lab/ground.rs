//! The lab itself: that its NATs, firewalls and delays are what they are called.

use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use crate::certificates::{Authority, Leaf};
use crate::coturn::{Coturn, PASSWORD, USER};
use crate::dns::Dns;
use crate::nat::{Firewall, Nat};
use crate::topology::{Lab, Topology, at};
use crate::yardstick::{IMPATIENCE, hears, kind, seen_as, socket};

#[test]
fn masquerade_is_endpoint_independent_and_symmetric_when_random() {
    for (nat, is) in [(Nat::Masquerade, "eim-apdf"), (Nat::Random, "apdm-apdf")] {
        let lab = Lab::behind(nat);
        assert_eq!(kind(&lab.client, &lab.server), is);
    }
}

#[test]
fn ipv6_is_routed_as_it_is() {
    let lab = Lab::usual();
    let server = socket(&lab.server, "[2001:db8:77::10]:7000");
    let client = socket(&lab.client, "[::]:0");
    assert_eq!(seen_as(&client, &server).unwrap().ip().to_string(), at::CLIENT6);
}

#[test]
fn a_firewall_without_nat_keeps_strangers_out() {
    let lab = Lab::new(Topology { nat: Nat::None, firewall: Firewall::Stateful, ..Topology::default() });
    let [server, stranger] = ["203.0.113.10:7000", "203.0.113.11:7000"].map(|local| socket(&lab.server, local));
    let client = socket(&lab.client, "0.0.0.0:0");
    let source = seen_as(&client, &server).unwrap();
    assert_eq!(source.ip().to_string(), at::CLIENT_PUBLIC);
    stranger.send_to(b"!", source).unwrap();
    assert!(!hears(&client));
    server.send_to(b"!", source).unwrap();
    assert!(client.recv_from(&mut [0; 16]).is_ok());
}

#[test]
fn firewalls_let_through_what_they_are_called_after() {
    use Firewall as F;
    const STUN: &[u8] = b"\0\x01\0\0\x21\x12\xa4\x42no transact.";
    // UDP to 7000, STUN to 7000, anything to 3478, TCP to 443, TCP to 5349.
    for (firewall, expected) in [
        (F::Open, [true; 5]),
        (F::Stateful, [true; 5]),
        (F::UdpBlocked, [false, false, false, true, true]),
        (F::UdpRejected, [false, false, false, true, true]),
        (F::Tcp443Only, [false, false, false, true, false]),
        (F::StunPortsBlocked, [true, true, false, true, false]),
        (F::StunInspected, [true, false, true, true, true]),
        (F::AllBlocked, [false; 5]),
    ] {
        let lab = Lab::firewalled(firewall);
        let [any, stun] = ["203.0.113.10:7000", "203.0.113.10:3478"].map(|local| socket(&lab.server, local));
        let client = socket(&lab.client, "0.0.0.0:0");
        let udp = |server: &UdpSocket, bytes: &[u8]| {
            let _ = client.send_to(bytes, server.local_addr().unwrap());
            hears(server)
        };
        let tcp = |port: u16| {
            let to = SocketAddr::new(at::SERVER.parse().unwrap(), port);
            let _listener = lab.server.run(move || TcpListener::bind(to).unwrap());
            lab.client.run(move || TcpStream::connect_timeout(&to, IMPATIENCE).is_ok())
        };
        let through = [udp(&any, b"?"), udp(&any, STUN), udp(&stun, b"?"), tcp(443), tcp(5349)];
        assert_eq!(through, expected, "{firewall:?}");
    }
}

#[test]
fn the_lab_leaves_nothing_in_the_machines_own_network() {
    let links = || std::fs::read_to_string("/proc/self/net/dev").unwrap().lines().count();
    let before = links();
    let lab = Lab::new(Topology { rtt: Duration::from_millis(2), ..Topology::default() });
    assert_eq!(links(), before);
    let dir = lab.dir().to_owned();
    let child = lab.server.spawn(crate::process::Cmd::new("sleep").arg("1000"));
    let pid = child.pid();
    // Until it has been told whom to follow.
    std::thread::sleep(IMPATIENCE);
    // As if nobody had come to clean up.
    std::mem::forget(child);
    drop(lab);
    std::thread::sleep(Duration::from_millis(300));
    assert!(!dir.exists());
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    assert!(status.is_empty() || status.contains("zombie"), "{status}");
}

#[test]
fn a_round_trip_through_the_network_box_takes_what_was_asked() {
    let rtt = Duration::from_millis(50);
    let lab = Lab::new(Topology { rtt, ..Topology::default() });
    let server = socket(&lab.server, "203.0.113.10:7000");
    let client = socket(&lab.client, "0.0.0.0:0");
    let mut times: Vec<_> = (0..9)
        .map(|_| {
            let began = Instant::now();
            let source = seen_as(&client, &server).unwrap();
            server.send_to(b"!", source).unwrap();
            client.recv_from(&mut [0; 16]).unwrap();
            began.elapsed()
        })
        .collect();
    times.sort();
    println!("round trips: {times:?}");
    assert!(times[0] >= rtt, "{times:?}");
    assert!(times[4] < rtt + Duration::from_millis(10), "{times:?}");
}

#[test]
fn the_network_box_loses_what_was_asked() {
    let lab = Lab::new(Topology { loss_percent: 30, ..Topology::default() });
    let server = socket(&lab.server, "203.0.113.10:7000");
    let client = socket(&lab.client, "0.0.0.0:0");
    for _ in 0..100 {
        client.send_to(b"?", server.local_addr().unwrap()).unwrap();
    }
    let arrived = (0..100).take_while(|_| hears(&server)).count();
    assert!((50..90).contains(&arrived), "{arrived} of 100");
}

#[test]
fn a_lab_is_built_and_gone_within_a_second() {
    let began = Instant::now();
    let lab = Lab::usual();
    let built = began.elapsed();
    drop(lab);
    println!("built in {built:?}, gone after {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
#[ignore = "for people who want to look around: keeps a lab with coturn until the standard input ends"]
fn a_lab_to_walk_around_in() {
    let lab = Lab::usual();
    let authority = Authority::new(lab.dir());
    let _coturn = Coturn::with_identity(&lab, authority.issue(Leaf::Good));
    let _dns = Dns::usual(&lab);
    for host in [&lab.client, &lab.router, &lab.server] {
        println!(
            "{}: nsenter --net={ns}/net --mount={ns}/mnt",
            host.name(),
            ns = host.namespace().parent().unwrap().display()
        );
    }
    println!("{USER} {PASSWORD} {}", authority.file());
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

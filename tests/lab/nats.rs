//! The lab's NATs and paths, measured with plain sockets.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use rtcprobe::server::nat::{Hairpin, NatConfig, Pooling, PortAllocation};

use crate::nat::{Filtering, Firewall, Mapping, Nat};
use crate::path::Path;
use crate::site::{Gate, World};
use crate::topology::at;
use crate::usernat::Quirks;
use crate::yardstick::{self, alive_after, allocation, hairpin, hears, kind, mappings, pool, seen_as, socket};

pub const NINE: [&str; 9] =
    ["eim-eif", "eim-adf", "eim-apdf", "adm-eif", "adm-adf", "adm-apdf", "apdm-eif", "apdm-adf", "apdm-apdf"];

/// The kernel's NAT of one of the nine names.
pub fn kernel(kind: &str) -> Nat {
    let (mapping, filtering) = kind.split_once('-').unwrap();
    let mapping = match mapping {
        "eim" => Mapping::EndpointIndependent,
        "adm" => Mapping::AddressDependent,
        _ => Mapping::AddressAndPortDependent,
    };
    let filtering = match filtering {
        "eif" => Filtering::EndpointIndependent,
        "adf" => Filtering::AddressDependent,
        _ => Filtering::AddressAndPortDependent,
    };
    Nat::Of(mapping, filtering)
}

fn config(kind: &str, change: impl FnOnce(&mut NatConfig)) -> Gate {
    let mut config: NatConfig = kind.parse().unwrap();
    change(&mut config);
    Gate::user(config)
}

#[test]
fn nine_nats_in_user_space_and_nine_of_the_kernel_are_what_they_are_called() {
    let world = World::new();
    for name in NINE {
        for gate in [Gate::called(name), Gate::Kernel(kernel(name), Firewall::Open)] {
            let began = Instant::now();
            let site = world.site(gate.clone());
            println!("{name}: built in {:.1?}", began.elapsed());
            assert_eq!(kind(&site.client, &world.server), name, "{gate:?}");
            let mapping = name.split_once('-').unwrap().0;
            assert_eq!(yardstick::tcp_mapping(&site.client, &world.server), mapping, "{gate:?}");
        }
    }
}

#[test]
fn what_is_not_translated_is_seen_as_it_is() {
    let world = World::new();
    let firewall = Gate::Kernel(Nat::None, Firewall::Stateful);
    let nothing = Gate::Kernel(Nat::None, Firewall::Open);
    for (gate, filtering) in [
        (Gate::called("none"), "eif"),
        (config("eim-apdf", |config| config.mapping = rtcprobe::server::nat::Mapping::None), "apdf"),
        (config("eim-adf", |config| config.mapping = rtcprobe::server::nat::Mapping::None), "adf"),
        (nothing, "eif"),
        (firewall, "apdf"),
    ] {
        let site = world.site(gate.clone());
        let server = socket(&world.server, "203.0.113.10:0");
        let client = socket(&site.client, &format!("{}:0", site.public[0]));
        assert_eq!(seen_as(&client, &server), client.local_addr().ok(), "{gate:?}");
        assert_eq!(yardstick::filtering(&site.client, &world.server), filtering, "{gate:?}");
    }
}

#[test]
fn packets_to_oneself_come_back_as_the_hairpin_is_called() {
    let world = World::new();
    for (name, want) in [("off", Hairpin::Off), ("external", Hairpin::External), ("internal", Hairpin::Internal)] {
        for pair in ["eim-eif", "eim-apdf"] {
            let site = world.site(config(pair, |config| {
                config.hairpin = want;
                config.port_allocation = PortAllocation::Random;
            }));
            // A host drops what seems to come from itself, unless it is told otherwise.
            site.client.sysctl("ipv4/conf/all/accept_local", "1");
            site.client.sysctl("ipv4/conf/eth0/accept_local", "1");
            assert_eq!(hairpin(&site.client, &world.server), name, "{pair}");
        }
    }
    let site = world.site(Gate::Kernel(Nat::Masquerade, Firewall::Open));
    assert_eq!(hairpin(&site.client, &world.server), "off");
}

#[test]
fn ports_and_addresses_are_given_out_as_was_asked() {
    let world = World::new();
    for (name, want) in [
        ("preserving", PortAllocation::Preserving),
        ("sequential", PortAllocation::Sequential { step: 2 }),
        ("random", PortAllocation::Random),
    ] {
        for (addresses, pooling) in [(1, Pooling::Paired), (2, Pooling::Arbitrary)] {
            let site = world.site(config("eim-apdf", |config| {
                config.port_allocation = want;
                config.pooling = pooling;
            }));
            let seen = mappings(&site.client, &world.server, 16);
            assert_eq!(allocation(&seen), name);
            assert!(pool(&seen).iter().all(|address| site.public.contains(address)), "{seen:?}");
            assert_eq!(pool(&seen).len().min(2), addresses, "{pooling:?}: {seen:?}");
        }
    }
}

#[test]
fn mappings_live_as_long_as_was_asked() {
    let world = World::new();
    let site = world.site(config("eim-apdf", |config| config.lifetime = Duration::from_secs(2)));
    let idle = [0, 1, 3].map(Duration::from_secs);
    assert_eq!(alive_after(&site.client, &world.server, &idle), [true, true, false]);
}

#[test]
fn two_nats_in_a_row_are_as_strict_as_the_stricter() {
    let world = World::new();
    let [home, provider] = ["eim-adf", "apdm-eif"].map(|kind| kind.parse::<NatConfig>().unwrap());
    let site = world.site(Gate::User(vec![home, provider], Quirks::default()));
    assert_eq!(kind(&site.client, &world.server), "apdm-adf");
    assert_eq!(pool(&mappings(&site.client, &world.server, 3)), BTreeSet::from([site.public[0]]));
}

#[test]
fn errors_find_their_way_through_both_ways() {
    let world = World::new();
    for gate in [Gate::called("apdm-apdf"), Gate::called("eim-eif"), Gate::Kernel(kernel("eim-eif"), Firewall::Open)] {
        let site = world.site(gate.clone());
        // Nothing listens at the server.
        let client = socket(&site.client, "0.0.0.0:0");
        client.connect((at::CLOSED, 9)).unwrap();
        assert!(is_refused(&client), "{gate:?}");
        // Nothing listens at the client any more.
        let server = socket(&world.server, "203.0.113.10:0");
        let client = socket(&site.client, "0.0.0.0:0");
        let mapped = seen_as(&client, &server).unwrap();
        drop(client);
        server.connect(mapped).unwrap();
        assert!(is_refused(&server), "{gate:?}");
    }
}

/// Whether an ICMP error comes back to one of a few datagrams; kernels are sparing with them.
fn is_refused(socket: &UdpSocket) -> bool {
    socket.set_read_timeout(Some(yardstick::IMPATIENCE)).unwrap();
    (0..5).any(|_| {
        let sent = socket.send(b"?");
        let refused = |error: std::io::Error| error.kind() == ErrorKind::ConnectionRefused;
        sent.is_err_and(refused) || socket.recv(&mut [0; 8]).is_err_and(refused)
    })
}

#[test]
fn large_datagrams_pass_in_fragments_unless_they_must_not() {
    let world = World::new();
    let echo = |site: &crate::site::Site| {
        let server = socket(&world.server, "203.0.113.10:0");
        let client = socket(&site.client, "0.0.0.0:0");
        let impatient = |socket: &UdpSocket| socket.set_read_timeout(Some(yardstick::IMPATIENCE)).unwrap();
        impatient(&server);
        impatient(&client);
        client.send_to(&[7; 4000], server.local_addr().unwrap()).unwrap();
        let mut large = [0; 5000];
        let (length, from) = server.recv_from(&mut large).ok()?;
        server.send_to(&large[..length], from).unwrap();
        client.recv(&mut large).ok()
    };
    let config: NatConfig = "apdm-apdf".parse().unwrap();
    let strict = Quirks { no_fragments: true, ..Quirks::default() };
    assert_eq!(echo(&world.site(Gate::user(config.clone()))), Some(4000));
    assert_eq!(echo(&world.site(Gate::User(vec![config], strict))), None);
}

#[test]
fn a_narrow_path_says_so_or_is_a_black_hole() {
    let world = World::new();
    for black_hole in [false, true] {
        let quirks = Quirks { mtu: Some(1280), black_hole, ..Quirks::default() };
        let site = world.site(Gate::User(vec!["eim-apdf".parse().unwrap()], quirks));
        let server = socket(&world.server, "203.0.113.10:0");
        let client = socket(&site.client, "0.0.0.0:0");
        // 28 bytes of headers. Linux sets DF on what it may; the error makes it split what follows.
        client.send_to(&[7; 1252], server.local_addr().unwrap()).unwrap();
        assert!(hears(&server));
        client.send_to(&[7; 1253], server.local_addr().unwrap()).unwrap();
        assert!(!hears(&server));
        std::thread::sleep(yardstick::IMPATIENCE);
        client.send_to(&[7; 1253], server.local_addr().unwrap()).unwrap();
        assert_eq!(hears(&server), !black_hole);
    }
}

#[test]
fn gateways_for_applications_rewrite_what_they_find() {
    let world = World::new();
    let quirks = Quirks { alg: true, ..Quirks::default() };
    let site = world.site(Gate::User(vec!["eim-apdf".parse().unwrap()], quirks));
    let server = socket(&world.server, "203.0.113.10:0");
    let client = socket(&site.client, "10.0.0.2:0");
    let std::net::SocketAddr::V4(mapped) = seen_as(&client, &server).unwrap() else { panic!("IPv6") };
    let told = crate::packet::as_bytes(mapped);
    server.send_to(&[&b"you are "[..], &told[..]].concat(), mapped).unwrap();
    let mut heard = [0; 64];
    let length = client.recv(&mut heard).unwrap();
    let std::net::SocketAddr::V4(own) = client.local_addr().unwrap() else { panic!("IPv6") };
    assert_eq!(heard[..length], [&b"you are "[..], &crate::packet::as_bytes(own)[..]].concat());
}

#[test]
fn paths_lose_copy_hold_back_and_delay_what_was_asked() {
    const SENT: u16 = 400;
    let world = World::new();
    let path = Path { delay: Duration::from_millis(20), seed: 7, ..Path::default() };
    let held = Duration::from_millis(30);
    for (name, there, arrive, copies, late) in [
        ("delayed", path, 400..=400, 0..=0, 0..=0),
        ("lossy", Path { loss: 20, ..path }, 280..=360, 0..=0, 0..=0),
        ("copied", Path { duplicate: 10, ..path }, 400..=400, 15..=70, 0..=0),
        ("disordered", Path { reorder: 10, held, ..path }, 400..=400, 0..=0, 15..=70),
        ("jittery", Path { jitter: held, ..path }, 400..=400, 0..=0, 100..=400),
    ] {
        let mut runs = Vec::new();
        for _ in 0..2 {
            let site = world.site_over(Gate::called("eim-apdf"), [there, Path::default()]);
            let server = socket(&world.server, "203.0.113.10:0");
            let client = socket(&site.client, "0.0.0.0:0");
            let (began, to) = (Instant::now(), server.local_addr().unwrap());
            // Read while it is sent: what does not fit into the socket would be lost there.
            let sending = std::thread::spawn(move || {
                for n in 0..SENT {
                    client.send_to(&n.to_be_bytes(), to).unwrap();
                    std::thread::sleep(Duration::from_micros(200));
                }
            });
            let mut word = [0; 2];
            server.recv(&mut word).unwrap();
            assert!(began.elapsed() >= path.delay, "{name}: faster than light");
            let mut heard = vec![u16::from_be_bytes(word)];
            server.set_read_timeout(Some(yardstick::IMPATIENCE)).unwrap();
            while server.recv(&mut word).is_ok() {
                heard.push(u16::from_be_bytes(word));
            }
            sending.join().unwrap();
            let all: BTreeSet<u16> = heard.iter().copied().collect();
            let overtaken = heard.iter().scan(0, |most, n| {
                *most = (*most).max(*n);
                Some(n < most)
            });
            let overtaken = overtaken.filter(|late| *late).count();
            println!(
                "{name}: {} of {SENT} arrive, {} copies, {overtaken} overtaken",
                all.len(),
                heard.len() - all.len()
            );
            assert!(arrive.contains(&all.len()), "{name}");
            assert!(copies.contains(&(heard.len() - all.len())), "{name}");
            assert!(late.contains(&overtaken), "{name}");
            runs.push(all);
        }
        assert_eq!(runs[0], runs[1], "{name}: the same seed, the same fates");
    }
}

//! What is no NAT at all, what is more than one, what a NAT does beside mapping and filtering.

use std::net::UdpSocket;
use std::thread;

use rtcprobe::server::nat::{Filtering, Hairpin, Mapping, NatConfig, Pooling, PortAllocation};

use crate::behaviour::report::{Seen, nat, side_by_side};
use crate::behaviour::servers::{Given, Servers};
use crate::nat::{Firewall, Nat};
use crate::site::{Gate, Site, World};
use crate::topology::at;
use crate::usernat::Quirks;

/// One network, what is asked there, and what has to be found.
struct Row {
    name: &'static str,
    gate: Gate,
    args: Vec<&'static str>,
    /// Fact and value, as in JSON.
    facts: &'static [(&'static str, &'static str)],
}

fn row(name: &'static str, gate: Gate, facts: &'static [(&'static str, &'static str)]) -> Row {
    Row { name, gate, args: Given::TwoAddresses.args(), facts }
}

fn changed(kind: &str, change: impl FnOnce(&mut NatConfig)) -> Gate {
    let mut config: NatConfig = kind.parse().unwrap();
    change(&mut config);
    Gate::user(config)
}

/// Runs every row, a few at a time; fails with all that is wrong.
fn check(rows: &[Row], prepare: impl Fn(&Site)) {
    let world = World::new();
    let _servers = Servers::start(&world);
    let rows: Vec<_> = rows.iter().map(|row| (row, world.site(row.gate.clone()))).collect();
    rows.iter().for_each(|(_, site)| prepare(site));
    let wrong = side_by_side(6, &rows, |(row, site)| {
        let seen = nat(&site.client, &row.args);
        println!("{:34} {:9} {:4.0} ms", row.name, seen.kind(), seen.finished.took.as_secs_f64() * 1e3);
        let wrong = differences(row, &seen);
        (!wrong.is_empty()).then(|| format!("{}: {}\n{seen}", row.name, wrong.join(", ")))
    });
    let wrong: Vec<_> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n\n"));
}

fn differences(row: &Row, seen: &Seen) -> Vec<String> {
    let mut wrong: Vec<_> = seen.unexplained().iter().map(|name| format!("{name} is unknown for no reason")).collect();
    for (name, expected) in row.facts {
        let expected: serde_json::Value = serde_json::from_str(expected).unwrap_or_else(|_| (*expected).into());
        let found = if *name == "kind" { seen.kind().into() } else { seen.fact(name).clone() };
        if found != expected {
            wrong.push(format!("{name} is {found}, not {expected}"));
        }
    }
    wrong
}

#[test]
fn what_is_no_nat_is_told_from_one() {
    let firewall = |kind: &str| changed(kind, |config| config.mapping = Mapping::None);
    check(
        &[
            row(
                "nothing",
                Gate::called("none"),
                &[("nat", "false"), ("kind", "none-none"), ("firewall", "false"), ("legacyType", "open-internet")],
            ),
            row("nothing, kernel", Gate::Kernel(Nat::None, Firewall::Open), &[("nat", "false"), ("kind", "none-none")]),
            row(
                "firewall by address and port",
                firewall("eim-apdf"),
                &[
                    ("nat", "false"),
                    ("kind", "none-apdf"),
                    ("firewall", "true"),
                    ("legacyType", "symmetric-udp-firewall"),
                ],
            ),
            row(
                "firewall by address",
                firewall("eim-adf"),
                &[("nat", "false"), ("kind", "none-adf"), ("firewall", "true")],
            ),
            row(
                "firewall, kernel",
                Gate::Kernel(Nat::None, Firewall::Stateful),
                &[("nat", "false"), ("kind", "none-apdf"), ("firewall", "true")],
            ),
        ],
        |_| {},
    );
}

#[test]
fn blocked_udp_is_told_from_a_dead_server() {
    let blocked = |firewall| Gate::Kernel(Nat::Masquerade, firewall);
    let two = Given::TwoAddresses.args();
    let dead = vec!["stun:203.0.113.66"];
    let silent = Quirks { no_udp: true, ..Quirks::default() };
    check(
        &[
            row(
                "UDP blocked",
                blocked(Firewall::UdpBlocked),
                &[("udp", "blocked"), ("kind", "?-?"), ("legacyType", "udp-blocked")],
            ),
            row("UDP rejected", blocked(Firewall::UdpRejected), &[("udp", "blocked"), ("kind", "?-?")]),
            row(
                "UDP blocked in user space",
                Gate::User(vec!["eim-apdf".parse().unwrap()], silent),
                &[("udp", "blocked")],
            ),
            Row {
                args: dead.clone(),
                ..row("one server, dead", Gate::called("eim-apdf"), &[("udp", "unknown"), ("kind", "?-?")])
            },
            Row {
                args: vec!["stun:203.0.113.77"],
                ..row("nobody listens", Gate::called("eim-apdf"), &[("udp", "unknown"), ("kind", "?-?")])
            },
            Row {
                args: [two, dead].concat(),
                ..row("one of two dead", Gate::called("eim-adf"), &[("udp", "open"), ("kind", "eim-adf")])
            },
        ],
        |_| {},
    );
}

#[test]
fn nats_in_a_row_are_seen_as_the_strictest() {
    let double = |home: &str, provider: &str| {
        Gate::User([home, provider].map(|kind| kind.parse().unwrap()).to_vec(), Quirks::default())
    };
    check(
        &[
            row("EIM/APDF behind EIM/EIF", double("eim-apdf", "eim-eif"), &[("kind", "eim-apdf"), ("nat", "true")]),
            row("EIM/ADF behind APDM/EIF", double("eim-adf", "apdm-eif"), &[("kind", "apdm-adf")]),
            row("ADM/EIF behind EIM/APDF", double("adm-eif", "eim-apdf"), &[("kind", "adm-apdf")]),
        ],
        |_| {},
    );
}

#[test]
fn a_router_that_is_asked_tells_that_there_is_another() {
    let masquerade = || Gate::Kernel(Nat::Masquerade, Firewall::Open);
    let asked = || [&["--gateway"][..], &Given::TwoAddresses.args()].concat();
    check(
        &[Row {
            args: asked(),
            ..row("a provider's NAT beyond", masquerade(), &[("doubleNat", "true"), ("carrierGradeNat", "true")])
        }],
        |site| nat_pmp(site, [100, 64, 7, 7]),
    );
    check(
        &[Row { args: asked(), ..row("the only one", masquerade(), &[("doubleNat", "false"), ("kind", "eim-apdf")]) }],
        // The address that servers see, too.
        |site| {
            let std::net::IpAddr::V4(public) = site.public[0] else { panic!("IPv6") };
            nat_pmp(site, public.octets());
        },
    );
}

/// The site's router answers what its public address is, by NAT-PMP (RFC 6886 §3.2), once or twice.
fn nat_pmp(site: &Site, public: [u8; 4]) {
    let router = site.router.as_ref().unwrap();
    let socket = router.run(|| UdpSocket::bind("10.0.0.1:5351").unwrap());
    thread::spawn(move || {
        let mut request = [0; 64];
        socket.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
        while let Ok((length, from)) = socket.recv_from(&mut request) {
            if request[..length] == [0, 0] {
                let _ = socket.send_to(&[&[0, 128, 0, 0, 0, 0, 1, 0][..], &public].concat(), from);
            }
        }
    });
}

#[test]
fn hairpins_ports_and_pools_are_what_they_are() {
    let hairpin = |hairpin| changed("eim-apdf", |config| config.hairpin = hairpin);
    let ports = |kind: &str, allocation| changed(kind, |config| config.port_allocation = allocation);
    check(
        &[
            row(
                "no hairpin",
                hairpin(Hairpin::Off),
                &[("kind", "eim-apdf"), ("hairpinning", "false"), ("hairpinningSource", "null")],
            ),
            row(
                "hairpin",
                hairpin(Hairpin::External),
                &[("kind", "eim-apdf"), ("hairpinning", "true"), ("hairpinningSource", "external")],
            ),
            row(
                "hairpin, inside source",
                hairpin(Hairpin::Internal),
                &[("kind", "eim-apdf"), ("hairpinning", "true"), ("hairpinningSource", "internal")],
            ),
            row(
                "ports kept",
                ports("eim-adf", PortAllocation::Preserving),
                &[
                    ("kind", "eim-adf"),
                    ("portAllocation", "preserving"),
                    ("portPreservation", "true"),
                    ("addressPooling", "paired"),
                ],
            ),
            row(
                "ports in sequence",
                ports("eim-adf", PortAllocation::Sequential { step: 1 }),
                &[
                    ("kind", "eim-adf"),
                    ("portAllocation", "sequential"),
                    ("portDelta", "1"),
                    ("portPreservation", "false"),
                ],
            ),
            row(
                "ports by two",
                ports("apdm-apdf", PortAllocation::Sequential { step: 2 }),
                &[("kind", "apdm-apdf"), ("portAllocation", "sequential"), ("portDelta", "2")],
            ),
            row(
                "ports at random",
                ports("eim-eif", PortAllocation::Random),
                &[("kind", "eim-eif"), ("portAllocation", "random"), ("portDelta", "null")],
            ),
            row(
                "ports kept though symmetric",
                ports("apdm-apdf", PortAllocation::Preserving),
                &[("kind", "apdm-apdf")],
            ),
            row("ports kept by address", ports("adm-adf", PortAllocation::Preserving), &[("kind", "adm-adf")]),
            row(
                "many addresses",
                changed("eim-apdf", |config| config.pooling = Pooling::Arbitrary),
                &[("kind", "eim-apdf"), ("addressPooling", "arbitrary")],
            ),
            row(
                "many addresses, open",
                changed("eim-eif", |config| (config.pooling, config.filtering) = (Pooling::Arbitrary, Filtering::Eif)),
                &[("kind", "eim-eif"), ("addressPooling", "arbitrary")],
            ),
        ],
        // So that it hears what seems to come from itself.
        |site| {
            site.client.sysctl("ipv4/conf/all/accept_local", "1");
            site.client.sysctl("ipv4/conf/eth0/accept_local", "1");
        },
    );
}

#[test]
fn gateways_fragments_and_narrow_paths_are_seen() {
    let with = |quirks| Gate::User(vec!["eim-apdf".parse().unwrap()], quirks);
    let none = Quirks::default();
    let strict = Quirks { no_fragments: true, ..none };
    check(
        &[
            row(
                "plain",
                with(none),
                &[("kind", "eim-apdf"), ("alg", "false"), ("fragments", "true"), ("pathMtu", "1500")],
            ),
            row("rewrites addresses", with(Quirks { alg: true, ..none }), &[("kind", "eim-apdf"), ("alg", "true")]),
            // Padded answers come in fragments even to what was asked in one piece, so that nothing tells this
            // from a server that drops what is padded: unknown, but never true.
            row("drops fragments", with(strict), &[("kind", "eim-apdf"), ("fragments", "null")]),
            row(
                "1400 bytes and says so",
                with(Quirks { mtu: Some(1400), ..none }),
                &[("kind", "eim-apdf"), ("pathMtu", "1400")],
            ),
            row(
                "1400 bytes, a black hole",
                with(Quirks { mtu: Some(1400), black_hole: true, ..none }),
                &[("kind", "eim-apdf")],
            ),
        ],
        |_| {},
    );
}

#[test]
fn a_symmetric_nat_is_not_open_because_two_hosts_share_it() {
    // The known trap of servers that name their own address as the other one.
    let own = |kind| Row { args: vec!["stun:203.0.113.11"], ..row(kind, Gate::called(kind), &[("udp", "open")]) };
    let world = World::new();
    let _servers = Servers::start(&world);
    for row in ["apdm-apdf", "eim-adf"].map(own) {
        let site = world.site(row.gate.clone());
        let seen = nat(&site.client, &row.args);
        let (mapping, filtering) = row.name.split_once('-').unwrap();
        let kind = seen.kind();
        let (m, f) = kind.split_once('-').unwrap();
        assert!(
            (m == "?" || m == mapping) && (f == "?" || f == filtering),
            "{} behind {}: {seen}",
            at::SERVER_2,
            row.name
        );
    }
}

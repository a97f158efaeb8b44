//! Whether the server is reached at all, over which transports and families.

use crate::certificates::Leaf;
use crate::nat::{Filtering, Firewall, Mapping, Nat};
use crate::topology::{Lab, Topology, at};
use crate::turn::case::{Case, DTLS, DTLS6, FINE, GOOD, LOGIN, TCP, TCP6, TLS, TLS6, UDP, UDP6, UNTESTED, check};
use crate::with_user;

const ALL: &[(&str, &str)] = &[(UDP, FINE), (TCP, FINE), (TLS, FINE), (DTLS, FINE)];
/// No UDP: nothing can be sent to the relay from here.
const NO_UDP: &[(&str, &str)] =
    &[(UDP, "binding:no-answer challenge:no-answer"), (TCP, UNTESTED), (TLS, UNTESTED), (DTLS, "tls:no-answer")];

#[test]
fn a_good_server_is_good_over_every_transport_and_family() {
    check(
        &Lab::usual(),
        &[
            Case { leaf: Some(Leaf::Good), expect: ALL, ..GOOD },
            Case {
                name: "good, IPv6",
                leaf: Some(Leaf::Good),
                listen: &[at::SERVER, at::SERVER6],
                relay: &[at::SERVER, at::SERVER6],
                expect: &[(UDP6, FINE), (TCP6, FINE), (TLS6, FINE), (DTLS6, FINE), (UDP, FINE)],
                ..GOOD
            },
            Case {
                name: "IPv6 relay for IPv6 clients",
                flags: with_user!("--allocation-default-address-family", "keep"),
                listen: &[at::SERVER6],
                relay: &[at::SERVER6],
                expect: &[(UDP6, FINE), (TCP6, FINE)],
                ..GOOD
            },
            Case {
                name: "IPv6 listener, IPv4 relay",
                listen: &[at::SERVER6],
                expect: &[(UDP6, UNTESTED), (TCP6, UNTESTED)],
                ..GOOD
            },
            Case {
                name: "IPv6 only",
                listen: &[at::SERVER6],
                relay: &[at::SERVER6],
                // What a browser asks for is an IPv4 relay.
                expect: &[
                    (UDP6, "allocate:family-unsupported"),
                    (TCP6, "allocate:family-unsupported"),
                    (UDP, "binding:refused challenge:refused"),
                    (TCP, "connect:refused"),
                ],
                ..GOOD
            },
        ],
    );
}

#[test]
fn listeners_that_are_missing_are_told() {
    check(
        &Lab::usual(),
        &[
            Case {
                name: "no-udp",
                flags: with_user!("--no-udp"),
                expect: &[(UDP, "binding:refused challenge:refused"), (TCP, UNTESTED)],
                ..GOOD
            },
            Case {
                name: "no-tcp",
                flags: with_user!("--no-tcp"),
                expect: &[(UDP, FINE), (TCP, "connect:refused")],
                ..GOOD
            },
            Case {
                name: "no TLS listener",
                expect: &[(UDP, FINE), (TLS, "connect:refused"), (DTLS, "tls:refused")],
                ..GOOD
            },
            Case {
                name: "TLS to the plain port",
                flags: with_user!("--no-tls", "--no-dtls"),
                expect: &[("turns:203.0.113.10:3478?transport=tcp", "tls:handshake-timeout")],
                finds: &["tls-on-plain-port-hang"],
                finds_not: &["tls-all-versions-disabled"],
                ..GOOD
            },
            Case {
                name: "every TLS version off",
                leaf: Some(Leaf::Good),
                flags: with_user!("--no-tlsv1", "--no-tlsv1_1", "--no-tlsv1_2"),
                expect: &[(TLS, "tls:handshake-timeout")],
                finds: &["tls-all-versions-disabled"],
                finds_not: &["tls-on-plain-port-hang", "tls-terminated-by-http"],
                ..GOOD
            },
            Case {
                name: "wrong port",
                expect: &[
                    ("turn:203.0.113.10:3479?transport=udp", "binding:refused challenge:refused"),
                    ("turn:203.0.113.10:3479?transport=tcp", "connect:refused"),
                ],
                ..GOOD
            },
        ],
    );
}

#[test]
fn the_servers_own_firewall_is_told() {
    check(
        &Lab::usual(),
        &[
            Case {
                name: "UDP filtered",
                input: "udp dport 3478 drop",
                expect: &[(UDP, "binding:no-answer challenge:no-answer"), (TCP, UNTESTED)],
                finds: &["turn-udp-filtered"],
                finds_not: &["client-udp-blocked"],
                ..GOOD
            },
            Case {
                name: "TCP filtered",
                input: "tcp dport 3478 drop",
                expect: &[(UDP, FINE), (TCP, "connect:no-answer")],
                ..GOOD
            },
            Case {
                name: "UDP admin-prohibited",
                input: "udp dport 3478 reject with icmpx admin-prohibited",
                expect: &[(UDP, "binding:prohibited challenge:prohibited"), (TCP, UNTESTED)],
                ..GOOD
            },
            Case {
                name: "all host-prohibited",
                input: "meta l4proto { tcp, udp } th dport 3478 reject with icmp host-prohibited",
                expect: &[(UDP, "binding:prohibited challenge:prohibited"), (TCP, "connect:prohibited")],
                ..GOOD
            },
        ],
    );
}

#[test]
fn servers_that_speak_half_of_the_protocol_are_told() {
    check(
        &Lab::usual(),
        &[
            Case {
                name: "stun-only",
                flags: &["--stun-only"],
                expect: &[(UDP, "challenge:stun-only"), (TCP, "challenge:stun-only")],
                ..GOOD
            },
            Case {
                name: "no-stun",
                flags: with_user!("--no-stun"),
                expect: &[(UDP, "binding:no-answer relay-send:- relay-receive:-")],
                ..GOOD
            },
            Case {
                name: "secure-stun",
                flags: with_user!("--secure-stun"),
                expect: &[(UDP, "binding:unauthorized relay-send:- relay-receive:-")],
                ..GOOD
            },
        ],
    );
}

#[test]
fn hosts_that_are_not_there_are_told_within_five_seconds() {
    let case = Case {
        name: "dead hosts",
        expect: &[
            ("turn:203.0.113.66:3478?transport=udp", "binding:no-answer challenge:no-answer"),
            ("turn:203.0.113.66:3478?transport=tcp", "connect:no-answer"),
            ("turns:203.0.113.66:5349?transport=tcp", "connect:no-answer"),
            ("turns:203.0.113.66:5349?transport=udp", "tls:no-answer"),
            ("turn:203.0.113.77:3478?transport=udp", "binding:refused challenge:refused"),
            ("turn:203.0.113.77:3478?transport=tcp", "connect:refused"),
            ("turn:203.0.113.88:3478?transport=udp", "binding:unreachable challenge:unreachable"),
            ("turn:203.0.113.88:3478?transport=tcp", "connect:unreachable"),
            ("turn:203.0.113.99:3478?transport=udp", "binding:unreachable challenge:unreachable"),
            ("turn:203.0.113.99:3478?transport=tcp", "connect:unreachable"),
            ("turn:[2001:db8:77::66]:3478?transport=udp", "binding:no-answer challenge:no-answer"),
        ],
        ..GOOD
    };
    let lab = Lab::usual();
    let (run, wrong) = case.probe(&lab.client, &[]);
    assert!(wrong.is_empty(), "{wrong:#?}\n{run}");
    assert!(run.report.duration_ms < 5500.0, "{run}");
    println!("dead hosts: {:.0} ms", run.report.duration_ms);
}

#[test]
fn the_clients_own_firewall_is_told() {
    let blocked = Case {
        name: "no UDP from here",
        leaf: Some(Leaf::Good),
        expect: NO_UDP,
        finds: &["turn-udp-filtered"],
        finds_not: &["dtls-listener-off"],
        ..GOOD
    };
    // A server elsewhere decides it.
    let login = [LOGIN, &["--stun", at::SERVER_2]].concat();
    check(
        &Lab::firewalled(Firewall::UdpBlocked),
        &[Case {
            name: "no UDP from here, with a server to measure by",
            args: &login,
            finds: &["client-udp-blocked"],
            finds_not: &["dtls-listener-off", "turn-udp-filtered"],
            ..blocked
        }],
    );
    check(&Lab::firewalled(Firewall::UdpBlocked), &[blocked]);
    let blocked = Case { finds: &[], ..blocked };
    let inspected = Case { name: "STUN over UDP filtered by content", ..blocked };
    check(
        &Lab::firewalled(Firewall::StunInspected),
        &[Case { expect: &[NO_UDP[0], NO_UDP[1], NO_UDP[2]], ..inspected }],
    );
    let rejected = Case {
        name: "UDP forbidden here",
        expect: &[(UDP, "binding:prohibited challenge:prohibited"), (TCP, UNTESTED), (TLS, UNTESTED)],
        ..blocked
    };
    check(&Lab::firewalled(Firewall::UdpRejected), &[rejected]);
    let only_443 = Case {
        name: "nothing but TCP to 443",
        flags: with_user!("--tls-listening-port", "443"),
        expect: &[
            ("turns:203.0.113.10:443?transport=tcp", UNTESTED),
            (UDP, "binding:no-answer challenge:no-answer"),
            (TCP, "connect:no-answer"),
        ],
        ..blocked
    };
    check(&Lab::firewalled(Firewall::Tcp443Only), &[only_443]);
}

#[test]
fn no_nat_of_the_clients_makes_a_good_server_bad() {
    let case = |name| Case { name, leaf: Some(Leaf::Good), expect: ALL, ..GOOD };
    check(&Lab::behind(Nat::Random), &[case("random ports")]);
    let symmetric = Nat::Of(Mapping::AddressAndPortDependent, Filtering::AddressAndPortDependent);
    check(&Lab::behind(symmetric), &[case("symmetric NAT")]);
    check(&Lab::behind(Nat::None), &[case("no NAT")]);
    let firewall = Topology { nat: Nat::None, firewall: Firewall::Stateful, ..Topology::default() };
    check(&Lab::new(firewall), &[case("stateful firewall")]);
}

#[test]
fn a_client_without_ipv6_cannot_tell_about_an_ipv6_server() {
    let case = Case { name: "no IPv6 here", expect: &[(UDP6, "resolve:unreachable"), (UDP, FINE)], ..GOOD };
    check(&Lab::new(Topology { ipv6: false, ..Topology::default() }), &[case]);
}

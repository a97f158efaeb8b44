//! Relays that exist and do not relay.

use crate::certificates::{Authority, Leaf};
use crate::evil::stun_servers;
use crate::nat::{Filtering, Mapping, Nat};
use crate::topology::{Lab, Topology, at};
use crate::turn::case::{Case, DTLS, FINE, GOOD, LOGIN, TCP, TLS, UDP, UDP6, check};
use crate::turn::cloud::{Cloud, Gateway, PRIVATE};
use crate::with_user;

fn behind(lab: &Lab, gateway: Gateway, cases: &[Case]) {
    let authority = Authority::new(lab.dir());
    let cloud = Cloud::behind(lab, gateway);
    for case in cases {
        let case = Case { listen: &[PRIVATE], relay: &[PRIVATE], ..*case };
        let (run, wrong) = cloud.run(lab, &authority, &case);
        assert!(wrong.is_empty(), "{wrong:#?}\n{run}");
    }
}

const NO_EXTERNAL: Case = Case {
    name: "1:1 NAT, no external-ip",
    leaf: Some(Leaf::Good),
    expect: &[
        (UDP, "relay-receive:relay-address-private"),
        (TCP, "relay-receive:relay-address-private"),
        (TLS, "relay-receive:relay-address-private"),
        (DTLS, "relay-receive:relay-address-private"),
    ],
    ..GOOD
};

const RIGHT_EXTERNAL: Case = Case {
    name: "1:1 NAT, external-ip right",
    flags: with_user!("--external-ip", "203.0.113.10"),
    leaf: Some(Leaf::Good),
    expect: &[(UDP, FINE), (TCP, FINE), (TLS, FINE), (DTLS, FINE)],
    ..GOOD
};

const WRONG_EXTERNAL: Case = Case {
    name: "1:1 NAT, external-ip wrong",
    flags: with_user!("--external-ip", at::CLOSED),
    expect: &[(UDP, "relay-receive:relay-address-wrong"), (TCP, "relay-receive:relay-address-wrong")],
    ..GOOD
};

#[test]
fn one_to_one_nat_needs_the_right_external_ip() {
    for gateway in [Gateway::Plain, Gateway::Hairpin] {
        println!("{gateway:?}");
        behind(&Lab::usual(), gateway, &[NO_EXTERNAL, RIGHT_EXTERNAL, WRONG_EXTERNAL]);
    }
}

#[test]
fn one_to_one_nat_is_seen_through_from_behind_any_nat() {
    let symmetric = Nat::Of(Mapping::AddressAndPortDependent, Filtering::AddressAndPortDependent);
    for nat in [symmetric, Nat::None] {
        println!("{nat:?}");
        let lab = Lab::new(Topology { nat, ..Topology::default() });
        behind(&lab, Gateway::Plain, &[NO_EXTERNAL, RIGHT_EXTERNAL, WRONG_EXTERNAL]);
    }
}

#[test]
fn gateways_that_forward_less_or_rewrite_more_are_told() {
    let case = |name, expect| Case { name, expect, ..RIGHT_EXTERNAL };
    behind(
        &Lab::usual(),
        Gateway::OnlyTurn,
        &[case("relay ports not forwarded", &[(UDP, "relay-receive:relay-ports-unreachable")])],
    );
    behind(
        &Lab::usual(),
        Gateway::Plain,
        &[Case {
            flags: with_user!("--external-ip", "203.0.113.10", "--denied-peer-ip", "172.16.0.0-172.31.255.255"),
            ..case("denied-peer-ip covers its own private address", &[(UDP, FINE)])
        }],
    );
}

#[test]
fn what_leaves_as_somebody_else_is_seen_by_a_stun_server_elsewhere() {
    let args = [LOGIN, &["--stun", "stun:198.51.100.1"]].concat();
    for (gateway, name, expected) in [
        (Gateway::Plain, "packets leave as they should", FINE),
        (Gateway::OtherSource, "packets leave from another address", "relay-send:relay-address-wrong"),
        (Gateway::OtherPorts, "packets leave from another port", "relay-send:relay-port-rewritten"),
    ] {
        let lab = Lab::behind(Nat::None);
        let _stun = stun_servers(&lab.router, vec!["198.51.100.1:3478".parse().unwrap()]);
        behind(&lab, gateway, &[Case { name, expect: &[(UDP, expected)], args: &args, ..RIGHT_EXTERNAL }]);
    }
}

#[test]
fn firewalls_in_front_of_the_relay_ports_are_told() {
    let closed = Case {
        name: "relay ports closed, stateless",
        input: "udp dport 61000-61999 iifname eth0 drop",
        expect: &[(UDP, "relay-receive:relay-ports-unreachable")],
        ..GOOD
    };
    let stateful = "ct state established,related accept; udp dport 61000-61999 iifname eth0 drop";
    check(
        &Lab::usual(),
        &[
            Case {
                name: "relay ports closed, stateful",
                input: stateful,
                expect: &[
                    (UDP, "relay-receive:relay-ports-unreachable"),
                    (TCP, "relay-receive:relay-ports-unreachable"),
                ],
                ..GOOD
            },
            closed,
            Case {
                name: "relay ports rejected",
                input: "udp dport 61000-61999 iifname eth0 reject",
                expect: &[(UDP, "relay-receive:relay-ports-unreachable")],
                ..GOOD
            },
            Case {
                name: "relay egress closed",
                output: "oifname eth0 udp sport 61000-61999 drop",
                expect: &[(UDP, "relay-send:relay-egress-blocked"), (TCP, "relay-send:relay-egress-blocked")],
                ..GOOD
            },
            Case {
                name: "relay ports closed both ways",
                input: "udp dport 61000-61999 iifname eth0 drop",
                output: "oifname eth0 udp sport 61000-61999 drop",
                // Whether our NAT lets in what comes from there is not known.
                expect: &[(UDP, "relay-send:- relay-receive:relay-ports-unreachable")],
                ..GOOD
            },
            Case {
                name: "relay ports closed for IPv6 clients' servers only",
                listen: &[at::SERVER, at::SERVER6],
                relay: &[at::SERVER6],
                flags: with_user!("--allocation-default-address-family", "keep"),
                input: "ct state established,related accept; ip6 daddr 2001:db8:77::10 udp dport 61000-61999 drop",
                expect: &[(UDP6, "relay-receive:relay-ports-unreachable")],
                ..GOOD
            },
            Case {
                name: "second address for relays, firewall opened for the first",
                relay: &[at::SERVER_2],
                input: "ct state established,related accept; ip daddr 203.0.113.11 iifname eth0 udp dport != 3478 drop",
                expect: &[(UDP, "relay-receive:relay-ports-unreachable")],
                ..GOOD
            },
        ],
    );
}

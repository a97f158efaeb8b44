//! Who gets an allocation, and what may be done with it.

use std::net::UdpSocket;
use std::thread;
use std::time::{Duration, Instant};

use crate::certificates::Authority;
use crate::coturn::Coturn;
use crate::process::Process;
use crate::topology::{Lab, at};
use crate::turn::case::{Case, FINE, GOOD, LOGIN, TCP, UDP, check};
use crate::turn::report::{start_turn, turn};
use crate::with_user;

const TAKEN: &[(&str, &str)] = &[(UDP, FINE)];

#[test]
fn a_second_allocation_that_is_refused_does_not_make_the_server_bad() {
    let lab = Lab::usual();
    let authority = Authority::new(lab.dir());
    for case in [
        Case { name: "user-quota 1", flags: with_user!("--user-quota", "1"), expect: TAKEN, ..GOOD },
        Case { name: "total-quota 1", flags: with_user!("--total-quota", "1"), expect: TAKEN, ..GOOD },
        Case {
            name: "one relay port",
            flags: with_user!("--min-port", "61000", "--max-port", "61000"),
            expect: TAKEN,
            ..GOOD
        },
        Case {
            name: "denied-peer-ip covers its own relay",
            flags: with_user!("--denied-peer-ip", "203.0.113.10"),
            expect: TAKEN,
            ..GOOD
        },
    ] {
        let (run, wrong) = case.run(&lab, &authority);
        assert!(wrong.is_empty(), "{wrong:#?}\n{run}");
        let found = run.of(UDP);
        assert_eq!(found.arrived("relay-to-relay").0, 0, "there is nothing to send to\n{run}");
        assert_eq!((found.arrived("inbound"), found.arrived("outbound").0 > 0), ((1, 1), true), "{run}");
    }
}

#[test]
fn relays_that_are_switched_off_or_bound_elsewhere_are_told() {
    check(
        &Lab::usual(),
        &[
            Case {
                name: "no-udp-relay",
                flags: with_user!("--no-udp-relay"),
                expect: &[(UDP, "allocate:transport-forbidden"), (TCP, "allocate:transport-forbidden")],
                ..GOOD
            },
            Case {
                name: "relay-ip is not local",
                relay: &["192.0.2.99"],
                expect: &[(UDP, "allocate:relay-address-not-local")],
                ..GOOD
            },
            Case {
                name: "relay-ip is another of the server's addresses",
                relay: &[at::SERVER_2],
                expect: TAKEN,
                ..GOOD
            },
        ],
    );
}

#[test]
fn peers_that_are_denied_are_told() {
    check(
        &Lab::usual(),
        &[
            Case {
                name: "denied-peer-ip covers the client",
                flags: with_user!("--denied-peer-ip", at::PUBLIC),
                expect: &[(UDP, "permission:peer-forbidden channel:peer-forbidden relay-send:- relay-receive:-")],
                ..GOOD
            },
            Case {
                name: "every peer denied",
                flags: with_user!("--denied-peer-ip", "0.0.0.0-255.255.255.255"),
                expect: &[(UDP, "permission:peer-forbidden channel:peer-forbidden relay-send:- relay-receive:-")],
                ..GOOD
            },
        ],
    );
}

#[test]
fn short_lives_do_not_make_a_server_bad() {
    let lab = Lab::usual();
    let authority = Authority::new(lab.dir());
    for (name, flags, seconds) in [
        ("max-allocate-lifetime", with_user!("--max-allocate-lifetime=120"), 120.0),
        ("stale-nonce", with_user!("--stale-nonce=1"), 600.0),
        ("permissions and channels", with_user!("--permission-lifetime", "2", "--channel-lifetime", "2"), 600.0),
    ] {
        let case = Case { name, flags, expect: &[(UDP, FINE), (TCP, FINE)], ..GOOD };
        let (run, wrong) = case.run(&lab, &authority);
        assert!(wrong.is_empty(), "{wrong:#?}\n{run}");
        let lifetime = run.of(UDP).allocation.as_ref().unwrap().lifetime_ms;
        assert!((lifetime - seconds * 1e3).abs() < 1.0, "{name}: {lifetime}");
    }
}

#[test]
fn a_nonce_that_goes_stale_in_the_middle_is_replaced() {
    let lab = Lab::usual();
    let authority = Authority::new(lab.dir());
    let case = Case { name: "stale-nonce during the echo", flags: with_user!("--stale-nonce=1"), ..GOOD };
    let coturn = Coturn::start(&lab, case.options(&authority));
    let run = turn(&lab.client, &[LOGIN, &["--echo", "150", "--rate", "50", UDP, TCP]].concat());
    run.expect_code(0);
    for url in [UDP, TCP] {
        let found = run.of(url);
        assert_eq!(found.failures(), Vec::<String>::new(), "{run}");
        let echo = found.echo.as_ref().unwrap_or_else(|| panic!("no echo\n{run}"));
        assert_eq!((echo.sent, echo.received), (150, 150), "{run}");
    }
    assert!(coturn.log().contains("Stale nonce"), "it never went stale\n{}", coturn.log());
}

/// An allocation of somebody else's, held until dropped.
fn held(lab: &Lab, coturn: &Coturn) -> Process {
    let holder = start_turn(&lab.client, &[LOGIN, &["--echo", "1000", "--rate", "10", UDP]].concat());
    let began = Instant::now();
    while coturn.allocations() == 0 {
        assert!(began.elapsed() < Duration::from_secs(10), "nothing is held\n{}", coturn.log());
        thread::sleep(Duration::from_millis(10));
    }
    holder
}

#[test]
fn quotas_and_ports_that_others_use_up_are_told() {
    let lab = Lab::usual();
    let authority = Authority::new(lab.dir());
    for (name, flags, expected) in [
        ("user-quota used up", with_user!("--user-quota", "1"), "allocate:quota-reached"),
        ("total-quota used up", with_user!("--total-quota", "1"), "allocate:quota-reached"),
        ("ports used up", with_user!("--min-port", "61000", "--max-port", "61000"), "allocate:ports-exhausted"),
    ] {
        let case = Case { name, flags, expect: &[(UDP, expected)], ..GOOD };
        let coturn = Coturn::start(&lab, case.options(&authority));
        let _holder = held(&lab, &coturn);
        let (run, wrong) = case.probe(&lab.client, &[]);
        assert!(wrong.is_empty(), "{wrong:#?}\n{run}");
    }
}

#[test]
fn relay_ports_that_another_program_has_are_told() {
    let lab = Lab::usual();
    let authority = Authority::new(lab.dir());
    let case = Case {
        name: "another program has the relay ports",
        flags: with_user!("--min-port", "61000", "--max-port", "61003"),
        // coturn fails to bind, as with an address that is not its own.
        expect: &[(UDP, "allocate:relay-address-not-local")],
        ..GOOD
    };
    let _other: Vec<_> =
        lab.server.run(|| (61000..=61003).map(|port| UdpSocket::bind((at::SERVER, port)).unwrap()).collect());
    let _coturn = Coturn::start(&lab, case.options(&authority));
    let (run, wrong) = case.probe(&lab.client, &[]);
    assert!(wrong.is_empty(), "{wrong:#?}\n{run}");
}

//! Servers that do not do what they say: exposed, never believed.

use std::net::{IpAddr, SocketAddr};

use rtcprobe::report::nat::Behaviour::{self, AddressAndPortDependent as Apd, Unknown};
use rtcprobe::report::nat::{Nat, Udp};
use rtcprobe::server::faults::{Fault, Faults, Rule};
use rtcprobe::server::nat::NatConfig;
use rtcprobe::wire::attribute;
use rtcprobe::wire::message::Method;

use super::matrix::{A, A2, B, kinds, said, shown, truth};
use super::scene::Scene;

/// OTHER-ADDRESS in place of the true one.
fn names(other: &str) -> Faults {
    let other: SocketAddr = other.parse().unwrap();
    let IpAddr::V4(ip) = other.ip() else { panic!("IPv4") };
    let bytes = [&[0, 1], other.port().to_be_bytes().as_slice(), &ip.octets()].concat();
    Faults::on(Method::BINDING, Fault::Without(attribute::OTHER_ADDRESS))
        .and(Rule::on(Method::BINDING, Fault::With(attribute::OTHER_ADDRESS, bytes)))
}

fn ignores(address: bool, port: bool) -> Faults {
    Faults::on(Method::BINDING, Fault::IgnoreChange { address, port })
}

/// Every NAT, with and without loss: never wrong; what comes of it without loss goes to `look`.
fn never_wrong(faults: &Faults, look: impl Fn(&Nat, (Behaviour, Behaviour))) {
    for (mapping, filtering) in kinds() {
        for loss in [0.0, 0.2] {
            for seed in 0..3 {
                let scene = Scene::new(seed).behind(NatConfig::new(mapping, filtering)).far(20).bad(loss);
                let nat = scene.rfc5780_with(A, A2, faults.clone()).run();
                let truth = truth(mapping, filtering);
                let (is, what) = (said(&nat), format!("{mapping:?} {filtering:?} {loss} {seed}: {}", shown(&nat)));
                assert!(is.0 == truth.0 || is.0 == Unknown, "{what}");
                assert!(is.1 == truth.1 || is.1 == Unknown, "{what}");
                if loss == 0.0 {
                    look(&nat, truth);
                }
            }
        }
    }
}

#[test]
fn an_other_address_that_nobody_answers_at_is_said() {
    for other in ["198.51.100.77:3479", "10.1.2.3:3479", "127.0.0.1:3479", "0.0.0.0:0", "224.0.0.1:3479"] {
        never_wrong(&names(other), |nat, _| {
            assert!(nat.disbelieved.iter().any(|text| text.contains(other)), "{other}: {}", shown(nat));
        });
    }
}

#[test]
fn the_same_address_as_the_other_one_is_no_second_address() {
    // coturn, asked at its second address.
    let faults =
        Faults { rules: [names("198.51.100.1:3479").rules, ignores(true, false).rules].concat(), ..names(A_3479) };
    never_wrong(&faults, |nat, truth| {
        assert!(!nat.disbelieved.is_empty(), "{}", shown(nat));
        // What it can show it shows: port dependence.
        assert_eq!(nat.mapping == Apd, truth.0 == Apd, "{}", shown(nat));
        assert_eq!(nat.filtering == Apd, truth.1 == Apd, "{}", shown(nat));
    });
    never_wrong(&names("198.51.100.1:3478"), |nat, _| assert_eq!(nat.filtering, Unknown, "{}", shown(nat)));
}

const A_3479: &str = "198.51.100.1:3479";

#[test]
fn a_server_that_ignores_change_request_shows_no_filter() {
    never_wrong(&ignores(true, true), |nat, _| {
        assert_eq!(nat.filtering, Unknown, "{}", shown(nat));
        assert!(nat.disbelieved.iter().any(|text| text.contains("ignores CHANGE-REQUEST")), "{}", shown(nat));
    });
}

#[test]
fn a_server_that_honours_half_of_change_request_is_believed_half() {
    never_wrong(&ignores(true, false), |_, _| {});
    never_wrong(&ignores(false, true), |_, _| {});
}

#[test]
fn a_server_that_swallows_change_request_looks_like_no_filter() {
    never_wrong(&Faults::on(Method::BINDING, Fault::DropChange), |nat, _| {
        assert_eq!(nat.filtering, Unknown, "{}", shown(nat));
    });
}

#[test]
fn answers_from_elsewhere_count_for_nothing() {
    never_wrong(&Faults::on(Method::BINDING, Fault::FromElsewhere), |nat, _| {
        assert_eq!(nat.filtering, Unknown, "{}", shown(nat));
    });
}

#[test]
fn a_refusal_is_an_answer_and_shows_that_udp_is_not_blocked() {
    // coturn with secure-stun, alone in the world.
    let secure = Fault::Error { code: 401, phrase: b"Unauthorized".to_vec(), signed: false };
    never_wrong(&Faults::on(Method::BINDING, secure), |nat, _| {
        assert_eq!((nat.udp, nat.mapping, nat.filtering), (Udp::Open, Unknown, Unknown), "{}", shown(nat));
    });
}

#[test]
fn a_liar_beside_an_honest_server_does_no_harm() {
    for (mapping, filtering) in kinds() {
        for faults in [ignores(true, true), names("198.51.100.77:3479")] {
            let scene = Scene::new(1).behind(NatConfig::new(mapping, filtering)).rfc5780_with(A, A2, faults);
            let nat = scene.rfc5780(B, "192.0.2.2").run();
            assert_eq!(said(&nat), truth(mapping, filtering), "{}", shown(&nat));
        }
    }
}

//! What NATs do beside mapping and filtering, and where there is none.

use std::net::IpAddr;
use std::time::Duration;

use rtcprobe::report::nat::Behaviour::{self, EndpointIndependent as Ei};
use rtcprobe::report::nat::{Family, HairpinSource, LegacyType, Pooling, PortAllocation as Reported};
use rtcprobe::server::nat::{Filtering, Hairpin, Mapping, NatConfig, Pooling as Pool, PortAllocation};

use super::matrix::{A, A2, SETS, Set, kinds, knowable, said, shown, truth, with};
use super::scene::{CLIENT6, Scene};

fn behind(seed: u8, mapping: Mapping, filtering: Filtering, change: impl FnOnce(&mut NatConfig)) -> Scene {
    let mut config = NatConfig::new(mapping, filtering);
    change(&mut config);
    Scene::new(seed).behind(config)
}

#[test]
fn without_a_nat_nothing_is_rewritten() {
    for set in SETS {
        let mut scene = with(Scene::new(1), set);
        let (nat, reasons) = scene.run_with_reasons();
        assert_eq!(nat.nat, Some(false), "{set:?} {}", shown(&nat));
        assert_eq!(nat.mapping, Behaviour::None, "{set:?} {}", shown(&nat));
        let filtering =
            if matches!(set, Set::TwoStun | Set::OneAddress) { Behaviour::Unknown } else { Behaviour::None };
        assert_eq!(nat.filtering, filtering, "{set:?} {}", shown(&nat));
        assert_eq!((nat.hairpinning, nat.port_preservation), (None, None));
        assert_eq!(reasons["/nat/hairpinning"], "no-nat");
        if set == Set::Rfc5780 {
            assert_eq!((nat.legacy_type, nat.firewall), (LegacyType::OpenInternet, Some(false)));
        }
    }
}

#[test]
fn a_firewall_is_told_from_a_nat() {
    for set in [Set::Rfc5780, Set::TwoAddresses] {
        for filtering in [Filtering::Adf, Filtering::Apdf] {
            let nat = with(behind(1, Mapping::None, filtering, |_| {}), set).run();
            assert_eq!(said(&nat), truth(Mapping::None, filtering), "{set:?} {}", shown(&nat));
            assert_eq!((nat.nat, nat.firewall), (Some(false), Some(true)));
            assert_eq!(nat.legacy_type, LegacyType::SymmetricUdpFirewall);
        }
    }
}

#[test]
fn two_nats_in_a_row_are_as_strict_as_the_stricter() {
    for set in [Set::Rfc5780, Set::TwoAddresses] {
        for (inner, first) in kinds() {
            for (outer, second) in kinds() {
                let mut scene = behind(1, inner, first, |config| config.public = vec!["100.64.0.9".parse().unwrap()]);
                scene.world.behind_another(NatConfig::new(outer, second));
                let nat = with(scene, set).run();
                let strict = |one: Behaviour, other: Behaviour| one.max(other);
                let (one, other) = (truth(inner, first), truth(outer, second));
                let expected = (strict(one.0, other.0), strict(one.1, other.1));
                assert_eq!(said(&nat), expected, "{set:?} {inner:?} {first:?} {outer:?} {second:?} {}", shown(&nat));
                assert_eq!(nat.public_addresses, ["203.0.113.7"]);
            }
        }
    }
}

#[test]
fn hairpinning_is_found_through_every_filter() {
    for filtering in [Filtering::Eif, Filtering::Adf, Filtering::Apdf] {
        for (hairpin, expected, source) in [
            (Hairpin::Off, false, None),
            (Hairpin::External, true, Some(HairpinSource::External)),
            (Hairpin::Internal, true, Some(HairpinSource::Internal)),
        ] {
            let nat = with(behind(1, Mapping::Eim, filtering, |config| config.hairpin = hairpin), Set::Rfc5780).run();
            let found = (nat.hairpinning, nat.hairpinning_source);
            assert_eq!(found, (Some(expected), source), "{filtering:?} {hairpin:?} {}", shown(&nat));
        }
    }
}

#[test]
fn silence_is_no_missing_hairpin_where_the_filter_cannot_be_opened() {
    for mapping in [Mapping::Adm, Mapping::Apdm] {
        let scene = behind(1, mapping, Filtering::Apdf, |config| config.hairpin = Hairpin::External);
        let (nat, reasons) = with(scene, Set::Rfc5780).run_with_reasons();
        assert_eq!(nat.hairpinning, None, "{}", shown(&nat));
        assert_eq!(reasons["/nat/hairpinning"], "cannot-open-filter");
    }
}

#[test]
fn the_order_of_ports_is_told() {
    let expect = [
        (PortAllocation::Preserving, Reported::Preserving, None),
        (PortAllocation::Sequential { step: 1 }, Reported::Sequential, Some(1)),
        (PortAllocation::Sequential { step: 2 }, Reported::Sequential, Some(2)),
        (PortAllocation::Random, Reported::Random, None),
    ];
    for seed in 0..4 {
        for (allocation, reported, delta) in expect {
            for mapping in [Mapping::Eim, Mapping::Adm, Mapping::Apdm] {
                for set in SETS {
                    let scene = behind(seed, mapping, Filtering::Apdf, |config| config.port_allocation = allocation);
                    let nat = with(scene, set).run();
                    let what = format!("{seed} {set:?} {mapping:?} {allocation:?} {}", shown(&nat));
                    assert_eq!(nat.port_allocation, Some(reported), "{what}");
                    assert_eq!(nat.port_delta, delta, "{what}");
                    let preserving = allocation == PortAllocation::Preserving;
                    assert_eq!(nat.port_preservation, Some(preserving), "{what}");
                    if preserving {
                        assert_eq!((nat.port_parity, nat.port_contiguity), (Some(true), Some(true)), "{what}");
                    } else if allocation == PortAllocation::Random {
                        assert_eq!((nat.port_parity, nat.port_contiguity), (Some(false), Some(false)), "{what}");
                    }
                    assert_eq!(said(&nat), knowable(set, truth(mapping, Filtering::Apdf)), "{what}");
                }
            }
        }
    }
}

#[test]
fn a_pool_is_seen_and_changes_no_verdict() {
    let pool: Vec<IpAddr> = (1..=3).map(|n| IpAddr::from([203, 0, 113, n])).collect();
    for seed in 0..3 {
        for (pooling, reported) in [(Pool::Paired, Pooling::Paired), (Pool::Arbitrary, Pooling::Arbitrary)] {
            for (mapping, filtering) in kinds() {
                for set in SETS {
                    let scene = behind(seed, mapping, filtering, |config| {
                        config.public.clone_from(&pool);
                        config.pooling = pooling;
                    });
                    let nat = with(scene, set).run();
                    let what = format!("{seed} {set:?} {mapping:?} {filtering:?} {pooling:?} {}", shown(&nat));
                    assert_eq!(nat.address_pooling, Some(reported), "{what}");
                    assert_eq!(said(&nat), knowable(set, truth(mapping, filtering)), "{what}");
                }
            }
        }
    }
}

#[test]
fn a_short_memory_makes_no_verdict_wrong() {
    let mut unknown = 0;
    for lifetime in [30, 150, 700, 2000] {
        for allocation in [PortAllocation::Preserving, PortAllocation::Random, PortAllocation::Sequential { step: 1 }] {
            for (mapping, filtering) in kinds() {
                for set in SETS {
                    let scene = behind(1, mapping, filtering, |config| {
                        config.lifetime = Duration::from_millis(lifetime);
                        config.port_allocation = allocation;
                    });
                    let nat = with(scene.far(50).bad(0.1), set).run();
                    let expected = knowable(set, truth(mapping, filtering));
                    let what = format!("{lifetime} {set:?} {mapping:?} {filtering:?} {allocation:?} {}", shown(&nat));
                    let (is, should) = (said(&nat), expected);
                    assert!(is.0 == should.0 || is.0 == Behaviour::Unknown, "{what}");
                    assert!(is.1 == should.1 || is.1 == Behaviour::Unknown, "{what}");
                    unknown += u32::from(lifetime > 1000 && is != should);
                }
            }
        }
    }
    assert!(unknown < 3, "{unknown} unknown although the mappings lived for two seconds");
}

#[test]
fn several_places_are_probed_and_the_first_that_reaches_something_comes_first() {
    let mut scene = Scene::new(1).behind(NatConfig::new(Mapping::Eim, Filtering::Eif)).rfc5780(A, A2);
    let mut dead = scene.config.places[0].clone();
    dead.address = "10.9.9.9".parse().unwrap();
    scene.config.places.insert(0, dead);
    let nat = scene.run();
    assert_eq!((nat.local.as_deref(), nat.mapping), (Some("10.0.0.2"), Ei));
    assert_eq!(nat.others.len(), 1);
}

#[test]
fn both_families_are_looked_at_each_by_itself() {
    // The NAT translates IPv4, and only filters IPv6.
    let mut scene = behind(1, Mapping::Apdm, Filtering::Apdf, |config| config.public.truncate(1));
    let mut six = scene.config.places[0].clone();
    six.address = CLIENT6.parse().unwrap();
    scene.config.places.push(six);
    let nat = scene.rfc5780(A, A2).rfc5780("2001:db8::1", "2001:db8::2").run();
    assert_eq!(said(&nat), truth(Mapping::Apdm, Filtering::Apdf), "{}", shown(&nat));
    let six = &nat.others[0];
    assert_eq!(six.family, Some(Family::Ipv6));
    assert_eq!(said(six), truth(Mapping::None, Filtering::Apdf), "{}", shown(six));
    assert_eq!(six.firewall, Some(true));
}

use super::*;
use Behaviour::{AddressAndPortDependent, AddressDependent, EndpointIndependent, None as No, Unknown};

/// What an independent simulation found (mapping and filtering from EIM/EIF to APDM/APDF on both
/// sides). `a`: packets get through both ways, but from a new port each time, and ICE takes no answer
/// from where it did not ask.
const EXPECTED: [&str; 9] = [
    "Y Y Y Y Y Y Y Y Y",
    "Y Y Y Y Y Y Y Y Y",
    "Y Y Y - - - - - -",
    "Y Y - Y Y - Y Y -",
    "Y Y - Y - - Y - -",
    "Y Y - - - - - - -",
    "Y Y - Y Y - a - -",
    "Y Y - Y - - - - -",
    "Y Y - - - - - - -",
];

fn nat(udp: &str, nat: Option<bool>, mapping: Behaviour, filtering: Behaviour) -> Nat {
    serde_json::from_value(serde_json::json!({
        "udp": udp, "nat": nat, "mapping": mapping, "filtering": filtering,
        "legacyType": "unknown", "publicAddresses": [], "direct": [], "tests": [],
    }))
    .unwrap()
}

fn open(mapping: Behaviour, filtering: Behaviour) -> Nat {
    nat("open", Some(mapping != No), mapping, filtering)
}

fn row(nat: &Nat) -> String {
    let letter = |reach: Reach| match reach.outcome {
        Path::Direct => 'Y',
        Path::DirectIfLucky => 'l',
        Path::Relay => '-',
        Path::Unknown => '?',
    };
    forecast(nat).into_iter().map(letter).collect()
}

#[test]
fn agrees_with_a_table_made_elsewhere() {
    for ((mapping, filtering), line) in PAIRS[1..].iter().zip(EXPECTED) {
        let expected = format!("Y{}", line.replace(' ', "").replace('a', "-"));
        assert_eq!(row(&open(*mapping, *filtering)), expected, "{mapping:?} {filtering:?}");
    }
}

#[test]
fn the_whole_table_is_that_of_the_rows() {
    let mut home = open(EndpointIndependent, AddressAndPortDependent);
    fill(&mut home);
    let forecast = home.forecast.unwrap();
    assert_eq!((forecast.kinds.len(), forecast.outcomes.len()), (10, 10));
    assert_eq!(forecast.kinds[0], "none");
    let own = forecast.kinds.iter().position(|k| k == "endpoint-independent/address-and-port-dependent").unwrap();
    let words: Vec<&str> = forecast.outcomes[own].split(' ').collect();
    assert_eq!(words, home.direct.iter().map(|reach| reach.outcome.as_str()).collect::<Vec<_>>());
}

#[test]
fn it_does_not_matter_who_is_who() {
    for one in PAIRS {
        for other in PAIRS {
            assert_eq!(outcome(one, other), outcome(other, one), "{one:?} {other:?}");
        }
    }
}

#[test]
fn who_has_no_nat_and_no_firewall_reaches_everybody() {
    assert_eq!(row(&open(No, No)), "YYYYYYYYYY");
    assert_eq!(forecast(&open(No, No)).len(), 10);
}

#[test]
fn a_firewall_alone_is_a_nat_that_changes_nothing() {
    for filtering in [EndpointIndependent, AddressDependent, AddressAndPortDependent] {
        assert_eq!(row(&open(No, filtering)), row(&open(EndpointIndependent, filtering)));
    }
}

#[test]
fn without_udp_there_is_a_relay_or_nothing() {
    assert_eq!(row(&nat("blocked", None, Unknown, Unknown)), "----------");
    assert_eq!(row(&nat("unknown", None, Unknown, Unknown)), "??????????");
}

#[test]
fn what_is_not_known_matters_only_where_it_makes_a_difference() {
    // Whoever lets everybody in, or everybody of an address, is reached by all.
    assert_eq!(row(&open(Unknown, Unknown)), "YYY???????");
    assert_eq!(row(&open(EndpointIndependent, Unknown)), "YYYY??????");
    assert_eq!(row(&open(Unknown, AddressAndPortDependent)), "YYY?------");
    assert_eq!(row(&nat("open", Some(false), Unknown, Unknown)), "YYYY??????");
    assert_eq!(row(&open(AddressDependent, Unknown)), "YYY-??-??-");
    let mut nat = open(EndpointIndependent, Unknown);
    nat.filtering_possible = vec![EndpointIndependent, AddressDependent];
    assert_eq!(row(&nat), "YYYYYYYYYY");
}

#[test]
fn a_port_that_can_be_told_beforehand_is_luck() {
    let mut nat = open(AddressAndPortDependent, AddressAndPortDependent);
    nat.port_allocation = Some(PortAllocation::Random);
    assert_eq!(row(&nat), "YYY-------");
    nat.port_allocation = Some(PortAllocation::Sequential);
    // It helps against one that keeps its own mapping, not against one that takes a new port as well.
    assert_eq!(row(&nat), "YYYl------");
}

#[test]
fn who_behaves_otherwise_each_time_is_direct_with_luck_only() {
    let mut nat = open(EndpointIndependent, AddressAndPortDependent);
    nat.deterministic = Some(false);
    assert_eq!(row(&nat), "YYYl------");
    nat.deterministic = Some(true);
    assert_eq!(row(&nat), "YYYY------");
}

//! The tables of attributes, methods and errors against the registry.

use std::collections::BTreeMap;

use rtcprobe::wire::attribute;
use rtcprobe::wire::message::Method;

use super::fixtures;

/// Number and name of each row.
fn registry(name: &str) -> BTreeMap<u16, String> {
    let text = std::fs::read_to_string(fixtures("iana").join(name)).unwrap();
    let rows = text.lines().skip(1).map(|row| {
        let mut fields = row.split(',');
        let (value, name) = (fields.next().unwrap(), fields.next().unwrap());
        let value = match value.strip_prefix("0x") {
            Some(value) => u16::from_str_radix(value, 16).unwrap(),
            None => value.parse().unwrap(),
        };
        (value, name.to_owned())
    });
    rows.collect()
}

/// In RFC 3489 or a draft, and reserved or absent since.
const NOT_REGISTERED: [u16; 6] = [
    attribute::RESPONSE_ADDRESS,
    attribute::SOURCE_ADDRESS,
    attribute::CHANGED_ADDRESS,
    attribute::PASSWORD,
    attribute::REFLECTED_FROM,
    attribute::OLD_XOR_MAPPED_ADDRESS,
];

#[test]
fn attributes_are_those_of_the_registry() {
    let known = attribute::ALL.iter().filter(|(kind, _)| !NOT_REGISTERED.contains(kind));
    let known: BTreeMap<u16, String> = known.map(|(kind, name)| (*kind, (*name).to_owned())).collect();
    assert_eq!(known, registry("stun-attributes.csv"));
    assert_eq!(known.len() + NOT_REGISTERED.len(), attribute::ALL.len());
}

#[test]
fn the_upper_half_of_the_types_is_optional() {
    for (kind, name) in registry("stun-attributes.csv") {
        assert_eq!(attribute::is_required(kind), kind < 0x8000);
        assert_eq!(attribute::name(kind), name);
        assert!(attribute::is_known(kind));
    }
    assert_eq!(attribute::name(0xc057), "0xc057");
    assert!(!attribute::is_known(0x7ffe));
}

#[test]
fn errors_are_those_of_the_registry() {
    let known: BTreeMap<u16, String> =
        attribute::ERRORS.iter().map(|(code, name)| (*code, (*name).to_owned())).collect();
    assert_eq!(known, registry("stun-error-codes.csv"));
}

#[test]
fn methods_are_called_what_the_registry_calls_them() {
    let methods = registry("stun-methods.csv");
    for number in 0..0x1000 {
        let expected = methods.get(&number).cloned().unwrap_or(format!("method 0x{number:03x}"));
        assert_eq!(Method(number).to_string(), expected);
    }
}

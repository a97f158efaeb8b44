use super::*;
use crate::wire::uri::{Query, Scheme};

/// A zone: what is asked for, and what there is.
struct Zone(Vec<(&'static str, RecordKind, Vec<Record>)>);

fn uri(scheme: Scheme, host: &str, port: Option<u16>, query: Option<Query>) -> IceUri {
    let host = host.parse().map_or(Host::Name(host.into()), Host::Ip);
    IceUri { scheme, host, port, query }
}

fn srv(priority: u16, weight: u16, port: u16, target: &str) -> Record {
    Record::Srv { priority, weight, port, target: target.into() }
}

fn naptr(order: u16, flags: &str, services: &str, replacement: &str) -> Record {
    let (flags, services, replacement) = (flags.into(), services.into(), replacement.into());
    Record::Naptr { order, preference: 10, flags, services, regexp: String::new(), replacement }
}

fn a(address: &str) -> Record {
    Record::Address(address.parse().unwrap())
}

type Asked = Vec<(String, RecordKind)>;

/// Resolves for IPv4; returns the addresses in order and every name that was asked for.
fn resolve(uri: &IceUri, zone: &Zone) -> (Result<Vec<String>, Unresolved>, Asked) {
    let now = Time::ZERO;
    let mut resolution = Resolution::new(now, uri, &[Family::V4], Chance::from_seed([3; 32]));
    let mut asked = Vec::new();
    loop {
        if let Some((_, result)) = resolution.settled() {
            let addresses = result.map(|targets| targets.iter().map(|t| t.address.to_string()).collect());
            return (addresses, asked);
        }
        let question = resolution.question().expect("a question or a result");
        let found = zone.0.iter().find(|(name, kind, _)| *name == question.name && *kind == question.kind);
        let known = zone.0.iter().any(|(name, ..)| *name == question.name);
        let answer = match found {
            Some((_, _, records)) => Ok(records.clone()),
            None if known => Err(LookupFailure::NoRecords),
            None => Err(LookupFailure::NoSuchName),
        };
        asked.push((question.name.clone(), question.kind));
        resolution.answer(now, question, answer);
    }
}

#[test]
fn asks_nothing_for_a_literal() {
    let (found, asked) = resolve(&uri(Scheme::Turn, "192.0.2.1", None, None), &Zone(vec![]));
    assert_eq!(found.unwrap(), ["192.0.2.1:3478"]);
    assert!(asked.is_empty());
}

#[test]
fn asks_for_addresses_only_when_the_port_is_written() {
    let zone = Zone(vec![("t.example", RecordKind::A, vec![a("192.0.2.1"), a("192.0.2.2")])]);
    let (found, asked) = resolve(&uri(Scheme::Turn, "t.example", Some(80), Some(Query::Tcp)), &zone);
    assert_eq!(found.unwrap(), ["192.0.2.1:80", "192.0.2.2:80"]);
    assert_eq!(asked, [("t.example".to_string(), RecordKind::A)]);
}

#[test]
fn prefers_srv_by_priority() {
    let zone = Zone(vec![
        ("t.example", RecordKind::A, vec![a("192.0.2.1")]),
        ("_turns._tcp.t.example", RecordKind::Srv, vec![srv(20, 0, 5000, "b.example"), srv(10, 0, 443, "a.example")]),
        ("a.example", RecordKind::A, vec![a("192.0.2.8")]),
        ("b.example", RecordKind::A, vec![a("192.0.2.9")]),
    ]);
    let (found, _) = resolve(&uri(Scheme::Turns, "t.example", None, Some(Query::Tcp)), &zone);
    assert_eq!(found.unwrap(), ["192.0.2.8:443", "192.0.2.9:5000"]);
}

#[test]
fn falls_back_to_the_default_port_without_srv() {
    let zone = Zone(vec![("t.example", RecordKind::A, vec![a("192.0.2.1")])]);
    let (found, asked) = resolve(&uri(Scheme::Stuns, "t.example", None, None), &zone);
    assert_eq!(found.unwrap(), ["192.0.2.1:5349"]);
    assert!(asked.contains(&("_stuns._tcp.t.example".into(), RecordKind::Srv)));
}

#[test]
fn stops_where_srv_says_that_there_is_no_service() {
    let zone = Zone(vec![
        ("t.example", RecordKind::A, vec![a("192.0.2.1")]),
        ("_stun._udp.t.example", RecordKind::Srv, vec![srv(0, 0, 0, ".")]),
    ]);
    let (found, _) = resolve(&uri(Scheme::Stun, "t.example", None, None), &zone);
    assert_eq!(found, Err(Unresolved::NotOffered));
}

#[test]
fn follows_naptr_for_turn_without_port_and_transport() {
    // RFC 5928 §4.2: remote hosting.
    let zone = Zone(vec![
        ("example.com", RecordKind::Naptr, vec![naptr(100, "", "RELAY:turn.udp:turn.tls", "example.net")]),
        (
            "example.net",
            RecordKind::Naptr,
            vec![
                naptr(100, "S", "RELAY:turn.udp", "datagram.example.net"),
                naptr(200, "S", "RELAY:turn.tcp:turn.tls", "stream.example.net"),
            ],
        ),
        ("datagram.example.net", RecordKind::Srv, vec![srv(0, 0, 3478, "a.example.net")]),
        ("a.example.net", RecordKind::A, vec![a("192.0.2.1")]),
    ]);
    let (found, _) = resolve(&uri(Scheme::Turn, "example.com", None, None), &zone);
    assert_eq!(found.unwrap(), ["192.0.2.1:3478"]);
}

#[test]
fn survives_naptr_records_that_go_in_circles() {
    let zone = Zone(vec![("loop.example", RecordKind::Naptr, vec![naptr(1, "", "RELAY:turn.udp", "loop.example")])]);
    let (found, _) = resolve(&uri(Scheme::Turn, "loop.example", None, None), &zone);
    assert_eq!(found, Err(Unresolved::NothingUsable));
}

#[test]
fn does_not_wait_for_ever_for_srv_when_addresses_are_there() {
    let uri = uri(Scheme::Stun, "t.example", None, None);
    let mut resolution = Resolution::new(Time::ZERO, &uri, &[Family::V4], Chance::from_seed([0; 32]));
    let question = Question { name: "t.example".into(), kind: RecordKind::A };
    resolution.answer(Time::from_millis(5), question, Ok(vec![a("192.0.2.1")]));
    assert_eq!(resolution.settled(), None);
    resolution.tick(resolution.wake());
    assert!(matches!(resolution.settled(), Some((Family::V4, Ok(_)))));
}

#[test]
fn tells_a_name_that_does_not_exist() {
    let (found, _) = resolve(&uri(Scheme::Stun, "no.example", Some(3478), None), &Zone(vec![]));
    assert_eq!(found, Err(Unresolved::NoSuchName));
}

#[test]
fn draws_srv_records_by_weight() {
    // Weight 3 of 4 is drawn first in about three of four draws; the order is a fair one, not the zone's.
    let zone = |seed| {
        let uri = uri(Scheme::Stun, "t.example", None, None);
        let mut resolution = Resolution::new(Time::ZERO, &uri, &[Family::V4], Chance::from_seed([seed; 32]));
        while let Some(question) = resolution.question() {
            let answer = match question.name.as_str() {
                "_stun._udp.t.example" => Ok(vec![srv(0, 1, 1, "a.example"), srv(0, 30, 2, "b.example")]),
                "a.example" => Ok(vec![a("192.0.2.1")]),
                "b.example" => Ok(vec![a("192.0.2.2")]),
                _ => Err(LookupFailure::NoRecords),
            };
            resolution.answer(Time::ZERO, question, answer);
        }
        resolution.settled().unwrap().1.unwrap()[0].address.port()
    };
    let heavy = (0..200).filter(|seed| zone(*seed) == 2).count();
    assert!((150..200).contains(&heavy), "{heavy} of 200");
}

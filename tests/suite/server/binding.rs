//! Binding, RFC 5780 and RFC 3489.

use super::*;

#[test]
fn tells_a_client_its_address() {
    let mut desk = desk(config());
    let request = desk.request(Method::BINDING).fingerprint();
    let answer = desk.ask(CLIENT, request);
    assert_eq!(answer.class, Class::Success);
    assert_eq!(answer.address(attribute::XOR_MAPPED_ADDRESS), Some(at(CLIENT)));
    assert_eq!(answer.address(attribute::MAPPED_ADDRESS), Some(at(CLIENT)));
    assert_eq!(answer.address(attribute::RESPONSE_ORIGIN), Some(at("127.0.0.1:3478")));
    assert!(!answer.has(attribute::OTHER_ADDRESS));
    assert!(answer.text(attribute::SOFTWARE).unwrap().starts_with("rtcprobe"));
    assert_eq!(answer.fingerprint(), integrity::Fingerprint::Valid);
}

#[test]
fn says_nothing_to_what_is_no_request() {
    let mut desk = desk(config());
    let mut damaged = desk.request(Method::BINDING).fingerprint().build();
    *damaged.last_mut().unwrap() ^= 1;
    assert!(desk.hear(CLIENT, &damaged).is_empty());
    let id = desk.id();
    for class in [Class::Indication, Class::Success, Class::Error] {
        assert!(desk.hear(CLIENT, &Builder::new(class, Method::BINDING, id).build()).is_empty());
    }
    let unknown = desk.request(Method(0x123)).build();
    assert!(desk.hear(CLIENT, &unknown).is_empty());
    for bytes in [&b""[..], b"\0", b"hello", &[0xff; 100], &[0x40, 0, 0, 0]] {
        assert!(desk.hear(CLIENT, bytes).is_empty());
    }
}

#[test]
fn refuses_what_it_does_not_understand() {
    let mut desk = desk(config());
    let request = desk.request(Method::BINDING).with(Value::Raw(0x7ffe, vec![1])).with(Value::Raw(0xfffe, vec![1]));
    let answer = desk.ask(CLIENT, request);
    assert_eq!((code(&answer), answer.unknown_attributes()), (420, vec![0x7ffe]));
}

#[test]
fn answers_clients_of_rfc_3489() {
    let mut desk = desk(config());
    let request = desk.request(Method::BINDING).without_cookie(*b"ABCD").build();
    let sent = desk.hear(CLIENT, &request);
    let answer = sent[0].message();
    assert!(!answer.cookie && sent[0].bytes[4..20] == request[4..20]);
    assert_eq!(answer.address(attribute::MAPPED_ADDRESS), Some(at(CLIENT)));
    assert_eq!(answer.address(attribute::CHANGED_ADDRESS), Some(at("127.0.0.1:3478")));
    assert!(!answer.has(attribute::XOR_MAPPED_ADDRESS));
}

fn discovery() -> Config {
    let quad = Discovery {
        primary: "127.0.0.1".parse().unwrap(),
        alternate: "127.0.0.2".parse().unwrap(),
        ports: (3478, 3479),
    };
    Config { listen: Listen { discovery: vec![quad], ..Listen::default() }, ..config() }
}

#[test]
fn answers_from_where_it_is_asked_to() {
    let mut desk = desk(discovery());
    let origins = ["127.0.0.1:3478", "127.0.0.1:3479", "127.0.0.2:3478", "127.0.0.2:3479"];
    for (asked, here) in origins.iter().enumerate() {
        for (ip, port) in [(false, false), (false, true), (true, false), (true, true)] {
            let expected = at(origins[asked ^ (2 * usize::from(ip) + usize::from(port))]);
            let request = desk.request(Method::BINDING).with(Value::ChangeRequest { ip, port }).build();
            let sent = desk.hear_at(here, CLIENT, &request);
            let answer = sent[0].message();
            assert_eq!(sent[0].from, expected);
            assert_eq!(answer.address(attribute::RESPONSE_ORIGIN), Some(expected));
            assert_eq!(answer.address(attribute::OTHER_ADDRESS), Some(at(origins[asked ^ 3])));
        }
    }
}

#[test]
fn sends_the_answer_to_the_port_that_is_named() {
    let mut desk = desk(discovery());
    let request = desk.request(Method::BINDING).with(Value::ResponsePort(5005)).build();
    let sent = desk.hear(CLIENT, &request);
    assert_eq!(sent[0].to, at("127.0.0.1:5005"));
    assert_eq!(sent[0].message().address(attribute::XOR_MAPPED_ADDRESS), Some(at(CLIENT)));
    let both = desk.request(Method::BINDING).with(Value::ResponsePort(5005)).with(Value::Padding(100));
    assert_eq!(code(&desk.ask(CLIENT, both)), 400);
    let padded = desk.request(Method::BINDING).with(Value::Padding(100));
    assert!(desk.ask(CLIENT, padded).get(attribute::PADDING).unwrap().len() >= 1280);
}

#[test]
fn goes_on_without_a_second_address() {
    let mut desk = desk_without(discovery(), vec!["127.0.0.2"]);
    assert!(desk.events.iter().any(|event| matches!(event, Event::CannotListen { .. })));
    assert_eq!(desk.server.addresses().udp, [at("127.0.0.1:3478"), at("127.0.0.1:3479")]);
    assert!(desk.server.addresses().discovery.is_empty());
    let request = desk.request(Method::BINDING).with(Value::ChangeRequest { ip: true, port: true });
    let answer = desk.ask(CLIENT, request);
    assert_eq!((code(&answer), answer.unknown_attributes()), (420, vec![attribute::CHANGE_REQUEST]));
}

#[test]
fn takes_other_ports_when_the_second_address_has_not_those_of_the_first() {
    let mut config = discovery();
    config.listen.discovery[0].ports = (0, 0);
    let desk = desk_without(config, vec!["127.0.0.2:40001"]);
    let (primary, other) = desk.server.addresses().discovery[0];
    assert_ne!(primary.port(), 40_001);
    assert!(primary.ip() != other.ip() && primary.port() != other.port());
    // What the first attempt opened is closed again.
    assert_eq!(desk.local.len(), 4);
    assert!(matches!(desk.events.last(), Some(Event::Listening(addresses)) if addresses.contains(other)));
}

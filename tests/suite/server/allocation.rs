//! Allocate and Refresh.

use super::*;

#[test]
fn challenges_and_then_allocates() {
    let mut desk = desk(config());
    let plain = desk.request(Method::ALLOCATE).with(Value::RequestedTransport(17));
    let challenge = desk.ask(CLIENT, plain);
    assert_eq!(code(&challenge), 401);
    assert_eq!(challenge.text(attribute::REALM).as_deref(), Some("rtcprobe.test"));
    assert!(!challenge.has(attribute::PASSWORD_ALGORITHMS) && !challenge.has(attribute::MESSAGE_INTEGRITY));
    let values = vec![Value::RequestedTransport(17), Value::Lifetime(60)];
    let (request, key) = desk.sign(&challenge, Method::ALLOCATE, values, "alice", "s3same");
    let bytes = request.build();
    let sent = desk.hear(CLIENT, &bytes);
    let answer = sent[0].message();
    assert_eq!(answer.class, Class::Success);
    assert_eq!(answer.integrity(&key), Integrity::Valid { sha256: false });
    assert_eq!(answer.address(attribute::XOR_MAPPED_ADDRESS), Some(at(CLIENT)));
    assert_eq!(answer.lifetime(), Some(600));
    let relayed = answer.address(attribute::XOR_RELAYED_ADDRESS).unwrap();
    assert!(desk.local.values().any(|local| *local == relayed));
    // The same request once more is answered as before; a new one is a mismatch.
    assert_eq!(desk.hear(CLIENT, &bytes), sent);
    let again = desk.signed(CLIENT, Method::ALLOCATE, vec![Value::RequestedTransport(17)]);
    assert_eq!(code(&again), 437);
    assert_eq!(desk.server.allocations(), 1);
}

#[test]
fn checks_what_is_asked_for() {
    let mut desk = desk(Config { dont_fragment: false, ..config() });
    let udp = Value::RequestedTransport(17);
    let cases: Vec<(u16, Vec<Value>)> = vec![
        (400, vec![]),
        (442, vec![Value::RequestedTransport(99)]),
        (400, vec![Value::RequestedTransport(6)]),
        (420, vec![udp.clone(), Value::DontFragment]),
        (440, vec![udp.clone(), Value::RequestedAddressFamily(Family::V6)]),
        (400, vec![udp.clone(), Value::RequestedAddressFamily(Family::V4), Value::AdditionalAddressFamily(Family::V6)]),
        (400, vec![udp.clone(), Value::AdditionalAddressFamily(Family::V4)]),
        (400, vec![udp.clone(), Value::EvenPort { reserve: false }, Value::ReservationToken([1; 8])]),
        (508, vec![udp.clone(), Value::ReservationToken([1; 8])]),
    ];
    for (expected, values) in cases {
        let shown = format!("{values:?}");
        assert_eq!(code(&desk.signed(CLIENT, Method::ALLOCATE, values)), expected, "{shown}");
    }
    assert_eq!(desk.server.allocations(), 0);
    for method in [Method::REFRESH, Method::CREATE_PERMISSION, Method::CHANNEL_BIND] {
        assert_eq!(code(&desk.signed(CLIENT, method, vec![Value::XorPeerAddress(at(PEER))])), 437);
    }
}

#[test]
fn gives_both_families_or_says_which_it_has_not() {
    let both = vec![Value::RequestedTransport(17), Value::AdditionalAddressFamily(Family::V6)];
    let relay = ["127.0.0.1", "::1"].map(|address| address.parse().unwrap()).to_vec();
    let mut dual = desk(Config { relay, ..config() });
    let answer = dual.signed(CLIENT, Method::ALLOCATE, both.clone());
    let relayed = answer.addresses(attribute::XOR_RELAYED_ADDRESS);
    assert!(matches!(relayed[..], [SocketAddr::V4(_), SocketAddr::V6(_)]));
    // One of them can be deleted alone (RFC 8656 §8).
    let values = vec![Value::Lifetime(0), Value::RequestedAddressFamily(Family::V6)];
    assert_eq!(dual.signed(CLIENT, Method::REFRESH, values.clone()).lifetime(), Some(0));
    assert_eq!(dual.server.allocations(), 1);
    assert_eq!(code(&dual.signed(CLIENT, Method::REFRESH, values)), 443);
    let peer = Value::XorPeerAddress(at("[::1]:7"));
    assert_eq!(code(&dual.signed(CLIENT, Method::CREATE_PERMISSION, vec![peer])), 443);

    let mut single = desk(config());
    let answer = single.signed(CLIENT, Method::ALLOCATE, both);
    assert_eq!(answer.addresses(attribute::XOR_RELAYED_ADDRESS).len(), 1);
    assert_eq!(answer.address_errors()[0].code, 440);
}

#[test]
fn reserves_the_port_beside_an_even_one() {
    let mut desk = desk(config());
    let values = vec![Value::RequestedTransport(17), Value::EvenPort { reserve: true }];
    let answer = desk.signed(CLIENT, Method::ALLOCATE, values);
    let even = answer.address(attribute::XOR_RELAYED_ADDRESS).unwrap().port();
    let token: [u8; 8] = answer.get(attribute::RESERVATION_TOKEN).unwrap().try_into().unwrap();
    assert_eq!(even % 2, 0);
    let values = vec![Value::RequestedTransport(17), Value::ReservationToken(token)];
    let answer = desk.signed("127.0.0.1:5001", Method::ALLOCATE, values.clone());
    assert_eq!(answer.address(attribute::XOR_RELAYED_ADDRESS).unwrap().port(), even + 1);
    assert_eq!(code(&desk.signed("127.0.0.1:5002", Method::ALLOCATE, values)), 508);
}

#[test]
fn an_unclaimed_reservation_ends() {
    let mut desk = desk(config());
    let values = vec![Value::RequestedTransport(17), Value::EvenPort { reserve: true }];
    desk.signed(CLIENT, Method::ALLOCATE, values);
    assert_eq!(desk.local.len(), 4);
    desk.pass(31);
    assert_eq!(desk.local.len(), 3);
}

#[test]
fn an_allocation_ends_when_it_is_deleted_or_not_refreshed() {
    let mut desk = desk(config());
    let before = desk.local.len();
    desk.allocate(CLIENT);
    let answer = desk.signed(CLIENT, Method::REFRESH, vec![Value::Lifetime(0)]);
    assert_eq!(answer.lifetime(), Some(0));
    assert_eq!((desk.last_released(), desk.local.len()), (Some(End::Deleted), before));
    assert_eq!(code(&desk.signed(CLIENT, Method::REFRESH, vec![Value::Lifetime(0)])), 437);

    desk.allocate(CLIENT);
    desk.pass(500);
    assert_eq!(desk.signed(CLIENT, Method::REFRESH, vec![Value::Lifetime(99_999)]).lifetime(), Some(3600));
    desk.pass(3599);
    assert_eq!(desk.server.allocations(), 1);
    desk.pass(1);
    assert_eq!((desk.last_released(), desk.local.len()), (Some(End::Expired), before));
}

#[test]
fn keeps_users_apart_and_within_their_quota() {
    let users = Users::one("alice", "s3same").and("bob", "b");
    let limits = Limits { allocations: 2, allocations_per_user: 1, ..Limits::default() };
    let mut desk = desk(Config { users, limits, ..config() });
    let values = || vec![Value::RequestedTransport(17)];
    desk.allocate(CLIENT);
    assert_eq!(code(&desk.signed("127.0.0.1:5001", Method::ALLOCATE, values())), 486);
    assert_eq!(code(&desk.signed_as(CLIENT, Method::REFRESH, vec![], "bob", "b")), 441);
    assert_eq!(desk.signed_as("127.0.0.1:5002", Method::ALLOCATE, values(), "bob", "b").class, Class::Success);
    assert_eq!(code(&desk.signed_as("127.0.0.1:5003", Method::ALLOCATE, values(), "bob", "b")), 486);
}

#[test]
fn says_when_it_is_full() {
    let mut full = desk(Config { limits: Limits { allocations: 1, ..Limits::default() }, ..config() });
    full.allocate(CLIENT);
    assert_eq!(code(&full.signed("127.0.0.1:5001", Method::ALLOCATE, vec![Value::RequestedTransport(17)])), 508);
    let mut stuck = desk_without(Config { relay_ports: Some(6000..=6001), ..config() }, vec!["127.0.0.1:6"]);
    assert_eq!(code(&stuck.signed(CLIENT, Method::ALLOCATE, vec![Value::RequestedTransport(17)])), 508);
    assert_eq!(stuck.server.allocations(), 0);
}

//! Permissions, channels, data.

use super::*;

#[test]
fn relays_both_ways_as_long_as_it_is_permitted() {
    let mut desk = desk(config());
    let relayed = desk.allocate(CLIENT).to_string();
    let indication = |desk: &mut Desk, data: &[u8]| {
        let id = desk.id();
        let values = [Value::XorPeerAddress(at(PEER)), Value::Data(data.to_vec())];
        values.into_iter().fold(Builder::new(Class::Indication, Method::SEND, id), Builder::with).build()
    };
    let send = indication(&mut desk, b"ping");
    assert!(desk.hear(CLIENT, &send).is_empty());
    assert!(desk.hear_at(&relayed, PEER, b"pong").is_empty());

    let permit = desk.signed(CLIENT, Method::CREATE_PERMISSION, vec![Value::XorPeerAddress(at("127.0.0.1:1"))]);
    assert_eq!(permit.class, Class::Success);
    assert_eq!(desk.hear(CLIENT, &send), [Sent { from: at(&relayed), to: at(PEER), bytes: b"ping".to_vec() }]);
    let back = desk.hear_at(&relayed, PEER, b"pong");
    let data = back[0].message();
    assert_eq!((data.class, data.method), (Class::Indication, Method::DATA));
    assert_eq!(data.address(attribute::XOR_PEER_ADDRESS), Some(at(PEER)));
    assert_eq!(data.get(attribute::DATA), Some(&b"pong"[..]));
    // Permissions are for addresses, and end after five minutes whatever is sent (RFC 8656 §9).
    assert!(desk.hear_at(&relayed, "127.0.0.2:7000", b"pong").is_empty());
    desk.pass(299);
    assert_eq!(desk.hear(CLIENT, &send).len(), 1);
    desk.pass(1);
    assert!(desk.hear(CLIENT, &send).is_empty());
    assert!(desk.hear_at(&relayed, PEER, b"pong").is_empty());
}

#[test]
fn tells_the_client_that_a_peer_is_unreachable() {
    let mut desk = desk(config());
    let relayed = desk.allocate(CLIENT).to_string();
    desk.signed(CLIENT, Method::CREATE_PERMISSION, vec![Value::XorPeerAddress(at(PEER))]);
    let socket = desk.socket(&relayed);
    let icmp = Icmp { kind: None, code: None, v6: false, offender: None, mtu: None, meaning: Unreachability::Port };
    desk.server.input(desk.now, Input::Unreachable { socket, to: at(PEER), icmp });
    let sent = desk.pump();
    let told = sent[0].message().icmp().unwrap();
    assert_eq!((told.kind, told.code), (3, 3));
}

#[test]
fn channels_carry_data_until_they_expire() {
    let mut desk = desk(config());
    let relayed = desk.allocate(CLIENT).to_string();
    let bind = |number, peer: &str| vec![Value::ChannelNumber(number), Value::XorPeerAddress(at(peer))];
    assert_eq!(desk.signed(CLIENT, Method::CHANNEL_BIND, bind(0x4001, PEER)).class, Class::Success);
    for (number, peer) in [(0x4001, "127.0.0.1:7001"), (0x4002, PEER), (0x5000, "127.0.0.1:9"), (0x3fff, "127.0.0.1:9")]
    {
        assert_eq!(code(&desk.signed(CLIENT, Method::CHANNEL_BIND, bind(number, peer))), 400, "{number:x} {peer}");
    }
    let ping = channel_data::encode(0x4001, b"ping", false).unwrap();
    assert_eq!(desk.hear(CLIENT, &ping), [Sent { from: at(&relayed), to: at(PEER), bytes: b"ping".to_vec() }]);
    let back = desk.hear_at(&relayed, PEER, b"pong!");
    assert_eq!(back[0].bytes, channel_data::encode(0x4001, b"pong!", false).unwrap());
    // Another port of the same peer has the permission, but no channel.
    assert_eq!(desk.hear_at(&relayed, "127.0.0.1:7009", b"x")[0].message().method, Method::DATA);
    desk.pass(300);
    assert!(desk.hear(CLIENT, &ping).is_empty(), "the permission is over, the channel is not");
    desk.signed(CLIENT, Method::CREATE_PERMISSION, vec![Value::XorPeerAddress(at(PEER))]);
    assert_eq!(desk.hear(CLIENT, &ping).len(), 1);
    desk.pass(299);
    desk.signed(CLIENT, Method::REFRESH, vec![]);
    desk.pass(1);
    assert!(desk.hear(CLIENT, &ping).is_empty());
}

#[test]
fn forbids_some_peers() {
    let net = Network { address: "127.0.0.0".parse().unwrap(), prefix: 8 };
    let mut desk = desk(Config { forbidden_peers: vec![net], ..config() });
    desk.allocate(CLIENT);
    let peers = vec![Value::XorPeerAddress(at("192.0.2.1:1")), Value::XorPeerAddress(at(PEER))];
    assert_eq!(code(&desk.signed(CLIENT, Method::CREATE_PERMISSION, peers)), 403);
    let values = vec![Value::ChannelNumber(0x4000), Value::XorPeerAddress(at(PEER))];
    assert_eq!(code(&desk.signed(CLIENT, Method::CHANNEL_BIND, values)), 403);
    // All or none (RFC 8656 §10.2).
    let id = desk.id();
    let send = Builder::new(Class::Indication, Method::SEND, id).with(Value::XorPeerAddress(at("192.0.2.1:1")));
    assert!(desk.hear(CLIENT, &send.with(Value::Data(vec![1])).build()).is_empty());
}

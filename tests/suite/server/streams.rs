//! TCP connections of clients and peers.

use super::*;

#[test]
fn relays_over_a_stream_until_it_closes() {
    let mut desk = desk(config());
    let tcp = desk.accept(1);
    let answer = desk.signed_down(&tcp, Method::ALLOCATE, vec![Value::RequestedTransport(17)]);
    let relayed = answer.address(attribute::XOR_RELAYED_ADDRESS).unwrap().to_string();
    let values = vec![Value::ChannelNumber(0x4000), Value::XorPeerAddress(at(PEER))];
    assert_eq!(desk.signed_down(&tcp, Method::CHANNEL_BIND, values).class, Class::Success);
    let one = channel_data::encode(0x4000, b"a", true).unwrap();
    let two = channel_data::encode(0x4000, b"bc", true).unwrap();
    assert_eq!(one.len(), 8);
    let sent = desk.down(&tcp, &[one, two].concat());
    assert_eq!(sent.iter().map(|sent| sent.bytes.as_slice()).collect::<Vec<_>>(), [&b"a"[..], b"bc"]);
    assert_eq!(desk.hear_at(&relayed, PEER, b"abc")[0].bytes, channel_data::encode(0x4000, b"abc", true).unwrap());
    desk.server.input(desk.now, Input::Closed { socket: tcp.socket, why: &Ending::Reset });
    desk.local.remove(&tcp.socket);
    desk.pump();
    assert_eq!(desk.last_released(), Some(End::Disconnected));
    assert_eq!(desk.local.len(), 2);
}

#[test]
fn closes_streams_that_are_idle_or_make_no_sense() {
    let limits = Limits { streams: 2, ..Limits::default() };
    let mut desk = desk(Config { limits, ..config() });
    let babbler = desk.accept(1);
    desk.down(&babbler, b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03 a ClientHello");
    assert_eq!(desk.local.len(), 2);
    desk.accept(2);
    let busy = desk.accept(3);
    desk.accept(4);
    desk.pump();
    assert_eq!(desk.local.len(), 4, "a third stream is one too many");
    desk.signed_down(&busy, Method::ALLOCATE, vec![Value::RequestedTransport(17)]);
    desk.pass(61);
    assert_eq!(desk.local.len(), 4, "the one with an allocation stays, with its relay");
}

#[test]
fn relays_tcp_to_peers() {
    let mut desk = desk(config());
    let control = desk.accept(1);
    let answer = desk.signed_down(&control, Method::ALLOCATE, vec![Value::RequestedTransport(6)]);
    let relayed = answer.address(attribute::XOR_RELAYED_ADDRESS).unwrap();
    // From the client to a peer.
    let plain = desk.request(Method::ALLOCATE).build();
    let challenge = desk.down(&control, &plain)[0].message();
    let peer = vec![Value::XorPeerAddress(at(PEER))];
    let (connect, _) = desk.sign(&challenge, Method::CONNECT, peer.clone(), "alice", "s3same");
    assert!(desk.down(&control, &connect.build()).is_empty());
    let (link, want) = desk.wants.last().unwrap().clone();
    assert!(matches!(want, Want::Tcp { to, .. } if to == at(PEER)));
    assert_eq!(code(&desk.signed_down(&control, Method::CONNECT, peer)), 446);
    desk.local.insert(link, relayed);
    desk.server.input(desk.now, Input::Opened { socket: link, local: relayed, secure: None });
    let id = desk.pump()[0].message().connection_id().unwrap();
    desk.server.input(desk.now, Input::Received { socket: link, from: at(PEER), bytes: b"early" });
    assert!(desk.pump().is_empty());
    // The nonce of the control connection is good for the data connection too.
    let data = desk.accept(2);
    let (bind, _) = desk.sign(&challenge, Method::CONNECTION_BIND, vec![Value::ConnectionId(id)], "alice", "s3same");
    let sent = desk.down(&data, &bind.build());
    assert_eq!(sent[0].message().class, Class::Success);
    assert_eq!(sent[1].bytes, b"early");
    assert_eq!(desk.down(&data, b"raw")[0].bytes, b"raw");
    desk.server.input(desk.now, Input::Closed { socket: link, why: &Ending::Finished });
    desk.local.remove(&link);
    desk.pump();
    assert!(!desk.local.contains_key(&data.socket));

    // From a peer to the client.
    let listener = *desk.local.iter().find(|(_, local)| **local == relayed).unwrap().0;
    let stranger = desk.accept_at(listener, 3);
    desk.pump();
    assert!(!desk.local.contains_key(&stranger.socket));
    let peer = vec![Value::XorPeerAddress(at("127.0.0.1:6004"))];
    desk.signed_down(&control, Method::CREATE_PERMISSION, peer);
    desk.accept_at(listener, 4);
    let attempt = desk.pump()[0].message();
    assert_eq!((attempt.method, attempt.class), (Method::CONNECTION_ATTEMPT, Class::Indication));
    assert_eq!(attempt.address(attribute::XOR_PEER_ADDRESS), Some(at("127.0.0.1:6004")));
    desk.pass(31);
    assert!(!desk.local.contains_key(&Socket(Socket::ACCEPTED + 4)));
}

#[test]
fn tells_that_a_tcp_peer_refused() {
    let mut desk = desk(config());
    let control = desk.accept(1);
    desk.signed_down(&control, Method::ALLOCATE, vec![Value::RequestedTransport(6)]);
    let plain = desk.request(Method::ALLOCATE).build();
    let challenge = desk.down(&control, &plain)[0].message();
    let peer = vec![Value::XorPeerAddress(at(PEER))];
    let (connect, _) = desk.sign(&challenge, Method::CONNECT, peer, "alice", "s3same");
    desk.down(&control, &connect.build());
    let link = desk.wants.last().unwrap().0;
    desk.server.input(desk.now, Input::Refused { socket: link, why: &Refusal::ConnectionRefused });
    assert_eq!(code(&desk.pump()[0].message()), 447);
}

#[test]
fn puts_everything_away_when_stopped() {
    let mut desk = desk(config());
    desk.allocate(CLIENT);
    desk.accept(1);
    desk.server.input(desk.now, Input::Stop);
    desk.pump();
    assert!(desk.local.is_empty());
    assert_eq!(desk.last_released(), Some(End::Stopped));
    assert_eq!(desk.server.output(desk.now), Output::Done);
}

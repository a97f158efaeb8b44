//! Our reader and builder against stun-rs, which was written by others from the same RFCs.

use std::net::SocketAddr;

use proptest::prelude::*;
use rtcprobe::wire::attribute::{self, AddressError, ErrorCode, Family, PasswordAlgorithm, Value};
use rtcprobe::wire::integrity::{Fingerprint, Integrity, Key};
use rtcprobe::wire::message::{Builder, Class, Message, Method, TransactionId};
use stun_rs::attributes::stun::{Fingerprint as TheirFingerprint, MessageIntegrity, MessageIntegritySha256};

use super::arbitrary::{mutated, values};
use super::packets;

fn their_decoder() -> stun_rs::MessageDecoder {
    let lenient = stun_rs::DecoderContextBuilder::default().with_unknown_data().not_ignore().build();
    stun_rs::MessageDecoderBuilder::default().with_context(lenient).build()
}

/// What stun-rs makes of the whole of the bytes, if it accepts them.
fn theirs(bytes: &[u8]) -> Option<stun_rs::StunMessage> {
    let (message, size) = their_decoder().decode(bytes).ok()?;
    (size == bytes.len()).then_some(message)
}

/// Header and types of attributes; ours must accept whatever theirs accepts.
fn same_skeleton(bytes: &[u8], theirs: &stun_rs::StunMessage) -> Message {
    let ours = Message::decode(bytes).unwrap();
    let class = match theirs.class() {
        stun_rs::MessageClass::Request => Class::Request,
        stun_rs::MessageClass::Indication => Class::Indication,
        stun_rs::MessageClass::SuccessResponse => Class::Success,
        stun_rs::MessageClass::ErrorResponse => Class::Error,
    };
    assert_eq!(ours.class, class);
    assert_eq!(ours.method, Method(theirs.method().as_u16()));
    assert_eq!(ours.transaction.0, *theirs.transaction_id().as_bytes());
    let our_kinds: Vec<u16> = ours.attributes().iter().map(|found| found.kind).collect();
    let their_kinds: Vec<u16> = theirs.attributes().iter().map(|found| found.attribute_type().as_u16()).collect();
    assert_eq!(our_kinds, their_kinds);
    assert_eq!(ours.objection(), None);
    ours
}

/// Values, one attribute at a time; each stands in a message of its own, so that none hides another.
fn same_value(value: &Value) {
    let bytes = Builder::new(Class::Success, Method::ALLOCATE, TransactionId([9; 12])).with(value.clone()).build();
    let Some(message) = theirs(&bytes) else { panic!("stun-rs does not read {value:?}") };
    let ours = same_skeleton(&bytes, &message);
    let theirs = &message.attributes()[0];
    let address = |kind, address: &SocketAddr| assert_eq!(ours.address(kind), Some(*address));
    let family = |kind, family: stun_rs::AddressFamily| {
        let family = if family == stun_rs::AddressFamily::IPv4 { Family::V4 } else { Family::V6 };
        assert_eq!(ours.family(kind), Some(family));
    };
    match value {
        Value::MappedAddress(_) => address(1, theirs.expect_mapped_address().socket_address()),
        Value::XorMappedAddress(_) => address(0x20, theirs.expect_xor_mapped_address().socket_address()),
        Value::XorPeerAddress(_) => address(0x12, theirs.expect_xor_peer_address().socket_address()),
        Value::XorRelayedAddress(_) => address(0x16, theirs.expect_xor_relayed_address().socket_address()),
        Value::ResponseOrigin(_) => address(0x802b, theirs.expect_response_origin().socket_address()),
        Value::OtherAddress(_) => address(0x802c, theirs.expect_other_address().socket_address()),
        Value::AlternateServer(_) => address(0x8023, theirs.expect_alternate_server().socket_address()),
        Value::Username(name) => assert_eq!(theirs.expect_user_name().as_str().as_bytes(), name),
        Value::Realm(realm) => assert_eq!(theirs.expect_realm().as_str().as_bytes(), realm),
        Value::Nonce(nonce) => assert_eq!(theirs.expect_nonce().as_str().as_bytes(), nonce),
        Value::Userhash(hash) => assert_eq!(theirs.expect_user_hash().hash(), hash),
        Value::Data(data) => assert_eq!(theirs.expect_data().as_bytes(), data),
        Value::ErrorCode(error) => {
            let found = theirs.expect_error_code().error_code();
            assert_eq!((found.error_code(), found.reason()), (error.code, error.reason.as_str()));
            assert_eq!(ours.error().as_ref(), Some(error));
        }
        Value::AddressError(error) => {
            let found = theirs.expect_address_error_code();
            assert_eq!(found.error_code().error_code(), error.code);
            assert_eq!(found.family() == stun_rs::AddressFamily::IPv6, error.family == Family::V6);
            assert_eq!(ours.address_errors().first(), Some(error));
        }
        Value::UnknownAttributes(_) => {
            assert_eq!(theirs.expect_unknown_attributes().attributes(), ours.unknown_attributes());
        }
        Value::Lifetime(_) => assert_eq!(Some(theirs.expect_life_time().as_u32()), ours.lifetime()),
        Value::ChannelNumber(_) => assert_eq!(Some(theirs.expect_channel_number().number()), ours.channel()),
        Value::RequestedAddressFamily(_) => family(0x17, theirs.expect_requested_address_family().family()),
        Value::AdditionalAddressFamily(_) => family(0x8000, theirs.expect_additional_address_family().family()),
        Value::EvenPort { .. } => assert_eq!(Some(theirs.expect_even_port().reserve()), ours.even_port()),
        Value::ReservationToken(token) => assert_eq!(theirs.expect_reservation_token().token(), token),
        Value::Priority(_) => assert_eq!(Some(theirs.expect_priority().as_u32()), ours.priority()),
        Value::IceControlled(_) => assert_eq!(Some(theirs.expect_ice_controlled().as_u64()), ours.tie_breaker(0x8029)),
        Value::IceControlling(_) => {
            assert_eq!(Some(theirs.expect_ice_controlling().as_u64()), ours.tie_breaker(0x802a));
        }
        Value::PasswordAlgorithms(_) => {
            let their_numbers = theirs.expect_password_algorithms().iter().map(|found| match found.algorithm() {
                stun_rs::AlgorithmId::MD5 => PasswordAlgorithm::MD5,
                stun_rs::AlgorithmId::SHA256 => PasswordAlgorithm::SHA256,
                other => panic!("{other}"),
            });
            let our_numbers = ours.password_algorithms().unwrap();
            assert!(our_numbers.iter().map(|found| found.number).eq(their_numbers));
        }
        // Read by the skeleton; nothing in them, or nothing that stun-rs hands out.
        _ => {}
    }
}

proptest! {
    #[test]
    fn what_we_write_they_read_the_same(values in prop::collection::vec(values(), 0..12)) {
        let builder = Builder::new(Class::Request, Method::ALLOCATE, TransactionId([3; 12]));
        let bytes = values.iter().cloned().fold(builder, Builder::with).build();
        same_skeleton(&bytes, &theirs(&bytes).unwrap());
        values.iter().for_each(same_value);
    }

    #[test]
    fn what_they_accept_we_read_the_same(bytes in mutated()) {
        if let Some(message) = theirs(&bytes) {
            let ours = same_skeleton(&bytes, &message);
            let kind = attribute::XOR_MAPPED_ADDRESS;
            if let Some(found) = ours.attributes().iter().find(|found| found.kind == kind) {
                let length = if found.value[1] == 1 { 8 } else { 20 };
                if found.value.len() == length && ours.has(kind) {
                    let theirs = message.attributes().iter().find_map(|found| found.as_xor_mapped_address().ok());
                    assert_eq!(ours.mapped(), theirs.map(|address| *address.socket_address()));
                }
            }
        }
    }

    #[test]
    fn they_verify_what_we_sign(values in prop::collection::vec(values(), 0..6), password in "[ -~]{1,40}") {
        let key = Key::short_term(&password);
        let their_key = stun_rs::HMACKey::new_short_term(&password).unwrap();
        let builder = Builder::new(Class::Request, Method::ALLOCATE, TransactionId([3; 12]));
        let builder = values.into_iter().fold(builder, Builder::with);
        let bytes = builder.integrity(&key).integrity_sha256(&key).fingerprint().build();
        let theirs = theirs(&bytes).unwrap();

        let input = stun_rs::get_input_text::<MessageIntegrity>(&bytes).unwrap();
        let sha1 = theirs.get::<MessageIntegrity>().unwrap().expect_message_integrity();
        prop_assert!(sha1.validate(&input, &their_key));
        let input = stun_rs::get_input_text::<MessageIntegritySha256>(&bytes).unwrap();
        let sha256 = theirs.get::<MessageIntegritySha256>().unwrap().expect_message_integrity_sha256();
        prop_assert!(sha256.validate(&input, &their_key));
        let input = stun_rs::get_input_text::<TheirFingerprint>(&bytes).unwrap();
        prop_assert!(theirs.get::<TheirFingerprint>().unwrap().expect_fingerprint().validate(&input));

        let ours = Message::decode(&bytes).unwrap();
        prop_assert_eq!(ours.integrity(&key), Integrity::Valid { sha256: true });
        prop_assert_eq!(ours.fingerprint(), Fingerprint::Valid);
    }
}

/// Encoded by stun-rs from its own types, read by us.
#[test]
fn what_they_write_we_read() {
    use stun_rs::attributes::stun::{Realm, Software, XorMappedAddress};
    let address: SocketAddr = "[2001:db8::7]:4242".parse().unwrap();
    let key = stun_rs::HMACKey::new_short_term("secret").unwrap();
    let message = stun_rs::StunMessageBuilder::new(stun_rs::methods::BINDING, stun_rs::MessageClass::SuccessResponse)
        .with_attribute(XorMappedAddress::from(address))
        .with_attribute(Software::try_from("theirs").unwrap())
        .with_attribute(Realm::new("example.org").unwrap())
        .with_attribute(MessageIntegrity::new(key))
        .with_attribute(TheirFingerprint::default())
        .build();
    let mut bytes = vec![0; 256];
    let length = stun_rs::MessageEncoderBuilder::default().build().encode(&mut bytes, &message).unwrap();
    let ours = Message::decode(&bytes[..length]).unwrap();
    assert_eq!(ours.mapped(), Some(address));
    assert_eq!(ours.text(attribute::SOFTWARE).as_deref(), Some("theirs"));
    assert_eq!(ours.text(attribute::REALM).as_deref(), Some("example.org"));
    assert_eq!(ours.integrity(&Key::short_term("secret")), Integrity::Valid { sha256: false });
    assert_eq!(ours.fingerprint(), Fingerprint::Valid);
}

/// Their objections are the reason for a reader of our own; when one of these goes away, say so in
/// `wire`'s documentation.
#[test]
fn they_lose_whole_messages_over_one_attribute() {
    let lost: Vec<String> = packets()
        .into_iter()
        .filter(|(name, _)| !name.starts_with("malformed-") && !name.starts_with("stream-"))
        .filter(|(_, bytes)| theirs(bytes).is_none())
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        lost,
        [
            "addresses-unreadable",
            "challenge-in-latin-1",
            "error-class-7",
            "stuntman-without-cookie",
            "truncated-sha256",
            "unpadded-last",
            "vovida-without-cookie"
        ]
    );
}

/// A value that only we can write is still one that we read back.
#[test]
fn error_values_round_trip() {
    let error = ErrorCode { code: 438, reason: "Stale Nonce".into() };
    let refused = AddressError { family: Family::V4, code: 508, reason: String::new() };
    let bytes = Builder::new(Class::Error, Method::ALLOCATE, TransactionId([0; 12]))
        .with(Value::ErrorCode(error.clone()))
        .with(Value::AddressError(refused.clone()))
        .build();
    let message = Message::decode(&bytes).unwrap();
    assert_eq!(message.error(), Some(error));
    assert_eq!(message.address_errors(), [refused]);
}

//! RFC 5769 and RFC 8489 §B.1: read, verified, and written anew.

use rtcprobe::wire::attribute::{self, Value};
use rtcprobe::wire::integrity::{self, Fingerprint, Integrity, Key, KeyAlgorithm, Preparation};
use rtcprobe::wire::message::{Builder, Class, Malformed, Message, Method};

use super::{message, packet};

const SHA1: Integrity = Integrity::Valid { sha256: false };
const SHA256: Integrity = Integrity::Valid { sha256: true };

fn short_term() -> Key {
    Key::short_term("VOkJxbRl1RmTxUk/WvJxBt")
}

fn long_term(algorithm: KeyAlgorithm) -> Key {
    Key::long_term("マトリックス", b"example.org", "TheMatrIX", algorithm, Preparation::Opaque)
}

/// The same bytes with padding set to zero and the integrity made anew, as far as it goes.
fn rebuilt(message: &Message, key: &Key) -> Vec<u8> {
    let builder = Builder::new(message.class, message.method, message.transaction);
    let builder = message.attributes().iter().fold(builder, |builder, found| match found.kind {
        attribute::MESSAGE_INTEGRITY => builder.integrity(key),
        attribute::MESSAGE_INTEGRITY_SHA256 => builder.integrity_sha256(key),
        attribute::FINGERPRINT => builder.fingerprint(),
        kind => builder.with(Value::Raw(kind, found.value.clone())),
    });
    builder.build()
}

#[test]
fn rfc_5769_2_1_request() {
    let request = message("rfc5769-2.1-request");
    assert_eq!(request.raw().len(), 108);
    assert_eq!((request.class, request.method), (Class::Request, Method::BINDING));
    assert_eq!(format!("{:?}", request.transaction), "b7e7a701bc34d686fa87dfae");
    assert!(request.cookie);
    assert_eq!(request.text(attribute::SOFTWARE).as_deref(), Some("STUN test client"));
    assert_eq!(request.priority(), Some(0x6e00_01ff));
    assert_eq!(request.tie_breaker(attribute::ICE_CONTROLLED), Some(0x932f_f9b1_5126_3b36));
    assert_eq!(request.get(attribute::USERNAME), Some(&b"evtj:h6vY"[..]));
    assert_eq!(request.integrity(&short_term()), SHA1);
    assert_eq!(request.integrity(&Key::short_term("VOkJxbRl1RmTxUk/WvJxBT")), Integrity::Invalid { sha256: false });
    assert_eq!(request.fingerprint(), Fingerprint::Valid);
}

#[test]
fn rfc_5769_2_2_and_2_3_responses() {
    for (name, length, mapped) in [
        ("rfc5769-2.2-ipv4-response", 80, "192.0.2.1:32853"),
        ("rfc5769-2.3-ipv6-response", 92, "[2001:db8:1234:5678:11:2233:4455:6677]:32853"),
    ] {
        let response = message(name);
        assert_eq!(response.raw().len(), length);
        assert_eq!((response.class, response.method), (Class::Success, Method::BINDING));
        assert_eq!(response.text(attribute::SOFTWARE).as_deref(), Some("test vector"));
        assert_eq!(response.mapped(), Some(mapped.parse().unwrap()));
        assert_eq!(response.integrity(&short_term()), SHA1);
        assert_eq!(response.fingerprint(), Fingerprint::Valid);
    }
}

#[test]
fn rfc_5769_2_4_long_term_request() {
    let request = message("rfc5769-2.4-long-term-request");
    assert_eq!(request.raw().len(), 116);
    assert_eq!(request.text(attribute::USERNAME).as_deref(), Some("マトリックス"));
    assert_eq!(request.text(attribute::REALM).as_deref(), Some("example.org"));
    assert_eq!(request.get(attribute::NONCE), Some(&b"f//499k954d6OL34oL9FSTvy64sA"[..]));
    assert_eq!(request.integrity(&long_term(KeyAlgorithm::Md5)), SHA1);
    assert_eq!(request.fingerprint(), Fingerprint::Absent);
    // Zero is what the vector pads with, so nothing differs.
    assert_eq!(rebuilt(&request, &long_term(KeyAlgorithm::Md5)), request.raw());
}

#[test]
fn vectors_padded_with_spaces_are_written_anew_with_zeros() {
    for name in ["rfc5769-2.1-request", "rfc5769-2.2-ipv4-response", "rfc5769-2.3-ipv6-response"] {
        let original = message(name);
        let rebuilt = Message::decode(&rebuilt(&original, &short_term())).unwrap();
        assert_eq!(rebuilt.raw().len(), original.raw().len());
        assert_eq!(rebuilt.integrity(&short_term()), SHA1);
        assert_eq!(rebuilt.fingerprint(), Fingerprint::Valid);
        for (new, old) in rebuilt.attributes().iter().zip(original.attributes()) {
            let computed = matches!(new.kind, attribute::MESSAGE_INTEGRITY | attribute::FINGERPRINT);
            assert!(computed || new == old, "{name}: {}", attribute::name(new.kind));
        }
    }
}

#[test]
fn one_changed_bit_anywhere_is_noticed() {
    let original = packet("rfc5769-2.2-ipv4-response");
    for bit in 0..original.len() * 8 {
        let mut changed = original.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let Ok(changed) = Message::decode(&changed) else { continue };
        let all_well = changed.fingerprint() == Fingerprint::Valid && changed.integrity(&short_term()) == SHA1;
        assert!(!all_well, "bit {bit}");
    }
}

#[test]
fn rfc_8489_b_1_is_malformed_as_printed_and_verifies_when_corrected() {
    let printed = packet("malformed-rfc8489-b.1-as-printed");
    assert_eq!(Message::decode(&printed), Err(Malformed::Length { said: 156, there: 136 }));

    let request = message("rfc8489-b.1-corrected");
    let hash = integrity::userhash("マトリックス", b"example.org", Preparation::Opaque);
    assert_eq!(request.get(attribute::USERHASH), Some(&hash[..]));
    assert_eq!(request.integrity(&long_term(KeyAlgorithm::Sha256)), SHA256);
    assert_eq!(rebuilt(&request, &long_term(KeyAlgorithm::Sha256)), request.raw());
    let cookie = integrity::nonce_cookie(request.get(attribute::NONCE).unwrap()).unwrap();
    assert_eq!((cookie.bits, cookie.username_anonymity, cookie.password_algorithms), (2, true, false));
}

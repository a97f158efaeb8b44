//! Messages as other servers send them, and messages that are none.

use rtcprobe::wire::attribute::{self, Family, IcmpError};
use rtcprobe::wire::framing::{Deframer, Frame};
use rtcprobe::wire::integrity::{self, Fingerprint, Integrity, Key, KeyAlgorithm, Preparation};
use rtcprobe::wire::message::{Malformed, Message};

use super::{message, packet, packets};

fn alice() -> Key {
    Key::long_term("alice", b"example.org", "secret", KeyAlgorithm::Md5, Preparation::Opaque)
}

#[test]
fn every_packet_is_read_or_refused_as_its_name_says() {
    for (name, bytes) in packets() {
        if !name.starts_with("stream-") {
            assert_eq!(Message::decode(&bytes).is_err(), name.starts_with("malformed-"), "{name}");
        }
    }
}

#[test]
fn refusals_say_why() {
    for (name, why) in [
        ("malformed-short", Malformed::Short(19)),
        ("malformed-not-stun", Malformed::NotStun),
        ("malformed-length-too-long", Malformed::Length { said: 12, there: 8 }),
        ("malformed-length-too-short", Malformed::Length { said: 4, there: 8 }),
        ("malformed-unaligned", Malformed::Unaligned(9)),
        ("malformed-overrun", Malformed::Overrun { kind: attribute::LIFETIME, at: 20 }),
        ("malformed-overrun-in-the-middle", Malformed::Overrun { kind: attribute::SOFTWARE, at: 20 }),
    ] {
        assert_eq!(Message::decode(&packet(name)), Err(why), "{name}");
    }
}

#[test]
fn coturn_counts_the_nul_of_its_phrases_in() {
    let stale = message("coturn-stale-nonce");
    let error = stale.error().unwrap();
    assert_eq!((error.code, error.reason.as_str(), error.name()), (438, "Stale nonce", Some("Stale Nonce")));
    assert_eq!(stale.text(attribute::SOFTWARE).as_deref(), Some("Coturn-4.6.1 'Gorst'"));
    assert_eq!(stale.fingerprint(), Fingerprint::Valid);
    assert_eq!(stale.integrity(&alice()), Integrity::Absent);

    let mismatch = message("coturn-mismatch");
    assert_eq!(mismatch.error().unwrap().reason, "Mismatched allocation: wrong transaction ID");
    assert_eq!(mismatch.integrity(&alice()), Integrity::Valid { sha256: false });
}

#[test]
fn pion_names_its_software_after_the_fingerprint_and_its_errors_not_at_all() {
    let binding = message("pion-software-after-fingerprint");
    assert_eq!(binding.fingerprint(), Fingerprint::NotLast { valid: true });
    assert_eq!(binding.text(attribute::SOFTWARE).as_deref(), Some("pion"));
    let error = message("pion-bad-credentials").error().unwrap();
    assert_eq!((error.code, error.reason.as_str(), error.name()), (400, "", Some("Bad Request")));
}

#[test]
fn servers_of_rfc_3489_mask_with_what_stands_in_place_of_the_cookie() {
    let mapped = Some("192.0.2.1:32853".parse().unwrap());
    for name in ["stuntman-without-cookie", "vovida-without-cookie"] {
        let old = message(name);
        assert!(!old.cookie);
        assert_eq!(old.mapped(), mapped, "{name}");
        assert_eq!(old.address(attribute::MAPPED_ADDRESS), mapped);
        assert_eq!(old.address(attribute::CHANGED_ADDRESS), Some("198.51.100.21:3479".parse().unwrap()));
        assert!(old.not_understood().is_empty());
        assert_eq!(old.objection().as_deref(), Some("no magic cookie"));
    }
    assert_eq!(message("vovida-without-cookie").text(attribute::SOFTWARE).as_deref(), Some("Vovida.org 0.97"));
}

#[test]
fn violet_offers_algorithms_and_counts_bits_from_the_right() {
    let challenge = message("violet-challenge");
    let numbers: Vec<u16> = challenge.password_algorithms().unwrap().iter().map(|offered| offered.number).collect();
    assert_eq!(numbers, [2, 1]);
    let cookie = integrity::nonce_cookie(challenge.get(attribute::NONCE).unwrap()).unwrap();
    assert!(cookie.password_algorithms && !cookie.username_anonymity);
}

#[test]
fn a_challenge_that_is_no_utf_8_keeps_its_bytes() {
    let challenge = message("challenge-in-latin-1");
    assert_eq!(challenge.error().unwrap().code, 401);
    assert_eq!(challenge.get(attribute::REALM), Some(&b"r\xe9seau.example"[..]));
    assert_eq!(challenge.get(attribute::NONCE), Some(&b"\"\0\xff\\\""[..]));
    assert_eq!(challenge.text(attribute::REALM).as_deref(), Some("r\u{fffd}seau.example"));
    assert!(challenge.objection().is_some(), "strict readers lose it");
}

#[test]
fn an_address_put_in_after_the_integrity_is_not_believed() {
    let allocated = message("allocate-late-address");
    assert_eq!(
        allocated.addresses(attribute::XOR_RELAYED_ADDRESS),
        ["203.0.113.9:61234", "[2001:db8::9]:61235"].map(|address| address.parse::<std::net::SocketAddr>().unwrap())
    );
    assert_eq!(allocated.attributes().len(), 8);
    assert_eq!(allocated.counted().count(), 7);
    assert_eq!(allocated.lifetime(), Some(600));
    assert_eq!(allocated.integrity(&alice()), Integrity::Valid { sha256: true });
    assert_eq!(allocated.fingerprint(), Fingerprint::Valid);
}

#[test]
fn odd_but_legal_messages_are_read() {
    let truncated = message("truncated-sha256");
    assert_eq!(truncated.integrity(&alice()), Integrity::Valid { sha256: true });
    assert_eq!(truncated.get(attribute::MESSAGE_INTEGRITY_SHA256).unwrap().len(), 16);
    for name in ["padding-of-ones", "unpadded-last"] {
        assert_eq!(message(name).text(attribute::SOFTWARE).as_deref(), Some("five!"), "{name}");
        assert_eq!(message(name).mapped(), Some("192.0.2.1:32853".parse().unwrap()));
    }
    let icmp = message("data-icmp");
    assert_eq!(icmp.icmp(), Some(IcmpError { kind: 3, code: 4, data: 1280 }));
    assert_eq!(icmp.address(attribute::XOR_PEER_ADDRESS), Some("192.0.2.7:4000".parse().unwrap()));
    let refused = &message("allocate-half-refused").address_errors()[0];
    assert_eq!((refused.family, refused.code, refused.reason.as_str()), (Family::V6, 440, "no v6"));
}

#[test]
fn what_cannot_be_read_costs_itself_and_not_the_message() {
    let unreadable = message("addresses-unreadable");
    assert_eq!(unreadable.mapped(), None);
    assert_eq!(unreadable.text(attribute::SOFTWARE).as_deref(), Some("kept"));
    let class_7 = message("error-class-7");
    assert_eq!(class_7.error(), None);
    assert_eq!(class_7.unknown_attributes(), [0x1a, 0x7ffe]);
    assert_eq!(message("unknown-attributes").not_understood(), [0x7ffe]);
}

#[test]
fn streams_are_cut_into_frames() {
    let frames = |name: &str| {
        let mut deframer = Deframer::new();
        deframer.push(&packet(name));
        std::iter::from_fn(|| deframer.next_frame()).collect::<Vec<_>>()
    };
    let found = frames("stream-frames");
    assert_eq!(found.len(), 4);
    assert_eq!(found[0], Frame::ChannelData(b"\x40\0\0\x05hello".to_vec()));
    assert!(matches!(&found[2], Frame::Stun(bytes) if Message::decode(bytes).is_ok()));
    assert_eq!(found[3], Frame::ChannelData(b"\x40\x01\0\x03end".to_vec()));
    assert!(
        matches!(&frames("stream-http-400")[..], [Frame::Garbage(bytes)] if bytes.starts_with(b"HTTP/1.1 400 Bad"))
    );
    assert!(matches!(&frames("stream-tls-alert")[..], [Frame::Garbage(_)]));
}

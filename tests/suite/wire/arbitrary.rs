//! Whatever comes in, nothing panics; and what is written is read back.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use proptest::prelude::*;
use rtcprobe::wire::attribute::{self, AddressError, ErrorCode, Family, PasswordAlgorithm, Value};
use rtcprobe::wire::candidate::{self, Candidate, CandidateType, TcpType};
use rtcprobe::wire::framing::{Deframer, Frame};
use rtcprobe::wire::integrity::{self, Key};
use rtcprobe::wire::message::{Builder, Class, Message, Method, TransactionId};
use rtcprobe::wire::{channel_data, ice_servers, rest, uri};

use super::packets;

pub fn addresses() -> impl Strategy<Value = SocketAddr> {
    let ips = prop_oneof![any::<[u8; 4]>().prop_map(IpAddr::from), any::<[u8; 16]>().prop_map(IpAddr::from)];
    (ips, any::<u16>()).prop_map(|(ip, port)| SocketAddr::new(ip, port))
}

fn families() -> impl Strategy<Value = Family> {
    prop_oneof![Just(Family::V4), Just(Family::V6)]
}

/// Every value that stun-rs can read too. Text is what its grammar allows.
pub fn values() -> impl Strategy<Value = Value> {
    let text = "[a-zA-Z0-9./+-]{1,60}";
    let errors =
        || (3..=6u16, 0..=99u16, "[a-zA-Z]{0,30}").prop_map(|(class, number, reason)| (class * 100 + number, reason));
    let algorithm = prop_oneof![Just(PasswordAlgorithm::MD5), Just(PasswordAlgorithm::SHA256)]
        .prop_map(|number| PasswordAlgorithm { number, parameters: Vec::new() });
    let addressed = (0..7usize, addresses()).prop_map(|(kind, address)| match kind {
        0 => Value::MappedAddress(address),
        1 => Value::XorMappedAddress(address),
        2 => Value::XorPeerAddress(address),
        3 => Value::XorRelayedAddress(address),
        4 => Value::ResponseOrigin(address),
        5 => Value::OtherAddress(address),
        _ => Value::AlternateServer(address),
    });
    let texts = (0..4usize, text).prop_map(|(kind, text)| match kind {
        0 => Value::Username(text.into_bytes()),
        1 => Value::Realm(text.into_bytes()),
        2 => Value::Nonce(text.into_bytes()),
        _ => Value::Software(text),
    });
    let numbers = (0..6usize, any::<u64>()).prop_map(|(kind, number)| match kind {
        0 => Value::Lifetime(number as u32),
        1 => Value::Priority(number as u32),
        2 => Value::IceControlled(number),
        3 => Value::IceControlling(number),
        4 => Value::ReservationToken(number.to_be_bytes()),
        _ => Value::ChannelNumber(number as u16),
    });
    let flags = (0..6usize, any::<(bool, bool)>(), families()).prop_map(|(kind, (a, b), family)| match kind {
        0 => Value::ChangeRequest { ip: a, port: b },
        1 => Value::EvenPort { reserve: a },
        2 => Value::DontFragment,
        3 => Value::UseCandidate,
        4 => Value::RequestedAddressFamily(family),
        _ => Value::AdditionalAddressFamily(family),
    });
    prop_oneof![
        addressed,
        texts,
        numbers,
        flags,
        any::<[u8; 32]>().prop_map(Value::Userhash),
        prop::collection::vec(any::<u8>(), 0..100).prop_map(Value::Data),
        prop::collection::vec(algorithm, 1..3).prop_map(Value::PasswordAlgorithms),
        errors().prop_map(|(code, reason)| Value::ErrorCode(ErrorCode { code, reason })),
        (families(), errors()).prop_map(|(family, (code, reason))| Value::AddressError(AddressError {
            family,
            code,
            reason
        })),
        prop::collection::btree_set(1..0x7fffu16, 1..6)
            .prop_map(|kinds| Value::UnknownAttributes(kinds.into_iter().collect())),
        Just(Value::RequestedTransport(17)),
    ]
}

/// A packet of the fixtures with some bytes changed.
pub fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let seeds: Vec<Vec<u8>> = packets().into_iter().map(|(_, bytes)| bytes).collect();
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    (prop::sample::select(seeds), changes).prop_map(|(mut bytes, changes)| {
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    })
}

/// Everything that can be asked of a message.
fn read_all(message: &Message, key: &Key) -> usize {
    let mut found = message.raw().len() + message.counted().count();
    for kind in attribute::ALL.iter().map(|(kind, _)| *kind) {
        found += message.addresses(kind).len();
        found += message.text(kind).map_or(0, |text| text.len());
        found += usize::from(message.tie_breaker(kind).is_some()) + usize::from(message.family(kind).is_some());
    }
    found += usize::from(message.mapped().is_some()) + usize::from(message.error().is_some());
    found += message.unknown_attributes().len() + message.not_understood().len() + message.address_errors().len();
    found += message.password_algorithms().map_or(0, |offered| offered.len());
    found += usize::from(message.password_algorithm().is_some());
    found += [message.lifetime(), message.connection_id(), message.priority()].iter().flatten().count();
    found += [message.channel(), message.response_port()].iter().flatten().count();
    found += [message.change_request().is_some(), message.even_port().is_some(), message.icmp().is_some()].len();
    found += usize::from(message.requested_transport().is_some() || message.transmit_counter().is_some());
    found += message.get(attribute::NONCE).map_or(0, |nonce| usize::from(integrity::nonce_cookie(nonce).is_some()));
    found += format!("{message:?}{:?}{:?}", message.integrity(key), message.fingerprint()).len();
    found + message.objection().map_or(0, |objection| objection.len())
}

/// All frames of a stream that comes in pieces of those lengths, the last length again and again.
fn frames(stream: &[u8], cuts: &[usize]) -> (Vec<Frame>, Deframer) {
    let mut deframer = Deframer::new();
    let mut frames = Vec::new();
    let mut rest = stream;
    let mut cuts = cuts.iter().copied();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(cuts.next().unwrap_or(rest.len()).clamp(1, rest.len()));
        deframer.push(piece);
        frames.extend(std::iter::from_fn(|| deframer.next_frame()));
        rest = after;
    }
    (frames, deframer)
}

fn candidates() -> impl Strategy<Value = Candidate> {
    let address = prop_oneof![addresses().prop_map(|address| address.ip().to_string()), "[a-f0-9-]{1,36}\\.local"];
    let kind = prop_oneof![
        Just(CandidateType::Host),
        Just(CandidateType::Srflx),
        Just(CandidateType::Prflx),
        Just(CandidateType::Relay)
    ];
    let tcp_type = prop_oneof![Just(TcpType::Active), Just(TcpType::Passive), Just(TcpType::So)];
    let head =
        ("[a-zA-Z0-9+/]{1,32}", 1..=256u16, prop_oneof!["udp", "tcp"], any::<u32>(), address, any::<u16>(), kind);
    let related = prop::option::of((addresses().prop_map(|address| address.ip().to_string()), any::<u16>()));
    let extensions = prop::collection::vec(("x-[!-~]{1,10}", "[!-~]{1,10}"), 0..4);
    (head, related, prop::option::of(tcp_type), extensions).prop_map(|(head, related, tcp_type, extensions)| {
        let (foundation, component, transport, priority, address, port, kind) = head;
        Candidate { foundation, component, transport, priority, address, port, kind, related, tcp_type, extensions }
    })
}

proptest! {
    #[test]
    fn any_bytes_may_come_as_a_message(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(message) = Message::decode(&bytes) {
            read_all(&message, &Key::short_term("k"));
        }
        let _ = channel_data::decode(&bytes);
        let _ = integrity::nonce_cookie(&bytes);
    }

    #[test]
    fn any_attributes_may_come_in_a_message(
        attributes in prop::collection::vec(
            (
                prop_oneof![prop::sample::select(attribute::ALL).prop_map(|(kind, _)| kind), any::<u16>()],
                prop::collection::vec(any::<u8>(), 0..40),
            ),
            0..10,
        ),
    ) {
        let builder = Builder::new(Class::Success, Method::ALLOCATE, TransactionId([1; 12]));
        let bytes = attributes.iter().cloned().fold(builder, |b, (kind, value)| b.with(Value::Raw(kind, value))).build();
        let message = Message::decode(&bytes).unwrap();
        let read: Vec<(u16, Vec<u8>)> = message.attributes().iter().map(|a| (a.kind, a.value.clone())).collect();
        prop_assert_eq!(read, attributes);
        read_all(&message, &Key::short_term("k"));
    }

    #[test]
    fn any_change_to_a_packet_is_survived(bytes in mutated()) {
        if let Ok(message) = Message::decode(&bytes) {
            prop_assert_eq!(message.raw(), &bytes[..]);
            read_all(&message, &Key::short_term("k"));
        }
    }

    #[test]
    fn the_deframer_survives_any_bytes_and_its_memory_is_bounded(
        bytes in prop::collection::vec(any::<u8>(), 0..2000),
        first in 0..=0x4fu8,
        cuts in prop::collection::vec(1..100usize, 0..40),
    ) {
        let bytes = [&[first], &bytes[..]].concat();
        let (frames, deframer) = frames(&bytes, &cuts);
        let out: usize = frames.iter().map(|frame| match frame {
            Frame::Stun(bytes) | Frame::ChannelData(bytes) | Frame::Garbage(bytes) => bytes.len(),
        }).sum();
        prop_assert!(out + deframer.pending() <= bytes.len());
        prop_assert!(deframer.leftover().len() <= bytes.len());
        // What is shown of garbage depends on how much had come; everything before does not.
        let known = |frames: &[Frame]| {
            frames.iter().filter(|frame| !matches!(frame, Frame::Garbage(_))).cloned().collect::<Vec<_>>()
        };
        prop_assert_eq!(known(&frames), known(&self::frames(&bytes, &[]).0));
        let garbage = frames.iter().filter(|frame| matches!(frame, Frame::Garbage(_))).count();
        prop_assert!(garbage == 0 || (garbage == 1 && matches!(frames.last(), Some(Frame::Garbage(_)))));
    }

    #[test]
    fn cuts_do_not_change_the_frames(
        data in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 1..8),
        cuts in prop::collection::vec(1..30usize, 0..60),
    ) {
        let mut stream = Vec::new();
        let mut expected = Vec::new();
        for data in data {
            stream.extend(channel_data::encode(0x4001, &data, true).unwrap());
            expected.push(Frame::ChannelData(channel_data::encode(0x4001, &data, false).unwrap()));
            let message = Builder::new(Class::Indication, Method::SEND, TransactionId([2; 12])).with(Value::Data(data));
            stream.extend(message.clone().build());
            expected.push(Frame::Stun(message.build()));
        }
        let (frames, deframer) = frames(&stream, &cuts);
        prop_assert_eq!(frames, expected);
        prop_assert_eq!(deframer.pending(), 0);
    }

    #[test]
    fn channel_data_is_read_back(channel in 0x4000..=0x4fffu16, data in prop::collection::vec(any::<u8>(), 0..200), stream: bool) {
        let bytes = channel_data::encode(channel, &data, stream).unwrap();
        prop_assert_eq!(channel_data::decode(&bytes), Some(channel_data::ChannelData { channel, data: &data }));
    }

    #[test]
    fn any_text_may_come_as_a_uri(text in "\\PC{0,60}", scheme in "(stuns?|turns?|TURN|x)?:?/{0,2}") {
        for text in [text.clone(), format!("{scheme}{text}"), format!("turn:h?{text}"), format!("stun:[{text}")] {
            let _ = uri::parse_target(&text, true);
            if let Ok(parsed) = uri::parse(&text) {
                let printed = parsed.uri.to_string();
                let again = uri::parse(&printed).unwrap().uri;
                prop_assert_eq!(again.to_string(), printed);
                prop_assert_eq!(again.host, parsed.uri.host);
            }
        }
    }

    #[test]
    fn nothing_before_an_at_sign_is_ever_repeated(
        scheme in "(stuns?|turns?|https?|x):(//)?",
        secret in "[a-z]{3}Q[0-9]{5}Q[a-z]{3}",
        around in "[!-~ é]{0,12}",
        rest in "[a-z.]{0,12}(:[0-9]{1,6})?(\\?transport=(udp|tcp|tls))?",
    ) {
        for text in [format!("{scheme}{secret}{around}@{rest}"), format!("{scheme}{around}:{secret}@{rest}")] {
            let error = uri::parse(&text).unwrap_err().to_string();
            prop_assert!(!error.contains(&secret), "{}", error);
            let json = serde_json::json!([{"urls": text}]).to_string();
            prop_assert!(!ice_servers::parse(&json).unwrap_err().to_string().contains(&secret));
        }
    }

    #[test]
    fn nothing_that_may_be_a_password_is_ever_repeated(
        scheme in "((stuns?|turns?|TURN|stunn|https?|x):(//)?)?",
        host in "([a-z.]{1,12}|192\\.0\\.2\\.1|\\[2001:db8::1\\]|2001:db8::1)",
        port in "(:[0-9]{1,5})?",
        secret in "[a-z]{3}Q[0-9]{5}Q[a-z]{3}",
        before in "[!-~]{0,8}",
        after in "[!-~]{0,8}",
        name in "(u:|u=|password=|username=u&password=|transport=udp&password=|transport=)?",
        user in "([a-z]{1,6}:)?",
    ) {
        for text in [
            format!("{scheme}{host}{port}?{name}{before}{secret}{after}"),
            format!("{scheme}{host}{port}/?{name}{secret}{after}"),
            format!("{scheme}{host}{port}#{secret}{after}"),
            format!("{scheme}{host}{port}:{user}{secret}"),
            format!("{scheme}{host}{port}:{secret}{after}"),
            format!("{scheme}{host}{port} {user}{secret}"),
            format!("{scheme}{before}{secret}{after}@{host}{port}"),
        ] {
            let shown = uri::shown(&text);
            prop_assert!(!shown.contains(&secret), "{} is shown as {}", text, shown);
            for error in [uri::parse(&text).err(), uri::parse_target(&text, true).err(), uri::parse_target(&text, false).err()] {
                let error = error.map(|error| error.to_string()).unwrap_or_default();
                prop_assert!(!error.contains(&secret), "{}: {}", text, error);
            }
        }
    }

    #[test]
    fn any_text_may_come_as_a_candidate(text in "\\PC{0,80}", tail in "( (raddr|rport|tcptype|typ|[!-~]{0,5}| )){0,6}") {
        let _ = text.parse::<Candidate>();
        let line = format!("candidate:1 1 udp 1 192.0.2.1 1 typ srflx{tail}");
        if let Ok(candidate) = line.parse::<Candidate>() {
            prop_assert_eq!(candidate.to_string().parse::<Candidate>(), Ok(candidate));
        }
    }

    #[test]
    fn candidates_are_read_back(candidate in candidates()) {
        prop_assert_eq!(candidate.to_string().parse::<Candidate>(), Ok(candidate.clone()));
        prop_assert_eq!(format!("a={candidate}\r\n").parse::<Candidate>(), Ok(candidate));
    }

    #[test]
    fn priorities_order_by_type_first(local in any::<u16>(), other in any::<u16>(), component in 1..=256u16) {
        let of = |kind, local| candidate::priority(kind, local, component);
        prop_assert!(of(CandidateType::Host, local) > of(CandidateType::Prflx, other));
        prop_assert!(of(CandidateType::Prflx, local) > of(CandidateType::Srflx, other));
        prop_assert!(of(CandidateType::Srflx, local) > of(CandidateType::Relay, other));
        prop_assert!(of(CandidateType::Host, u16::MAX) < 1 << 31);
    }

    #[test]
    fn any_text_may_come_as_a_list_of_servers(text in "\\PC{0,80}", tail in "[\\[\\]{}\",:a-z0-9]{0,40}") {
        let _ = ice_servers::parse(&text);
        let _ = ice_servers::parse(&format!("{{\"iceServers\":[{{\"urls\":{tail}"));
        let json = serde_json::json!({"urls": text, "username": tail, "credential": text}).to_string();
        let _ = ice_servers::parse(&json);
    }

    #[test]
    fn any_text_may_come_as_a_user_name(name in "\\PC{0,30}", password in "\\PC{0,30}", realm in prop::collection::vec(any::<u8>(), 0..30)) {
        let _ = rest::expiry(&name);
        let _ = rest::credential(&password, &name);
        for preparation in [integrity::Preparation::Opaque, integrity::Preparation::None] {
            let key = Key::long_term(&name, &realm, &password, integrity::KeyAlgorithm::Sha256, preparation);
            prop_assert_eq!(key.bytes().len(), 32);
            let _ = integrity::userhash(&name, &realm, preparation);
        }
    }
}

/// Changes a packet in one to four of these ways: a bit, a byte, a byte that lengths are fond of, a
/// cut, an insertion, a piece of another packet.
fn mutate(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], mut random: impl FnMut() -> usize) {
    for _ in 0..=random() % 4 {
        let length = bytes.len();
        let at = random() % length.max(1);
        match random() % 6 {
            0 if length > 0 => bytes[at] ^= 1 << (random() % 8),
            1 if length > 0 => bytes[at] = random() as u8,
            2 if length > 0 => bytes[at] = [0, 1, 4, 0x7f, 0x80, 0xfc, 0xff][random() % 7],
            3 => bytes.truncate(at),
            4 => bytes.insert(at.min(length), random() as u8),
            5 => {
                let other = &seeds[random() % seeds.len()];
                let from = random() % other.len();
                let to = (from + random() % 40).min(other.len());
                bytes.splice(at.min(length)..at.min(length), other[from..to].iter().copied());
            }
            _ => {}
        }
    }
    // Most of the time the header's length is made right again, so that the attributes are reached.
    if !random().is_multiple_of(4) && (20..60_000).contains(&bytes.len()) {
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        let body = (bytes.len() - 20) as u16;
        bytes[2..4].copy_from_slice(&body.to_be_bytes());
    }
}

/// Half a minute long, and so only on request:
/// `cargo test --release --test suite ten_million -- --ignored --nocapture`.
#[test]
#[ignore = "needs a release build and half a minute; RTCPROBE_MUTATIONS sets another number"]
fn ten_million_mutated_messages_are_survived() {
    let count: u64 = std::env::var("RTCPROBE_MUTATIONS").map_or(10_000_000, |count| count.parse().unwrap());
    let seeds: Vec<Vec<u8>> = packets().into_iter().map(|(_, bytes)| bytes).collect();
    let key = Key::short_term("VOkJxbRl1RmTxUk/WvJxBt");
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    // xorshift64*: fast, and the same numbers in every run.
    let mut random = move || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize
    };
    let started = Instant::now();
    let (mut read, mut frames) = (0u64, 0u64);
    let mut bytes = Vec::new();
    for _ in 0..count {
        bytes.clone_from(&seeds[random() % seeds.len()]);
        mutate(&mut bytes, &seeds, &mut random);
        if let Ok(message) = Message::decode(&bytes) {
            assert_eq!(message.raw().len(), bytes.len());
            assert!(read_all(&message, &key) > 0);
            read += 1;
        }
        let _ = channel_data::decode(&bytes);
        let mut deframer = Deframer::new();
        for piece in bytes.chunks(1 + random() % 64) {
            deframer.push(piece);
            frames += std::iter::from_fn(|| deframer.next_frame()).count() as u64;
        }
    }
    println!("{count} mutated messages in {:.1?}: {read} were read, {frames} frames cut", started.elapsed());
    assert!(read > count / 20, "enough get past the header for this to mean something");
}

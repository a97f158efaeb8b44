use super::*;
use crate::wire::attribute::PasswordAlgorithm;
use crate::wire::integrity::{Key, KeyAlgorithm, Preparation};

const SERVER: &str = "192.0.2.1:3478";

fn server() -> SocketAddr {
    SERVER.parse().unwrap()
}

fn exchange(stream: bool, credentials: bool) -> Exchange {
    let route = Route { server: server(), stream, schedule: Schedule::PROMPT };
    let credentials = credentials.then(|| Credentials { username: "alice".into(), password: "secret".into() });
    Exchange::new(Request::new(Method::ALLOCATE), route, credentials, None, &mut Chance::from_seed([5; 32]))
}

/// The request that is sent next.
fn sent(exchange: &mut Exchange, now: Time) -> Message {
    match exchange.next(now) {
        Next::Send(bytes) => Message::decode(&bytes).unwrap(),
        other => panic!("expected a request, got {other:?}"),
    }
}

fn ended(exchange: &mut Exchange, now: Time) -> Answer {
    match exchange.next(now) {
        Next::Ended(answer) => answer,
        other => panic!("expected the end, got {other:?}"),
    }
}

fn answer(request: &Message, class: Class) -> Builder {
    Builder::new(class, request.method, request.transaction)
}

fn error(request: &Message, code: u16) -> Builder {
    answer(request, Class::Error).with(Value::ErrorCode(ErrorCode { code, reason: "phrase".into() }))
}

fn challenge(request: &Message, nonce: &str) -> Builder {
    error(request, 401).with(Value::Realm(b"r".to_vec())).with(Value::Nonce(nonce.into()))
}

fn key(password: &str) -> Key {
    Key::long_term("alice", b"r", password, KeyAlgorithm::Md5, Preparation::Opaque)
}

fn give(exchange: &mut Exchange, now: Time, builder: Builder) {
    let message = Message::decode(&builder.build()).unwrap();
    assert!(exchange.receive(now, server(), &message));
}

/// Gets as far as the authenticated request.
fn signed(exchange: &mut Exchange) -> Message {
    let first = sent(exchange, Time::ZERO);
    assert!(!first.has(attribute::USERNAME) && !first.has(attribute::MESSAGE_INTEGRITY));
    give(exchange, Time::from_millis(20), challenge(&first, "n1"));
    let second = sent(exchange, Time::from_millis(20));
    assert_ne!(first.transaction, second.transaction);
    second
}

#[test]
fn answers_a_challenge_and_believes_a_signed_success() {
    let mut exchange = exchange(false, true);
    let request = signed(&mut exchange);
    assert_eq!(request.get(attribute::NONCE), Some(b"n1".as_slice()));
    assert_eq!(request.integrity(&key("secret")), Integrity::Valid { sha256: false });
    let now = Time::from_millis(40);
    give(&mut exchange, now, answer(&request, Class::Success).integrity(&key("secret")));
    assert!(matches!(ended(&mut exchange, now), Answer::Success { signed: true, .. }));
    assert_eq!(exchange.seen(now).round_trip, Some(Duration::from_millis(20)));
}

#[test]
fn does_not_try_refused_credentials_again() {
    let mut exchange = exchange(false, true);
    let request = signed(&mut exchange);
    give(&mut exchange, Time::from_millis(40), challenge(&request, "n2"));
    let end = ended(&mut exchange, Time::from_millis(40));
    assert!(matches!(end, Answer::Failure { error: ErrorCode { code: 401, .. }, .. }));
}

#[test]
fn takes_three_fresh_nonces_and_then_calls_it_a_loop() {
    let mut exchange = exchange(false, true);
    let mut request = signed(&mut exchange);
    for round in 0..4 {
        let nonce = format!("fresh{round}");
        let stale = error(&request, 438).with(Value::Realm(b"r".to_vec())).with(Value::Nonce(nonce.clone().into()));
        give(&mut exchange, Time::from_millis(50), stale);
        if round < 3 {
            request = sent(&mut exchange, Time::from_millis(50));
            assert_eq!(request.get(attribute::NONCE), Some(nonce.as_bytes()));
        }
    }
    assert_eq!(ended(&mut exchange, Time::from_millis(50)), Answer::NonceLoop);
}

#[test]
fn keeps_waiting_over_udp_when_integrity_fails_and_says_so_in_the_end() {
    let mut exchange = exchange(false, true);
    let request = signed(&mut exchange);
    give(&mut exchange, Time::from_millis(40), answer(&request, Class::Success).integrity(&key("other")));
    let mut now = Time::from_millis(40);
    let end = loop {
        match exchange.next(now) {
            Next::Wait(until) => now = until,
            Next::Send(_) => {}
            Next::Ended(answer) => break answer,
        }
    };
    assert_eq!(end, Answer::IntegrityFailed { absent: false });
    assert_eq!(now, Time::from_millis(4520));
    assert_eq!(exchange.seen(now).copies, 4);
}

#[test]
fn ends_at_once_over_a_stream_when_integrity_fails() {
    let mut exchange = exchange(true, true);
    let request = signed(&mut exchange);
    give(&mut exchange, Time::from_millis(40), answer(&request, Class::Success));
    assert_eq!(ended(&mut exchange, Time::from_millis(40)), Answer::IntegrityFailed { absent: true });
}

#[test]
fn believes_unsigned_errors_but_not_wrongly_signed_ones() {
    let now = Time::from_millis(40);
    let mut unsigned = exchange(true, true);
    let request = signed(&mut unsigned);
    give(&mut unsigned, now, error(&request, 486));
    assert!(matches!(ended(&mut unsigned, now), Answer::Failure { integrity: Integrity::Absent, .. }));
    let mut forged = exchange(true, true);
    let request = signed(&mut forged);
    give(&mut forged, now, error(&request, 486).integrity(&key("other")));
    assert_eq!(ended(&mut forged, now), Answer::IntegrityFailed { absent: false });
}

#[test]
fn an_answer_from_elsewhere_is_remembered_and_does_not_count() {
    let mut exchange = exchange(false, false);
    let request = sent(&mut exchange, Time::ZERO);
    let message = Message::decode(&answer(&request, Class::Success).build()).unwrap();
    let elsewhere = "192.0.2.2:3478".parse().unwrap();
    assert!(exchange.receive(Time::from_millis(9), elsewhere, &message));
    assert!(matches!(exchange.next(Time::from_millis(9)), Next::Wait(_)));
    let stray = Stray::WrongSource { from: elsewhere, at: Time::from_millis(9) };
    assert_eq!(exchange.seen(Time::from_millis(9)).strays, [stray]);
}

#[test]
fn fails_at_once_on_an_attribute_that_must_be_understood() {
    let mut exchange = exchange(false, false);
    let request = sent(&mut exchange, Time::ZERO);
    give(&mut exchange, Time::ZERO, answer(&request, Class::Success).with(Value::Raw(0x7ffe, vec![1])));
    let Answer::Malformed(text) = ended(&mut exchange, Time::ZERO) else { panic!("not malformed") };
    assert!(text.contains("0x7ffe"), "{text}");
}

#[test]
fn takes_sha_256_where_the_nonce_announces_it() {
    let mut exchange = exchange(false, true);
    let first = sent(&mut exchange, Time::ZERO);
    let offered = [PasswordAlgorithm::MD5, PasswordAlgorithm::SHA256]
        .map(|number| PasswordAlgorithm { number, parameters: Vec::new() })
        .to_vec();
    // Base64 of 0x800000 and of 0x000001: "password algorithms" by either reading of the bit order.
    for nonce in ["obMatJos2gAAAx", "obMatJos2AAABx"] {
        let mut exchange = exchange.clone();
        give(&mut exchange, Time::ZERO, challenge(&first, nonce).with(Value::PasswordAlgorithms(offered.clone())));
        let request = sent(&mut exchange, Time::ZERO);
        let key = Key::long_term("alice", b"r", "secret", KeyAlgorithm::Sha256, Preparation::Opaque);
        assert_eq!(request.integrity(&key), Integrity::Valid { sha256: true });
        assert!(!request.has(attribute::MESSAGE_INTEGRITY));
        assert_eq!(request.password_algorithms(), Some(offered.clone()));
    }
    give(&mut exchange, Time::ZERO, challenge(&first, "obMatJos2gAAAx"));
    assert_eq!(ended(&mut exchange, Time::ZERO), Answer::BadChallenge(BadChallenge::BidDown));
}

#[test]
fn hides_the_user_name_where_the_nonce_asks_for_it() {
    let mut exchange = exchange(false, true);
    let first = sent(&mut exchange, Time::ZERO);
    give(&mut exchange, Time::ZERO, challenge(&first, "obMatJos2QAAAx"));
    let request = sent(&mut exchange, Time::ZERO);
    assert!(request.has(attribute::USERHASH) && !request.has(attribute::USERNAME));
}

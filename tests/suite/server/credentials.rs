//! Long-term credentials.

use super::*;

#[test]
fn refuses_wrong_credentials() {
    let mut desk = desk(config());
    let values = || vec![Value::RequestedTransport(17)];
    for (user, password) in [("alice", "wrong"), ("mallory", "s3same")] {
        let answer = desk.signed_as(CLIENT, Method::ALLOCATE, values(), user, password);
        assert_eq!(code(&answer), 401);
        assert!(answer.has(attribute::NONCE) && !answer.has(attribute::MESSAGE_INTEGRITY));
    }
    let incomplete = desk.request(Method::ALLOCATE).with(Value::Username("alice".into())).integrity(&key());
    assert_eq!(code(&desk.ask(CLIENT, incomplete)), 400);
    // A nonce is good for the client that it was made for only (RFC 8489 §9.2.4).
    let plain = desk.request(Method::ALLOCATE);
    let challenge = desk.ask(CLIENT, plain);
    let (request, _) = desk.sign(&challenge, Method::ALLOCATE, values(), "alice", "s3same");
    assert_eq!(code(&desk.ask("127.0.0.1:5001", request)), 438);
}

#[test]
fn a_nonce_grows_stale() {
    let mut desk = desk(config());
    let plain = desk.request(Method::ALLOCATE);
    let challenge = desk.ask(CLIENT, plain);
    desk.pass(601);
    let (request, key) =
        desk.sign(&challenge, Method::ALLOCATE, vec![Value::RequestedTransport(17)], "alice", "s3same");
    let stale = desk.ask(CLIENT, request);
    assert_eq!(code(&stale), 438);
    assert_eq!(stale.integrity(&key), Integrity::Valid { sha256: false });
    let (request, _) = desk.sign(&stale, Method::ALLOCATE, vec![Value::RequestedTransport(17)], "alice", "s3same");
    assert_eq!(desk.ask(CLIENT, request).class, Class::Success);
}

#[test]
fn takes_credentials_of_the_rest_api_until_they_expire() {
    let users = Users::from_secret("north");
    let mut desk = desk(Config { users, unix_time_at_start: 1_700_000_000, ..config() });
    let user = rest::username(1_700_000_100, Some("alice"));
    let password = rest::credential("north", &user);
    let values = || vec![Value::RequestedTransport(17)];
    assert_eq!(desk.signed_as(CLIENT, Method::ALLOCATE, values(), &user, &password).class, Class::Success);
    assert_eq!(code(&desk.signed_as("127.0.0.1:5001", Method::ALLOCATE, values(), &user, "wrong")), 401);
    desk.pass(100);
    assert_eq!(code(&desk.signed_as("127.0.0.1:5001", Method::ALLOCATE, values(), &user, &password)), 401);
}

#[test]
fn speaks_rfc_8489_when_told_to() {
    let security = Security::Rfc8489 { userhash: true, cookie: CookieBits::Both };
    let mut desk = desk(Config { security, ..config() });
    let plain = desk.request(Method::ALLOCATE);
    let challenge = desk.ask(CLIENT, plain);
    let nonce = challenge.get(attribute::NONCE).unwrap().to_vec();
    let realm = challenge.get(attribute::REALM).unwrap().to_vec();
    let cookie = integrity::nonce_cookie(&nonce).unwrap();
    assert!(cookie.password_algorithms && cookie.username_anonymity);
    let offered = challenge.password_algorithms().unwrap();
    let chosen = PasswordAlgorithm { number: PasswordAlgorithm::SHA256, parameters: Vec::new() };
    let key = Key::long_term("alice", &realm, "s3same", KeyAlgorithm::Sha256, Preparation::Opaque);
    let request = |desk: &mut Desk, list: Vec<PasswordAlgorithm>| {
        desk.request(Method::ALLOCATE)
            .with(Value::RequestedTransport(17))
            .with(Value::Userhash(integrity::userhash("alice", &realm, Preparation::Opaque)))
            .with(Value::Realm(realm.clone()))
            .with(Value::Nonce(nonce.clone()))
            .with(Value::PasswordAlgorithms(list))
            .with(Value::PasswordAlgorithm(chosen.clone()))
            .integrity_sha256(&key)
    };
    // A list that is not the one sent was tampered with (RFC 8489 §9.2.4).
    let tampered = request(&mut desk, offered[..1].to_vec());
    assert_eq!(code(&desk.ask(CLIENT, tampered)), 400);
    let right = request(&mut desk, offered.clone());
    let answer = desk.ask(CLIENT, right);
    assert_eq!(answer.class, Class::Success);
    assert_eq!(answer.integrity(&key), Integrity::Valid { sha256: true });
    // A client of RFC 5389 is welcome as well.
    assert_eq!(
        desk.signed("127.0.0.1:5001", Method::ALLOCATE, vec![Value::RequestedTransport(17)]).class,
        Class::Success
    );
}

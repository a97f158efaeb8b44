//! Misbehaviour on request, and bytes from anywhere.

use super::*;

fn faulty(faults: Faults) -> Desk {
    desk(Config { faults, ..config() })
}

#[test]
fn misbehaves_as_it_is_told() {
    let bind = |fault| faulty(Faults::on(Method::BINDING, fault));
    let ask = |desk: &mut Desk| {
        let request = desk.request(Method::BINDING).build();
        desk.hear(CLIENT, &request)
    };
    assert!(ask(&mut bind(Fault::Drop)).is_empty());
    assert_eq!(ask(&mut bind(Fault::Duplicate)).len(), 2);
    assert_ne!(ask(&mut bind(Fault::FromElsewhere))[0].from, at("127.0.0.1:3478"));
    assert_eq!(ask(&mut bind(Fault::Truncate(9)))[0].bytes.len(), 9);
    assert_eq!(ask(&mut bind(Fault::Replace(b"HTTP/1.1 400".to_vec())))[0].bytes, b"HTTP/1.1 400");
    let wrong = ask(&mut bind(Fault::WrongTransaction))[0].message();
    assert_ne!(wrong.transaction, TransactionId([1; 12]));
    let less = ask(&mut bind(Fault::Without(attribute::XOR_MAPPED_ADDRESS)))[0].message();
    assert!(!less.has(attribute::XOR_MAPPED_ADDRESS) && less.has(attribute::MAPPED_ADDRESS));
    let more = ask(&mut bind(Fault::With(0x7ffe, vec![1, 2])))[0].message();
    assert_eq!(more.get(0x7ffe), Some(&[1, 2][..]));
    let hostile = Fault::Error { code: 500, phrase: b"\x1b[31m\n\xff".to_vec(), signed: false };
    let error = ask(&mut bind(hostile))[0].message();
    assert_eq!((code(&error), error.get(attribute::ERROR_CODE)), (500, Some(&b"\0\0\x05\0\x1b[31m\n\xff"[..])));

    let mut late = bind(Fault::Delay(Duration::from_secs(2)));
    assert!(ask(&mut late).is_empty());
    assert!(late.pass(1).is_empty());
    assert_eq!(late.pass(1).len(), 1);

    let mut second = faulty(Faults::default().and(Rule::on(Method::BINDING, Fault::Drop).only(Which::Nth(2))));
    assert_eq!((ask(&mut second).len(), ask(&mut second).len(), ask(&mut second).len()), (1, 0, 1));
}

#[test]
fn misbehaves_towards_those_who_allocate() {
    let allocate = |fault| {
        let rule = Rule::on(Method::ALLOCATE, fault).signed();
        faulty(Faults::default().and(rule)).signed(CLIENT, Method::ALLOCATE, vec![Value::RequestedTransport(17)])
    };
    assert_eq!(allocate(Fault::WrongIntegrity).integrity(&key()), Integrity::Invalid { sha256: false });
    assert_eq!(allocate(Fault::NoIntegrity).integrity(&key()), Integrity::Absent);
    assert_eq!(code(&allocate(Fault::StaleNonce)), 438);
    let to = vec![at("127.0.0.2:3478")];
    let redirect = |signed| Fault::Redirect { to: to.clone(), domain: None, signed };
    let unsigned = allocate(redirect(false));
    assert_eq!((code(&unsigned), unsigned.addresses(attribute::ALTERNATE_SERVER)), (300, to.clone()));
    assert_eq!(unsigned.integrity(&key()), Integrity::Absent);
    assert_eq!(allocate(redirect(true)).integrity(&key()), Integrity::Valid { sha256: false });

    let mut bare = faulty(Faults::on(Method::ALLOCATE, Fault::BareChallenge));
    let request = bare.request(Method::ALLOCATE);
    let challenge = bare.ask(CLIENT, request);
    assert!(code(&challenge) == 401 && !challenge.has(attribute::REALM) && !challenge.has(attribute::NONCE));
}

#[test]
fn has_the_habits_of_others_when_told_to() {
    let personality = |personality| faulty(Faults { personality, ..Faults::default() });
    let mut pion = personality(Personality::Pion);
    let answer = pion.signed_as(CLIENT, Method::ALLOCATE, vec![], "alice", "wrong");
    assert_eq!((code(&answer), answer.error().unwrap().reason.as_str()), (400, ""));
    assert!(!answer.has(attribute::SOFTWARE));

    let mut node = personality(Personality::NodeTurn);
    let request = node.request(Method::BINDING).with(Value::Raw(0x7ffe, vec![])).build();
    assert!(node.hear(CLIENT, &request).is_empty());

    let mut old = personality(Personality::Rfc3489);
    let request = old.request(Method::BINDING);
    let answer = old.ask(CLIENT, request);
    assert!(answer.has(attribute::MAPPED_ADDRESS) && !answer.has(attribute::XOR_MAPPED_ADDRESS));
    let request = old.request(Method::ALLOCATE).build();
    assert!(old.hear(CLIENT, &request).is_empty());
}

#[test]
fn spoils_streams_as_it_is_told() {
    let spoiled = |streams| faulty(Faults { streams, ..Faults::default() });
    let request = |desk: &mut Desk| desk.request(Method::BINDING).build();

    let mut silent = spoiled(StreamFault::Silent);
    let tcp = silent.accept(1);
    let bytes = request(&mut silent);
    assert!(silent.down(&tcp, &bytes).is_empty());

    let mut greeting = spoiled(StreamFault::Greeting(b"220 smtp".to_vec()));
    greeting.accept(1);
    assert_eq!(greeting.pump()[0].bytes, b"220 smtp");

    let mut endless = spoiled(StreamFault::Endless);
    let tcp = endless.accept(1);
    let bytes = request(&mut endless);
    assert_eq!(endless.down(&tcp, &bytes).len(), 1);
    assert!(!endless.pass(1).is_empty() && !endless.pass(1).is_empty());

    let mut closing = spoiled(StreamFault::Close);
    closing.accept(1);
    closing.pump();
    assert_eq!(closing.local.len(), 2);

    let mut cut = faulty(Faults::on(Method::BINDING, Fault::CutAndClose(9)));
    let tcp = cut.accept(1);
    let bytes = request(&mut cut);
    assert_eq!(cut.down(&tcp, &bytes)[0].bytes.len(), 9);
    assert_eq!(cut.local.len(), 2);

    let mut slow = faulty(Faults::on(Method::BINDING, Fault::Trickle(Duration::from_millis(500))));
    let tcp = slow.accept(1);
    let bytes = request(&mut slow);
    let mut received: Vec<u8> = slow.down(&tcp, &bytes).into_iter().flat_map(|sent| sent.bytes).collect();
    assert!(received.len() <= 1);
    for _ in 0..200 {
        received.extend(slow.pass(1).into_iter().flat_map(|sent| sent.bytes));
    }
    assert_eq!(Message::decode(&received).unwrap().class, Class::Success);
}

#[test]
fn no_bytes_make_it_panic() {
    let mut desk = desk(config());
    let mut chance = Chance::from_seed([9; 32]);
    let relayed = desk.allocate(CLIENT).to_string();
    desk.signed(CLIENT, Method::CHANNEL_BIND, vec![Value::ChannelNumber(0x4000), Value::XorPeerAddress(at(PEER))]);
    let plain = desk.request(Method::ALLOCATE);
    let challenge = desk.ask("127.0.0.1:5009", plain);
    let signed = |desk: &mut Desk, method, values| desk.sign(&challenge, method, values, "alice", "s3same").0.build();
    let peer = || Value::XorPeerAddress(at(PEER));
    let seeds = [
        desk.request(Method::BINDING).with(Value::ChangeRequest { ip: true, port: true }).fingerprint().build(),
        desk.request(Method::BINDING).with(Value::Padding(9)).with(Value::ResponsePort(9)).build(),
        signed(&mut desk, Method::ALLOCATE, vec![Value::RequestedTransport(17), Value::EvenPort { reserve: true }]),
        signed(&mut desk, Method::CREATE_PERMISSION, vec![peer(), peer()]),
        signed(&mut desk, Method::CHANNEL_BIND, vec![Value::ChannelNumber(0x4001), peer()]),
        signed(&mut desk, Method::CONNECT, vec![peer()]),
        signed(&mut desk, Method::CONNECTION_BIND, vec![Value::ConnectionId(1)]),
        channel_data::encode(0x4000, b"data", true).unwrap(),
    ];
    let tcp = desk.accept(1);
    let mut stream = Some(tcp);
    for n in 0..5_000 {
        let mut bytes = seeds[chance.below(seeds.len() as u64) as usize].clone();
        for _ in 0..chance.below(4) {
            let at = chance.below(bytes.len() as u64) as usize;
            bytes[at] = chance.bytes::<1>()[0];
        }
        bytes.truncate(bytes.len() - (chance.below(3) * chance.below(bytes.len() as u64) / 4) as usize);
        let from = ["127.0.0.1:5009", CLIENT, PEER][n % 3];
        desk.hear(from, &bytes);
        desk.hear_at(&relayed, PEER, &bytes);
        match &stream {
            Some(tcp) if desk.local.contains_key(&tcp.socket) => {
                desk.down(tcp, &bytes);
            }
            _ => stream = Some(desk.accept(10 + n as u64)),
        }
    }
}

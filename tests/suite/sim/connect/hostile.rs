//! What is pasted wrongly, and what is sent to harm.

use std::net::SocketAddr;
use std::time::Duration;

use rtcprobe::machine::Chance;
use rtcprobe::report::connect::{Connect, ConnectState};
use rtcprobe::wire::message::{Builder, Class, Method, TransactionId};
use rtcprobe::wire::signal::{Description, Message, Part};

use super::call::{Call, HOME, Side};

#[test]
fn a_wrong_line_is_named_and_a_right_one_still_counts() {
    let mut call = Call::new(6, [Side::behind(HOME), Side::behind(HOME)]);
    call.tell(0, "https://example.org/");
    call.tell(0, "");
    let [one, _] = call.run();
    assert_eq!(one.state, ConnectState::Connected);
    let troubles = call.troubles(0);
    assert_eq!(troubles.len(), 2, "{troubles:?}");
    assert!(troubles[0].contains("the address of a page"), "{troubles:?}");
    assert_eq!(one.refused.iter().filter(|refused| refused.from == "signalling").count(), 2);
}

#[test]
fn credentials_that_no_agent_has_are_refused_in_a_sentence() {
    let mut call = Call::new(7, [Side::open(), Side::open()]);
    call.carry = |side, message| match message {
        Message::Description(description) if side == 1 => {
            Some(Message::Description(Description { pwd: "short".into(), ..description }).to_line())
        }
        message => Some(message.to_line()),
    };
    let [one, _] = call.run();
    assert_eq!(one.state, ConnectState::Failed);
    assert!(call.troubles(0)[0].contains("has 5 characters"), "{:?}", call.troubles(0));
}

/// A side that was told of a peer which does not exist, with these candidates.
fn told(seed: u8, candidates: Vec<String>) -> (Call, Connect) {
    let mut call = Call::new(seed, [Side::open().with_relay(), Side::open()]);
    call.carry = |_, _| None;
    call.run_for(Duration::from_millis(100));
    let description = Description {
        role: Part::Answer,
        ufrag: "evil".into(),
        pwd: "0123456789012345678901".into(),
        lite: false,
        candidates: Vec::new(),
        complete: false,
        agent: None,
        echo: true,
        answers: None,
    };
    call.tell(0, &Message::Description(description).to_line());
    for candidate in candidates {
        call.tell(0, &Message::Candidate { candidate, ufrag: None }.to_line());
    }
    call.tell(0, r#"{"type":"complete"}"#);
    call.run_for(Duration::from_secs(59));
    call.stop(0);
    call.stop(1);
    let [one, _] = call.run();
    (call, one)
}

#[test]
fn a_flood_of_candidates_is_bounded_and_its_checks_are_paced() {
    let candidates = (0..5000u32).map(|number| {
        let address = std::net::Ipv4Addr::from(0xc633_6500 + number);
        format!("candidate:{number} 1 udp {} {address} 9 typ host", 2_000_000_000 - number)
    });
    let (call, connect) = told(8, candidates.collect());
    assert!(connect.pairs.len() <= 100 && connect.pairs_left_out > 0, "{}", connect.pairs.len());
    assert_eq!(connect.remote.candidates.len(), 256);
    assert!(connect.remote.unused.len() <= 64);
    let sent: u32 = connect.pairs.iter().map(|pair| pair.requests_sent).sum();
    // 100 pairs, seven copies each, whatever a peer says (RFC 8445 §19.5.1).
    assert!(sent <= 700, "{sent}");
    let mut begun: Vec<f64> = connect.pairs.iter().filter_map(|pair| pair.first_sent_ms).collect();
    begun.sort_by(f64::total_cmp);
    assert!(begun.windows(2).all(|two| two[1] - two[0] > 49.9), "Ta is 50 ms: {begun:?}");
    assert!(call.took() < Duration::from_secs(70));
}

#[test]
fn addresses_that_are_nobodys_are_not_sent_to() {
    let lines = [
        "candidate:1 1 udp 2 224.0.0.251 5353 typ host",
        "candidate:1 1 udp 2 255.255.255.255 9 typ host",
        "candidate:1 1 udp 2 0.0.0.0 9 typ host",
        "candidate:1 1 udp 2 ff02::1 9 typ host",
        "candidate:1 1 udp 2 ::ffff:198.51.100.9 9 typ host",
        "candidate:1 1 udp 2 198.51.100.9 0 typ host",
        "candidate:1 2 udp 2 198.51.100.9 9 typ host",
        "candidate:1 1 tcp 2 198.51.100.9 9 typ host tcptype passive",
        "candidate:1 1 udp 2 example.org 9 typ host",
        "candidate:1 1 udp 2 host.local 9 typ host",
        "candidate:",
        "\u{1b}[31m",
    ];
    let (_, connect) = told(9, lines.map(String::from).to_vec());
    assert_eq!((connect.pairs.len(), connect.remote.candidates.len()), (0, 0), "{:#?}", connect.pairs);
    assert_eq!(connect.remote.unused.len(), lines.len());
    for unused in &connect.remote.unused {
        assert!(!unused.reason.is_empty() && !unused.candidate.contains('\u{1b}'), "{unused:?}");
    }
}

#[test]
fn lines_of_any_kind_do_no_harm() {
    let mut call = Call::new(10, [Side::open(), Side::open()]);
    let mut chance = Chance::from_seed([3; 32]);
    for _ in 0..2000 {
        let length = chance.below(300) as usize;
        let line: String = (0..length).map(|_| char::from(chance.bytes::<1>()[0])).collect();
        call.tell(0, &line);
    }
    for line in
        [r#"{"type":"candidate","candidate":"x"}"#, r#"{"type":"complete"}"#, r#"{"type":"status","state":"x"}"#]
    {
        call.tell(0, line);
    }
    let [one, _] = call.run();
    assert_eq!(one.state, ConnectState::Connected);
    assert!(one.refused.len() <= 64 && call.troubles(0).len() <= 8, "{}", call.troubles(0).len());
}

#[test]
fn strangers_packets_change_nothing() {
    let mut call = Call::new(11, [Side::open().that(|config| config.duration = Duration::from_secs(5)), Side::open()]);
    let victim: SocketAddr = "198.51.100.1:50001".parse().unwrap();
    let mut chance = Chance::from_seed([4; 32]);
    for step in 0..500u16 {
        let from = SocketAddr::from(([203, 0, 113, 9], 1000 + step));
        let check = Builder::new(Class::Request, Method::BINDING, TransactionId(chance.bytes()));
        let answer = Builder::new(Class::Success, Method::BINDING, TransactionId(chance.bytes()));
        call.world.inject(from, victim, check.build());
        call.world.inject(from, victim, answer.build());
        call.world.inject(from, victim, chance.bytes::<64>().to_vec());
        call.run_for(Duration::from_millis(10));
    }
    let [one, _] = call.run();
    assert_eq!((one.state, one.pairs.len()), (ConnectState::Connected, 1), "{:#?}", one.pairs);
    assert_eq!(one.echo.as_ref().and_then(|echo| echo.loss), Some(0.0));
    assert!(one.refused.len() <= 64 && !one.refused.is_empty());
}

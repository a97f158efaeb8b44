//! Lookups, against a DNS server made for the purpose.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use rtcprobe::drive::Options;
use rtcprobe::machine::{Input, Lookup, LookupFailure, Output, Question, Record, RecordKind, Socket};

use super::drive::perform;

type Answer = Result<Vec<Record>, LookupFailure>;

/// Answers by the name that is asked for; stops when the test ends, because the process does.
fn name_server() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut query = [0; 1500];
        while let Ok((size, from)) = socket.recv_from(&mut query) {
            if let Some(answer) = respond(&query[..size]) {
                socket.send_to(&answer, from).unwrap();
            }
        }
    });
    address
}

/// RFC 1035 §4.1: the header, the question as it came, and the answers.
fn respond(query: &[u8]) -> Option<Vec<u8>> {
    let end = 12 + query[12..].iter().position(|byte| *byte == 0).unwrap() + 5;
    let question = &query[12..end];
    let mut name = String::new();
    let mut rest = &question[..question.len() - 5];
    while let Some((length, after)) = rest.split_first() {
        let (label, after) = after.split_at(usize::from(*length));
        name += &format!("{}.", String::from_utf8_lossy(label).to_ascii_lowercase());
        rest = after;
    }
    let kind = question[question.len() - 3];
    let (code, answers) = match (name.as_str(), kind) {
        ("both.test.", 1) => (0, vec![record(&[], 1, &[192, 0, 2, 1]), record(&[], 1, &[192, 0, 2, 2])]),
        ("both.test.", 28) => (0, vec![record(&[], 28, &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])]),
        ("alias.test.", 1) => {
            let target = labels("both.test");
            (0, vec![record(&[], 5, &target), record(&target, 1, &[192, 0, 2, 1])])
        }
        ("_stun._udp.both.test.", 33) => {
            let srv = |fields: [u8; 6], target: &str| [&fields[..], &labels(target)].concat();
            let first = record(&[], 33, &srv([0, 10, 0, 5, 0x0d, 0x96], "both.test"));
            (0, vec![first, record(&[], 33, &srv([0, 20, 0, 0, 0, 1], ""))])
        }
        ("both.test.", 35) => {
            let mut naptr = vec![0, 100, 0, 10, 1, b's', 13];
            naptr.extend(b"RELAY:turn.udp");
            naptr[6] = 14;
            naptr.push(0);
            naptr.extend(labels("_turn._udp.both.test"));
            (0, vec![record(&[], 35, &naptr)])
        }
        ("both.test." | "alias.test.", _) => (0, Vec::new()),
        ("broken.test.", _) => (2, Vec::new()),
        ("refused.test.", _) => (5, Vec::new()),
        ("silent.test.", _) => return None,
        _ => (3, Vec::new()),
    };
    let count = u8::try_from(answers.len()).unwrap();
    let mut response = vec![query[0], query[1], 0x81, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0];
    response.extend(question);
    response.extend(answers.concat());
    Some(response)
}

/// A record for a name, or for the name that was asked.
fn record(name: &[u8], kind: u8, data: &[u8]) -> Vec<u8> {
    let mut record = if name.is_empty() { vec![0xc0, 12] } else { name.to_vec() };
    record.extend([0, kind, 0, 1, 0, 0, 0, 60, 0, u8::try_from(data.len()).unwrap()]);
    record.extend(data);
    record
}

fn labels(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        bytes.push(u8::try_from(label.len()).unwrap());
        bytes.extend(label.bytes());
    }
    bytes.push(0);
    bytes
}

/// Asks everything at once; the answers stand in the order of the questions.
fn ask(options: &Options, questions: &[(&str, RecordKind)]) -> Vec<Answer> {
    let mut answers: Vec<Option<Answer>> = vec![None; questions.len()];
    let want = rtcprobe::machine::Want::udp("127.0.0.1:0".parse().unwrap());
    perform(options, want, |strings, _, input| match input {
        Input::Opened { socket: Socket(1), .. } => {
            for (number, (name, kind)) in questions.iter().enumerate() {
                let question = Question { name: (*name).to_owned(), kind: *kind };
                strings.outputs.push_back(Output::Lookup { lookup: Lookup(number as u64), question });
            }
        }
        Input::Answered { lookup: Lookup(number), answer } => {
            let slot = &mut answers[usize::try_from(number).unwrap()];
            assert!(slot.is_none(), "answered once");
            *slot = Some(answer.clone());
            strings.done = answers.iter().all(Option::is_some);
        }
        other => panic!("{other:?}"),
    });
    answers.into_iter().map(Option::unwrap).collect()
}

fn options() -> Options {
    Options { nameserver: Some(name_server()), ..Options::default() }
}

fn addresses(texts: &[&str]) -> Answer {
    Ok(texts.iter().map(|text| Record::Address(text.parse().unwrap())).collect())
}

fn sorted(answer: Answer) -> Answer {
    answer.map(|mut records| {
        records.sort_by_key(|record| format!("{record:?}"));
        records
    })
}

#[test]
fn finds_addresses_services_and_pointers() {
    let questions = [
        ("both.test", RecordKind::A),
        ("both.test", RecordKind::Aaaa),
        ("alias.test", RecordKind::A),
        ("_stun._udp.both.test", RecordKind::Srv),
        ("both.test", RecordKind::Naptr),
    ];
    let answers: Vec<Answer> = ask(&options(), &questions).into_iter().map(sorted).collect();
    assert_eq!(answers[0], addresses(&["192.0.2.1", "192.0.2.2"]));
    assert_eq!(answers[1], addresses(&["2001:db8::1"]));
    assert_eq!(answers[2], addresses(&["192.0.2.1"]));
    let srv = |priority, weight, port, target: &str| Record::Srv { priority, weight, port, target: target.to_owned() };
    assert_eq!(answers[3], Ok(vec![srv(10, 5, 3478, "both.test"), srv(20, 0, 1, ".")]));
    let naptr = Record::Naptr {
        order: 100,
        preference: 10,
        flags: "s".to_owned(),
        services: "RELAY:turn.udp".to_owned(),
        regexp: String::new(),
        replacement: "_turn._udp.both.test".to_owned(),
    };
    assert_eq!(answers[4], Ok(vec![naptr]));
}

#[test]
fn tells_failures_apart() {
    let questions = [
        ("nothing.test", RecordKind::A),
        ("both.test", RecordKind::Srv),
        ("broken.test", RecordKind::A),
        ("refused.test", RecordKind::A),
        ("alias.test", RecordKind::Aaaa),
    ];
    let expected = [
        LookupFailure::NoSuchName,
        LookupFailure::NoRecords,
        LookupFailure::ServerFailed("SERVFAIL".to_owned()),
        LookupFailure::ServerFailed("REFUSED".to_owned()),
        LookupFailure::NoRecords,
    ];
    assert_eq!(ask(&options(), &questions), expected.map(Err));
    let long = "x".repeat(64) + ".test";
    let answers = ask(&options(), &[(long.as_str(), RecordKind::A)]);
    assert!(matches!(&answers[0], Err(LookupFailure::Other(text)) if text.starts_with("not a domain name")));
}

#[test]
fn gives_up_on_a_silent_server_in_time() {
    let begin = Instant::now();
    let answers = ask(&options(), &[("silent.test", RecordKind::A), ("silent.test", RecordKind::Aaaa)]);
    assert_eq!(answers, [Err(LookupFailure::TimedOut), Err(LookupFailure::TimedOut)]);
    assert!(begin.elapsed() < Duration::from_secs(9), "{:?}", begin.elapsed());
    assert!(begin.elapsed() > Duration::from_secs(2), "{:?}", begin.elapsed());
}

#[test]
fn answers_some_names_itself() {
    let mut options = options();
    options.hosts = vec![("demo.test".to_owned(), "127.0.0.3".parse().unwrap())];
    let questions = [
        ("192.0.2.77", RecordKind::A),
        ("192.0.2.77", RecordKind::Aaaa),
        ("2001:db8::7", RecordKind::Aaaa),
        ("DEMO.test", RecordKind::A),
        ("_stun._udp.demo.test", RecordKind::Srv),
        ("some.localhost", RecordKind::A),
        ("some.localhost", RecordKind::Aaaa),
        ("_stun._udp.localhost", RecordKind::Srv),
        ("localhost", RecordKind::A),
    ];
    let expected = [
        addresses(&["192.0.2.77"]),
        Err(LookupFailure::NoRecords),
        addresses(&["2001:db8::7"]),
        addresses(&["127.0.0.3"]),
        Err(LookupFailure::NoSuchName),
        addresses(&["127.0.0.1"]),
        addresses(&["::1"]),
        Err(LookupFailure::NoRecords),
        addresses(&["127.0.0.1"]),
    ];
    assert_eq!(ask(&options, &questions), expected);
}

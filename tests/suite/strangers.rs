//! What other people's servers answered, played back to `gather`.
//!
//! Each answer is captured; it gets the transaction id of our request, and where it was signed it
//! is signed again, after its own signature was found good.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use rtcprobe::machine::{Chance, Input, Machine, Output, Socket, Time, Want};
use rtcprobe::probes::gather::{Alternate, Config, Gathering, Local, ServerSpec};
use rtcprobe::proto::auth::Credentials;
use rtcprobe::proto::schedule::Schedule;
use rtcprobe::report::{CandidateKind, Event, Outcome, Server};
use rtcprobe::wire::attribute::{self, Value};
use rtcprobe::wire::integrity::{Fingerprint, Integrity, Key, KeyAlgorithm, Preparation};
use rtcprobe::wire::message::{Builder, Message, Method};
use rtcprobe::wire::uri;

const TURN: [&str; 7] = [
    "libjuice-0.9.7",
    "node-turn-0.0.6",
    "p1-stun-1.2.7",
    "pion-2.1.0",
    "turn-rs-4.1.5",
    "turn-server-proto-0.7.3",
    "webrtc-rs-0.17.2",
];

/// A server made of its captured answers, by name.
struct Stranger(BTreeMap<String, Message>);

/// What a run brought.
struct Run {
    events: Vec<Event>,
    /// The requests as they were sent, with the times.
    sent: Vec<(Time, Message)>,
    ended: Time,
}

impl Stranger {
    fn read(name: &str) -> Stranger {
        let file = format!("{}/fixtures/wire/strangers/{name}.hex", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        let mut packets: BTreeMap<&str, String> = BTreeMap::new();
        let mut at = "";
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if line.starts_with(['<', '>']) {
                at = line;
            } else {
                packets.entry(at).or_default().push_str(line);
            }
        }
        let answers = packets.iter().filter_map(|(title, hex)| Some((title.strip_prefix("< ")?, hex)));
        Stranger(answers.map(|(title, hex)| (title.to_owned(), decode(hex))).collect())
    }

    /// The answer to a request; `refusal` names the one to authenticated Allocate requests.
    fn answer(&self, request: &Message, refusal: Option<&str>) -> Option<Vec<u8>> {
        let signed = request.has(attribute::MESSAGE_INTEGRITY) || request.has(attribute::MESSAGE_INTEGRITY_SHA256);
        let name = match request.method {
            Method::BINDING => "binding",
            Method::ALLOCATE if !signed => "challenge",
            Method::ALLOCATE => refusal.unwrap_or("granted"),
            Method::REFRESH => "released",
            other => panic!("{other}"),
        };
        let captured = self.0.get(name)?;
        let mut builder = Builder::new(captured.class, captured.method, request.transaction);
        for part in captured.attributes() {
            builder = match part.kind {
                attribute::MESSAGE_INTEGRITY | attribute::MESSAGE_INTEGRITY_SHA256 => {
                    let (key, sha256) = key(captured);
                    if sha256 { builder.integrity_sha256(&key) } else { builder.integrity(&key) }
                }
                attribute::FINGERPRINT => {
                    assert_eq!(captured.fingerprint(), Fingerprint::Valid, "{name}");
                    builder.fingerprint()
                }
                kind => builder.with(Value::Raw(kind, part.value.clone())),
            };
        }
        Some(builder.build())
    }

    fn gather(&self, password: &str, refusal: Option<&str>) -> Run {
        let credentials = Credentials { username: "user".into(), password: password.into() };
        let uri = uri::parse("turn:127.0.0.1").unwrap().uri;
        let config = Config {
            servers: vec![ServerSpec { uri, credentials: Some(credentials) }],
            locals: vec![Local { interface: "lo".into(), address: "127.0.0.1".parse().unwrap() }],
            host: true,
            srflx: true,
            relay: true,
            schedule: Schedule::PROMPT,
            alternate: Alternate::Follow,
            send_software: true,
            connections: 200,
            unix_time: None,
            keep: false,
            tcp: false,
        };
        let mut gathering = Gathering::new(config, Chance::from_seed([7; 32]));
        let (mut now, mut run) = (Time::ZERO, Run { events: Vec::new(), sent: Vec::new(), ended: Time::ZERO });
        let mut back: VecDeque<(Socket, SocketAddr, Vec<u8>)> = VecDeque::new();
        loop {
            match gathering.output(now) {
                Output::Open { socket, want: Want::Udp { local, .. } } => {
                    let local = SocketAddr::new(local.ip(), 40_000);
                    gathering.input(now, Input::Opened { socket, local, secure: None });
                }
                Output::Send { socket, to, bytes } => {
                    let request = Message::decode(&bytes).unwrap();
                    back.extend(self.answer(&request, refusal).map(|answer| (socket, to, answer)));
                    run.sent.push((now, request));
                }
                Output::Event(event) => run.events.push(event),
                Output::WaitUntil(until, _) => {
                    if let Some((socket, from, bytes)) = back.pop_front() {
                        now = now + Duration::from_millis(1);
                        gathering.input(now, Input::Received { socket, from, bytes: &bytes });
                    } else if now < until {
                        // As with a clock that goes on by itself: asked again before it is told.
                        assert!(until < Time::from_millis(60_000), "waits for nothing");
                        now = until;
                    } else {
                        gathering.input(now, Input::Tick);
                    }
                }
                Output::Done => break,
                Output::Close { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        run.ended = now;
        run
    }
}

impl Run {
    fn server(&self) -> &Server {
        let mut servers = self.events.iter().filter_map(|event| match event {
            Event::Server { server, .. } => Some(server),
            _ => None,
        });
        servers.next().expect("a verdict")
    }

    fn relayed(&self) -> Vec<String> {
        let relayed = self.events.iter().filter_map(|event| match event {
            Event::Candidate { candidate, .. } if candidate.kind == CandidateKind::Relay => {
                Some(format!("{}:{}", candidate.address, candidate.port))
            }
            _ => None,
        });
        relayed.collect()
    }

    /// When and how often requests of that method were sent.
    fn sent(&self, method: Method) -> Vec<f64> {
        self.sent.iter().filter(|(_, request)| request.method == method).map(|(at, _)| at.millis()).collect()
    }
}

/// The key under which a captured answer verifies.
fn key(captured: &Message) -> (Key, bool) {
    let keys = [KeyAlgorithm::Md5, KeyAlgorithm::Sha256]
        .map(|how| Key::long_term("user", b"example.org", "pass", how, Preparation::Opaque));
    let mut good = keys.into_iter().filter_map(|key| match captured.integrity(&key) {
        Integrity::Valid { sha256 } => Some((key, sha256)),
        _ => None,
    });
    good.next().expect("a signature that verifies")
}

fn decode(hex: &str) -> Message {
    let bytes = hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16));
    Message::decode(&bytes.collect::<Result<Vec<u8>, _>>().unwrap()).unwrap()
}

#[test]
fn gets_a_relay_from_each_and_gives_it_back() {
    for name in TURN {
        if name.starts_with("libjuice") {
            continue;
        }
        let stranger = Stranger::read(name);
        let run = stranger.gather("pass", None);
        let granted = stranger.0["granted"].address(attribute::XOR_RELAYED_ADDRESS).unwrap();
        assert_eq!((run.server().outcome, &run.server().error), (Outcome::Ok, &None), "{name}");
        assert_eq!(run.relayed(), [granted.to_string()], "{name}");
        let released = run.sent.iter().filter(|(_, request)| request.lifetime() == Some(0)).count();
        assert_eq!(released, 1, "{name} gets its allocation back");
        assert_eq!(run.sent(Method::ALLOCATE).len(), 2, "{name}: nothing is asked twice");
    }
}

#[test]
fn names_bad_credentials_whatever_the_code() {
    for name in TURN {
        let stranger = Stranger::read(name);
        for refusal in ["wrong-password", "unknown-user"] {
            let run = stranger.gather("wrong", Some(refusal));
            let server = run.server();
            assert_eq!(server.outcome, Outcome::Unauthorized, "{name}, {refusal}: {:?}", server.error);
            let said = stranger.0[refusal].error().unwrap().code.to_string();
            assert!(server.error.as_ref().unwrap().starts_with(&said), "{name}, {refusal}: {:?}", server.error);
            assert_eq!(run.sent(Method::REFRESH), [0.0; 0], "{name}, {refusal}: there is nothing to give back");
            let last = run.sent(Method::ALLOCATE)[1];
            assert!(last < 10.0, "{name}, {refusal}: waits for nothing");
        }
    }
}

/// Offers SHA-256, takes a request signed with it, and signs its answer with the MD5 key.
#[test]
fn takes_the_md5_signature_of_libjuice_and_says_so() {
    let run = Stranger::read("libjuice-0.9.7").gather("pass", None);
    let server = run.server();
    assert_eq!(server.outcome, Outcome::Ok, "{:?}", server.error);
    let said = |event: &Event| matches!(event, Event::Attempt { attempt, .. } if attempt.strays.iter().any(|s| s.contains("MD5")));
    assert!(run.events.iter().any(said), "{:?}", run.events);
    assert!(!run.sent(Method::REFRESH).is_empty(), "what was granted is given back all the same");
}

#[test]
fn says_that_a_stun_server_is_silent_to_allocate() {
    let run = Stranger::read("vovida-0.97").gather("pass", None);
    let server = run.server();
    assert_eq!(server.gave, ["srflx"]);
    assert_eq!(server.outcome, Outcome::Timeout, "{:?}", server.error);
    assert!(server.error.as_ref().unwrap().contains("answers Binding"), "{:?}", server.error);
    assert_eq!(run.sent(Method::ALLOCATE), [0.0, 500.0, 1500.0, 3500.0], "the copies that were counted were sent");
    assert!(run.ended < Time::from_millis(4_600), "{}", run.ended.millis());
}

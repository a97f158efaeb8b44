//! Small reports, each a good one with one thing wrong.

use super::causes;
use rtcprobe::report::{
    Allocation, Attempt, Audited, Candidate, CandidateKind, Cause, CertificateFacts, Challenge, Clues, Control, Echo,
    Environment, Form, Gather, OptionTried, Outcome, Proof, Protocol, RelayProtocol, Report, Server, Step, StepName,
    StepOutcome, Tls, Turn, Way,
};

pub const HOST: &str = "turn.example.org";
pub const STARTED: &str = "2026-11-20T12:00:00.000Z";
/// The same in seconds since 1970.
pub const NOW: i64 = 1_795_176_000;

const STEPS: [StepName; 12] = [
    StepName::Resolve,
    StepName::Connect,
    StepName::Tls,
    StepName::Binding,
    StepName::Challenge,
    StepName::Allocate,
    StepName::Permission,
    StepName::Channel,
    StepName::RelaySend,
    StepName::RelayReceive,
    StepName::Refresh,
    StepName::Release,
];

pub fn report(turns: Vec<Turn>) -> Report {
    let environment = Environment { os: "linux".into(), arch: "x86_64".into(), interfaces: Vec::new() };
    let mut report = Report::new("turn", STARTED.into(), environment);
    report.turn = turns;
    report
}

/// A check in which everything went well.
pub fn turn(transport: RelayProtocol, address: &str) -> Turn {
    let port = address.rsplit_once(':').unwrap().1;
    let (scheme, over) = match transport {
        RelayProtocol::Udp => ("turn", "udp"),
        RelayProtocol::Tcp => ("turn", "tcp"),
        RelayProtocol::Tls => ("turns", "tcp"),
        RelayProtocol::Dtls => ("turns", "udp"),
    };
    Turn {
        url: format!("{scheme}:{HOST}:{port}?transport={over}"),
        address: Some(address.into()),
        transport,
        username: Some("alice".into()),
        credential_form: None,
        local: Some("10.0.0.2:46154".into()),
        software: None,
        works: Some(true),
        steps: STEPS.map(|name| step(name, StepOutcome::Ok)).to_vec(),
        tls: matches!(transport, RelayProtocol::Tls | RelayProtocol::Dtls).then(tls),
        works_untrusted: None,
        mapped: Some("198.51.100.7:46154".into()),
        response_origin: Some(address.into()),
        challenge: Some(challenge("example.org")),
        allocation: Some(Allocation {
            relayed: "203.0.113.9:61234".into(),
            relayed_additional: None,
            mapped: Some("198.51.100.7:46154".into()),
            lifetime_ms: 600_000.0,
            realm: Some("example.org".into()),
            bandwidth_kbps: None,
        }),
        proofs: vec![
            proof(Way::Inbound, 1, None),
            proof(Way::Outbound, 1, Some("203.0.113.9:61234")),
            proof(Way::RelayToRelay, 1, None),
        ],
        echo: None,
        controls: vec![Control {
            name: "wrong-password".into(),
            refused: Some(true),
            error_code: Some(401),
            error_text: None,
        }],
        options: Vec::new(),
        audit: vec![audited("127.0.0.1", "loopback", "denied"), audited("192.0.2.1", "public", "allowed")],
        needed_peers: Vec::new(),
        exposure: None,
        clues: Clues::default(),
    }
}

pub fn udp() -> Turn {
    turn(RelayProtocol::Udp, "203.0.113.9:3478")
}

pub fn tcp() -> Turn {
    turn(RelayProtocol::Tcp, "203.0.113.9:3478")
}

pub fn tls_server() -> Turn {
    turn(RelayProtocol::Tls, "203.0.113.9:5349")
}

/// The check ends at a step.
pub fn failing(turn: Turn, name: StepName, cause: Cause, text: &str) -> Turn {
    let mut turn = troubled(turn, name, cause, text);
    for step in turn.steps.iter_mut().filter(|step| step.name > name && step.cause.is_none()) {
        step.outcome = StepOutcome::Skipped;
    }
    turn.works = Some(false);
    turn.proofs.clear();
    turn.controls.clear();
    turn.audit.clear();
    turn.allocation = turn.allocation.filter(|_| name > StepName::Allocate);
    if name < StepName::Allocate {
        turn.mapped = None;
        turn.response_origin = None;
        turn.challenge = turn.challenge.filter(|_| name == StepName::Challenge);
    }
    turn
}

/// Something goes wrong, and the check goes on.
pub fn troubled(mut turn: Turn, name: StepName, cause: Cause, text: &str) -> Turn {
    let step = turn.steps.iter_mut().find(|step| step.name == name).unwrap();
    let silence = matches!(cause, Cause::NoAnswer | Cause::HandshakeTimeout);
    step.outcome = if silence { StepOutcome::Timeout } else { StepOutcome::Failed };
    step.cause = Some(cause);
    step.detail = Some(text.into());
    turn
}

pub fn coded(mut turn: Turn, name: StepName, code: u16, phrase: &str) -> Turn {
    let step = turn.steps.iter_mut().find(|step| step.name == name).unwrap();
    step.error_code = Some(code);
    step.error_text = Some(phrase.into());
    turn
}

pub fn silent(turn: Turn) -> Turn {
    let stream = matches!(turn.transport, RelayProtocol::Tcp | RelayProtocol::Tls);
    match turn.transport {
        _ if stream => failing(turn, StepName::Connect, Cause::NoAnswer, "no answer to the TCP connection in 5.0 s"),
        RelayProtocol::Dtls => failing(turn, StepName::Tls, Cause::NoAnswer, "did not answer the handshake in 5.0 s"),
        _ => {
            let turn =
                failing(turn, StepName::Challenge, Cause::NoAnswer, "no answer to 4 copies of the Allocate request");
            troubled(turn, StepName::Binding, Cause::NoAnswer, "no answer to 4 copies of the Binding request")
        }
    }
}

pub fn refused(turn: Turn) -> Turn {
    let datagram = matches!(turn.transport, RelayProtocol::Udp | RelayProtocol::Dtls);
    let step = if datagram { StepName::Binding } else { StepName::Connect };
    failing(turn, step, Cause::Refused, "refused after 1.0 ms: nothing listens there")
}

/// 401 to the credentials of that user.
pub fn unauthorized(user: &str) -> Turn {
    let turn = failing(udp(), StepName::Allocate, Cause::Unauthorized, "401 Unauthorized");
    Turn { username: Some(user.into()), ..coded(turn, StepName::Allocate, 401, "Unauthorized") }
}

/// An error of that cause to Allocate.
pub fn no_allocation(cause: Cause, code: u16, phrase: &str) -> Turn {
    let turn = failing(udp(), StepName::Allocate, cause, &format!("{code} {phrase}"));
    coded(turn, StepName::Allocate, code, phrase)
}

pub fn step(name: StepName, outcome: StepOutcome) -> Step {
    Step {
        name,
        outcome,
        duration_ms: Some(1.0),
        error_code: None,
        error_text: None,
        detail: None,
        cause: None,
        icmp: None,
    }
}

pub fn challenge(realm: &str) -> Challenge {
    let realm = Some(realm.to_string());
    Challenge {
        error_code: Some(401),
        realm,
        nonce_length: Some(16),
        password_algorithms: Vec::new(),
        third_party: None,
    }
}

pub fn proof(way: Way, received: u32, seen_as: Option<&str>) -> Proof {
    let outcome = if received > 0 { StepOutcome::Ok } else { StepOutcome::Timeout };
    let seen_as = seen_as.map(String::from);
    Proof { way, form: Form::Send, outcome, sent: 1, received, rtt_ms: None, seen_as, detail: None }
}

pub fn audited(peer: &str, class: &str, outcome: &str) -> Audited {
    let relay = "udp".into();
    Audited { peer: peer.into(), class: class.into(), relay, outcome: outcome.into(), error_code: None }
}

pub fn option(name: &str, supported: bool) -> OptionTried {
    OptionTried { name: name.into(), supported: Some(supported), error_code: None, error_text: None, detail: None }
}

pub fn echo(loss_ratio: f64, damaged: u64) -> Echo {
    let received = (100.0 * (1.0 - loss_ratio)) as u64;
    Echo {
        way: Way::Outbound,
        sent: 100,
        received,
        duplicates: 0,
        reordered: 0,
        damaged,
        size_bytes: 160,
        rate_per_second: 50.0,
        loss_ratio,
        rtt_ms: None,
        jitter_ms: None,
        course_ms: Vec::new(),
    }
}

pub fn tls() -> Tls {
    Tls {
        version: Some("TLSv1.3".into()),
        cipher_suite: None,
        alpn: None,
        not_after: Some("2027-01-01T00:00:00Z".into()),
        not_before: Some("2026-10-01T00:00:00Z".into()),
        subject_alt_names: vec![HOST.into()],
        issuer: Some("CN=R11".into()),
        trusted: true,
        distrust: None,
        chain: vec![certificate("CN=turn.example.org", "CN=R11"), certificate("CN=R11", "CN=ISRG Root X1")],
        handshake_ms: Some(14.0),
    }
}

pub fn certificate(subject: &str, issuer: &str) -> CertificateFacts {
    CertificateFacts {
        subject: subject.into(),
        issuer: issuer.into(),
        not_before: "2026-10-01T00:00:00Z".into(),
        not_after: "2027-01-01T00:00:00Z".into(),
        fingerprint: "9f".repeat(32),
        key: "ECDSA P-256".into(),
    }
}

/// A certificate that is not trusted, and works when it is ignored.
pub fn untrusted(cause: Cause, change: impl FnOnce(&mut Tls)) -> Turn {
    let mut turn = troubled(tls_server(), StepName::Tls, cause, "the certificate is not trusted");
    turn.works = Some(false);
    turn.works_untrusted = Some(true);
    let facts = turn.tls.as_mut().unwrap();
    facts.trusted = false;
    change(facts);
    turn
}

/// A gathering: each server with its attempts.
pub fn gathered(servers: Vec<(Server, Vec<Attempt>)>) -> Report {
    let mut report = report(Vec::new());
    report.command = "gather".into();
    let mut gather =
        Gather { candidates: Vec::new(), errors: Vec::new(), attempts: Vec::new(), complete_ms: Some(9.0) };
    for (mut server, mut attempts) in servers {
        for attempt in attempts.iter_mut().filter(|attempt| attempt.cause.is_none()) {
            causes::of_attempt(&server, attempt);
        }
        if attempts.is_empty() && server.cause.is_none() {
            causes::of_server(&mut server);
        }
        report.servers.push(server);
        gather.attempts.extend(attempts);
    }
    report.gather = Some(gather);
    report
}

pub fn server(url: &str, address: &str, outcome: Outcome) -> Server {
    Server {
        url: url.into(),
        username: url.starts_with("turn").then(|| "alice".into()),
        resolved: vec![address.into()],
        outcome,
        rtt_ms: None,
        software: None,
        error: None,
        cause: None,
        tls: None,
        gave: Vec::new(),
        wanted: vec!["relay".into()],
    }
}

/// A server that was asked once for an allocation.
pub fn asked(url: &str, address: &str, outcome: Outcome, code: Option<u16>, detail: &str) -> (Server, Vec<Attempt>) {
    let request = if url.starts_with("stun") { "binding" } else { "allocate" };
    let attempt = Attempt {
        url: url.into(),
        request: request.into(),
        local: Some("10.0.0.2:46154".into()),
        interface: Some("eth0".into()),
        server: Some(address.into()),
        outcome,
        step: None,
        cause: None,
        rtt_ms: None,
        began_ms: 1.0,
        ended_ms: Some(30.0),
        copies: 4,
        error_code: code,
        error_text: code.map(|_| "as it says".into()),
        detail: Some(detail.into()).filter(|detail: &String| !detail.is_empty()),
        strays: Vec::new(),
        icmp: None,
    };
    (server(url, address, outcome), vec![attempt])
}

pub fn candidate(kind: CandidateKind, address: &str, url: &str) -> Candidate {
    Candidate {
        elapsed_ms: 2.0,
        candidate: String::new(),
        component: "rtp".into(),
        foundation: "1".into(),
        protocol: Protocol::Udp,
        address: address.into(),
        port: 61234,
        priority: 1,
        kind,
        tcp_type: None,
        related_address: None,
        related_port: None,
        relay_protocol: None,
        url: Some(url.into()),
        interface: None,
    }
}

//! The demo server and its clients over real loopback sockets, all transports.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, KeyPair};
use rtcprobe::drive::{self, Options};
use rtcprobe::machine::Chance;
use rtcprobe::probes::connect::{self, Happening, Policy};
use rtcprobe::probes::gather::{self, Alternate, Gathering, Local, ServerSpec};
use rtcprobe::proto::auth::Credentials;
use rtcprobe::proto::schedule::Schedule;
use rtcprobe::report::connect::{Connect, ConnectPath, ConnectState};
use rtcprobe::report::{self, Candidate, CandidateKind, Environment, Outcome, RelayProtocol, Report};
use rtcprobe::server::nat::NatConfig;
use rtcprobe::server::{Addresses, DEMO_REALM, DemoAddresses, DemoPorts, Event, demo};
use rtcprobe::wire::signal::Part;

const LIMIT: Duration = Duration::from_secs(20);

/// Runs the demo server and, as soon as it listens, `client` beside it.
fn beside<T>(kind: &str, client: impl AsyncFnOnce(&Addresses, &DemoAddresses, &Options) -> T) -> (T, Vec<Event>) {
    let kind: NatConfig = kind.parse().unwrap();
    let (mut server, addresses) =
        demo(kind, DemoPorts::default(), 1_700_000_000, Chance::from_seed(drive::seed().unwrap()));
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![DEMO_REALM.into()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let serving = Options {
        serve_certificate: Some((certificate.pem().into_bytes(), key.serialize_pem().into_bytes())),
        ..Options::default()
    };
    let asking = Options { insecure: true, hosts: addresses.hosts.clone(), ..Options::default() };
    let events = RefCell::new(Vec::new());
    let run = async {
        let (say, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let learn = |_, event: Event| {
            if let Event::Listening(addresses) = &event {
                say.send(addresses.clone()).unwrap();
            }
            events.borrow_mut().push(event);
        };
        let serve = drive::run(&mut server, &serving, Some(LIMIT), learn);
        let ask = async {
            let listening = heard.recv().await.unwrap();
            client(&listening, &addresses, &asking).await
        };
        tokio::select! {
            ended = serve => panic!("the server ended: {ended:?}"),
            answer = ask => answer,
        }
    };
    let answer = drive::block_on(run).unwrap();
    (answer, events.into_inner())
}

fn gathering(kind: &str) -> (Report, Vec<Event>) {
    beside(kind, async |listening, demo, options| {
        let config = asked(listening, demo);
        let environment = Environment { os: "test".into(), arch: "test".into(), interfaces: Vec::new() };
        let mut report = Report::new("gather", "2026-11-20T12:00:00.000Z".into(), environment);
        let mut machine = Gathering::new(config, Chance::from_seed(drive::seed().unwrap()));
        drive::run(&mut machine, options, Some(LIMIT), |_, event| report.learn(&event)).await.unwrap();
        report
    })
}

/// Everything that the demo has, from 127.0.0.1.
fn asked(listening: &Addresses, demo: &DemoAddresses) -> gather::Config {
    let credentials = Credentials { username: demo.username.clone(), password: demo.password.clone() };
    let servers = demo.uris(listening).into_iter().map(|uri| {
        let credentials = uri.scheme.is_turn().then(|| credentials.clone());
        ServerSpec { uri, credentials }
    });
    gather::Config {
        servers: servers.collect(),
        locals: vec![Local { interface: "lo".into(), address: IpAddr::from([127, 0, 0, 1]) }],
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
    }
}

/// Connects two agents of one process; how they are connected.
fn connecting(change: impl Fn(&mut connect::Config)) -> (Connect, Vec<Event>) {
    beside("port-restricted-cone", async |listening, demo, options| {
        let mut config = connect::Config::usual(asked(listening, demo), Part::Offer);
        (config.wait, config.duration) = (Duration::from_secs(10), Duration::from_millis(500));
        change(&mut config);
        let mut both = connect::Both::new(&config, Chance::from_seed(drive::seed().unwrap()));
        let mut last = None;
        let learn = |_, happening| {
            if let Happening::Learned(event) = happening
                && let report::Event::Connect { connect, .. } = *event
            {
                last = Some(*connect);
            }
        };
        drive::run(&mut both, options, Some(LIMIT), learn).await.unwrap();
        last.expect("what came of it")
    })
}

#[test]
fn two_agents_connect_over_real_sockets_and_give_everything_back() {
    for (policy, path) in [(Policy::All, ConnectPath::Direct), (Policy::Relay, ConnectPath::Relay)] {
        for only in [None, Some(connect::Only::Tcp)] {
            let (connect, events) = connecting(|config| {
                (config.policy, config.only, config.tcp) = (policy, only, only.is_some());
            });
            let found = connect.selected.as_ref().map(|selected| selected.path);
            assert_eq!((connect.state, found), (ConnectState::Connected, Some(path)), "{only:?}: {connect:#?}");
            let echo = connect.echo.expect("packets");
            assert!(echo.echoed && echo.received > 0 && echo.rtt_min_ms.is_some(), "{only:?}: {echo:?}");
            let released = events.iter().filter(|event| matches!(event, Event::Released { .. })).count();
            let allocated = events.iter().filter(|event| matches!(event, Event::Allocated { .. })).count();
            assert_eq!(released, allocated, "{events:#?}");
        }
    }
}

fn of(report: &Report, kind: CandidateKind) -> Vec<Candidate> {
    let gather = report.gather.as_ref().unwrap();
    gather.candidates.iter().filter(|candidate| candidate.kind == kind).cloned().collect()
}

#[test]
fn the_demo_gives_everything_over_every_transport() {
    let began = Instant::now();
    let (report, events) = gathering("port-restricted-cone");
    let outcomes: BTreeMap<&str, Outcome> =
        report.servers.iter().map(|server| (server.url.as_str(), server.outcome)).collect();
    assert!(outcomes.values().all(|outcome| *outcome == Outcome::Ok), "{:#?}", report.servers);
    assert_eq!(outcomes.len(), if cfg!(feature = "dtls") { 5 } else { 4 });
    let srflx = of(&report, CandidateKind::Srflx);
    assert!(!srflx.is_empty() && srflx.iter().all(|candidate| candidate.address == "203.0.113.7"));
    let mut protocols: Vec<Option<RelayProtocol>> =
        of(&report, CandidateKind::Relay).iter().map(|candidate| candidate.relay_protocol).collect();
    protocols.dedup();
    assert_eq!(protocols.len(), outcomes.len() - 1, "{protocols:?}");
    for relay in of(&report, CandidateKind::Relay) {
        assert_eq!((relay.address.as_str(), relay.related_address.as_deref()), ("127.0.0.1", Some("203.0.113.7")));
    }
    let released = events.iter().filter(|event| matches!(event, Event::Released { .. })).count();
    let allocated = events.iter().filter(|event| matches!(event, Event::Allocated { .. })).count();
    assert_eq!(released, allocated, "{events:#?}");
    assert!(began.elapsed() < Duration::from_secs(5), "took {:?}", began.elapsed());
}

#[test]
fn the_demo_without_a_nat_shows_the_host_itself() {
    let (report, _) = gathering("none");
    assert!(of(&report, CandidateKind::Srflx).is_empty());
    assert_eq!(of(&report, CandidateKind::Host)[0].address, "127.0.0.1");
}

#[test]
fn the_demo_has_two_addresses_with_two_ports() {
    let (discovery, _) = beside("none", async |listening, _, _| listening.discovery.clone());
    let (primary, other) = discovery[0];
    assert_eq!((primary.ip(), other.ip()), (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2])));
    assert_ne!(primary.port(), other.port());
}

//! TURN servers checked over real loopback sockets; what can go wrong is in `sim/turn`.

use std::cell::RefCell;
use std::time::Duration;

use rtcprobe::drive::{self, Options as DriveOptions};
use rtcprobe::machine::Chance;
use rtcprobe::probes::turn::{Config, EchoPlan, Extras, Options, ServerSpec, checks};
use rtcprobe::proto::auth::Credentials;
use rtcprobe::proto::schedule::Schedule;
use rtcprobe::report::{Event, Turn, Way};
use rtcprobe::server::{self, Server, Users};
use rtcprobe::wire::uri;

const LIMIT: Duration = Duration::from_secs(20);

/// Checks our own server over UDP and TCP at once; the entries, and how many allocations remain.
fn checked(config: &Config) -> (Vec<Turn>, usize) {
    let chance = || Chance::from_seed(drive::seed().unwrap());
    let mut server = Server::new(server::Config::loopback(Users::one("alice", "s3same")), chance());
    let turns = RefCell::new(Vec::new());
    let run = async {
        let options = DriveOptions::default();
        let (say, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let learn = |_, event| {
            if let server::Event::Listening(addresses) = event {
                say.send(addresses).unwrap();
            }
        };
        let ask = async {
            let at = heard.recv().await.unwrap();
            let uris = [format!("turn:{}", at.udp[0]), format!("turn:{}?transport=tcp", at.tcp[0])];
            let specs = uris.map(|uri| ServerSpec {
                uri: uri::parse(&uri).unwrap().uri,
                credentials: Some(Credentials { username: "alice".into(), password: "s3same".into() }),
            });
            // Nothing does STUN over UDP on the TCP port: the second socket needs to be told where.
            let config =
                Config { reference: vec![uri::parse(&format!("stun:{}", at.udp[0])).unwrap().uri], ..config.clone() };
            let mut machine = checks(&specs, &config, chance());
            let learn = |_, (_, event)| {
                if let Event::Turn { turn, .. } = event {
                    turns.borrow_mut().push(*turn);
                }
            };
            drive::run(&mut machine, &options, Some(LIMIT), learn).await.unwrap();
        };
        tokio::select! {
            ended = drive::run(&mut server, &options, Some(LIMIT), learn) => panic!("the server ended: {ended:?}"),
            () = ask => {}
        }
    };
    drive::block_on(run).unwrap();
    (turns.into_inner(), server.allocations())
}

#[test]
fn a_server_on_loopback_is_checked_measured_audited_and_left_as_it_was() {
    let config = Config {
        schedule: Schedule::PROMPT,
        locals: vec!["127.0.0.1".parse().unwrap()],
        global_v6: true,
        reference: Vec::new(),
        send_software: true,
        controls: true,
        echo: Some(EchoPlan { count: 100, rate: 200.0, size: 1000 }),
        options: Options { tcp_relay: true, even_port: true, dont_fragment: true, ..Options::default() },
        extras: Extras::default(),
        audit: true,
        peers: Vec::new(),
        unix_time: 1_700_000_000,
        trace: false,
    };
    let (turns, remaining) = checked(&config);
    assert_eq!((turns.len(), remaining), (2, 0));
    for turn in turns {
        assert_eq!(turn.works, Some(true), "{:#?}", turn.steps);
        assert!(turn.controls.iter().all(|control| control.refused == Some(true)), "{:?}", turn.controls);
        assert!(!turn.audit.is_empty());
        let echo = turn.echo.unwrap();
        assert_eq!((echo.way, echo.sent, echo.damaged), (Way::Inbound, 100, 0));
        assert!(echo.received >= 95, "{echo:?}");
        let refused: Vec<_> = turn.options.iter().filter(|option| option.supported == Some(false)).collect();
        assert!(refused.is_empty(), "{refused:?}");
    }
}

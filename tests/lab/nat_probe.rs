//! The probe of NATs against coturn, behind NATs in user space and the kernel's.

use std::time::{Duration, Instant};

use rtcprobe::drive;
use rtcprobe::machine::Chance;
use rtcprobe::probes::nat::{Config, Place, ServerSpec, Tests, probe};
use rtcprobe::proto::auth::Credentials;
use rtcprobe::proto::schedule::Schedule;
use rtcprobe::report::Event;
use rtcprobe::report::nat::{Behaviour, Nat};
use rtcprobe::wire::uri;

use crate::coturn::{Coturn, Options, PASSWORD, USER};
use crate::namespace::Host;
use crate::nat::Firewall;
use crate::nats::{NINE, kernel};
use crate::path::Path;
use crate::site::{Gate, World};

/// One coturn with two addresses, one for STUN alone, one for TURN.
struct Servers {
    _all: Vec<Coturn>,
}

const RFC5780: &[&str] = &["stun:203.0.113.10"];
const ONE_ADDRESS: &[&str] = &["turn:203.0.113.40?transport=udp"];
const TWO_ADDRESSES: &[&str] = &["stun:203.0.113.20", "turn:203.0.113.40?transport=udp"];

impl Servers {
    fn start(world: &World) -> Servers {
        let coturn = |name, listen: &[&'static str]| {
            let options = Options { name, listen: listen.to_vec(), relay: vec![listen[0]], ..Options::default() };
            Coturn::start_on(&world.server, world.dir(), options)
        };
        let all = vec![
            coturn("two", &["203.0.113.10", "203.0.113.11"]),
            coturn("stun", &["203.0.113.20"]),
            coturn("turn", &["203.0.113.40"]),
        ];
        Servers { _all: all }
    }
}

/// Runs the probe on a host; the result and the time it took.
fn run(client: &Host, local: &str, uris: &[&str]) -> (Nat, Duration) {
    let servers = uris.iter().map(|text| {
        let uri = uri::parse(text).unwrap().uri;
        let credentials = Credentials { username: USER.into(), password: PASSWORD.into() };
        let credentials = uri.scheme.is_turn().then_some(credentials);
        ServerSpec { uri, credentials }
    });
    let tests = Tests { tcp: false, fragments: false, path_mtu: false, ..Tests::default() };
    let config = Config {
        servers: servers.collect(),
        places: vec![Place { interface: None, address: local.parse().unwrap(), gateway: None, mtu: Some(1500) }],
        schedule: Schedule::PROMPT,
        tests,
        ports: None,
        lifetime: None,
        gateway: false,
        software: None,
        unix_time: 1_700_000_000,
        trace: false,
    };
    client.run(move || {
        let began = Instant::now();
        let mut found = None;
        let mut machine = probe(config, Chance::from_seed(drive::seed().unwrap()));
        let options = drive::Options::default();
        let learn = |_, event| {
            if let Event::Nat { nat, .. } = event {
                found = Some(*nat);
            }
        };
        drive::block_on(drive::run(&mut machine, &options, None, learn)).unwrap().unwrap();
        (found.expect("a result"), began.elapsed())
    })
}

fn word(behaviour: Behaviour) -> &'static str {
    match behaviour {
        Behaviour::EndpointIndependent => "ei",
        Behaviour::AddressDependent => "ad",
        Behaviour::AddressAndPortDependent => "apd",
        Behaviour::None => "none",
        Behaviour::Unknown => "?",
    }
}

/// Mapping and filtering, in the words of the NATs' names.
fn said(nat: &Nat) -> String {
    format!("{}m-{}f", word(nat.mapping), word(nat.filtering))
}

#[test]
fn nine_nats_of_both_makes_are_told_by_coturn_alone_and_with_turn() {
    let world = World::new();
    let _servers = Servers::start(&world);
    let mut wrong = Vec::new();
    for (set, uris) in [("rfc5780", RFC5780), ("one address", ONE_ADDRESS), ("two addresses", TWO_ADDRESSES)] {
        for name in NINE {
            for gate in [Gate::called(name), Gate::Kernel(kernel(name), Firewall::Open)] {
                let site = world.site(gate.clone());
                let (nat, took) = run(&site.client, "10.0.0.2", uris);
                println!("{set} {name}: {} in {took:.0?}", said(&nat));
                // From one address nobody can tell the two less strict ones apart.
                let (mapping, filtering) = name.split_once('-').unwrap();
                let strict = |word: &str, strict: &str| if word == strict { strict } else { "?" }.to_string();
                let expected = match set {
                    "one address" => {
                        let mapping = strict(mapping, "apdm").replace('?', "?m");
                        format!("{mapping}-{}", strict(filtering, "apdf").replace('?', "?f"))
                    }
                    _ => name.to_string(),
                };
                if said(&nat) != expected {
                    wrong.push(format!("{set} {gate:?}: {nat:#?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_line_that_loses_every_fifth_packet_each_way_changes_no_verdict() {
    let world = World::new();
    let _servers = Servers::start(&world);
    for name in ["eim-eif", "eim-apdf"] {
        for (n, uris) in [RFC5780, TWO_ADDRESSES].into_iter().enumerate() {
            let path = |seed| Path {
                loss: 20,
                duplicate: 20,
                delay: Duration::from_millis(5),
                jitter: Duration::from_millis(10),
                seed,
                ..Path::default()
            };
            let seed = u64::try_from(n).unwrap();
            let site = world.site_over(Gate::called(name), [path(seed), path(seed + 100)]);
            let (nat, took) = run(&site.client, "10.0.0.2", uris);
            println!("{name} {uris:?}: {} in {took:.0?}", said(&nat));
            assert_eq!(said(&nat), name, "{nat:#?}");
        }
    }
}

#[test]
fn coturn_asked_at_its_second_address_is_not_believed() {
    let world = World::new();
    let _servers = Servers::start(&world);
    for name in NINE {
        let site = world.site(Gate::called(name));
        let (nat, _) = run(&site.client, "10.0.0.2", &["stun:203.0.113.11"]);
        let (mapping, filtering) = name.split_once('-').unwrap();
        let said = said(&nat);
        let (is_mapping, is_filtering) = said.split_once('-').unwrap();
        assert!([mapping, "?m"].contains(&is_mapping), "{name} {nat:#?}");
        assert!([filtering, "?f"].contains(&is_filtering), "{name} {nat:#?}");
        assert!(!nat.disbelieved.is_empty(), "{name} {nat:#?}");
    }
}

#[test]
#[ignore = "minutes of figures: run it with --nocapture"]
fn forty_runs_on_a_bad_line_and_some_on_a_long_one() {
    let world = World::new();
    let _servers = Servers::start(&world);
    for (delay, loss, runs) in [(0, 20, 40), (50, 20, 10), (50, 0, 5), (0, 0, 5)] {
        for name in ["eim-eif", "eim-apdf"] {
            for (set, uris) in [("rfc5780", RFC5780), ("two addresses", TWO_ADDRESSES)] {
                let path =
                    |seed| Path { loss, duplicate: loss, delay: Duration::from_millis(delay), seed, ..Path::default() };
                let site = world.site_over(Gate::called(name), [path(1), path(2)]);
                let mut times = Vec::new();
                let (mut wrong, mut unknown) = (0, 0);
                for _ in 0..runs {
                    let (nat, took) = run(&site.client, "10.0.0.2", uris);
                    unknown += u32::from(said(&nat).contains('?'));
                    if !said(&nat).contains('?') && said(&nat) != name {
                        wrong += 1;
                        println!("{nat:#?}");
                    }
                    times.push(took);
                }
                times.sort();
                let (median, most) = (times[times.len() / 2], times[times.len() - 1]);
                println!(
                    "{name} {set}, {delay} ms and {loss} % each way: {runs} runs, {wrong} wrong, {unknown} unknown, median {median:.0?}, slowest {most:.0?}"
                );
                assert_eq!(wrong, 0);
            }
        }
    }
}

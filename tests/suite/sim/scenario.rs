//! Scenarios: networks and servers as TOML in `fixtures/scenarios/`, run through the simulator, with
//! the report that must come out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use rtcprobe::machine::{Chance, LookupFailure, Record, RecordKind, Time};
use rtcprobe::probes::gather::{self, Alternate, Gathering, Local, ServerSpec};
use rtcprobe::proto::auth::Credentials;
use rtcprobe::proto::schedule::Schedule;
use rtcprobe::report::{Environment, Report};
use rtcprobe::server::faults::{Fault, Faults, Personality, Rule, StreamFault, Which};
use rtcprobe::server::nat::{Hairpin, NatConfig, PortAllocation};
use rtcprobe::server::{Config, CookieBits, Lifetimes, Limits, Listen, Network, Security, Server, Users};
use rtcprobe::wire::message::Method;
use rtcprobe::wire::uri;

use super::world::{HostId, Link, World};
use super::zone::Reply;

/// No scenario takes longer than this, by its own clock.
const LIMIT: Time = Time::from_millis(600_000);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    /// What is shown, in one sentence.
    summary: String,
    command: String,
    #[serde(default = "one")]
    seed: u8,
    #[serde(default)]
    client: ClientPart,
    nat: Option<NatPart>,
    #[serde(default)]
    link: LinkPart,
    #[serde(default)]
    server: Vec<ServerPart>,
    #[serde(default)]
    ask: Vec<AskPart>,
    /// `name KIND` to records, or to `nxdomain`, `servfail`, `timeout`.
    #[serde(default)]
    dns: BTreeMap<String, DnsReply>,
    #[serde(default)]
    gather: GatherPart,
    /// Every candidate: `type protocol address[:port]`, in any order.
    candidates: Option<Vec<String>>,
    /// JSON pointer into the report to value; see [`holds`].
    expect: BTreeMap<String, toml::Value>,
}

fn one() -> u8 {
    1
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ClientPart {
    addresses: Vec<String>,
}

impl Default for ClientPart {
    fn default() -> ClientPart {
        ClientPart { addresses: vec!["10.0.0.2".into()] }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NatPart {
    kind: String,
    public: Option<Vec<IpAddr>>,
    /// `preserving`, `random`, or `sequential`.
    ports: Option<String>,
    hairpin: Option<String>,
    lifetime_s: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LinkPart {
    latency_ms: u64,
    jitter_ms: u64,
    loss: f64,
    duplicate: f64,
    tls_round_trips: u32,
    /// The client's datagrams that are lost, counted from 1.
    lost: BTreeSet<u64>,
    /// Addresses where packets vanish.
    silent: Vec<IpAddr>,
    no_icmp: bool,
}

impl Default for LinkPart {
    fn default() -> LinkPart {
        LinkPart {
            latency_ms: 10,
            jitter_ms: 0,
            loss: 0.0,
            duplicate: 0.0,
            tls_round_trips: 1,
            lost: BTreeSet::new(),
            silent: Vec::new(),
            no_icmp: false,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ServerPart {
    addresses: Vec<String>,
    #[serde(default)]
    udp: Vec<u16>,
    #[serde(default)]
    tcp: Vec<u16>,
    #[serde(default)]
    tls: Vec<u16>,
    #[serde(default)]
    dtls: Vec<u16>,
    /// User to password.
    #[serde(default)]
    users: BTreeMap<String, String>,
    secret: Option<String>,
    realm: Option<String>,
    software: Option<String>,
    /// No TURN.
    #[serde(default)]
    stun_only: bool,
    external: Option<IpAddr>,
    #[serde(default)]
    rfc8489: bool,
    quota: Option<usize>,
    nonce_lifetime_s: Option<u64>,
    #[serde(default)]
    forbidden_peers: Vec<IpAddr>,
    #[serde(default)]
    personality: Option<String>,
    /// `silent`, `close`, `endless`, or `greeting TEXT`.
    streams: Option<String>,
    #[serde(default)]
    fault: Vec<FaultPart>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultPart {
    #[serde(rename = "do")]
    what: String,
    on: Option<String>,
    signed: Option<bool>,
    nth: Option<u32>,
    first: Option<u32>,
    after: Option<u32>,
    code: Option<u16>,
    phrase: Option<String>,
    text: Option<String>,
    attribute: Option<u16>,
    bytes: Option<usize>,
    ms: Option<u64>,
    to: Option<Vec<SocketAddr>>,
    /// Of the answer.
    integrity: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AskPart {
    uri: String,
    username: Option<String>,
    credential: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum DnsReply {
    Fails(String),
    Records(Vec<String>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct GatherPart {
    host: bool,
    srflx: bool,
    relay: bool,
    schedule: String,
    alternate: String,
}

impl Default for GatherPart {
    fn default() -> GatherPart {
        GatherPart { host: true, srflx: true, relay: true, schedule: "prompt".into(), alternate: "follow".into() }
    }
}

#[test]
fn every_scenario_ends_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenarios");
    // To look at one alone: SCENARIO=name.
    let only = std::env::var("SCENARIO").ok();
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert!(names.len() >= 15);
    let mut wrong = Vec::new();
    for path in names {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if only.as_ref().is_some_and(|only| *only != name) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let scenario: Scenario = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (report, trace) = run(&name, &scenario);
        let complaints = complaints(&scenario, &report);
        if !complaints.is_empty() {
            let shown = serde_json::to_string_pretty(&report).unwrap();
            wrong.push(format!(
                "{name} ({}):\n  {}\n{shown}\n{}",
                scenario.summary,
                complaints.join("\n  "),
                trace.join("\n")
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}

/// Runs a scenario; the report as JSON and the trace.
fn run(name: &str, scenario: &Scenario) -> (Value, Vec<String>) {
    assert_eq!(scenario.command, "gather", "{name}: only gather can be simulated yet");
    let mut world = World::new(scenario.seed);
    let link = &scenario.link;
    world.link = Link {
        latency: Duration::from_millis(link.latency_ms),
        jitter: Duration::from_millis(link.jitter_ms),
        loss: link.loss,
        duplicate: link.duplicate,
        tls_round_trips: link.tls_round_trips,
        ..Link::default()
    };
    world.silent = link.silent.iter().copied().collect();
    world.no_icmp = link.no_icmp;
    let addresses: Vec<&str> = scenario.client.addresses.iter().map(String::as_str).collect();
    let client = world.host("client", &addresses);
    world.lost.insert(client, link.lost.iter().copied().collect());
    if let Some(nat) = &scenario.nat {
        world.nat(nat_config(nat), &[client]);
    }
    for (key, reply) in &scenario.dns {
        fill_zone(&mut world, key, reply);
    }
    for server in &scenario.server {
        start_server(&mut world, server);
    }
    let report = gather(&mut world, client, scenario);
    (serde_json::to_value(report).unwrap(), world.trace)
}

fn gather(world: &mut World, client: HostId, scenario: &Scenario) -> Report {
    let config = gather::Config {
        servers: scenario.ask.iter().map(spec).collect(),
        locals: scenario
            .client
            .addresses
            .iter()
            .enumerate()
            .map(|(n, address)| Local { interface: format!("eth{n}"), address: address.parse().unwrap() })
            .collect(),
        host: scenario.gather.host,
        srflx: scenario.gather.srflx,
        relay: scenario.gather.relay,
        schedule: scenario.gather.schedule.parse::<Schedule>().unwrap(),
        alternate: match scenario.gather.alternate.as_str() {
            "follow" => Alternate::Follow,
            "signed" => Alternate::Signed,
            "ignore" => Alternate::Ignore,
            other => panic!("{other} is no way to treat 300"),
        },
        send_software: true,
        connections: 200,
        unix_time: None,
        keep: false,
        tcp: false,
    };
    let chance = world.chance();
    let log = world.start(client, Gathering::new(config, chance));
    assert!(world.run_until_done(client, LIMIT), "gathering never ends: {:#?}", world.trace);
    let environment = Environment { os: "simulated".into(), arch: "none".into(), interfaces: Vec::new() };
    let mut report = Report::new("gather", "2026-11-20T12:00:00.000Z".into(), environment);
    for (_, event) in log.borrow().iter() {
        report.learn(event);
    }
    report.duration_ms = world.now().millis();
    report
}

fn spec(ask: &AskPart) -> ServerSpec {
    let credentials = ask
        .username
        .clone()
        .map(|username| Credentials { username, password: ask.credential.clone().unwrap_or_default() });
    ServerSpec { uri: uri::parse(&ask.uri).unwrap().uri, credentials }
}

fn nat_config(part: &NatPart) -> NatConfig {
    let mut config: NatConfig = part.kind.parse().unwrap();
    if let Some(public) = &part.public {
        config.public.clone_from(public);
    }
    if let Some(seconds) = part.lifetime_s {
        config.lifetime = Duration::from_secs(seconds);
    }
    if let Some(ports) = &part.ports {
        config.port_allocation = match ports.as_str() {
            "preserving" => PortAllocation::Preserving,
            "random" => PortAllocation::Random,
            "sequential" => PortAllocation::Sequential { step: 1 },
            other => panic!("{other} is no way to choose ports"),
        };
    }
    if let Some(hairpin) = &part.hairpin {
        config.hairpin = match hairpin.as_str() {
            "off" => Hairpin::Off,
            "external" => Hairpin::External,
            "internal" => Hairpin::Internal,
            other => panic!("{other} is no hairpin"),
        };
    }
    config
}

fn start_server(world: &mut World, part: &ServerPart) {
    let addresses: Vec<&str> = part.addresses.iter().map(String::as_str).collect();
    let host = world.host(addresses[0], &addresses);
    let ips: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
    let all = |ports: &[u16]| -> Vec<SocketAddr> {
        ports.iter().flat_map(|port| ips.iter().map(|ip| SocketAddr::new(*ip, *port))).collect()
    };
    let users = part.users.iter().fold(Users::anybody(), |users, (name, password)| users.and(name, password));
    let config = Config {
        listen: Listen {
            udp: all(&part.udp),
            tcp: all(&part.tcp),
            tls: all(&part.tls),
            dtls: all(&part.dtls),
            discovery: Vec::new(),
        },
        relay: if part.stun_only { Vec::new() } else { ips.clone() },
        external: part.external,
        users: part.secret.as_ref().map_or(users, |secret| Users::from_secret(secret)),
        software: part.software.as_ref().map(|text| text.clone().into_bytes()),
        nonce_lifetime: Duration::from_secs(part.nonce_lifetime_s.unwrap_or(600)),
        security: if part.rfc8489 {
            Security::Rfc8489 { userhash: true, cookie: CookieBits::default() }
        } else {
            Security::Rfc5389
        },
        limits: Limits { allocations_per_user: part.quota.unwrap_or(4096), ..Limits::default() },
        lifetimes: Lifetimes::default(),
        forbidden_peers: part.forbidden_peers.iter().map(|ip| Network { address: *ip, prefix: 32 }).collect(),
        unix_time_at_start: 1_700_000_000,
        faults: Faults {
            rules: part.fault.iter().map(rule).collect(),
            streams: part.streams.as_deref().map_or(StreamFault::None, stream_fault),
            personality: match part.personality.as_deref() {
                None => Personality::Ours,
                Some("pion") => Personality::Pion,
                Some("node-turn") => Personality::NodeTurn,
                Some("rfc3489") => Personality::Rfc3489,
                Some(other) => panic!("{other} is no personality"),
            },
            ..Faults::default()
        },
        ..Config::new(part.realm.as_deref().unwrap_or("example.org"))
    };
    let chance: Chance = world.chance();
    world.start(host, Server::new(config, chance));
}

fn stream_fault(text: &str) -> StreamFault {
    match text.split_once(' ') {
        Some(("greeting", bytes)) => StreamFault::Greeting(bytes.into()),
        _ => match text {
            "silent" => StreamFault::Silent,
            "close" => StreamFault::Close,
            "endless" => StreamFault::Endless,
            other => panic!("{other} is no fault of streams"),
        },
    }
}

fn rule(part: &FaultPart) -> Rule {
    let signed = part.integrity.unwrap_or(false);
    let length = || part.bytes.expect("bytes = …");
    let kind = || part.attribute.expect("attribute = …");
    let wait = || Duration::from_millis(part.ms.expect("ms = …"));
    let fault = match part.what.as_str() {
        "drop" => Fault::Drop,
        "delay" => Fault::Delay(wait()),
        "duplicate" => Fault::Duplicate,
        "from-elsewhere" => Fault::FromElsewhere,
        "wrong-transaction" => Fault::WrongTransaction,
        "truncate" => Fault::Truncate(length()),
        "cut-and-close" => Fault::CutAndClose(length()),
        "replace" => Fault::Replace(part.text.clone().expect("text = …").into_bytes()),
        "trickle" => Fault::Trickle(wait()),
        "wrong-integrity" => Fault::WrongIntegrity,
        "no-integrity" => Fault::NoIntegrity,
        "without" => Fault::Without(kind()),
        "with" => Fault::With(kind(), part.text.clone().unwrap_or_default().into_bytes()),
        "error" => Fault::Error {
            code: part.code.expect("code = …"),
            phrase: part.phrase.clone().unwrap_or_default().into_bytes(),
            signed,
        },
        "redirect" => Fault::Redirect { to: part.to.clone().expect("to = …"), domain: None, signed },
        "stale-nonce" => Fault::StaleNonce,
        "bare-challenge" => Fault::BareChallenge,
        other => panic!("{other} is no fault"),
    };
    let on = part.on.as_deref().map(|method| match method {
        "binding" => Method::BINDING,
        "allocate" => Method::ALLOCATE,
        "refresh" => Method::REFRESH,
        other => panic!("{other} is no method"),
    });
    let which = match (part.nth, part.first, part.after) {
        (Some(n), None, None) => Which::Nth(n),
        (None, Some(n), None) => Which::First(n),
        (None, None, Some(n)) => Which::After(n),
        _ => Which::All,
    };
    Rule { on, signed: part.signed, which, fault }
}

fn fill_zone(world: &mut World, key: &str, reply: &DnsReply) {
    let (name, kind) = key.split_once(' ').unwrap_or((key, "any"));
    let kind = match kind {
        "any" => None,
        "A" => Some(RecordKind::A),
        "AAAA" => Some(RecordKind::Aaaa),
        "SRV" => Some(RecordKind::Srv),
        "NAPTR" => Some(RecordKind::Naptr),
        other => panic!("{other} is no kind of record"),
    };
    let reply = match reply {
        DnsReply::Fails(how) => Reply::Fails(match how.as_str() {
            "nxdomain" => LookupFailure::NoSuchName,
            "servfail" => LookupFailure::ServerFailed("SERVFAIL".into()),
            "timeout" => LookupFailure::TimedOut,
            other => panic!("{other} is no failure of the DNS"),
        }),
        DnsReply::Records(records) => Reply::Records(records.iter().map(|text| record(text)).collect()),
    };
    world.zone.add(name, kind, reply);
}

/// An address, `priority weight port target`, or
/// `order preference flags services regexp replacement` with `-` for what is empty.
fn record(text: &str) -> Record {
    let words: Vec<&str> = text.split(' ').collect();
    let word = |n: usize| if words[n] == "-" { String::new() } else { words[n].to_string() };
    match words.len() {
        1 => Record::Address(text.parse().unwrap()),
        4 => Record::Srv {
            priority: words[0].parse().unwrap(),
            weight: words[1].parse().unwrap(),
            port: words[2].parse().unwrap(),
            target: word(3),
        },
        6 => Record::Naptr {
            order: words[0].parse().unwrap(),
            preference: words[1].parse().unwrap(),
            flags: word(2),
            services: word(3),
            regexp: word(4),
            replacement: word(5),
        },
        _ => panic!("{text} is no record"),
    }
}

/// What is not as the scenario says.
fn complaints(scenario: &Scenario, report: &Value) -> Vec<String> {
    let mut complaints = Vec::new();
    for (pointer, expected) in &scenario.expect {
        let expected = serde_json::to_value(expected).unwrap();
        if let Err(why) = holds(report, pointer, &expected) {
            complaints.push(format!("{pointer}: {why}"));
        }
    }
    if let Some(expected) = &scenario.candidates {
        let found = report.pointer("/gather/candidates").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut left: Vec<String> = found.iter().map(candidate).collect();
        for wanted in expected {
            match left.iter().position(|found| found == wanted || found.starts_with(&format!("{wanted}:"))) {
                Some(at) => drop(left.remove(at)),
                None => complaints.push(format!("no candidate {wanted}")),
            }
        }
        complaints.extend(left.iter().map(|found| format!("unexpected candidate {found}")));
    }
    complaints
}

fn candidate(value: &Value) -> String {
    let text = |name: &str| value[name].as_str().unwrap_or("?").to_string();
    let address = text("address");
    let address = if address.contains(':') { format!("[{address}]") } else { address };
    format!("{} {} {address}:{}", text("type"), text("protocol"), value["port"])
}

/// Whether the report says so at that pointer. A pointer that ends in `#` is the length of a list.
/// A text `~part` is contained, `!part` is not; `< 5` and `> 5` compare numbers.
fn holds(report: &Value, pointer: &str, expected: &Value) -> Result<(), String> {
    let (path, length) = pointer.strip_suffix('#').map_or((pointer, false), |path| (path, true));
    let found = report.pointer(path).ok_or("is not in the report")?;
    let found = if length { &Value::from(found.as_array().map_or(0, Vec::len)) } else { found };
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let fine = match expected.as_str().and_then(|text| text.split_at_checked(1)) {
        Some(("~", part)) => found.as_str().map_or_else(|| found.to_string(), String::from).contains(part),
        Some(("!", part)) => !found.as_str().map_or_else(|| found.to_string(), String::from).contains(part),
        Some(("<", limit)) if number(limit).is_some() => found.as_f64() < number(limit),
        Some((">", limit)) if number(limit).is_some() => found.as_f64() > number(limit),
        _ if expected == "null" => found.is_null(),
        _ => match (found.as_f64(), expected.as_f64()) {
            (Some(one), Some(other)) => (one - other).abs() < 1e-9,
            _ => found == expected,
        },
    };
    if fine { Ok(()) } else { Err(format!("{found}, not {expected}")) }
}

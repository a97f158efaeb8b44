//! `report diff` between runs against the same deployment and against one that was changed: a change is
//! named, and chance is not called one.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use ::rtcprobe::archive::compare::{Meaning, compare};

use crate::behaviour::report::side_by_side;
use crate::certificates::{Authority, Leaf};
use crate::coturn::Coturn;
use crate::nat::{Filtering, Firewall, Mapping, Nat};
use crate::process::Finished;
use crate::rtcprobe::rtcprobe;
use crate::topology::{Lab, Topology, at};
use crate::turn::case::{Case, GOOD, LOGIN, TCP, TLS, UDP, filter};
use crate::with_user;

/// A deployment, and the command that is run against it.
struct Run {
    name: &'static str,
    command: &'static [&'static str],
    topology: Topology,
    /// Nothing: the server is down.
    server: Option<Case<'static>>,
}

const SECURE: Case<'static> = Case { leaf: Some(Leaf::Good), listen: &[at::SERVER, at::SERVER_2], ..GOOD };
const TURN: &[&str] = &["turn", UDP, TCP, TLS];
/// With enough datagrams for quality to be told from chance.
const QUALITY: &[&str] = &["turn", "--no-controls", "--echo", "150", "--rate", "150", UDP];
const GATHER: &[&str] = &["gather", "stun:203.0.113.10", UDP, TLS];
const CHECK: &[&str] = &["check", "stun:203.0.113.10", UDP, TLS];
const NAT: &[&str] = &["nat", "stun:203.0.113.11", UDP];

fn usual() -> Topology {
    Topology::default()
}

fn far(ms: u64) -> Topology {
    Topology { rtt: Duration::from_millis(ms), ..usual() }
}

fn lossy(loss_percent: u8, seed: u64) -> Topology {
    Topology { loss_percent, seed, ..far(20) }
}

fn behind(nat: Nat) -> Topology {
    Topology { nat, ..usual() }
}

fn runs() -> Vec<Run> {
    let run = |name, command, topology, server| Run { name, command, topology, server };
    let good = |name, command, topology| run(name, command, topology, Some(SECURE));
    let but = |name, case| run(name, TURN, usual(), Some(Case { leaf: SECURE.leaf, ..case }));
    let kind = |filtering| behind(Nat::Of(Mapping::EndpointIndependent, filtering));
    vec![
        good("turn", TURN, usual()),
        good("turn again", TURN, usual()),
        run("turn, server stopped", TURN, usual(), None),
        but("turn, relay ports closed", Case { input: "udp dport 61000-61999 drop", ..GOOD }),
        but("turn, another password", Case { flags: ANOTHER_PASSWORD, ..GOOD }),
        but("turn, TLS off", Case { flags: with_user!("--no-tls", "--no-dtls"), ..GOOD }),
        but(
            "turn, relays to nobody",
            Case { flags: with_user!("--denied-peer-ip", "0.0.0.0-255.255.255.255"), ..GOOD },
        ),
        but("turn, open to all", Case { flags: &["-r", "lab.test", "--no-auth"], ..GOOD }),
        run("turn, expired", TURN, usual(), Some(Case { leaf: Some(Leaf::Expired), ..GOOD })),
        run("turn, self-signed", TURN, usual(), Some(Case { leaf: Some(Leaf::SelfSigned), ..GOOD })),
        good("turn, UDP blocked", TURN, Topology { firewall: Firewall::UdpBlocked, ..usual() }),
        good("quality", QUALITY, far(20)),
        good("quality again", QUALITY, far(20)),
        // The way through the relay goes there and back twice.
        good("quality, 2 ms more", QUALITY, far(21)),
        good("quality, 50 ms more", QUALITY, far(45)),
        good("quality, loss", QUALITY, lossy(5, 1)),
        good("quality, loss again", QUALITY, lossy(5, 2)),
        good("quality, much loss", QUALITY, lossy(20, 3)),
        good("gather", GATHER, usual()),
        good("gather again", GATHER, usual()),
        run("gather, server stopped", GATHER, usual(), None),
        good("gather, no IPv6", GATHER, Topology { ipv6: false, ..usual() }),
        good("check", CHECK, usual()),
        good("check again", CHECK, usual()),
        good("check, STUN and TURN ports blocked", CHECK, Topology { firewall: Firewall::StunPortsBlocked, ..usual() }),
        good("nat", NAT, kind(Filtering::AddressAndPortDependent)),
        good("nat again", NAT, kind(Filtering::AddressAndPortDependent)),
        good("nat, opener", NAT, kind(Filtering::EndpointIndependent)),
        good("nat, random ports", NAT, behind(Nat::Random)),
        good("nat, random ports again", NAT, behind(Nat::Random)),
    ]
}

const ANOTHER_PASSWORD: &[&str] = &["-r", "lab.test", "-a", "-u", "alice:off-with-her-head"];

/// What is to be said of two runs.
enum Told {
    /// Nothing got worse, nor better.
    Even,
    /// Something did, and these words name it.
    Worse(&'static [&'static str]),
    Better(&'static [&'static str]),
}

use Told::{Better, Even, Worse};

const PAIRS: &[(&str, &str, Told)] = &[
    ("turn", "turn again", Even),
    ("quality", "quality again", Even),
    ("quality", "quality, 2 ms more", Even),
    ("quality, loss", "quality, loss again", Even),
    ("gather", "gather again", Even),
    ("check", "check again", Even),
    ("nat", "nat again", Even),
    ("nat, random ports", "nat, random ports again", Even),
    ("turn", "turn, server stopped", Worse(&["turn:203.0.113.10:3478?transport=udp", "server-not-running"])),
    ("turn", "turn, relay ports closed", Worse(&["relay-ports-unreachable"])),
    ("turn", "turn, another password", Worse(&["The server refuses the credentials"])),
    ("turn", "turn, TLS off", Worse(&[TLS, "tls-listener-missing"])),
    ("turn", "turn, relays to nobody", Worse(&["peer-public-denied", "fails at permission now"])),
    ("turn", "turn, open to all", Worse(&["sec-open-relay"])),
    ("turn", "turn, expired", Worse(&["tls-cert-expired", "its certificate is not trusted any more"])),
    ("turn", "turn, self-signed", Worse(&["tls-cert-self-signed", "its certificate is not trusted any more"])),
    ("turn", "turn, UDP blocked", Worse(&["turn-udp-filtered", UDP])),
    ("quality", "quality, 50 ms more", Worse(&["round-trip time"])),
    ("quality", "quality, much loss", Worse(&["loss 0.0 % (0 of 150) before"])),
    ("gather", "gather, server stopped", Worse(&["srflx", "relay"])),
    ("gather", "gather, no IPv6", Worse(&["host udp IPv6"])),
    ("check", "check, STUN and TURN ports blocked", Worse(&["srflx", "relay", "verdict"])),
    ("nat", "nat, random ports", Worse(&["mapping", "a direct path is harder to make"])),
    ("turn, server stopped", "turn again", Better(&["turn:203.0.113.10:3478?transport=udp"])),
    ("quality, 50 ms more", "quality", Better(&["round-trip time"])),
    ("nat", "nat, opener", Better(&["filtering", "a direct path is easier to make"])),
];

#[test]
fn a_change_is_named_and_chance_is_not() {
    let folder = Lab::usual();
    let mut pairs: Vec<_> = PAIRS.iter().collect();
    let mut wrong = Vec::new();
    // A machine that is busy during one run of two is slower indeed: only what comes out wrong again and
    // again is wrong.
    for _ in 0..3 {
        let named = |run: &Run| pairs.iter().any(|(before, after, _)| [*before, *after].contains(&run.name));
        for (name, json) in all(runs().into_iter().filter(named).collect()) {
            fs::write(folder.dir().join(name), json).unwrap();
        }
        wrong.clear();
        pairs.retain(|(before, after, told)| {
            let files = [before, after].map(|name| folder.dir().join(name).to_str().unwrap().to_owned());
            let diff = folder.client.exec(rtcprobe(&["report", "diff", &files[0], &files[1]]));
            println!("{before} -> {after}: exit {:?}\n{}", diff.code(), diff.stdout);
            let why = why_not(&diff, told).map(|why| format!("{before} -> {after}: {why}\n{diff}"));
            wrong.extend(why.clone());
            why.is_some() && before.starts_with("quality")
        });
        if pairs.is_empty() || wrong.len() > pairs.len() {
            break;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
#[ignore = "half a minute of figures: run it with --nocapture"]
fn runs_of_one_deployment_are_compared_with_each_other() {
    let twenty = |command, topology: fn(u64) -> Topology| {
        let run = |seed: u64| Run {
            name: Box::leak(seed.to_string().into_boxed_str()),
            command,
            topology: topology(seed),
            server: Some(SECURE),
        };
        let reports = all((0..20).map(run).collect());
        reports.values().map(|json| serde_json::from_str(json).unwrap()).collect::<Vec<::rtcprobe::report::Report>>()
    };
    for (what, reports) in [
        ("nothing lost", twenty(QUALITY, |_| far(20))),
        ("5 % lost each way", twenty(QUALITY, |seed| lossy(5, seed))),
        ("three transports", twenty(TURN, |_| usual())),
    ] {
        let (mut pairs, mut wrong) = (0, Vec::new());
        for (nth, before) in reports.iter().enumerate() {
            for after in &reports[nth + 1..] {
                pairs += 1;
                let changes = compare(before, after).changes;
                wrong.extend(changes.into_iter().filter(|change| change.meaning != Meaning::Other));
            }
        }
        println!("{what}: {} of {pairs} pairs differ: {wrong:#?}", wrong.len());
    }
}

/// What is wrong about a comparison.
fn why_not(diff: &Finished, told: &Told) -> Option<String> {
    // Long lines are wrapped.
    let said = diff.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines = |word: &str| diff.stdout.lines().filter(|line| line.contains(word)).count();
    let (worse, better) = (lines("✗ worse"), lines("✓ better"));
    let (code, words, fits) = match told {
        Even => (0, &[][..], worse == 0 && better == 0),
        Worse(words) => (1, *words, worse > 0),
        Better(words) => (0, *words, better > 0 && worse == 0),
    };
    let missing: Vec<_> = words.iter().filter(|word| !said.contains(**word)).collect();
    (diff.code() != Some(code) || !fits || !missing.is_empty())
        .then(|| format!("exit {:?}, {worse} worse, {better} better, not named: {missing:?}", diff.code()))
}

/// Every run's report, some at a time: most of a run is waiting.
fn all(runs: Vec<Run>) -> BTreeMap<&'static str, String> {
    side_by_side(4, &runs, |run| (run.name, run.json())).into_iter().collect()
}

impl Run {
    fn json(&self) -> String {
        let lab = Lab::new(self.topology);
        let authority = Authority::new(lab.dir());
        let _coturn = self.server.as_ref().map(|case| Coturn::start(&lab, case.options(&authority)));
        let (input, output) = self.server.as_ref().map_or(("", ""), |case| (case.input, case.output));
        filter(&lab.server, input, output);
        let ca = authority.file();
        let run = lab.client.exec(rtcprobe(&[self.command, LOGIN, &["--json", "--ca-file", &ca]].concat()));
        assert!(matches!(run.code(), Some(0 | 1)), "{}: {run}", self.name);
        run.stdout
    }
}

//! `rtcprobe nat` from outside: what is refused, exit codes, what is printed where.

use rtcprobe::report::Verdict;
use rtcprobe::report::nat::{Behaviour, LegacyType, Nat, Udp};
use rtcprobe::rules::forecast::{PAIRS, outcome};

use super::asked::{Asked, stderr, stdout};

/// Nothing listens there.
const DEAD: &str = "stun:127.0.0.1:1";

const NAT: Asked = Asked { command: "nat", beside: &["--timing", "fast"] };

#[test]
fn refuses_what_makes_no_sense() {
    NAT.refuses(&["--no-default-servers"], &["no server is named", "--stun", "--demo"]);
    NAT.refuses(&["stun.example.org"], &["stun:"]);
    NAT.refuses(&["turn:turn.example.org"], &["--username", "--credential-file"]);
    NAT.refuses(&["--demo=cone"], &["--demo", "port-restricted-cone"]);
    NAT.refuses(&["--demo", DEAD], &["--demo"]);
    NAT.refuses(&[DEAD, "--lifetime=soon"], &["--lifetime", "10s"]);
    NAT.refuses(&[DEAD, "--lifetime=1s"], &["--lifetime", "five seconds"]);
    NAT.refuses(&[DEAD, "--lifetime=2h"], &["--lifetime", "an hour"]);
    NAT.refuses(&[DEAD, "-4", "-6"], &["--ipv4", "--ipv6"]);
    NAT.refuses(&[DEAD, "-6"], &["-6", "IPv4"]);
    NAT.refuses(&[DEAD, "--interface", "no-such0"], &["no-such0", "there are", "lo"]);
    NAT.refuses(&[DEAD, "--local-address", "192.0.2.77"], &["192.0.2.77"]);
    NAT.refuses(&[DEAD, "--mapping"], &["--mapping"]);
    NAT.refuses(&["--demo", "--local-address", "127.0.0.1"], &["--demo", "loopback", "leave --local-address out"]);
    NAT.refuses(&["--demo", "-6"], &["leave --ipv6 out"]);
    NAT.refuses(&[DEAD, "--port-range", "50000-50100"], &["--port-range 50000-50100", "128"]);
    NAT.refuses(&[DEAD, "--port-range", "50000-50127", "--lifetime"], &["--port-range", "nat --lifetime"]);
}

#[test]
fn fails_where_nothing_answers_and_claims_nothing() {
    let output = NAT.run(&[DEAD]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{text}{}", stderr(&output));
    assert!(text.contains("FAIL") && !text.contains("direct"), "{text}");
    let report = NAT.report(&[DEAD], 1);
    let nat = report.nat.as_ref().unwrap();
    assert_eq!((nat.udp, nat.nat, report.verdict), (Udp::Unknown, None, Verdict::Fail));
    for fact in ["udp", "nat", "mapping", "filtering", "hairpinning", "portAllocation", "mappingMethod"] {
        assert!(report.unknown.contains_key(&format!("/nat/{fact}")), "{fact}: {:?}", report.unknown);
    }
    assert_eq!(nat.direct.len(), 10);
}

#[test]
fn json_lines_tell_tests_and_end_with_the_report() {
    let output = NAT.run(&["--demo", "--output", "jsonl"]);
    let text = stdout(&output);
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |event: &str| lines.iter().filter(|line| line["event"] == event).count();
    assert!(of("nat-test") >= 1 && of("nat") == 1, "{text}");
    let nat = lines.iter().find(|line| line["event"] == "nat").unwrap();
    assert_eq!(nat["nat"]["direct"].as_array().unwrap().len(), 10);
    assert_eq!(lines.last().unwrap()["event"], "report");
    assert!(lines.iter().all(|line| line["elapsedMs"].is_number()));
}

#[test]
fn tests_are_told_one_by_one_when_more_is_asked_for() {
    let output = NAT.run(&["--demo", "-v"]);
    let text = stdout(&output);
    assert!(text.contains("\nTests\n") && text.contains("seen as 203.0.113.7:"), "{text}");
    assert!(stderr(&output).contains("seen as 203.0.113.7:"), "{}", stderr(&output));
    let quiet = NAT.run(&["--demo", "-q"]);
    assert_eq!(stderr(&quiet), "");
    assert!(!stdout(&quiet).contains("\nTests\n"));
}

#[test]
fn a_demonstration_says_that_it_is_one() {
    let text = stdout(&NAT.run(&["--demo=symmetric"]));
    assert!(text.starts_with("This is a demonstration:") && text.contains("symmetric NAT"), "{text}");
    assert_eq!(NAT.report(&["--demo=none"], 0).demo.as_deref(), Some("none"));
}

#[test]
fn every_simulated_nat_is_seen_as_what_it_is() {
    use Behaviour::{AddressAndPortDependent, AddressDependent, EndpointIndependent, None as No};
    let word = |mapping, filtering| match (mapping, filtering) {
        (No, _) => "none".to_string(),
        (mapping, filtering) => format!("{}-{}", abbreviated(mapping, "m"), abbreviated(filtering, "f")),
    };
    for (kind, (mapping, filtering), legacy) in [
        ("none", (No, No), LegacyType::OpenInternet),
        ("full-cone", (EndpointIndependent, EndpointIndependent), LegacyType::FullCone),
        ("restricted-cone", (EndpointIndependent, AddressDependent), LegacyType::RestrictedCone),
        ("port-restricted-cone", (EndpointIndependent, AddressAndPortDependent), LegacyType::PortRestrictedCone),
        ("symmetric", (AddressAndPortDependent, AddressAndPortDependent), LegacyType::Symmetric),
    ] {
        let nat = demo(kind);
        assert_eq!((nat.mapping, nat.filtering, nat.legacy_type), (mapping, filtering, legacy), "{kind}");
    }
    for (mapping, filtering) in PAIRS {
        let kind = word(mapping, filtering);
        let nat = demo(&kind);
        assert_eq!((nat.mapping, nat.filtering), (mapping, filtering), "{kind}");
        assert_eq!(
            nat.direct.iter().map(|reach| (reach.mapping, reach.filtering)).collect::<Vec<_>>(),
            PAIRS,
            "{kind}"
        );
        for reach in &nat.direct {
            assert_eq!(reach.outcome, outcome((mapping, filtering), (reach.mapping, reach.filtering)), "{kind}");
        }
    }
}

/// What is found behind a simulated NAT.
fn demo(kind: &str) -> Nat {
    NAT.report(&[&format!("--demo={kind}")], 0).nat.unwrap()
}

#[test]
fn a_symmetric_nat_is_a_warning_and_no_error() {
    assert_eq!(NAT.report(&["--demo=symmetric"], 0).verdict, Verdict::Warn);
    NAT.report(&["--demo=symmetric", "--strict"], 1);
    assert_eq!(NAT.report(&["--demo=none", "--strict"], 0).verdict, Verdict::Pass);
}

fn abbreviated(behaviour: Behaviour, end: &str) -> String {
    let start = match behaviour {
        Behaviour::EndpointIndependent => "ei",
        Behaviour::AddressDependent => "ad",
        _ => "apd",
    };
    format!("{start}{end}")
}

#[test]
fn secrets_are_printed_nowhere() {
    const SECRET: &str = "zq7-Secret-9vX";
    let turn = ["turn:127.0.0.1:1", "--username", "u", "--credential", SECRET];
    for more in [&["-vv"][..], &["--json"], &["--output", "jsonl", "-v"], &["--lifetime=x"], &["--help"]] {
        let output = NAT.run(&[&turn[..], more].concat());
        let all = stdout(&output) + &stderr(&output);
        assert!(!all.contains(SECRET) && !all.is_empty(), "{more:?}: {all}");
    }
}

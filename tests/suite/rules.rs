//! Every rule: documented, registered, fired by a report that carries its facts and by no good one.

mod build;
mod cases;
mod causes;
mod connect;
mod expectations;
mod further;
mod lookalikes;
mod nat;
mod ports;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use rtcprobe::report::{Cause, Finding, Interface, InterfaceKind, Outcome, Report, Severity, StepName, Verdict};
use rtcprobe::rules::forecast::fill;
use rtcprobe::rules::{BEYOND, Beyond, RULES, Rule, judge};
use rtcprobe::view::json;

use super::{bless, view};
use build::*;

fn codes(report: &Report) -> Vec<String> {
    judge(report).into_iter().map(|finding| finding.code).collect()
}

/// The report of each case, judged, under the name of its rule.
pub fn reports() -> Vec<(&'static str, Report)> {
    let judged = |mut report: Report| {
        report.findings = judge(&report);
        report
    };
    cases::all().into_iter().map(|(code, report)| (code, judged(report))).collect()
}

#[test]
fn codes_are_unique_sorted_and_in_kebab_case() {
    let codes: Vec<&str> = RULES.iter().map(|rule| rule.code).collect();
    let sorted: BTreeSet<&str> = codes.iter().copied().collect();
    assert_eq!(codes, sorted.into_iter().collect::<Vec<_>>());
    for code in codes {
        let parts = code.split('-');
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        assert!(parts.clone().all(plain), "{code}");
    }
}

#[test]
fn titles_are_sentences_without_a_stop() {
    for rule in RULES {
        let first = rule.title.chars().next().unwrap();
        assert!(first.is_uppercase(), "{}: {}", rule.code, rule.title);
        assert!(!rule.title.ends_with('.'), "{}: {}", rule.code, rule.title);
        assert!(rule.title.len() <= 78, "{}: {}", rule.code, rule.title);
    }
}

#[test]
fn every_rule_is_documented_under_the_same_headings() {
    for rule in RULES {
        let doc = rule.doc();
        let headings: Vec<&str> = doc.lines().filter_map(|line| line.strip_prefix("# ")).collect();
        assert_eq!(headings, ["What it means", "How it is told apart", "What to do", "References"], "{}", rule.code);
        for part in doc.split("\n# ") {
            assert!(part.lines().skip(1).any(|line| !line.trim().is_empty()), "{}: {part}", rule.code);
        }
        assert!(doc.lines().all(|line| line.len() <= 100), "{}", rule.code);
    }
}

#[test]
fn documentation_names_only_rules_that_exist() {
    let areas = ["alloc-", "auth-", "dns-", "tls-", "turn-", "relay-", "sec-", "peer-", "client-", "lb-", "sip-"];
    for rule in RULES {
        let doc = rule.doc();
        for word in doc.split('`').skip(1).step_by(2).filter(|word| areas.iter().any(|area| word.starts_with(area))) {
            // Options of coturn are called so, too.
            let option = word.contains(' ') || ["tls-listening-port", "relay-ip", "tls-cert"].contains(&word);
            let known = Rule::find(word).is_some() || Beyond::find(word).is_some();
            assert!(option || known, "{} names {word}", rule.code);
        }
    }
}

#[test]
fn what_no_client_can_establish_is_no_rule_and_has_its_reason() {
    let codes: Vec<&str> = BEYOND.iter().map(|one| one.code).collect();
    assert!(codes.is_sorted(), "{codes:?}");
    for one in BEYOND {
        assert!(Rule::find(one.code).is_none(), "{} is a rule", one.code);
        assert!(one.see.is_none_or(|see| Rule::find(see).is_some()), "{} sees {:?}", one.code, one.see);
        assert!(one.why.ends_with('.') && !one.title.ends_with('.') && one.title.len() <= 78, "{}", one.code);
        let listed = one.see.and_then(Rule::find).is_none_or(|rule| rule.like.contains(&one.code));
        assert!(listed, "{:?} does not list {}", one.see, one.code);
    }
}

#[test]
fn what_looks_the_same_is_known() {
    for rule in RULES {
        for code in rule.like {
            assert!(Rule::find(code).is_some() || Beyond::find(code).is_some(), "{}: {code}", rule.code);
            assert_ne!(*code, rule.code);
        }
        assert!(!rule.references().is_empty(), "{}", rule.code);
    }
}

#[test]
fn every_file_is_registered_and_every_rule_has_its_file() {
    let mut files = BTreeSet::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
    for area in ["reach", "tls", "auth", "allocate", "relay", "security", "nat", "config", "connect"] {
        for entry in fs::read_dir(root.join(area)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name != "mod.rs" {
                files.insert(name.trim_end_matches(".rs").replace('_', "-"));
            }
        }
    }
    assert_eq!(files, RULES.iter().map(|rule| rule.code.to_string()).collect());
}

#[test]
fn every_rule_fires_on_its_facts() {
    let cases = cases::all();
    for rule in RULES {
        assert!(cases.iter().any(|(code, _)| *code == rule.code), "no case for {}", rule.code);
    }
    for (code, report) in &cases {
        let found = codes(report);
        assert!(found.iter().any(|found| found == code), "{code}: {found:?}");
    }
}

/// What each case is told, to be read by people.
#[test]
fn findings_say_what_they_said() {
    let mut text = String::new();
    for (code, report) in cases::all() {
        writeln!(text, "=== {code}\n").unwrap();
        for finding in judge(&report) {
            let Finding { code, severity, title, detail, evidence, fix, servers, confirm, alternatives, .. } = finding;
            writeln!(text, "{severity:?} {code}: {title}\n  {detail}").unwrap();
            for one in evidence {
                writeln!(text, "  - {}  {}", one.fact, one.says).unwrap();
            }
            if let Some(confirm) = confirm {
                writeln!(text, "  suspected; to confirm: {confirm}").unwrap();
            }
            for one in alternatives {
                writeln!(text, "  or {}: {}", one.code, one.title).unwrap();
            }
            writeln!(text, "  fix: {}\n  for: {}\n", fix.unwrap_or_default(), servers.join(" ")).unwrap();
        }
    }
    bless::compare(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/findings.txt"), &text);
}

#[test]
fn good_reports_stay_silent() {
    let good = report(vec![udp(), tcp(), tls_server()]);
    assert_eq!(codes(&nat::good()), Vec::<String>::new());
    assert_eq!(codes(&good), Vec::<String>::new());
    assert_eq!(codes(&cases::well_configured()), Vec::<String>::new());
    for (name, report) in view::reports() {
        if report.verdict == Verdict::Pass && report.command == "gather" {
            assert_eq!(codes(&report), Vec::<String>::new(), "{name}");
        }
    }
}

#[test]
fn evidence_points_at_facts() {
    let reports = cases::all().into_iter().map(|(code, report)| (code.to_string(), report));
    for (name, report) in reports.chain(view::reports()) {
        let json = serde_json::to_value(&report).unwrap();
        for finding in judge(&report) {
            assert!(!finding.evidence.is_empty(), "{name}: {} has no evidence", finding.code);
            for evidence in &finding.evidence {
                let fact = json.pointer(&evidence.fact);
                assert!(fact.is_some_and(|fact| !fact.is_null()), "{name}: {}: {}", finding.code, evidence.fact);
                assert!(!evidence.says.is_empty(), "{name}: {}: {}", finding.code, evidence.fact);
            }
        }
    }
}

#[test]
fn findings_are_complete_sentences_about_named_servers() {
    for (name, report) in cases::all() {
        for finding in judge(&report) {
            let end = finding.detail.chars().last();
            assert!(end == Some('.'), "{name}: {}", finding.detail);
            assert!(!finding.detail.contains("  ") && !finding.detail.contains(".."), "{name}: {}", finding.detail);
            assert!(finding.fix.is_some_and(|fix| !fix.contains("  ")), "{name}: {}", finding.code);
            // A path between two agents is no server's.
            let path = finding.evidence.iter().all(|evidence| evidence.fact.starts_with("/connect"));
            assert!(path || !finding.servers.is_empty(), "{name}: {}", finding.code);
        }
    }
}

#[test]
fn errors_come_first() {
    for (name, report) in cases::all() {
        let weights: Vec<Severity> = judge(&report).iter().map(|finding| finding.severity).collect();
        assert!(weights.is_sorted_by(|a, b| a >= b), "{name}: {weights:?}");
    }
}

#[test]
fn what_a_server_says_cannot_forge_a_finding() {
    let evil = "x\x1b[2J\r\n::error::\u{202e}y";
    for (name, report) in cases::all() {
        let json = serde_json::to_string(&report).unwrap();
        let evil = serde_json::to_string(evil).unwrap();
        let mut report: Report =
            serde_json::from_str(&json.replace("\"alice\"", &evil).replace("\"example.org\"", &evil)).unwrap();
        for turn in &mut report.turn {
            for step in &mut turn.steps {
                step.detail = step.detail.take().map(|detail| detail + "\x1b[2J\n");
                step.error_text = step.error_text.take().map(|text| text + "\x1b[2J\n");
            }
        }
        for finding in judge(&report) {
            let odd = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
            assert!(!format!("{finding:?}").contains(odd), "{name}");
            let says = finding.evidence.iter().map(|evidence| evidence.says.as_str());
            let texts = [finding.detail.as_str(), finding.fix.as_deref().unwrap_or_default()];
            assert!(!says.chain(texts).any(|text| text.contains(odd)), "{name}: {}", finding.code);
        }
    }
}

#[test]
fn only_rules_that_exist_are_silenced_and_none_in_a_circle() {
    let over: BTreeMap<&str, &[&str]> = RULES.iter().map(|rule| (rule.code, rule.over)).collect();
    for (code, below) in &over {
        for other in *below {
            let back = over.get(other).unwrap_or_else(|| panic!("{code} silences {other}, which does not exist"));
            assert!(!back.contains(code) && other != code, "{code} and {other}");
        }
    }
}

#[test]
fn the_rule_that_knows_more_speaks_alone() {
    for (code, not) in [
        ("turn-udp-filtered", "server-silent"),
        ("host-unreachable", "server-silent"),
        ("client-udp-blocked", "turn-udp-filtered"),
        ("turn-udp-not-listening", "server-not-running"),
        ("wrong-port", "turn-udp-not-listening"),
        ("auth-rest-expired", "auth-bad-credentials"),
        ("auth-rest-milliseconds", "auth-bad-credentials"),
        ("auth-rest-expiry-after-2038", "auth-rest-secret-mismatch"),
        ("auth-rest-secret-mismatch", "auth-bad-credentials"),
        ("relay-address-private", "relay-ports-unreachable"),
        ("relay-address-wrong-public", "relay-ports-unreachable"),
        ("tls-ip-url", "tls-cert-hostname-mismatch"),
        ("tls-key-mismatch", "tls-handshake-failed"),
        ("tls-terminated-by-http", "not-stun"),
        ("dns-aaaa-broken", "server-not-running"),
        ("dtls-listener-off", "server-silent"),
        ("reply-from-wrong-source-ip", "turn-udp-filtered"),
        ("peer-public-denied", "peer-private-denied"),
        ("nat-both-symmetric-no-turn", "nat-symmetric"),
        ("nat-carrier-grade", "nat-double"),
        ("auth-rest-bad-encoding", "auth-rest-secret-mismatch"),
        ("auth-rest-username-no-timestamp", "auth-bad-credentials"),
        ("auth-mode-mismatch", "auth-bad-credentials"),
        ("client-egress-443-only", "turn-udp-filtered"),
        ("client-egress-443-only", "turn-tcp-filtered"),
        ("proxy-protocol-unexpected", "stream-silent"),
        ("bind-privileged-port-failed", "server-not-running"),
        ("bind-privileged-port-failed", "stream-silent"),
        ("dns-cdn-proxied", "host-unreachable"),
        ("relay-bandwidth-capped", "relay-lossy"),
        ("sec-open-relay", "sec-wrong-password-accepted"),
        ("tls-all-versions-disabled", "tls-on-plain-port-hang"),
        ("tls-cert-not-reloaded", "tls-cert-expired"),
        ("ice-wrong-credentials", "ice-no-path"),
        ("ice-role-conflict", "ice-no-path"),
    ] {
        let (_, report) = cases::all().into_iter().find(|(name, _)| *name == code).unwrap();
        let found = codes(&report);
        assert!(!found.iter().any(|found| found == not), "{code}: {found:?}");
    }
}

#[test]
fn one_cause_at_several_urls_is_one_finding() {
    let mut over_tcp = unauthorized("bob");
    over_tcp.url = tcp().url;
    let found = judge(&report(vec![unauthorized("bob"), over_tcp]));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].servers.len(), 2);
    assert_eq!(found[0].evidence.iter().filter(|evidence| evidence.fact.contains("/steps/")).count(), 2);
}

#[test]
fn a_server_that_was_checked_step_by_step_is_told_of_once() {
    let mut checked = report(vec![unauthorized("bob")]);
    checked.servers = vec![server(&udp().url, "203.0.113.9:3478", Outcome::Unauthorized)];
    let found = judge(&checked);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].detail.matches("refuses user").count(), 1, "{}", found[0].detail);
}

#[test]
fn a_dead_address_beside_one_that_works_is_a_warning() {
    let dead = refused(turn(rtcprobe::report::RelayProtocol::Udp, "203.0.113.10:3478"));
    let found = judge(&report(vec![udp(), dead]));
    assert_eq!(
        found.iter().map(|f| (f.code.as_str(), f.severity)).collect::<Vec<_>>(),
        [("server-not-running", Severity::Warning)]
    );
}

#[test]
fn what_nobody_asked_for_need_not_be_there() {
    let dtls = turn(rtcprobe::report::RelayProtocol::Dtls, "203.0.113.9:5349");
    let mut bare = report(vec![udp(), tcp(), refused(tls_server()), refused(dtls)]);
    let worst = |report: &Report| judge(report).iter().map(|finding| finding.severity).max();
    assert_eq!(worst(&bare), Some(Severity::Error));
    bare.assumed = bare.turn.iter().map(|turn| turn.url.clone()).collect();
    assert_eq!(worst(&bare), Some(Severity::Info), "{:?}", codes(&bare));
    assert_eq!(codes(&bare)[0], "tls-listener-missing");
    // UDP is what a TURN server is there for, and a server that is not there is not there.
    bare.turn[0] = refused(udp());
    assert_eq!(worst(&bare), Some(Severity::Error));
    bare.turn[1] = refused(tcp());
    assert_eq!(worst(&bare), Some(Severity::Error));
}

#[test]
fn a_run_that_was_stopped_is_not_judged_by_what_it_did_not_do() {
    let stopped = failing(udp(), StepName::Allocate, Cause::Stopped, "stopped");
    assert_eq!(codes(&report(vec![stopped])), Vec::<String>::new());
}

#[test]
fn fixture_reports_carry_what_the_rules_find() {
    for (name, mut report) in view::reports().into_iter().filter(|(_, report)| report.command != "turn") {
        report.nat.iter_mut().for_each(fill);
        report.findings = judge(&report);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/reports/{name}.json"));
        bless::compare(&path, &json::document(&report));
    }
}

#[test]
fn no_error_contradicts_the_verdict() {
    for (name, report) in view::reports() {
        let worst = judge(&report).iter().map(|finding| finding.severity).max();
        assert!(worst != Some(Severity::Error) || report.verdict == Verdict::Fail, "{name}: {:?}", codes(&report));
    }
}

#[test]
fn an_own_private_address_is_no_wrong_one() {
    let (_, mut report) = cases::all().into_iter().find(|(code, _)| *code == "mapped-address-private").unwrap();
    let fires = |report: &Report| judge(report).iter().any(|finding| finding.code == "mapped-address-private");
    assert!(fires(&report));
    // A private network leads to the server, and nothing translates on the way.
    report.environment.interfaces.push(Interface {
        name: "eth0".into(),
        index: 2,
        addresses: vec!["172.17.0.1".into()],
        details: Vec::new(),
        mtu: Some(1500),
        up: true,
        running: true,
        loopback: false,
        point_to_point: false,
        kind: InterfaceKind::Ethernet,
    });
    assert!(!fires(&report));
}

#[test]
fn no_step_fails_without_a_finding() {
    use rtcprobe::report::RelayProtocol;
    let causes = [
        Cause::NoAnswer,
        Cause::Refused,
        Cause::Unreachable,
        Cause::Prohibited,
        Cause::ConnectionClosed,
        Cause::NotStun,
        Cause::HandshakeFailed,
        Cause::IntegrityFailed,
        Cause::Unauthorized,
        Cause::Forbidden,
        Cause::Unsupported,
        Cause::OtherError,
        Cause::ProtocolError,
        Cause::AllocationLost,
        Cause::NotReleased,
    ];
    for transport in [RelayProtocol::Udp, RelayProtocol::Tcp, RelayProtocol::Tls, RelayProtocol::Dtls] {
        for name in udp().steps.iter().map(|step| step.name).filter(|name| *name > StepName::Resolve) {
            for cause in causes {
                let one = failing(turn(transport, "203.0.113.9:3478"), name, cause, "it says so");
                assert!(!codes(&report(vec![one])).is_empty(), "{transport:?} {name:?} {cause:?}");
            }
        }
    }
}

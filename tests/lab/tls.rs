//! Whom rtcprobe trusts.

use std::net::SocketAddr;

use crate::certificates::{Authority, Leaf};
use crate::coturn::{Coturn, PASSWORD, USER};
use crate::dns::Dns;
use crate::evil::{Evil, Manner};
use crate::rtcprobe::gather;
use crate::topology::Lab;

const LOGIN: [&str; 4] = ["--username", USER, "--credential", PASSWORD];
const SERVER: &str = "turns:203.0.113.10:5349?transport=tcp";
const NAMED: &str = "turns:turn4.lab.test:5349?transport=tcp";

#[test]
fn bad_certificates_are_told_apart_and_told_nothing() {
    let lab = Lab::usual();
    let authority = Authority::new(lab.dir());
    let ca = authority.file();
    let mut reasons = Vec::new();
    for (port, (leaf, trust, word)) in (7001..).zip([
        (Leaf::Expired, &["--ca-file", &ca][..], "expire"),
        (Leaf::NotYetValid, &["--ca-file", &ca], "not valid"),
        (Leaf::WrongName, &["--ca-file", &ca], "name"),
        (Leaf::SelfSigned, &["--ca-file", &ca], "self-signed"),
        (Leaf::Good, &[], "issuer"),
    ]) {
        let address: SocketAddr = format!("203.0.113.10:{port}").parse().unwrap();
        let url = format!("turns:{address}?transport=tcp");
        let server = Evil::tls(&lab.server, address, &authority.issue(leaf), Manner::Silent);
        let run = gather(&lab.client, &[&LOGIN[..], &[&url], trust].concat());
        run.expect_code(1);
        let found = run.expect_outcome(&url, "tls-error");
        let tls = found.tls.as_ref().unwrap_or_else(|| panic!("no facts\n{run}"));
        assert!(!tls.trusted, "{run}");
        assert!(!tls.subject_alt_names.is_empty() && tls.not_after.is_some(), "{run}");
        let code = match leaf {
            Leaf::Expired => "tls-cert-expired",
            Leaf::NotYetValid => "tls-cert-not-yet-valid",
            Leaf::WrongName => "tls-ip-url",
            Leaf::SelfSigned => "tls-cert-self-signed",
            // Without --ca-file, and without a place to fetch the issuer from: nobody but its own people knows it.
            _ => "tls-cert-untrusted-ca",
        };
        assert_eq!(run.report.codes(), [code], "{leaf:?}: {run}");
        println!("{leaf:?}, looked for {word:?}: {:?}: {:?}", tls.distrust, found.error);
        reasons.push(tls.distrust.clone().unwrap());
        assert_eq!(server.heard(), b"", "{leaf:?}: it was told something");
        assert!(server.connections() > 0);
        assert!(run.report.gather.complete_ms.unwrap() < 2000.0, "{run}");
        drop(server);
    }
    let all = reasons.len();
    reasons.sort();
    reasons.dedup();
    assert_eq!(reasons.len(), all, "one reason for different troubles: {reasons:#?}");
}

#[test]
fn trust_can_be_waived_and_the_verdict_stays_on_record() {
    let lab = Lab::usual();
    let authority = Authority::new(lab.dir());
    let coturn = Coturn::with_identity(&lab, authority.issue(Leaf::SelfSigned));
    for server in [SERVER, "turns:203.0.113.10:5349?transport=udp"] {
        let refused = gather(&lab.client, &[&LOGIN[..], &[server]].concat());
        refused.expect_code(1);
        refused.expect_outcome(server, "tls-error");
        assert_eq!(coturn.allocations(), 0);

        let run = gather(&lab.client, &[&LOGIN[..], &[server, "--insecure"]].concat());
        run.expect_code(0);
        let tls = run.expect_outcome(server, "ok").tls.as_ref().unwrap();
        assert!(!tls.trusted && tls.distrust.is_some(), "{run}");
        assert_eq!(coturn.allocations_left(), 0);
    }
}

#[test]
fn dtls_is_as_careful_as_tls() {
    let lab = Lab::usual();
    let authority = Authority::new(lab.dir());
    let _coturn = Coturn::with_identity(&lab, authority.issue(Leaf::Expired));
    let ca = authority.file();
    let run = gather(&lab.client, &[&LOGIN[..], &["turns:203.0.113.10:5349?transport=udp", "--ca-file", &ca]].concat());
    run.expect_code(1);
    let tls = run.expect_outcome("turns:203.0.113.10?transport=udp", "tls-error").tls.as_ref().unwrap();
    assert!(tls.distrust.is_some(), "{run}");
}

#[test]
fn the_name_asked_for_is_the_name_checked() {
    let lab = Lab::usual();
    let _dns = Dns::usual(&lab);
    let authority = Authority::new(lab.dir());
    let _coturn = Coturn::with_identity(&lab, authority.issue(Leaf::WrongName));
    let ca = authority.file();
    let args = [&LOGIN[..], &[NAMED, "--ca-file", &ca]].concat();
    gather(&lab.client, &args).expect_outcome(NAMED, "tls-error");
    // `--sni` says which name is meant.
    let run = gather(&lab.client, &[&args[..], &["--sni", "elsewhere.lab.test"]].concat());
    run.expect_outcome(NAMED, "ok");
}

#[test]
fn a_server_without_tls_on_its_tls_port_is_told() {
    let lab = Lab::usual();
    let _http = Evil::tcp(&lab.server, "203.0.113.10:5349".parse().unwrap(), Manner::Http);
    let run = gather(&lab.client, &[&LOGIN[..], &[SERVER]].concat());
    run.expect_code(1);
    run.expect_outcome(SERVER, "tls-error");
}

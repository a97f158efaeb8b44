//! Certificates that are not trusted, and servers behind TLS that are something else.

use crate::certificates::{Authority, Leaf};
use crate::evil::{Evil, Manner};
use crate::topology::Lab;
use crate::turn::case::{Case, DTLS, FINE, GOOD, TLS, check};
use crate::with_user;

#[test]
fn bad_certificates_are_told_apart_and_turn_behind_them_is_tried() {
    let case = |name, leaf, expect| Case { name, leaf: Some(leaf), expect, ..GOOD };
    check(
        &Lab::usual(),
        &[
            case("with its intermediate", Leaf::Intermediate, &[(TLS, FINE), (DTLS, FINE)]),
            case("expired", Leaf::Expired, &[(TLS, "tls:certificate-expired"), (DTLS, "tls:certificate-expired")]),
            case("not yet valid", Leaf::NotYetValid, &[(TLS, "tls:certificate-not-yet-valid")]),
            case(
                "self-signed",
                Leaf::SelfSigned,
                &[(TLS, "tls:certificate-self-signed"), (DTLS, "tls:certificate-self-signed")],
            ),
            case("wrong name", Leaf::WrongName, &[(TLS, "tls:certificate-wrong-name")]),
            case(
                "without its intermediate",
                Leaf::NoIntermediate,
                &[(TLS, "tls:certificate-incomplete-chain"), (DTLS, "tls:certificate-incomplete-chain")],
            ),
            Case { trusts: false, ..case("unknown authority", Leaf::WithRoot, &[(TLS, "tls:certificate-untrusted")]) },
            case("key of another certificate", Leaf::OtherKey, &[(TLS, "tls:handshake-failed")]),
            Case {
                flags: with_user!("--no-tlsv1_2"),
                ..case("no version of TLS", Leaf::Good, &[(TLS, "tls:handshake-timeout")])
            },
            Case {
                args: &["--username", "alice", "--credential", "no"],
                ..case(
                    "expired, and a wrong password",
                    Leaf::Expired,
                    &[(TLS, "tls:certificate-expired allocate:unauthorized")],
                )
            },
        ],
    );
}

#[test]
fn what_is_behind_tls_and_not_turn_is_told() {
    let lab = Lab::usual();
    let authority = Authority::new(lab.dir());
    let identity = authority.issue(Leaf::Good);
    for (port, manner, expected) in [
        (7001, Manner::Http, "binding:not-stun challenge:not-stun"),
        (7002, Manner::Garbage, "binding:not-stun challenge:not-stun"),
        (7003, Manner::Truncated, "binding:connection-closed challenge:connection-closed"),
        (7004, Manner::Silent, "binding:no-answer challenge:no-answer"),
    ] {
        let url = format!("turns:203.0.113.10:{port}?transport=tcp");
        let address = format!("203.0.113.10:{port}").parse().unwrap();
        let _evil = Evil::tls(&lab.server, address, &identity, manner);
        let case = Case { name: "behind TLS", expect: &[(&url, expected)], ..GOOD };
        let (run, wrong) = case.probe(&lab.client, &["--ca-file", &authority.file()]);
        assert!(wrong.is_empty(), "{manner:?}: {wrong:#?}\n{run}");
    }
}

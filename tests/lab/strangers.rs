//! The lab's servers, proved with other people's clients.

use std::time::Duration;

use crate::certificates::{Authority, Leaf};
use crate::coturn::{Coturn, Options, PASSWORD, USER};
use crate::dns::Dns;
use crate::evil::{Evil, Manner, stun_servers};
use crate::process::Cmd;
use crate::topology::{Lab, at};

fn uclient(transport: &[&str], password: &str) -> Cmd {
    // One message to an echo of its own, released at the end.
    Cmd::new("turnutils_uclient")
        .args(["-y", "-n", "1", "-c", "-u", USER, "-w", password])
        .args(transport.iter().copied())
        .arg(at::SERVER)
}

#[test]
fn coturn_relays_over_every_transport() {
    let lab = Lab::usual();
    let authority = Authority::new(lab.dir());
    let coturn = Coturn::with_identity(&lab, authority.issue(Leaf::Good));
    for transport in [&[][..], &["-t"], &["-S", "-p", "5349"], &["-t", "-S", "-p", "5349"]] {
        let before = coturn.allocated();
        lab.client.exec(uclient(transport, PASSWORD)).expect_success();
        assert!(coturn.allocated() > before, "{transport:?}\n{}", coturn.log());
    }
}

#[test]
fn coturn_holds_what_is_not_released() {
    let lab = Lab::usual();
    let coturn = Coturn::usual(&lab);
    // More messages than there is time for, then killed: nothing says goodbye.
    let client = lab.client.spawn(uclient(&["-n", "10000"], PASSWORD));
    while coturn.allocations() == 0 {
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(client);
    assert!(coturn.allocations_left() > 0);
}

#[test]
fn names_resolve_to_what_the_zone_says() {
    let lab = Lab::usual();
    let dns = Dns::usual(&lab);
    let ask = |name: &str| lab.client.exec(Cmd::new("getent").args(["ahosts", name]));
    let both = ask("turn.lab.test").expect_success().stdout;
    assert!(both.contains(at::SERVER) && both.contains(at::SERVER6), "{both}");
    let one = ask("turn4.lab.test").expect_success().stdout;
    assert!(one.contains(at::SERVER) && !one.contains(at::SERVER6), "{one}");
    assert!(!ask("nowhere.lab.test").status.success());
    assert!(!ask("servfail.lab.test").status.success());
    assert!(dns.asked().iter().any(|question| question == "turn.lab.test 28"));
}

#[test]
fn certificates_are_as_good_as_they_are_called() {
    let lab = Lab::usual();
    let authority = Authority::new(lab.dir());
    for (port, leaf, says) in [
        (7001, Leaf::Good, "Verification: OK"),
        (7002, Leaf::Expired, "certificate has expired"),
        (7003, Leaf::NotYetValid, "certificate is not yet valid"),
        (7004, Leaf::WrongName, "hostname mismatch"),
        (7005, Leaf::SelfSigned, "self-signed certificate"),
    ] {
        let address = format!("{}:{port}", at::SERVER);
        let _server = Evil::tls(&lab.server, address.parse().unwrap(), &authority.issue(leaf), Manner::Http);
        let client = Cmd::new("openssl")
            .args(["s_client", "-connect", &address, "-CAfile", &authority.file(), "-verify_hostname", "turn.lab.test"])
            .stdin("hello\n");
        let client = lab.client.exec(client);
        assert!(client.stdout.contains(says), "{leaf:?}: {client}");
    }
}

#[test]
fn a_crowd_of_stun_servers_answers_a_stranger() {
    let lab = Lab::usual();
    let _servers = stun_servers(&lab.server, vec!["198.18.0.1:3478".parse().unwrap()]);
    let stunc = lab.client.exec(Cmd::new("stunc").args(["198.18.0.1:3478", "-b"])).expect_success();
    assert!(stunc.stderr.contains(at::PUBLIC), "{stunc}");
}

#[test]
fn rest_credentials_are_taken_by_a_coturn_with_a_secret() {
    let lab = Lab::usual();
    let coturn = Coturn::start(&lab, Options { rest: true, ..Options::default() });
    let client = Cmd::new("turnutils_uclient").args(["-y", "-n", "1", "-c", "-u", USER, "-W", crate::coturn::SECRET]);
    lab.client.exec(client.arg(at::SERVER)).expect_success();
    assert!(coturn.allocated() > 0);
}

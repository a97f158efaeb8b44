//! The embedded server, proved with other people's clients.

use std::net::IpAddr;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use rtcprobe::drive::{self, Options};
use rtcprobe::machine::Chance;
use rtcprobe::server::nat::NatConfig;
use rtcprobe::server::{Addresses, DEMO_REALM, DemoPorts, Event, demo};

use crate::process::{Cmd, Finished, Process};

/// The demo server on the loopback of this machine, in a thread of its own.
struct Serving {
    at: Addresses,
    password: String,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Serving {
    fn behind(kind: &str) -> Serving {
        let nat: NatConfig = kind.parse().unwrap();
        let chance = Chance::from_seed(drive::seed().unwrap());
        let (mut server, addresses) = demo(nat, DemoPorts::default(), 1_700_000_000, chance);
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![DEMO_REALM.into()]).unwrap().self_signed(&key).unwrap();
        let identity = (certificate.pem().into_bytes(), key.serialize_pem().into_bytes());
        let options = Options { serve_certificate: Some(identity), ..Options::default() };
        let (say, heard) = mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let thread = thread::spawn(move || {
            let learn = |_, event| {
                if let Event::Listening(at) = event {
                    say.send(at).unwrap();
                }
            };
            let run = async {
                tokio::select! {
                    ended = drive::run(&mut server, &options, None, learn) => panic!("the server ended: {ended:?}"),
                    _ = stopped => {}
                }
            };
            drive::block_on(run).unwrap();
        });
        let at = heard.recv_timeout(Duration::from_secs(5)).unwrap();
        Serving { at, password: addresses.password, stop: Some(stop), thread: Some(thread) }
    }

    fn port(&self) -> String {
        self.at.udp[0].port().to_string()
    }

    fn natdiscovery(&self, what: &str) -> String {
        visit(Cmd::new("turnutils_natdiscovery").args([what, "-p", &self.port(), "127.0.0.1"])).stdout
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || thread::panicking(), "the server's thread panicked");
    }
}

fn visit(cmd: Cmd) -> Finished {
    Process::start("loopback", cmd).finish()
}

#[test]
fn coturns_nat_discovery_sees_the_nine_nats() {
    for (mapping, dependent) in [("eim", false), ("adm", true), ("apdm", true)] {
        for (filtering, named) in
            [("eif", "Endpoint Independent"), ("adf", "Address Dependent"), ("apdf", "Address and Port Dependent")]
        {
            let serving = Serving::behind(&format!("{mapping}-{filtering}"));
            let said = serving.natdiscovery("-m");
            // It cannot tell the two dependent ones: its third request goes to the OTHER-ADDRESS of
            // the second answer, which is the first address again, and not to that of the first.
            let seen = if dependent { "Dependent Mapping" } else { "Endpoint Independent Mapping" };
            assert!(said.contains(seen), "{mapping}-{filtering}: {said}");
            let said = serving.natdiscovery("-f");
            assert!(said.contains(&format!("NAT with {named} Filtering")), "{mapping}-{filtering}: {said}");
        }
    }
}

#[test]
fn clients_of_rfc_3489_name_the_nat() {
    for (kind, named) in [
        ("none", "Primary: Open"),
        ("full-cone", "Independent Mapping, Independent Filter, preserves ports"),
        ("port-restricted-cone", "Independent Mapping, Port Dependent Filter, preserves ports"),
        ("symmetric", "Dependent Mapping, random port"),
    ] {
        let serving = Serving::behind(kind);
        // Its exit status is its verdict, not its success.
        let said = visit(Cmd::new("stun").arg(format!("127.0.0.1:{}", serving.port())));
        assert!(said.stdout.contains(named), "{kind}: {said}");
    }
    let serving = Serving::behind("none");
    let said = visit(Cmd::new("stunc").args([&format!("127.0.0.1:{}", serving.port()), "-n"]));
    assert!(format!("{said}").contains("Open Internet"), "{said}");
}

#[test]
fn coturns_clients_use_every_transport() {
    let serving = Serving::behind("none");
    let at = &serving.at;
    visit(Cmd::new("turnutils_stunclient").args(["-p", &serving.port(), "127.0.0.1"])).expect_success();
    // Send indications: its channels are of RFC 5766's range, most of which RFC 8656 took back.
    for (port, transport) in [
        (at.udp[0].port(), &["-y", "-s"][..]),
        (at.tcp[0].port(), &["-y", "-s", "-t"]),
        (at.tls[0].port(), &["-y", "-s", "-t", "-S"]),
        (at.dtls[0].port(), &["-y", "-s", "-S"]),
        (at.tcp[0].port(), &["-T"]),
    ] {
        let uclient = Cmd::new("turnutils_uclient")
            .args(["-u", "demo", "-w", &serving.password, "-n", "2", "-m", "1", "-p", &port.to_string()])
            .args(transport.iter().copied())
            .arg(IpAddr::from([127, 0, 0, 1]).to_string());
        let said = visit(uclient).expect_success();
        assert!(said.stdout.contains("Total lost packets 0 "), "{transport:?}: {said}");
    }
}

//! What `--pcap` and `--trace` write of a check of coturn: tshark reads the one, a replay repeats the other.

use crate::certificates::{Authority, Leaf};
use crate::coturn::Coturn;
use crate::nat::Nat;
use crate::process::Cmd;
use crate::rtcprobe::rtcprobe;
use crate::topology::Lab;
use crate::turn::case::{Case, DTLS, GOOD, LOGIN, TCP, TLS, UDP};
use crate::turn::report::turn;

const FOUR: Case = Case { leaf: Some(Leaf::Good), ..GOOD };

#[test]
fn tshark_reads_every_packet_and_a_replay_repeats_the_report() {
    let lab = Lab::behind(Nat::Masquerade);
    let authority = Authority::new(lab.dir());
    let _coturn = Coturn::start(&lab, FOUR.options(&authority));
    let file = |name: &str| lab.dir().join(name).to_str().unwrap().to_owned();
    let (ca, pcap, trace) = (authority.file(), file("run.pcapng"), file("run.trace"));
    let recording = ["--pcap", &pcap, "--trace", &trace];
    let run = turn(&lab.client, &[LOGIN, &["--ca-file", &ca, UDP, TCP, TLS, DTLS], &recording[..]].concat());
    let again = lab.server.exec(rtcprobe(&["replay", &trace, "--json"]));
    assert_eq!(again.stdout, run.finished.stdout, "{again}");
    assert_eq!(again.code(), run.finished.code(), "{again}");

    let tshark = |filter: &str| {
        let fields = ["-T", "fields", "-e", "frame.number", "-e", "_ws.col.Protocol", "-e", "_ws.col.Info"];
        let read = Cmd::new("tshark").args(["-n", "-r", &pcap, "-Y", filter]).args(fields).env("HOME", lab.dir());
        lab.client.exec(read).expect_success().stdout
    };
    assert_eq!(tshark("_ws.malformed || _ws.expert.severity == \"Error\" || _ws.expert.severity == \"Warning\""), "");
    // Peers of the relay get plain data; everything else is a message, and so are all that went through TLS and DTLS.
    assert_eq!(tshark("frame.comment contains \"step\" && !stun && !tcp.flags.syn == 1"), "");
    assert_eq!(tshark("frame.interface_name == \"inside\" && !stun"), "");
    for method in ["0x0003", "0x0004", "0x0008", "0x0009"] {
        let inside = tshark(&format!("frame.interface_name == \"inside\" && stun.type.method == {method}"));
        assert!(inside.lines().count() >= 4, "{method}, requests and answers over TLS and DTLS: {inside}");
    }
}

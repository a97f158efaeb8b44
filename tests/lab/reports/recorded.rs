//! What was recorded behind each of nine NATs: a replay tells the same, and Wireshark reads it.

use std::fs;
use std::path::Path;

use crate::behaviour::report::side_by_side;
use crate::behaviour::servers::{Given, Servers};
use crate::nat::Firewall;
use crate::nats::{NINE, kernel};
use crate::process::Cmd;
use crate::rtcprobe::rtcprobe;
use crate::site::{Gate, Site, World};

#[test]
fn a_trace_behind_each_of_nine_nats_replays_to_the_byte_and_tshark_reads_its_packets() {
    let world = World::new();
    let _servers = Servers::start(&world);
    let gate = |kind: &&'static str| Gate::Kernel(kernel(kind), Firewall::Open);
    let sites: Vec<_> = NINE.iter().map(|kind| (*kind, world.site(gate(kind)))).collect();
    let wrong = side_by_side(4, &sites, |(kind, site)| recorded(kind, site, world.dir()));
    let wrong: Vec<String> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What is wrong about a run's record.
fn recorded(kind: &str, site: &Site, dir: &Path) -> Option<String> {
    let file = |name: &str| dir.join(format!("{kind}.{name}")).to_str().unwrap().to_owned();
    let (trace, pcap) = (file("trace"), file("pcapng"));
    let recording = ["check", "--json", "--no-echo", "--trace", &trace, "--pcap", &pcap];
    let run = site.client.exec(rtcprobe(&[&recording[..], &Given::StunAndTurnApart.args()].concat()));
    let again = site.client.exec(rtcprobe(&["replay", &trace, "--json"]));
    if (&again.stdout, again.code()) != (&run.stdout, run.code()) || !run.stdout.contains("\"nat\": {") {
        return Some(format!("{kind}: the replay differs\n{run}\n{again}"));
    }
    // What fills packets up to a size is an attribute that nobody knows, on purpose.
    let bad = "_ws.malformed || (!(_ws.expert.message == \"Unknown attribute 0xfffd\") && \
               (_ws.expert.severity == \"Error\" || _ws.expert.severity == \"Warning\"))";
    let read = Cmd::new("tshark").args(["-n", "-r", &pcap, "-Y", bad]).env("HOME", dir);
    let said = site.client.exec(read).expect_success().stdout;
    let packets = fs::metadata(&pcap).unwrap().len();
    println!("{kind}: {packets} bytes of packets, {} of trace", fs::metadata(&trace).unwrap().len());
    (!said.is_empty()).then(|| format!("{kind}: tshark has something against it:\n{said}"))
}

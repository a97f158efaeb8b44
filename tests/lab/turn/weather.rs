//! Bad networks: what gets lost on the way changes no verdict.

use std::time::Duration;

use crate::certificates::{Authority, Leaf};
use crate::coturn::Coturn;
use crate::topology::{Lab, Topology};
use crate::turn::case::{Case, DTLS, GOOD, LOGIN, TCP, TLS, UDP};
use crate::turn::report::turn;

#[test]
fn every_fifth_packet_lost_each_way_changes_no_verdict() {
    let runs = std::env::var("RTCPROBE_LAB_RUNS").map_or(3, |runs| runs.parse().unwrap());
    let lab = Lab::new(Topology { loss_percent: 20, rtt: Duration::from_millis(20), ..Topology::default() });
    let authority = Authority::new(lab.dir());
    let _coturn = Coturn::start(&lab, Case { leaf: Some(Leaf::Good), ..GOOD }.options(&authority));
    let ca = authority.file();
    let mut wrong = Vec::new();
    for _ in 0..runs {
        let run = turn(&lab.client, &[LOGIN, &["--no-echo", "--ca-file", &ca, UDP, TCP, TLS, DTLS]].concat());
        println!("{:5.1} s: {}", run.report.duration_ms / 1e3, run.sketch().join(" | "));
        for url in [UDP, TCP, TLS, DTLS] {
            let found = run.of(url);
            let receives = found.steps.iter().any(|step| step.name == "relay-receive" && step.outcome == "ok");
            if found.works != Some(true) || !receives {
                let steps = found
                    .steps
                    .iter()
                    .filter(|step| step.outcome != "ok" || step.duration_ms.is_some_and(|ms| ms > 500.0));
                wrong.push(format!("{url}: {:#?}", steps.collect::<Vec<_>>()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

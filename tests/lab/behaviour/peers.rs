//! Other people's tools and rtcprobe, side by side in the same lab: how long they take, how often they
//! are right.

use std::time::Duration;

use crate::behaviour::report::{Seen, side_by_side};
use crate::behaviour::rough::rough;
use crate::behaviour::servers::{Given, Servers};
use crate::namespace::Host;
use crate::path::Path;
use crate::process::{Cmd, Finished};
use crate::rtcprobe::rtcprobe;
use crate::site::{Gate, World};

const SERVER: &str = "203.0.113.10";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tool {
    Rtcprobe,
    Vovida,
    Natdiscovery,
    /// Installed with pip, where it is.
    Pystun3,
}

const TOOLS: [Tool; 4] = [Tool::Rtcprobe, Tool::Vovida, Tool::Natdiscovery, Tool::Pystun3];

impl Tool {
    fn run(self, client: &Host, run: usize) -> Finished {
        let cmd = match self {
            Tool::Rtcprobe => rtcprobe(&[&["nat", "--json"], &Given::TwoAddresses.args()[..]].concat()),
            Tool::Vovida => Cmd::new("stun").arg(SERVER),
            Tool::Natdiscovery => Cmd::new("turnutils_natdiscovery").args(["-m", "-f", "-H", SERVER]),
            // Its fixed port remembers earlier runs; this is kinder to it than its default.
            Tool::Pystun3 => Cmd::new("pystun3").args(["-H", SERVER, "-p", &(20_000 + run).to_string()]),
        };
        client.exec(cmd)
    }

    /// Mapping and filtering in the words of this lab, as far as it said them.
    fn verdict(self, finished: Finished) -> String {
        if self == Tool::Rtcprobe {
            return Seen::from(finished).kind();
        }
        let said = finished.stdout;
        let first = |words: &[(&str, &str)]| {
            words.iter().find(|(word, _)| said.contains(word)).map_or("?", |(_, means)| means).to_owned()
        };
        match self {
            Tool::Rtcprobe => unreachable!("its report is read"),
            Tool::Vovida => first(&[
                ("Independent Mapping, Independent Filter", "eim-eif"),
                ("Independent Mapping, Port Dependent Filter", "eim-apdf"),
                ("Independent Mapping, Address Dependent Filter", "eim-adf"),
                ("Dependent Mapping", "dependent-?"),
            ]),
            Tool::Natdiscovery => {
                first(&[
                    ("NAT with Endpoint Independent Mapping", "eim"),
                    ("NAT with Address and Port Dependent Mapping", "apdm"),
                    ("NAT with Address Dependent Mapping", "adm"),
                ]) + "-"
                    + &first(&[
                        ("NAT with Endpoint Independent Filtering", "eif"),
                        ("NAT with Address and Port Dependent Filtering", "apdf"),
                        ("NAT with Address Dependent Filtering", "adf"),
                    ])
            }
            Tool::Pystun3 => first(&[
                ("Full Cone", "eim-eif"),
                ("Restric NAT", "eim-adf"),
                ("Restric Port NAT", "eim-apdf"),
                ("Symmetric NAT", "dependent-?"),
            ]),
        }
    }

    fn is_there(self) -> bool {
        let there = |dir: std::path::PathBuf| dir.join("pystun3").exists();
        self != Tool::Pystun3 || std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(there))
    }
}

#[test]
#[ignore = "minutes, alone: compares with other tools, with --nocapture for the table"]
fn a_comparison_with_other_tools() {
    let world = World::new();
    let _servers = Servers::start(&world);
    let delay = Duration::from_millis(50);
    let far = [Path { delay, ..Path::default() }; 2];
    println!("wall time of mapping, filtering and hairpinning behind EIM/APDF, median (least to most) of runs");
    for tool in TOOLS.into_iter().filter(|tool| tool.is_there()) {
        let runs = if tool == Tool::Pystun3 { 2 } else { 5 };
        for (name, paths) in [("LAN", [Path::default(); 2]), ("100 ms", far)] {
            // A NAT of its own for each: no mapping of an earlier run.
            let site = world.site_over(Gate::called("eim-apdf"), paths);
            let mut times = Vec::new();
            let mut said = Vec::new();
            for run in 0..runs {
                let finished = tool.run(&site.client, run);
                times.push(finished.took.as_secs_f64());
                said.push(tool.verdict(finished));
            }
            times.sort_by(f64::total_cmp);
            println!("{tool:?} {name}: {:.2} s ({:.2} to {:.2}) {said:?}", times[runs / 2], times[0], times[runs - 1]);
        }
    }
    println!("20 % loss, 10 % twice, 10 % overtaken, each way");
    let cells: Vec<_> = TOOLS
        .into_iter()
        .filter(|tool| tool.is_there())
        .flat_map(|tool| ["eim-eif", "eim-apdf"].map(|kind| (tool, kind)))
        .zip(100..)
        .map(|((tool, kind), seed)| (tool, kind, world.site_over(Gate::called(kind), rough(seed))))
        .collect();
    side_by_side(cells.len(), &cells, |(tool, kind, site)| {
        let (mut right, mut silent, mut wrong) = (0, 0, Vec::new());
        let runs = if *tool == Tool::Pystun3 { 8 } else { 20 };
        for run in 0..runs {
            let said = tool.verdict(tool.run(&site.client, run));
            let fits = said.split('-').zip(kind.split('-')).all(|(said, is)| said == "?" || said == is);
            match (said == *kind, fits) {
                (true, _) => right += 1,
                (_, true) => silent += 1,
                _ => wrong.push(said),
            }
        }
        println!(
            "{tool:?} {kind}: {right} right, {silent} in part or not at all, {} wrong of {runs} {wrong:?}",
            wrong.len()
        );
    });
}

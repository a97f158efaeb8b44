//! Somebody else's agent as the other side, and two of them among themselves.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::caller::call;
use super::meeting::{Talker, View, meet};
use super::peers::{ALL, NEAR, Stranger};
use super::place::Place;
use crate::behaviour::report::side_by_side;
use crate::nat::{Firewall, Nat};
use crate::site::{Gate, Site};

/// What two agents have to connect through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Addresses that everybody reaches.
    Host,
    /// Two NATs as they are in homes; host candidates are kept back, since both have the same.
    Srflx,
    /// The answering one has a relay and nothing else.
    Relay,
}

const WAYS: [Way; 3] = [Way::Host, Way::Srflx, Way::Relay];

impl Way {
    /// What stands before a stranger: Firefox wants a link with an address of its own.
    fn gate(self, kind: Stranger) -> Gate {
        match (kind, self) {
            (Stranger::Firefox, Way::Srflx) => Gate::Kernel(Nat::Masquerade, Firewall::Open),
            (Stranger::Firefox, _) => Gate::Kernel(Nat::None, Firewall::Open),
            (_, Way::Srflx) => Gate::called("eim-apdf"),
            _ => Gate::called("none"),
        }
    }

    fn passes(self, candidate: &str) -> bool {
        self != Way::Srflx || !candidate.contains(" typ host")
    }

    fn servers(self, place: &Place) -> PathBuf {
        match self {
            Way::Relay => place.servers("turn", &["turn:203.0.113.10:3478?transport=udp"]),
            _ => place.servers("stun", &[]),
        }
    }
}

/// A stranger at a site.
fn stranger(place: &Place, site: &Site, kind: Stranger, (way, offer): (Way, bool), servers: &Path) -> Talker {
    let mut cmd = kind.cmd().arg("--ice-servers").arg(servers);
    cmd = cmd.env("HOME", place.world.dir()).env("TMPDIR", place.world.dir());
    if offer {
        cmd = cmd.arg("--offer");
    } else if way == Way::Relay {
        cmd = cmd.arg("--relay-only");
    }
    Talker::program(&site.client, &format!("{kind:?}"), cmd)
}

/// Two strangers in a world of their own.
fn among_themselves(way: Way, one: Stranger, other: Stranger) -> [View; 2] {
    let place = Place::new();
    let servers = way.servers(&place);
    let [a, b] = [one, other].map(|kind| place.world.site(way.gate(kind)));
    let offer = stranger(&place, &a, one, (way, true), &servers);
    let answer = stranger(&place, &b, other, (way, false), &servers);
    meet(offer, answer, |candidate| way.passes(candidate))
}

fn show(view: &View) -> String {
    let pair = view.pair.as_ref().map(|(local, remote)| format!("{local}-{remote}")).unwrap_or_default();
    format!("{:9} {:5.0} ms {pair:11}", view.state, view.ms)
}

/// Those that the environment asks for: all, if it does not.
fn asked(kind: &Stranger) -> bool {
    std::env::var("STRANGERS_ASKED").map_or(true, |only| only.split(',').any(|name| name == format!("{kind:?}")))
}

/// rtcprobe and a stranger in a world of their own: their views, rtcprobe's first, and its report.
fn with_rtcprobe(way: Way, kind: Stranger, offer: bool) -> ([View; 2], Value) {
    let place = Place::new();
    let servers = way.servers(&place);
    let here = place.world.site(way.gate(Stranger::Aioice));
    let there = place.world.site(way.gate(kind));
    let list = servers.to_str().unwrap();
    let mut args = vec!["--ice-servers", list, "--duration", "1s"];
    if way == Way::Relay && !offer {
        args.extend(["--policy", "relay"]);
    }
    let (we, report) = call(&place, &here.client, offer, &args);
    let they = stranger(&place, &there, kind, (way, !offer), &servers);
    let passes = |candidate: &str| way.passes(candidate);
    let views = if offer {
        meet(we, they, passes)
    } else {
        let [theirs, ours] = meet(they, we, passes);
        [ours, theirs]
    };
    (views, report.connect())
}

#[test]
#[ignore = "needs what tests/strangers/install.sh installs; minutes: a table of times with --nocapture"]
fn rtcprobe_connects_with_all_strangers() {
    let mut wrong = Vec::new();
    for way in WAYS {
        for kind in ALL.into_iter().filter(asked) {
            for offer in [true, false] {
                let (views, report) = with_rtcprobe(way, kind, offer);
                let role = if offer { "controlling" } else { "controlled" };
                let [ours, theirs] = views.each_ref().map(show);
                println!(
                    "{way:?}: rtcprobe {role}: {ours} | {kind:?}: {theirs} | {} {} {} {}",
                    report["state"], report["selected"]["path"], report["checkingMs"], report["connectedMs"]
                );
                if !views.iter().all(View::is_connected) {
                    wrong.push(format!("{way:?} {role} {kind:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn rtcprobe_connects_with_strangers_of_debian() {
    let cells: Vec<_> = WAYS.into_iter().flat_map(|way| NEAR.map(|kind| (way, kind))).zip(0..).collect();
    side_by_side(3, &cells, |((way, kind), n)| {
        let offer = n % 2 == 0;
        let (views, report) = with_rtcprobe(*way, *kind, offer);
        let role = if offer { "offers" } else { "answers" };
        assert!(views.iter().all(View::is_connected), "{way:?}: rtcprobe {role}, {kind:?}: {views:#?}\n{report:#}");
        let named = report["remote"]["agent"].as_str().unwrap_or_default().to_owned();
        assert!(!named.is_empty() && report["otherView"].is_object(), "{report:#}");
    });
}

#[test]
fn strangers_of_debian_connect_among_themselves() {
    for (way, one, other) in
        [(Way::Host, NEAR[0], NEAR[1]), (Way::Srflx, NEAR[1], NEAR[2]), (Way::Relay, NEAR[2], NEAR[1])]
    {
        let views = among_themselves(way, one, other);
        assert!(views.iter().all(View::is_connected), "{way:?}: {one:?} and {other:?}: {views:#?}");
    }
}

#[test]
#[ignore = "needs what tests/strangers/install.sh installs; half an hour: a table of times with --nocapture"]
fn all_strangers_among_themselves() {
    for way in WAYS {
        for one in ALL.into_iter().filter(asked) {
            for other in ALL.into_iter().filter(asked) {
                let [first, second] = among_themselves(way, one, other).map(|view| show(&view));
                println!("{way:?}: {one:?} offers: {first} | {other:?} answers: {second}");
            }
        }
    }
}

//! Somebody else's agent as the other side, and two of them among themselves.

use std::path::{Path, PathBuf};

use super::meeting::{Talker, View, meet};
use super::peers::{ALL, NEAR, Stranger};
use super::place::Place;
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

//! A look at the NAT beside the connection, so that what should work can be held against what does.

use super::{Config, Connecting, Happening};
use crate::machine::script::Script;
use crate::machine::{Chance, Input, Join, Machine, Output, Time};
use crate::probes::nat;
use crate::report::Event;
use crate::report::connect::SideNat;
use crate::report::nat::{Behaviour, Nat};

/// One side of a connection, with the look at its NAT where one is wanted.
pub struct Foreseeing {
    parts: Join<Place, Running>,
    stopped: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Place {
    Connect,
    Nat,
}

enum Running {
    Connect(Box<Connecting>),
    Nat(Script<Event>),
}

impl Foreseeing {
    #[must_use]
    pub fn new(config: Config, mut chance: Chance) -> Foreseeing {
        let mut parts = Join::new();
        if let Some(looking) = config.nat.clone() {
            parts.add(Place::Nat, Running::Nat(nat::probe(looking, chance.split())));
        }
        parts.add(Place::Connect, Running::Connect(Box::new(Connecting::new(config, chance))));
        Foreseeing { parts, stopped: false }
    }

    fn nat(&mut self, now: Time, nat: &Nat) {
        let side = side(nat);
        self.parts.tell(&Place::Connect, |running| {
            if let Running::Connect(connecting) = running {
                connecting.nat_known(now, side);
            }
        });
    }

    /// Nobody waits for the NAT when the connection is over.
    fn stop_looking(&mut self, now: Time) {
        let left =
            matches!(self.parts.get(&Place::Connect), Some(Running::Connect(connecting)) if connecting.has_left());
        if left && !std::mem::replace(&mut self.stopped, left) {
            self.parts.tell(&Place::Nat, |running| running.input(now, Input::Stop));
        }
    }
}

impl Connecting {
    /// What stands in front of this side, from whoever looked.
    fn nat_known(&mut self, now: Time, nat: SideNat) {
        self.here.nat = Some(nat);
        self.go_on(now);
    }

    /// The end was told, and everything is being given back.
    fn has_left(&self) -> bool {
        self.left.is_some()
    }
}

/// What the other side is told of it. A host that nothing is rewritten for has no mapping.
fn side(nat: &Nat) -> SideNat {
    let may_be = |known: Behaviour, possible: &[Behaviour], none: bool| match known {
        Behaviour::Unknown if none => vec![Behaviour::None],
        Behaviour::Unknown => possible.to_vec(),
        known => vec![known],
    };
    let bare = nat.nat == Some(false);
    SideNat {
        udp: nat.udp,
        mapping: may_be(nat.mapping, &nat.mapping_possible, bare),
        filtering: may_be(nat.filtering, &nat.filtering_possible, bare && nat.firewall == Some(false)),
    }
}

impl Machine for Running {
    type Event = Happening;

    fn input(&mut self, now: Time, input: Input<'_>) {
        match self {
            Running::Connect(machine) => machine.input(now, input),
            Running::Nat(machine) => machine.input(now, input),
        }
    }

    fn output(&mut self, now: Time) -> Output<Happening> {
        match self {
            Running::Connect(machine) => machine.output(now),
            Running::Nat(machine) => machine.output(now).map(|event| Happening::Learned(Box::new(event))),
        }
    }
}

impl Machine for Foreseeing {
    type Event = Happening;

    fn input(&mut self, now: Time, input: Input<'_>) {
        self.parts.input(now, input);
    }

    fn output(&mut self, now: Time) -> Output<Happening> {
        loop {
            let output = self.parts.output(now);
            self.stop_looking(now);
            match output {
                Output::Event((Place::Connect, happening)) => return Output::Event(happening),
                Output::Event((Place::Nat, Happening::Learned(event))) => {
                    if let Event::Nat { nat, .. } = &*event {
                        self.nat(now, nat);
                    }
                }
                // It speaks with nobody.
                Output::Event((Place::Nat, _)) => {}
                output => return output.map(|(_, happening)| happening),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_seen_as_they_are_has_no_mapping() {
        let mut nat: Nat = serde_json::from_value(serde_json::json!({
            "udp": "open", "nat": false, "mapping": "unknown", "filtering": "unknown",
            "legacyType": "unknown", "publicAddresses": [], "direct": [], "tests": [],
        }))
        .unwrap();
        assert_eq!((side(&nat).mapping, side(&nat).filtering), (vec![Behaviour::None], vec![]));
        nat.firewall = Some(false);
        assert_eq!(side(&nat).filtering, [Behaviour::None]);
        nat.nat = Some(true);
        assert_eq!(side(&nat).mapping, []);
    }
}

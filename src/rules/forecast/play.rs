//! ICE between two hosts behind NATs of their own, as far as it depends on what the NATs do.
//!
//! Each NAT has one public address; mappings and filters are kept for each mapping, as real NATs keep
//! them. Both hosts have asked one STUN server and know the other's server reflexive candidate.
//! Checks are sent from the base (RFC 8445 §7.2.4), a source that is new becomes a peer reflexive
//! candidate and is checked in turn (§7.3.1.3, §7.3.1.4), and an answer counts only if it comes from
//! where the check went (§7.2.5.2.1). Nothing is lost, so that trying again is a matter of rounds.

use crate::report::nat::Behaviour;

/// A hole needs one round to be punched on each side and one to be used; what has not come about in
/// so many comes about never: two NATs that take a new port each time go on for ever.
const ROUNDS: u32 = 8;

/// Where things are in this small world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Stun,
    One,
    Other,
}

/// A public address and a port of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Endpoint {
    at: Place,
    port: usize,
}

const STUN: Endpoint = Endpoint { at: Place::Stun, port: 0 };

/// A host and the NAT in front of it.
#[derive(Debug, Clone)]
pub(super) struct Side {
    mapping: Behaviour,
    filtering: Behaviour,
    guessed: bool,
    /// Its port is its place in the list.
    mappings: Vec<Mapping>,
    /// The other side's candidates, as far as they are known.
    candidates: Vec<Endpoint>,
    /// Those of them that a check succeeded with.
    valid: Vec<Endpoint>,
}

/// A mapping towards whom it was made for, and whom it has sent to.
#[derive(Debug, Clone)]
struct Mapping {
    made_for: Endpoint,
    talked: Vec<Endpoint>,
}

impl Side {
    /// A side that behaves so; nothing when that is not known. No NAT is a mapping that never changes.
    pub(super) fn new((mapping, filtering): (Behaviour, Behaviour)) -> Option<Side> {
        let known = mapping != Behaviour::Unknown && filtering != Behaviour::Unknown;
        let (mappings, candidates, valid) = Default::default();
        known.then_some(Side { mapping, filtering, guessed: false, mappings, candidates, valid })
    }

    /// The other side knows from which port a packet will come.
    pub(super) fn guessed(self) -> Side {
        Side { guessed: true, ..self }
    }

    /// Sends through the NAT; the port is that of the mapping.
    fn send(&mut self, to: Endpoint) -> usize {
        let serves = |mapping: &Mapping| match self.mapping {
            Behaviour::AddressAndPortDependent => mapping.made_for == to,
            Behaviour::AddressDependent => mapping.made_for.at == to.at,
            Behaviour::None | Behaviour::EndpointIndependent | Behaviour::Unknown => true,
        };
        let port = self.mappings.iter().position(serves).unwrap_or_else(|| {
            self.mappings.push(Mapping { made_for: to, talked: Vec::new() });
            self.mappings.len() - 1
        });
        if let Some(mapping) = self.mappings.get_mut(port) {
            mapping.talked.push(to);
        }
        port
    }

    /// Whether the NAT lets a packet in.
    fn accepts(&self, from: Endpoint, port: usize) -> bool {
        let Some(mapping) = self.mappings.get(port) else { return false };
        match self.filtering {
            Behaviour::AddressAndPortDependent => mapping.talked.contains(&from),
            Behaviour::AddressDependent => mapping.talked.iter().any(|talked| talked.at == from.at),
            Behaviour::None | Behaviour::EndpointIndependent | Behaviour::Unknown => true,
        }
    }

    fn learn(&mut self, candidate: Endpoint) {
        if !self.candidates.contains(&candidate) {
            self.candidates.push(candidate);
        }
    }
}

/// Whether ICE finds a direct path between the two.
pub(super) fn meet(mut one: Side, mut other: Side) -> bool {
    let reflexive = Endpoint { at: Place::One, port: one.send(STUN) };
    other.learn(reflexive);
    let reflexive = Endpoint { at: Place::Other, port: other.send(STUN) };
    one.learn(reflexive);
    for _ in 0..ROUNDS {
        round(&mut one, Place::One, &mut other);
        round(&mut other, Place::Other, &mut one);
    }
    !one.valid.is_empty() && !other.valid.is_empty()
}

/// One check to each candidate that is known by now.
fn round(asking: &mut Side, at: Place, asked: &mut Side) {
    for candidate in asking.candidates.clone() {
        let from = Endpoint { at, port: asking.send(candidate) };
        let arrives = asked.accepts(from, candidate.port);
        if arrives || asking.guessed {
            asked.learn(from);
        }
        if !arrives {
            continue;
        }
        let answer = Endpoint { at: candidate.at, port: asked.send(from) };
        if answer == candidate && asking.accepts(answer, from.port) && !asking.valid.contains(&candidate) {
            asking.valid.push(candidate);
        }
    }
}

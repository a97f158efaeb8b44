//! A network address translator in the words of RFC 4787, as a pure function of packets and time.

mod kind;

pub use kind::{KINDS, UnknownKind};

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::machine::{Chance, Time};

/// What a NAT translates; the two have tables of their own (RFC 7857 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    Udp,
    Tcp,
}

/// When a mapping is reused (RFC 4787 §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mapping {
    /// No translation at all; what remains is a stateful firewall.
    None,
    /// Endpoint-independent: for every destination.
    Eim,
    /// Address-dependent: for every port of one destination address.
    Adm,
    /// Address- and port-dependent: for one destination.
    Apdm,
}

/// Who may send to a mapping (RFC 4787 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Filtering {
    /// Endpoint-independent: anybody.
    Eif,
    /// Address-dependent: every port of an address that the inside has sent to.
    Adf,
    /// Address- and port-dependent: exactly whom the inside has sent to.
    Apdf,
}

/// How the port of a new mapping is chosen (RFC 4787 §4.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PortAllocation {
    /// The inside port when it is free, else the next free one.
    Preserving,
    /// Each new mapping `step` above the one before.
    Sequential {
        step: u16,
    },
    Random,
}

/// Which public address a new mapping gets (RFC 4787 §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pooling {
    /// One inside address always has the same public address.
    Paired,
    /// Any of them.
    Arbitrary,
}

/// What becomes of packets from the inside to a public address of the NAT (RFC 4787 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hairpin {
    Off,
    /// Delivered; the source seen is the public one (REQ-9a).
    External,
    /// Delivered; the source seen is the inside one.
    Internal,
}

/// How a NAT behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NatConfig {
    pub mapping: Mapping,
    pub filtering: Filtering,
    pub port_allocation: PortAllocation,
    pub pooling: Pooling,
    pub hairpin: Hairpin,
    /// How long a mapping lives after it was last refreshed.
    pub lifetime: Duration,
    /// Packets from outside refresh a mapping too (REQ-6 leaves that open; outbound ones always do).
    pub refresh_inbound: bool,
    /// Its addresses on the outside. A family without one is not translated, only filtered.
    pub public: Vec<IpAddr>,
    pub ports: RangeInclusive<u16>,
}

/// A NAT and its tables.
#[derive(Debug, Clone)]
pub struct Nat {
    config: NatConfig,
    chance: Chance,
    by_inside: HashMap<Key, SocketAddr>,
    by_public: HashMap<(Protocol, SocketAddr), Entry>,
    /// Which public address an inside address is paired with.
    paired: HashMap<(IpAddr, bool), IpAddr>,
    /// The port of the mapping made last.
    last_port: u16,
}

/// What an outbound packet is looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    protocol: Protocol,
    inside: SocketAddr,
    /// As much of the destination as the mapping depends on.
    address: Option<IpAddr>,
    port: Option<u16>,
}

#[derive(Debug, Clone)]
struct Entry {
    key: Key,
    expires: Time,
    /// Whom the inside has sent to through this mapping.
    talked: HashSet<SocketAddr>,
}

impl Nat {
    #[must_use]
    pub fn new(config: NatConfig, mut chance: Chance) -> Nat {
        let span = u64::from(config.ports.end().saturating_sub(*config.ports.start())) + 1;
        // A sequence starts anywhere, and leaves room to be seen before it wraps.
        let last_port = config.ports.start().saturating_add(u16::try_from(chance.below(span / 2)).unwrap_or(0));
        Nat { config, chance, by_inside: HashMap::new(), by_public: HashMap::new(), paired: HashMap::new(), last_port }
    }

    #[must_use]
    pub fn config(&self) -> &NatConfig {
        &self.config
    }

    /// Whether the address is one of the NAT's own on the outside.
    #[must_use]
    pub fn owns(&self, address: IpAddr) -> bool {
        self.config.mapping != Mapping::None && self.config.public.contains(&address)
    }

    /// A packet leaves: the source that the outside sees, or `None` when no port is left.
    pub fn outbound(
        &mut self,
        now: Time,
        protocol: Protocol,
        inside: SocketAddr,
        to: SocketAddr,
    ) -> Option<SocketAddr> {
        let key = self.key(protocol, inside, to);
        let expires = now + self.config.lifetime;
        let known = self.by_inside.get(&key).copied();
        if let Some(public) = known {
            match self.by_public.get_mut(&(protocol, public)) {
                Some(entry) if entry.expires > now => {
                    entry.expires = expires;
                    entry.talked.insert(to);
                    return Some(public);
                }
                _ => self.forget(protocol, public),
            }
        }
        let public = self.choose(now, protocol, inside)?;
        self.by_inside.insert(key, public);
        self.by_public.insert((protocol, public), Entry { key, expires, talked: HashSet::from([to]) });
        Some(public)
    }

    /// A packet arrives from outside: the inside address that gets it, or `None` when it is dropped.
    pub fn inbound(
        &mut self,
        now: Time,
        protocol: Protocol,
        from: SocketAddr,
        public: SocketAddr,
    ) -> Option<SocketAddr> {
        let filtering = self.config.filtering;
        if !self.translates(public.ip()) && filtering == Filtering::Eif {
            // Neither translated nor filtered: no state is needed.
            return Some(public);
        }
        let entry = self.by_public.get_mut(&(protocol, public))?;
        if entry.expires <= now {
            self.forget(protocol, public);
            return None;
        }
        let welcome = match filtering {
            Filtering::Eif => true,
            Filtering::Adf => entry.talked.iter().any(|peer| peer.ip() == from.ip()),
            Filtering::Apdf => entry.talked.contains(&from),
        };
        if !welcome {
            // What is dropped does not refresh (RFC 7857 §7).
            return None;
        }
        if self.config.refresh_inbound {
            entry.expires = now + self.config.lifetime;
        }
        Some(entry.key.inside)
    }

    /// A packet from the inside to a public address of this NAT: the source that the receiver sees
    /// and the receiver, or `None` when it is dropped.
    pub fn hairpin(
        &mut self,
        now: Time,
        protocol: Protocol,
        inside: SocketAddr,
        to: SocketAddr,
    ) -> Option<(SocketAddr, SocketAddr)> {
        if self.config.hairpin == Hairpin::Off {
            return None;
        }
        let outer = self.outbound(now, protocol, inside, to)?;
        let receiver = self.inbound(now, protocol, outer, to)?;
        Some((if self.config.hairpin == Hairpin::External { outer } else { inside }, receiver))
    }

    /// The source that the outside sees, if there is such a mapping; refreshes nothing.
    #[must_use]
    pub fn source(&self, now: Time, protocol: Protocol, inside: SocketAddr, to: SocketAddr) -> Option<SocketAddr> {
        if !self.translates(inside.ip()) {
            return Some(inside);
        }
        let public = self.by_inside.get(&self.key(protocol, inside, to))?;
        self.by_public.get(&(protocol, *public)).filter(|entry| entry.expires > now).map(|_| *public)
    }

    /// Forgets every mapping, as a reboot does.
    pub fn reboot(&mut self) {
        self.by_inside.clear();
        self.by_public.clear();
        self.paired.clear();
    }

    /// How many mappings live.
    #[must_use]
    pub fn mappings(&self, now: Time) -> usize {
        self.by_public.values().filter(|entry| entry.expires > now).count()
    }

    fn key(&self, protocol: Protocol, inside: SocketAddr, to: SocketAddr) -> Key {
        let (address, port) = match self.config.mapping {
            Mapping::None | Mapping::Eim => (None, None),
            Mapping::Adm => (Some(to.ip()), None),
            Mapping::Apdm => (Some(to.ip()), Some(to.port())),
        };
        // Without translation one address cannot have several mappings.
        if self.translates(inside.ip()) {
            Key { protocol, inside, address, port }
        } else {
            Key { protocol, inside, address: None, port: None }
        }
    }

    /// Whether addresses of this family are translated.
    fn translates(&self, address: IpAddr) -> bool {
        self.config.mapping != Mapping::None && self.config.public.iter().any(|own| same_family(*own, address))
    }

    fn forget(&mut self, protocol: Protocol, public: SocketAddr) {
        if let Some(entry) = self.by_public.remove(&(protocol, public)) {
            self.by_inside.remove(&entry.key);
        }
    }

    fn choose(&mut self, now: Time, protocol: Protocol, inside: SocketAddr) -> Option<SocketAddr> {
        if !self.translates(inside.ip()) {
            return Some(inside);
        }
        let address = self.choose_address(inside.ip())?;
        let (low, high) = (u32::from(*self.config.ports.start()), u32::from(*self.config.ports.end()));
        let span = high.checked_sub(low)? + 1;
        let (first, step) = match self.config.port_allocation {
            PortAllocation::Preserving if self.config.ports.contains(&inside.port()) => (u32::from(inside.port()), 1),
            PortAllocation::Preserving => (low + u32::try_from(self.chance.below(span.into())).ok()?, 1),
            PortAllocation::Sequential { step } => {
                (u32::from(self.last_port) + u32::from(step.max(1)), u32::from(step.max(1)))
            }
            PortAllocation::Random => (low + u32::try_from(self.chance.below(span.into())).ok()?, 1),
        };
        for n in 0..span {
            let port = low + (first.wrapping_sub(low).wrapping_add(n.wrapping_mul(step))) % span;
            let port = u16::try_from(port).ok()?;
            let public = SocketAddr::new(address, port);
            if self.is_free(now, protocol, public) {
                self.last_port = port;
                return Some(public);
            }
        }
        None
    }

    fn is_free(&mut self, now: Time, protocol: Protocol, public: SocketAddr) -> bool {
        match self.by_public.get(&(protocol, public)) {
            None => true,
            Some(entry) if entry.expires > now => false,
            Some(_) => {
                self.forget(protocol, public);
                true
            }
        }
    }

    fn choose_address(&mut self, inside: IpAddr) -> Option<IpAddr> {
        let choices: Vec<IpAddr> = self.config.public.iter().copied().filter(|own| same_family(*own, inside)).collect();
        let pick = usize::try_from(self.chance.below(choices.len() as u64)).unwrap_or(0);
        let any = choices.get(pick).copied()?;
        match self.config.pooling {
            Pooling::Arbitrary => Some(any),
            Pooling::Paired => Some(*self.paired.entry((inside, inside.is_ipv4())).or_insert(any)),
        }
    }
}

fn same_family(one: IpAddr, other: IpAddr) -> bool {
    one.is_ipv4() == other.is_ipv4()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn nat(change: impl FnOnce(&mut NatConfig)) -> Nat {
        let mut config: NatConfig = "port-restricted-cone".parse().unwrap();
        change(&mut config);
        Nat::new(config, Chance::from_seed([7; 32]))
    }

    const NOW: Time = Time::ZERO;
    const UDP: Protocol = Protocol::Udp;

    #[test]
    fn all_nine_combinations_map_and_filter_as_they_are_called() {
        let inside = at("10.0.0.2:5000");
        let (a1, a2) = (at("198.51.100.1:1"), at("198.51.100.1:2"));
        let b1 = at("198.51.100.2:1");
        for (mapping, same_address, same_host) in
            [(Mapping::Eim, true, true), (Mapping::Adm, false, true), (Mapping::Apdm, false, false)]
        {
            for (filtering, anybody, same_ip) in
                [(Filtering::Eif, true, true), (Filtering::Adf, false, true), (Filtering::Apdf, false, false)]
            {
                let mut nat = nat(|config| {
                    config.mapping = mapping;
                    config.filtering = filtering;
                    config.port_allocation = PortAllocation::Random;
                });
                let what = format!("{mapping:?} {filtering:?}");
                let public = nat.outbound(NOW, UDP, inside, a1).unwrap();
                assert!(nat.owns(public.ip()), "{what}");
                assert_eq!(nat.inbound(NOW, UDP, a1, public), Some(inside), "{what}");
                assert_eq!(nat.inbound(NOW, UDP, a2, public).is_some(), same_ip, "{what}");
                assert_eq!(nat.inbound(NOW, UDP, b1, public).is_some(), anybody, "{what}");
                assert_eq!(nat.outbound(NOW, UDP, inside, a1), Some(public), "{what}");
                assert_eq!(nat.outbound(NOW, UDP, inside, a2) == Some(public), same_host, "{what}");
                assert_eq!(nat.outbound(NOW, UDP, inside, b1) == Some(public), same_address, "{what}");
            }
        }
    }

    #[test]
    fn a_mapping_ends_when_its_lifetime_is_over() {
        for refresh_inbound in [false, true] {
            let mut nat = nat(|config| {
                config.lifetime = Duration::from_secs(30);
                config.refresh_inbound = refresh_inbound;
            });
            let (inside, out) = (at("10.0.0.2:5000"), at("198.51.100.1:1"));
            let public = nat.outbound(NOW, UDP, inside, out).unwrap();
            assert_eq!(nat.inbound(Time::from_millis(29_000), UDP, out, public), Some(inside));
            assert_eq!(nat.inbound(Time::from_millis(31_000), UDP, out, public).is_some(), refresh_inbound);
        }
    }

    #[test]
    fn an_outbound_packet_refreshes() {
        let mut nat = nat(|config| config.lifetime = Duration::from_secs(30));
        let (inside, out) = (at("10.0.0.2:5000"), at("198.51.100.1:1"));
        let public = nat.outbound(NOW, UDP, inside, out).unwrap();
        assert_eq!(nat.outbound(Time::from_millis(20_000), UDP, inside, out), Some(public));
        assert_eq!(nat.inbound(Time::from_millis(45_000), UDP, out, public), Some(inside));
        assert_eq!(nat.mappings(Time::from_millis(51_000)), 0);
    }

    #[test]
    fn preserves_the_port_until_it_collides() {
        let mut nat = nat(|_| {});
        let out = at("198.51.100.1:1");
        assert_eq!(nat.outbound(NOW, UDP, at("10.0.0.2:5000"), out).unwrap().port(), 5000);
        assert_eq!(nat.outbound(NOW, UDP, at("10.0.0.3:5000"), out).unwrap().port(), 5001);
        assert_eq!(nat.outbound(NOW, Protocol::Tcp, at("10.0.0.3:5000"), out).unwrap().port(), 5000);
    }

    #[test]
    fn counts_up_when_sequential() {
        let mut nat = nat(|config| config.port_allocation = PortAllocation::Sequential { step: 2 });
        let ports: Vec<u16> = (0..4)
            .map(|n| nat.outbound(NOW, UDP, SocketAddr::new([10, 0, 0, 2].into(), 5000 + n), at("198.51.100.1:1")))
            .map(|public| public.unwrap().port())
            .collect();
        assert!(ports.windows(2).all(|pair| pair[1] == pair[0] + 2), "{ports:?}");
    }

    #[test]
    fn runs_out_of_ports_and_recovers() {
        let mut nat = nat(|config| config.ports = 2000..=2001);
        let out = at("198.51.100.1:1");
        assert!(nat.outbound(NOW, UDP, at("10.0.0.2:1"), out).is_some());
        assert!(nat.outbound(NOW, UDP, at("10.0.0.2:2"), out).is_some());
        assert_eq!(nat.outbound(NOW, UDP, at("10.0.0.2:3"), out), None);
        assert!(nat.outbound(Time::from_millis(3_600_000), UDP, at("10.0.0.2:3"), out).is_some());
    }

    #[test]
    fn hairpins_with_the_source_that_was_asked_for() {
        let (one, two, out) = (at("10.0.0.2:5000"), at("10.0.0.3:6000"), at("198.51.100.1:1"));
        for hairpin in [Hairpin::Off, Hairpin::External, Hairpin::Internal] {
            let mut nat = nat(|config| {
                config.hairpin = hairpin;
                config.filtering = Filtering::Eif;
            });
            let public = nat.outbound(NOW, UDP, two, out).unwrap();
            let outer = nat.outbound(NOW, UDP, one, out).unwrap();
            let expected = match hairpin {
                Hairpin::Off => None,
                Hairpin::External => Some((outer, two)),
                Hairpin::Internal => Some((one, two)),
            };
            assert_eq!(nat.hairpin(NOW, UDP, one, public), expected);
        }
    }

    #[test]
    fn hairpins_through_the_filter() {
        let (one, two, out) = (at("10.0.0.2:5000"), at("10.0.0.3:6000"), at("198.51.100.1:1"));
        let mut nat = nat(|config| config.hairpin = Hairpin::External);
        let (m1, m2) = (nat.outbound(NOW, UDP, one, out).unwrap(), nat.outbound(NOW, UDP, two, out).unwrap());
        assert_eq!(nat.hairpin(NOW, UDP, one, m2), None);
        assert_eq!(nat.hairpin(NOW, UDP, two, m1), Some((m2, one)));
        assert_eq!(nat.hairpin(NOW, UDP, one, m2), Some((m1, two)));
    }

    #[test]
    fn a_pool_is_paired_or_arbitrary() {
        let pool: Vec<IpAddr> = (1..=4).map(|n| IpAddr::from([203, 0, 113, n])).collect();
        for (pooling, several) in [(Pooling::Paired, false), (Pooling::Arbitrary, true)] {
            let mut nat = nat(|config| {
                config.public = pool.clone();
                config.pooling = pooling;
            });
            let seen: HashSet<IpAddr> = (0..16)
                .filter_map(|n| {
                    nat.outbound(NOW, UDP, SocketAddr::new([10, 0, 0, 2].into(), 5000 + n), at("1.2.3.4:5"))
                })
                .map(|public| public.ip())
                .collect();
            assert_eq!(seen.len() > 1, several);
        }
    }

    #[test]
    fn without_mapping_it_is_a_firewall() {
        let mut nat = nat(|config| config.mapping = Mapping::None);
        let (inside, out, other) = (at("10.0.0.2:5000"), at("198.51.100.1:1"), at("198.51.100.1:2"));
        assert_eq!(nat.inbound(NOW, UDP, out, inside), None);
        assert_eq!(nat.outbound(NOW, UDP, inside, out), Some(inside));
        assert_eq!(nat.outbound(NOW, UDP, inside, at("198.51.100.9:1")), Some(inside));
        assert_eq!(nat.inbound(NOW, UDP, out, inside), Some(inside));
        assert_eq!(nat.inbound(NOW, UDP, other, inside), None);
    }
}

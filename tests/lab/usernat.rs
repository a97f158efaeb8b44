//! A NAT in user space, for all that the kernel's cannot do or not repeatably: every behaviour of
//! RFC 4787, several in a row, on packets between a client's device and a server's.
//!
//! Which packet goes where is decided by the library's own [`Nat`]; that it does so rightly on real
//! packets is measured with plain sockets in `nats`.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use rtcprobe::machine::{Chance, Time};
use rtcprobe::server::nat::{Nat, NatConfig};

use crate::netbox::{Middle, Side};
use crate::packet::{End, Packet, as_bytes};

/// What a NAT does beside translating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quirks {
    /// Rewrites the public address in payloads to the inside one.
    pub alg: bool,
    /// Passes no fragments.
    pub no_fragments: bool,
    /// Passes no UDP at all.
    pub no_udp: bool,
    /// Passes nothing larger that must not be fragmented.
    pub mtu: Option<u16>,
    /// … and does not say so.
    pub black_hole: bool,
}

/// One NAT or several in a row, the innermost first; without any, a router.
pub struct UserNat {
    nats: Vec<Stage>,
    quirks: Quirks,
    began: Instant,
}

/// One NAT and the fragmented packets that are on their way through it.
struct Stage {
    nat: Nat,
    /// By source, destination and identification: what to write where.
    fragments: HashMap<(Ipv4Addr, Ipv4Addr, u16), (End, SocketAddr)>,
}

/// What becomes of a packet at a stage.
enum Way {
    On(Packet),
    /// Back to the side where it came from.
    Back(Packet),
    Dropped,
}

impl UserNat {
    pub fn new(configs: &[NatConfig], quirks: Quirks, seed: u8) -> UserNat {
        let stage = |(n, config): (usize, &NatConfig)| {
            let seed = [seed, u8::try_from(n).unwrap()].repeat(16).try_into().unwrap();
            Stage { nat: Nat::new(config.clone(), Chance::from_seed(seed)), fragments: HashMap::new() }
        };
        UserNat { nats: configs.iter().enumerate().map(stage).collect(), quirks, began: Instant::now() }
    }

    fn passes(&self, packet: &Packet) -> bool {
        !(self.quirks.no_udp && packet.protocol() == 17 || self.quirks.no_fragments && packet.fragment().is_some())
    }

    fn is_too_big(&self, packet: &Packet) -> bool {
        packet.forbids_fragments() && self.quirks.mtu.is_some_and(|mtu| packet.len() > usize::from(mtu))
    }

    /// From the stage below `stage` towards the client.
    fn inwards(&mut self, now: Time, stage: usize, mut packet: Packet) -> Option<Packet> {
        for stage in self.nats[..stage].iter_mut().rev() {
            packet = stage.inbound(now, packet, self.quirks.alg)?;
        }
        Some(packet)
    }
}

impl Middle for UserNat {
    fn pass(&mut self, from: Side, packet: Vec<u8>) -> Vec<(Side, Vec<u8>)> {
        let now = Time::from(self.began.elapsed());
        let Some(packet) = Packet::parse(packet).filter(|packet| self.passes(packet)) else { return Vec::new() };
        if self.is_too_big(&packet) {
            let router = Ipv4Addr::new(192, 0, 2, 1);
            let (false, Some(mtu)) = (self.quirks.black_hole, self.quirks.mtu) else { return Vec::new() };
            return vec![(from, Packet::too_big(&packet, router, mtu).bytes())];
        }
        if from == Side::Outside {
            let inside = self.inwards(now, self.nats.len(), packet);
            return inside.map(|packet| (Side::Inside, packet.bytes())).into_iter().collect();
        }
        let mut packet = packet;
        for stage in 0..self.nats.len() {
            match self.nats[stage].outbound(now, packet) {
                Way::On(further) => packet = further,
                Way::Back(hairpinned) => {
                    let inside = self.inwards(now, stage, hairpinned);
                    return inside.map(|packet| (Side::Inside, packet.bytes())).into_iter().collect();
                }
                Way::Dropped => return Vec::new(),
            }
        }
        vec![(Side::Outside, packet.bytes())]
    }
}

impl Stage {
    fn outbound(&mut self, now: Time, mut packet: Packet) -> Way {
        if let Some(about) = packet.quoted() {
            return self.error_out(now, packet, about).map_or(Way::Dropped, Way::On);
        }
        let Some((protocol, from, to)) = packet.flow() else {
            return self.later_fragment(packet).map_or(Way::Dropped, Way::On);
        };
        if self.nat.owns(to.ip()) {
            let Some((source, receiver)) = self.nat.hairpin(now, protocol, from, to) else { return Way::Dropped };
            packet.rewrite(End::Source, source);
            packet.rewrite(End::Destination, receiver);
            return Way::Back(packet);
        }
        let Some(public) = self.nat.outbound(now, protocol, from, to) else { return Way::Dropped };
        self.first_fragment(&packet, End::Source, public);
        packet.rewrite(End::Source, public);
        Way::On(packet)
    }

    fn inbound(&mut self, now: Time, mut packet: Packet, alg: bool) -> Option<Packet> {
        if let Some(about) = packet.quoted() {
            return self.error_in(now, packet, about);
        }
        let Some((protocol, from, public)) = packet.flow() else { return self.later_fragment(packet) };
        let inside = self.nat.inbound(now, protocol, from, public)?;
        self.first_fragment(&packet, End::Destination, inside);
        packet.rewrite(End::Destination, inside);
        if let (true, SocketAddr::V4(public), SocketAddr::V4(inside)) = (alg && public != inside, public, inside) {
            packet.replace(&as_bytes(public), &as_bytes(inside));
        }
        Some(packet)
    }

    /// An error about what the inside has sent: both the error and what it quotes are the inside's again.
    fn error_in(&mut self, now: Time, mut packet: Packet, mut about: Packet) -> Option<Packet> {
        let (protocol, public, to) = about.flow()?;
        let inside = self.nat.inbound(now, protocol, to, public)?;
        about.rewrite(End::Source, inside);
        packet.rewrite(End::Destination, inside);
        packet.quote(about);
        Some(packet)
    }

    /// An error of the inside about what it was sent.
    fn error_out(&mut self, now: Time, mut packet: Packet, mut about: Packet) -> Option<Packet> {
        let (protocol, from, inside) = about.flow()?;
        let public = self.nat.source(now, protocol, inside, from)?;
        about.rewrite(End::Destination, public);
        packet.rewrite(End::Source, public);
        packet.quote(about);
        Some(packet)
    }

    fn first_fragment(&mut self, packet: &Packet, end: End, to: SocketAddr) {
        if packet.fragment().is_some() {
            let key = (packet.address(End::Source), packet.address(End::Destination), packet.id());
            self.fragments.insert(key, (end, to));
        }
    }

    /// Fragments after the first have no ports; they go where the first one went.
    fn later_fragment(&self, mut packet: Packet) -> Option<Packet> {
        packet.fragment()?;
        let key = (packet.address(End::Source), packet.address(End::Destination), packet.id());
        let (end, to) = *self.fragments.get(&key)?;
        packet.rewrite(end, to);
        Some(packet)
    }
}

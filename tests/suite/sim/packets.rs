//! The way of a datagram through the simulated network.

use std::net::SocketAddr;
use std::time::Duration;

use rtcprobe::machine::{Fragments, Icmp, Input, Socket, Unreachability};
use rtcprobe::server::nat::Protocol;

use super::world::{Host, HostId, Own, Told, What, World};

impl World {
    pub(super) fn is_lost(&mut self, host: usize) -> bool {
        self.hosts[host].datagrams += 1;
        let count = self.hosts[host].datagrams;
        let listed = self.lost.get(&HostId(host)).is_some_and(|lost| lost.contains(&count));
        listed || self.happens(self.link.loss)
    }

    pub(super) fn happens(&mut self, probability: f64) -> bool {
        probability > 0.0 && (self.chance.below(1_000_000) as f64) < probability * 1e6
    }

    pub(super) fn datagram(&mut self, host: usize, socket: Socket, local: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        let sender = (host, socket, to);
        let lost = self.is_lost(host);
        let state = if lost { " (lost)" } else { "" };
        self.trace.push(format!("{} {local} > {to}: {} bytes{state}", self.now, bytes.len()));
        let Some((from, to)) = self.leave(host, Protocol::Udp, local, to) else { return };
        if lost {
            return;
        }
        self.flows.insert((from, to));
        let copies = if self.happens(self.link.duplicate) { 2 } else { 1 };
        for _ in 0..copies {
            let jitter = self.chance.below(self.link.jitter.as_micros() as u64 + 1);
            let at = self.now + self.link.latency + Duration::from_micros(jitter);
            self.later(at, What::Datagram { from, to, bytes: bytes.clone(), sender });
        }
    }

    /// To all members of the group on the sender's network, its own included.
    pub(super) fn multicast(&mut self, host: usize, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        self.trace.push(format!("{} {from} > {to}: {} bytes", self.now, bytes.len()));
        let network = self.hosts[host].nat;
        let mut members = Vec::new();
        for (other, it) in self.hosts.iter().enumerate().filter(|(_, it)| it.nat == network) {
            let joined = |own: &Own| matches!(own, Own::Group { group, .. } if *group == to);
            members.extend(it.sockets.iter().filter(|(_, own)| joined(own)).map(|(socket, _)| (other, *socket)));
        }
        members.sort_unstable();
        for (host, socket) in members {
            if !self.is_lost(host) {
                let what = What::ToMember { host, socket, from, bytes: bytes.to_vec() };
                self.later(self.now + self.link.latency, what);
            }
        }
    }

    /// Whether a datagram of that size gets through, in fragments or whole; says so when it does not
    /// and somebody would.
    pub(super) fn fits(
        &mut self,
        host: usize,
        socket: Socket,
        to: SocketAddr,
        payload: usize,
        fragments: Fragments,
    ) -> bool {
        let (own, path) = (self.link.interface_mtu, self.link.mtu.min(self.link.interface_mtu));
        let size = payload + if to.is_ipv4() { 28 } else { 48 };
        if size <= path {
            return true;
        }
        if fragments != Fragments::Forbidden {
            return self.link.fragments;
        }
        let mut icmp = Icmp {
            kind: None,
            code: None,
            v6: to.is_ipv6(),
            offender: None,
            mtu: u32::try_from(own).ok(),
            meaning: Unreachability::TooLarge,
        };
        if size > own {
            self.tell(Duration::ZERO, host, Told::Unreachable(socket, to, icmp));
        } else if self.link.says_too_large {
            (icmp.kind, icmp.code) = if to.is_ipv4() { (Some(3), Some(4)) } else { (Some(2), Some(0)) };
            icmp.mtu = u32::try_from(path).ok();
            self.tell(self.link.latency, host, Told::Unreachable(socket, to, icmp));
        }
        false
    }

    /// The way out of a host's own network: source and destination as they are from there on.
    pub(super) fn leave(
        &mut self,
        host: usize,
        protocol: Protocol,
        from: SocketAddr,
        to: SocketAddr,
    ) -> Option<(SocketAddr, SocketAddr)> {
        let Some(site) = self.hosts[host].nat else { return Some((from, to)) };
        let inside = self.hosts.iter().any(|other| other.nat == Some(site) && other.addresses.contains(&to.ip()));
        let (now, nat) = (self.now, &mut self.nats[site]);
        if inside {
            Some((from, to))
        } else if nat.owns(to.ip()) {
            nat.hairpin(now, protocol, from, to)
        } else {
            let from = nat.outbound(now, protocol, from, to)?;
            let Some(outer) = self.outer.get(&site) else { return Some((from, to)) };
            let nat = &mut self.nats[*outer];
            if nat.owns(to.ip()) {
                return nat.hairpin(now, protocol, from, to);
            }
            Some((nat.outbound(now, protocol, from, to)?, to))
        }
    }

    /// The host and the address on it that a packet reaches.
    pub(super) fn arrive(
        &mut self,
        protocol: Protocol,
        from: SocketAddr,
        to: SocketAddr,
    ) -> Option<(usize, SocketAddr)> {
        if self.silent.contains(&to.ip()) {
            return None;
        }
        let now = self.now;
        let neighbours = |host: &Host, other: &Host| host.nat.is_some() && host.nat == other.nat;
        if let Some(site) = self.nats.iter().position(|nat| nat.owns(to.ip())) {
            let inside = self.nats[site].inbound(now, protocol, from, to)?;
            if inside != to && self.nats.iter().any(|nat| nat.owns(inside.ip())) {
                return self.arrive(protocol, from, inside);
            }
            let host =
                self.hosts.iter().position(|host| host.nat == Some(site) && host.addresses.contains(&inside.ip()));
            return host.map(|host| (host, inside));
        }
        let host = self.hosts.iter().position(|host| host.addresses.contains(&to.ip()))?;
        let sender = self.hosts.iter().find(|other| other.addresses.contains(&from.ip()));
        match self.hosts[host].nat {
            None => Some((host, to)),
            Some(_) if sender.is_some_and(|sender| neighbours(sender, &self.hosts[host])) => Some((host, to)),
            Some(site) => {
                // A hairpinned packet is through already; else only a firewall without translation
                // leads to an inside address.
                let hairpinned = self.nats[site].owns(from.ip());
                let nat = &mut self.nats[site];
                let translated = nat.source(now, protocol, to, from).is_none();
                if hairpinned {
                    Some((host, to))
                } else if translated {
                    None
                } else {
                    nat.inbound(now, protocol, from, to).map(|inside| (host, inside))
                }
            }
        }
    }

    pub(super) fn datagram_arrives(
        &mut self,
        from: SocketAddr,
        to: SocketAddr,
        bytes: &[u8],
        sender: (usize, Socket, SocketAddr),
    ) {
        let Some((host, local)) = self.arrive(Protocol::Udp, from, to) else { return };
        let closed = self.firewalls.get(&HostId(host)).is_some_and(|ports| ports.contains(&local.port()));
        if closed && !self.flows.contains(&(to, from)) {
            return;
        }
        let now = self.now;
        if local.port() == 3478 && self.limits.get_mut(&HostId(host)).is_some_and(|limit| !limit.takes(now)) {
            self.trace.push(format!("{now} {from} > {to}: over the limit"));
            return;
        }
        let mut sockets = self.hosts[host].sockets.iter();
        let socket = sockets.find_map(|(socket, own)| match own {
            Own::Udp { local: own, connect, .. } => {
                (*own == local && connect.is_none_or(|peer| peer == from)).then_some(*socket)
            }
            _ => None,
        });
        let rewritten = self.alg.then(|| rewrite(bytes, to, local));
        let bytes = rewritten.as_deref().unwrap_or(bytes);
        match socket {
            Some(socket) => self.give(host, Input::Received { socket, from, bytes }),
            None if self.no_icmp => {}
            None => {
                let (host, socket, sent_to) = sender;
                let icmp = Icmp {
                    kind: Some(if to.is_ipv4() { 3 } else { 1 }),
                    code: Some(if to.is_ipv4() { 3 } else { 4 }),
                    v6: to.is_ipv6(),
                    offender: Some(to.ip()),
                    mtu: None,
                    meaning: Unreachability::Port,
                };
                self.tell(self.link.latency, host, Told::Unreachable(socket, sent_to, icmp));
            }
        }
    }
}

/// Puts one address in the place of another wherever its port and address stand in the clear.
fn rewrite(bytes: &[u8], public: SocketAddr, inside: SocketAddr) -> Vec<u8> {
    let plain = |address: SocketAddr| match address.ip() {
        std::net::IpAddr::V4(ip) => [&address.port().to_be_bytes()[..], &ip.octets()].concat(),
        std::net::IpAddr::V6(ip) => [&address.port().to_be_bytes()[..], &ip.octets()].concat(),
    };
    let (old, new) = (plain(public), plain(inside));
    let mut bytes = bytes.to_vec();
    let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(&old)).collect();
    for at in places {
        bytes[at..at + new.len()].copy_from_slice(&new);
    }
    bytes
}

//! IPv4 packets, as far as a NAT looks into them and changes them.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use rtcprobe::server::nat::Protocol;

pub const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;

/// One packet of a checked length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet(Vec<u8>);

/// Source or destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Source,
    Destination,
}

impl Packet {
    /// Nothing when it is not a whole IPv4 packet.
    pub fn parse(bytes: Vec<u8>) -> Option<Packet> {
        let header = bytes.first().filter(|first| **first >> 4 == 4).map(|first| usize::from(first & 15) * 4)?;
        let total = usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?));
        let packet = Packet(bytes);
        (header >= 20 && total >= header && packet.0.len() >= total).then_some(packet)
    }

    pub fn bytes(self) -> Vec<u8> {
        self.0
    }

    pub fn protocol(&self) -> u8 {
        self.0[9]
    }

    /// What belongs together when fragmented.
    pub fn id(&self) -> u16 {
        self.word(4)
    }

    /// Part of a larger one, and whether it is the first part.
    pub fn fragment(&self) -> Option<bool> {
        let (more, offset) = (self.word(6) & 0x2000 != 0, self.word(6) & 0x1fff);
        (more || offset != 0).then_some(offset == 0)
    }

    pub fn forbids_fragments(&self) -> bool {
        self.word(6) & 0x4000 != 0
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn address(&self, end: End) -> Ipv4Addr {
        let at = address_at(end);
        Ipv4Addr::from([0, 1, 2, 3].map(|n| self.0[at + n]))
    }

    /// The protocol and both ends, where there are ports to see.
    pub fn flow(&self) -> Option<(Protocol, SocketAddr, SocketAddr)> {
        let protocol = match self.protocol() {
            UDP => Protocol::Udp,
            TCP => Protocol::Tcp,
            _ => return None,
        };
        if self.fragment() == Some(false) || self.0.len() < self.header() + 8 {
            return None;
        }
        let end = |end| SocketAddr::from((self.address(end), self.word(self.port_at(end))));
        Some((protocol, end(End::Source), end(End::Destination)))
    }

    /// Rewrites one end; ports only where there are any.
    pub fn rewrite(&mut self, end: End, to: SocketAddr) {
        let SocketAddr::V4(to) = to else { return };
        let address = *to.ip();
        self.rewrite_address(end, address);
        if self.flow().is_some() {
            self.change_word(self.port_at(end), to.port(), false);
        }
    }

    /// Rewrites an address and the checksums over it.
    pub fn rewrite_address(&mut self, end: End, to: Ipv4Addr) {
        let [a, b, c, d] = to.octets();
        let at = address_at(end);
        for (at, word) in [(at, [a, b]), (at + 2, [c, d])] {
            self.change_word(at, u16::from_be_bytes(word), true);
        }
    }

    pub fn payload(&self) -> &[u8] {
        &self.0[self.header()..]
    }

    /// The packet that an ICMP error is about, which may be cut.
    pub fn quoted(&self) -> Option<Packet> {
        let about = self.payload().get(8..)?;
        let is_error = self.protocol() == ICMP && matches!(self.payload().first(), Some(3 | 11 | 12));
        (is_error && about.len() >= 28 && about[0] == 0x45).then(|| Packet(about.to_vec()))
    }

    /// Replaces what an ICMP error is about.
    pub fn quote(&mut self, about: Packet) {
        let start = self.header();
        self.0.truncate(start + 8);
        self.0.extend(about.0);
        self.0[start + 2..start + 4].fill(0);
        let sum = !fold(sum(&self.0[start..]));
        self.set(start + 2, sum);
    }

    /// Replaces bytes in a UDP payload by as many others, as an application-level gateway does.
    pub fn replace(&mut self, old: &[u8], new: &[u8]) {
        let start = self.header() + 8;
        if self.protocol() != UDP || self.fragment().is_some() || self.0.len() < start {
            return;
        }
        while let Some(at) = self.0[start..].windows(old.len()).position(|window| window == old) {
            self.0[start + at..start + at + new.len()].copy_from_slice(new);
        }
        self.set(start - 2, 0);
        let ends = &self.0[12..20];
        let length = u32::try_from(self.payload().len()).unwrap();
        let sum = !fold(sum(ends) + u32::from(UDP) + length + sum(self.payload()));
        self.set(start - 2, if sum == 0 { 0xffff } else { sum });
    }

    /// "Fragmentation needed" about a packet, from a router's address.
    pub fn too_big(about: &Packet, router: Ipv4Addr, mtu: u16) -> Packet {
        let mut bytes = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, ICMP, 0, 0];
        bytes.extend(router.octets());
        bytes.extend(about.address(End::Source).octets());
        bytes.extend([3, 4, 0, 0, 0, 0]);
        bytes.extend(mtu.to_be_bytes());
        let mut packet = Packet(bytes);
        packet.quote(Packet(about.0[..about.0.len().min(about.header() + 8)].to_vec()));
        packet.set(2, u16::try_from(packet.0.len()).unwrap());
        packet.set(10, !fold(sum(&packet.0[..20])));
        packet
    }

    fn header(&self) -> usize {
        usize::from(self.0[0] & 15) * 4
    }

    fn port_at(&self, end: End) -> usize {
        self.header() + if end == End::Source { 0 } else { 2 }
    }

    fn word(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.0[at], self.0[at + 1]])
    }

    fn set(&mut self, at: usize, word: u16) {
        self.0[at..at + 2].copy_from_slice(&word.to_be_bytes());
    }

    /// Changes a word and the checksums over it (RFC 1624 §3).
    fn change_word(&mut self, at: usize, new: u16, in_header: bool) {
        let old = self.word(at);
        self.set(at, new);
        if in_header {
            self.correct(10, old, new);
        }
        let sum_at = match self.protocol() {
            _ if self.fragment() == Some(false) => return,
            UDP => self.header() + 6,
            TCP => self.header() + 16,
            _ => return,
        };
        // A quoted packet may end before its checksum; a UDP checksum of zero is none.
        if self.0.len() >= sum_at + 2 && !(self.protocol() == UDP && self.word(sum_at) == 0) {
            self.correct(sum_at, old, new);
        }
    }

    fn correct(&mut self, sum_at: usize, old: u16, new: u16) {
        let sum = u32::from(!self.word(sum_at)) + u32::from(!old) + u32::from(new);
        self.set(sum_at, !fold(sum));
    }
}

/// An endpoint as the bytes of an IPv4 MAPPED-ADDRESS: the port, then the address.
pub fn as_bytes(end: SocketAddrV4) -> [u8; 6] {
    let ([a, b], [c, d, e, f]) = (end.port().to_be_bytes(), end.ip().octets());
    [a, b, c, d, e, f]
}

fn address_at(end: End) -> usize {
    if end == End::Source { 12 } else { 16 }
}

fn sum(bytes: &[u8]) -> u32 {
    bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0))).sum()
}

fn fold(mut sum: u32) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    u16::try_from(sum).unwrap()
}

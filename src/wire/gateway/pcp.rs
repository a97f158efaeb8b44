//! The Port Control Protocol (RFC 6887): ANNOUNCE and MAP.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Where the server listens (§19.1).
pub const PORT: u16 = 5351;
const VERSION: u8 = 2;
const ANNOUNCE: u8 = 0;
const MAP: u8 = 1;
const RESPONSE: u8 = 0x80;
/// The common header (§7.1, §7.2).
const HEADER: usize = 24;
/// A longer message is invalid (§7).
const LONGEST: usize = 1100;

/// The number of UDP in the IP header.
const UDP: u8 = 17;

/// What a MAP request is recognised by (§11.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Map {
    pub nonce: [u8; 12],
    /// The client's own address as it sends from it, and the port to map.
    pub local: SocketAddr,
}

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Announced {
        epoch: u32,
    },
    /// A mapping was made, or removed when `lifetime` is 0.
    Mapped {
        external: SocketAddr,
        /// Seconds.
        lifetime: u32,
        epoch: u32,
    },
    /// A result code other than zero (§7.4); the error may last that many seconds.
    Refused {
        code: u8,
        lifetime: u32,
    },
    /// It speaks another version only: 0 is NAT-PMP.
    OtherVersion {
        version: u8,
    },
}

/// An ANNOUNCE request (§14.1.1): asks for nothing but a sign of life.
#[must_use]
pub fn announce(local: IpAddr) -> Vec<u8> {
    header(ANNOUNCE, 0, local)
}

impl Map {
    /// A MAP request for UDP (§11.1); a lifetime of 0 removes the mapping (§15).
    #[must_use]
    pub fn request(&self, lifetime: u32) -> Vec<u8> {
        let mut bytes = header(MAP, lifetime, self.local.ip());
        bytes.extend(self.nonce);
        bytes.extend([UDP, 0, 0, 0]);
        bytes.extend(self.local.port().to_be_bytes());
        // No wish for a port or an address: the address is all zeros in the family wanted (§11.1).
        bytes.extend([0, 0]);
        let any =
            if self.local.is_ipv4() { Ipv6Addr::from([0, 0, 0, 0, 0, 0xffff, 0, 0]) } else { Ipv6Addr::UNSPECIFIED };
        bytes.extend(any.octets());
        bytes
    }

    /// Reads a datagram; `None` when it is no answer to this request.
    #[must_use]
    pub fn read(&self, bytes: &[u8]) -> Option<Answer> {
        let (head, body) = read_header(bytes, MAP)?;
        let (code, lifetime, epoch) = match head {
            Head::OtherVersion(version) => return Some(Answer::OtherVersion { version }),
            Head::This { code, lifetime, epoch } => (code, lifetime, epoch),
        };
        let own = self.own(body);
        if code != 0 {
            // An answer to another client's request cannot come here; a server that makes errors
            // short leaves the body out.
            return (body.is_empty() || own.is_some()).then_some(Answer::Refused { code, lifetime });
        }
        let external = own?;
        Some(Answer::Mapped { external, lifetime, epoch })
    }

    /// The assigned address and port of a body with our nonce, protocol and port (§11.4).
    fn own(&self, body: &[u8]) -> Option<SocketAddr> {
        let (nonce, body) = body.split_first_chunk::<12>()?;
        let (&[protocol, _, _, _, p0, p1, e0, e1], body) = body.split_first_chunk::<8>()?;
        let external = Ipv6Addr::from(*body.first_chunk::<16>()?).to_canonical();
        let same = *nonce == self.nonce && protocol == UDP && u16::from_be_bytes([p0, p1]) == self.local.port();
        same.then(|| SocketAddr::new(external, u16::from_be_bytes([e0, e1])))
    }
}

/// Reads a datagram; `None` when it is no answer to an ANNOUNCE request.
#[must_use]
pub fn read_announce(bytes: &[u8]) -> Option<Answer> {
    match read_header(bytes, ANNOUNCE)?.0 {
        Head::OtherVersion(version) => Some(Answer::OtherVersion { version }),
        Head::This { code: 0, epoch, .. } => Some(Answer::Announced { epoch }),
        Head::This { code, lifetime, .. } => Some(Answer::Refused { code, lifetime }),
    }
}

/// The name of a result code (§7.4).
#[must_use]
pub fn result(code: u8) -> &'static str {
    match code {
        0 => "SUCCESS",
        1 => "UNSUPP_VERSION",
        2 => "NOT_AUTHORIZED",
        3 => "MALFORMED_REQUEST",
        4 => "UNSUPP_OPCODE",
        5 => "UNSUPP_OPTION",
        6 => "MALFORMED_OPTION",
        7 => "NETWORK_FAILURE",
        8 => "NO_RESOURCES",
        9 => "UNSUPP_PROTOCOL",
        10 => "USER_EX_QUOTA",
        11 => "CANNOT_PROVIDE_EXTERNAL",
        12 => "ADDRESS_MISMATCH",
        13 => "EXCESSIVE_REMOTE_PEERS",
        _ => "unknown result",
    }
}

enum Head {
    This { code: u8, lifetime: u32, epoch: u32 },
    OtherVersion(u8),
}

fn header(opcode: u8, lifetime: u32, local: IpAddr) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(60);
    bytes.extend([VERSION, opcode, 0, 0]);
    bytes.extend(lifetime.to_be_bytes());
    let local = match local {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    };
    bytes.extend(local.octets());
    bytes
}

/// The header of a response to that opcode, and what stands after it.
fn read_header(bytes: &[u8], opcode: u8) -> Option<(Head, &[u8])> {
    let &[version, said, ..] = bytes else { return None };
    if bytes.len() > LONGEST || said & RESPONSE == 0 {
        return None;
    }
    if version != VERSION {
        return Some((Head::OtherVersion(version), &[]));
    }
    let (header, body) = bytes.split_first_chunk::<HEADER>()?;
    let &[_, _, _, code, l0, l1, l2, l3, e0, e1, e2, e3, ..] = header;
    let (lifetime, epoch) = (u32::from_be_bytes([l0, l1, l2, l3]), u32::from_be_bytes([e0, e1, e2, e3]));
    (said & !RESPONSE == opcode).then_some((Head::This { code, lifetime, epoch }, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> Map {
        Map { nonce: *b"twelve bytes", local: "10.0.0.2:5000".parse().unwrap() }
    }

    /// An answer as §11.3 draws it.
    fn mapped(code: u8, lifetime: u32) -> Vec<u8> {
        let mut bytes = vec![2, 0x81, 0, code];
        bytes.extend(lifetime.to_be_bytes());
        bytes.extend(77u32.to_be_bytes());
        bytes.extend([0; 12]);
        bytes.extend(b"twelve bytes");
        bytes.extend([17, 0, 0, 0, 0x13, 0x88, 0x9c, 0x40]);
        bytes.extend("::ffff:198.51.100.7".parse::<Ipv6Addr>().unwrap().octets());
        bytes
    }

    #[test]
    fn a_map_request_is_sixty_bytes_with_mapped_addresses() {
        let bytes = map().request(30);
        assert_eq!(bytes.len(), 60);
        assert_eq!(bytes[..8], [2, 1, 0, 0, 0, 0, 0, 30]);
        assert_eq!(bytes[8..24], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 2]);
        assert_eq!(bytes[36..44], [17, 0, 0, 0, 0x13, 0x88, 0, 0]);
        assert_eq!(bytes[44..], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0]);
        assert_eq!(announce("2001:db8::1".parse().unwrap()).len(), 24);
    }

    #[test]
    fn reads_the_external_address() {
        let external = "198.51.100.7:40000".parse().unwrap();
        assert_eq!(map().read(&mapped(0, 120)), Some(Answer::Mapped { external, lifetime: 120, epoch: 77 }));
        assert_eq!(map().read(&mapped(8, 30)), Some(Answer::Refused { code: 8, lifetime: 30 }));
        assert_eq!(map().read(&mapped(2, 30)[..24]), Some(Answer::Refused { code: 2, lifetime: 30 }));
    }

    #[test]
    fn leaves_answers_to_others() {
        let other = Map { nonce: [0; 12], ..map() };
        assert_eq!(other.read(&mapped(0, 120)), None);
        let other = Map { local: "10.0.0.2:5001".parse().unwrap(), ..map() };
        assert_eq!(other.read(&mapped(0, 120)), None);
        assert_eq!(read_announce(&mapped(0, 120)), None);
        assert_eq!(map().read(&map().request(120)), None, "a request is no answer");
        assert_eq!(map().read(&mapped(0, 120)[..50]), None);
        assert_eq!(map().read(&[mapped(0, 120), vec![0; 1100]].concat()), None);
    }

    #[test]
    fn reads_signs_of_life() {
        let mut bytes = vec![2, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
        bytes.resize(24, 0);
        assert_eq!(read_announce(&bytes), Some(Answer::Announced { epoch: 9 }));
        // NAT-PMP's "unsupported version" (RFC 6886 §3.5).
        assert_eq!(read_announce(&[0, 128, 0, 1, 0, 0, 0, 9]), Some(Answer::OtherVersion { version: 0 }));
    }
}

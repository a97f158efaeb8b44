use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Pseudonyms of addresses.
#[derive(Debug, Default)]
pub struct Addresses {
    /// While everything is looked at for the first time.
    pub only_look: bool,
    /// The networks that occur: no pseudonym is in one of them.
    taken_v4: HashSet<[u8; 3]>,
    taken_v6: HashSet<[u16; 4]>,
    taken: HashSet<IpAddr>,
    nets_v4: HashMap<[u8; 3], [u8; 3]>,
    nets_v6: HashMap<[u16; 4], [u16; 4]>,
    given: HashMap<IpAddr, IpAddr>,
    /// Hosts that a network has by now.
    hosts: HashMap<IpAddr, u64>,
    /// Networks of a class that were given by now.
    next: HashMap<Class, u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Class {
    Ten,
    OneSevenTwo,
    OneNineTwo,
    Shared,
    LinkLocal,
    Public,
    UniqueLocal,
    Global,
    SixToFour(u16, u16),
    Teredo,
}

/// Ranges whose name says nothing about anybody.
const RANGES: &[(&str, u8)] = &[
    ("0.0.0.0", 8),
    ("10.0.0.0", 8),
    ("100.64.0.0", 10),
    ("127.0.0.0", 8),
    ("169.254.0.0", 16),
    ("172.16.0.0", 12),
    ("192.0.0.0", 24),
    ("192.168.0.0", 16),
    ("198.18.0.0", 15),
    ("224.0.0.0", 4),
    ("240.0.0.0", 4),
    ("0.0.0.0", 0),
    ("::", 0),
    ("::", 8),
    ("::ffff:0:0", 96),
    ("64:ff9b::", 96),
    ("64:ff9b:1::", 48),
    ("2001::", 32),
    ("2002::", 16),
    ("fc00::", 7),
    ("fe80::", 10),
    ("ff00::", 8),
];

/// Whether an address and the length behind it name a range that everybody knows.
pub fn is_range(address: IpAddr, length: u8) -> bool {
    RANGES.iter().any(|(range, of)| *of == length && range.parse() == Ok(address))
}

/// Says nothing about anybody.
fn stays(address: IpAddr) -> bool {
    let metadata = address == IpAddr::from([169, 254, 169, 254]);
    let broadcast = address == IpAddr::V4(Ipv4Addr::BROADCAST);
    address.is_loopback() || address.is_unspecified() || address.is_multicast() || metadata || broadcast
}

impl Addresses {
    /// The pseudonym: the same for the same, in any spelling.
    pub fn of(&mut self, address: IpAddr) -> IpAddr {
        if stays(address) {
            return address;
        }
        if self.only_look {
            self.take(address);
            return address;
        }
        if let Some(given) = self.given.get(&address) {
            return *given;
        }
        let given = match address {
            IpAddr::V4(v4) => IpAddr::V4(self.v4(v4)),
            IpAddr::V6(v6) => IpAddr::V6(self.v6(v6)),
        };
        self.given.insert(address, given);
        given
    }

    fn take(&mut self, address: IpAddr) {
        self.taken.insert(address);
        match address {
            IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                self.taken_v4.insert([a, b, c]);
            }
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                self.taken_v6.insert([a, b, c, d]);
                if let Some(v4) = inside(v6) {
                    self.take(IpAddr::V4(v4));
                }
            }
        }
    }

    fn v4(&mut self, address: Ipv4Addr) -> Ipv4Addr {
        let [a, b, c, _] = address.octets();
        let net = match self.nets_v4.get(&[a, b, c]) {
            Some(net) => *net,
            None => {
                let class = match [a, b] {
                    [10, _] => Class::Ten,
                    [172, 16..=31] => Class::OneSevenTwo,
                    [192, 168] => Class::OneNineTwo,
                    [100, 64..=127] => Class::Shared,
                    [169, 254] => Class::LinkLocal,
                    _ => Class::Public,
                };
                let net = self.fresh_v4(class);
                self.nets_v4.insert([a, b, c], net);
                net
            }
        };
        let [a, b, c] = net;
        // 256 hosts at most share a network, and each gets a number of its own: 1 to 255, then 0.
        let host = self.host(IpAddr::from([a, b, c, 0])).to_le_bytes()[0];
        Ipv4Addr::new(a, b, c, host)
    }

    /// A network that does not occur, of the same class; a private one when a class is used up.
    fn fresh_v4(&mut self, class: Class) -> [u8; 3] {
        loop {
            let number = self.number(class);
            let [low, middle, high, _] = number.to_le_bytes();
            let net = match class {
                Class::OneSevenTwo if number < 16 * 256 => [172, 16 + middle, low],
                Class::OneNineTwo if number < 256 => [192, 168, low],
                Class::Shared if number < 64 * 256 => [100, 64 + middle, low],
                Class::LinkLocal if number < 256 => [169, 254, low],
                Class::Public => match number {
                    1 => [203, 0, 113],
                    2 => [198, 51, 100],
                    3 => [192, 0, 2],
                    // For measuring, and for nobody yet.
                    4..=511 => [198, 18 + middle, low],
                    _ => [240 + high % 16, middle, low],
                },
                _ => [10, middle, low],
            };
            if self.taken_v4.insert(net) {
                return net;
            }
        }
    }

    fn v6(&mut self, address: Ipv6Addr) -> Ipv6Addr {
        let [a, b, c, d, e, f, _, _] = address.segments();
        if let (Some(v4), true) = (inside(address), a != 0x2002) {
            let IpAddr::V4(given) = self.of(IpAddr::V4(v4)) else { return Ipv6Addr::UNSPECIFIED };
            let [w, x, y, z] = given.octets();
            return Ipv6Addr::new(a, b, c, d, e, f, u16::from_be_bytes([w, x]), u16::from_be_bytes([y, z]));
        }
        let net = match self.nets_v6.get(&[a, b, c, d]) {
            Some(net) => *net,
            None => {
                let net = self.fresh_v6(address);
                self.nets_v6.insert([a, b, c, d], net);
                net
            }
        };
        let [a, b, c, d] = net;
        loop {
            let host = self.host(IpAddr::from([a, b, c, d, 0, 0, 0, 0])).to_be_bytes();
            let part = |at: usize| u16::from_be_bytes([host[at], host[at + 1]]);
            let given = Ipv6Addr::new(a, b, c, d, part(0), part(2), part(4), part(6));
            if !self.taken.contains(&IpAddr::V6(given)) {
                return given;
            }
        }
    }

    fn fresh_v6(&mut self, address: Ipv6Addr) -> [u16; 4] {
        let [a, b, ..] = address.segments();
        let class = match (a, b) {
            // All of them are in one network.
            (0xfe80..=0xfebf, _) => return [0xfe80, 0, 0, 0],
            (0xfc00..=0xfdff, _) => Class::UniqueLocal,
            (0x2002, _) => {
                let v4 = inside(address).unwrap_or(Ipv4Addr::UNSPECIFIED);
                let IpAddr::V4(given) = self.of(IpAddr::V4(v4)) else { return [0; 4] };
                let [w, x, y, z] = given.octets();
                Class::SixToFour(u16::from_be_bytes([w, x]), u16::from_be_bytes([y, z]))
            }
            (0x2001, 0) => Class::Teredo,
            _ => Class::Global,
        };
        loop {
            let number = self.number(class);
            let [high, low] = [(number >> 16) as u16, (number & 0xffff) as u16];
            let net = match class {
                Class::UniqueLocal => [0xfd00, 0, high, low],
                Class::SixToFour(x, y) => [0x2002, x, y, low],
                Class::Teredo => [0x2001, 0, high, low],
                _ => [0x2001, 0xdb8, high, low],
            };
            if self.taken_v6.insert(net) {
                return net;
            }
        }
    }

    fn number(&mut self, class: Class) -> u32 {
        let next = self.next.entry(class).or_default();
        *next += 1;
        *next
    }

    fn host(&mut self, net: IpAddr) -> u64 {
        let host = self.hosts.entry(net).or_default();
        *host += 1;
        *host
    }
}

/// The IPv4 address in one that carries it: mapped, NAT64, 6to4.
fn inside(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([w, x], [y, z]) = (high.to_be_bytes(), low.to_be_bytes());
        Some(Ipv4Addr::new(w, x, y, z))
    };
    match (a, b) {
        (0, 0) if [c, d, e, f] == [0, 0, 0, 0xffff] => v4(g, h),
        (0x64, 0xff9b) if [c, d, e, f] == [0, 0, 0, 0] => v4(g, h),
        (0x2002, _) => v4(b, c),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(all: &[&str]) -> Vec<String> {
        let mut addresses = Addresses { only_look: true, ..Addresses::default() };
        let parsed: Vec<IpAddr> = all.iter().map(|text| text.parse().unwrap()).collect();
        for address in &parsed {
            addresses.of(*address);
        }
        addresses.only_look = false;
        parsed.iter().map(|address| addresses.of(*address).to_string()).collect()
    }

    #[test]
    fn keeps_class_network_and_identity() {
        assert_eq!(
            given(&[
                "10.0.0.5",
                "10.0.0.7",
                "10.9.0.5",
                "192.168.1.2",
                "100.64.0.9",
                "169.254.7.7",
                "8.8.8.8",
                "10.0.0.5"
            ]),
            ["10.0.1.1", "10.0.1.2", "10.0.2.1", "192.168.2.1", "100.64.1.1", "169.254.1.1", "203.0.113.1", "10.0.1.1"]
        );
        assert_eq!(
            given(&["2a00::1", "2a00::2", "2a00:0:0:1::1", "fd12::1", "fe80::aa", "fe80::1"]),
            ["2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:2::1", "fd00:0:0:1::1", "fe80::2", "fe80::3"]
        );
    }

    #[test]
    fn an_address_in_another_is_the_same() {
        let given = given(&["8.8.8.8", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]);
        assert_eq!(given, ["203.0.113.1", "::ffff:203.0.113.1", "64:ff9b::cb00:7101", "2002:cb00:7101:1::1"]);
    }

    #[test]
    fn nobody_is_called_what_somebody_else_is_called() {
        let all = ["203.0.113.7", "198.51.100.7", "192.0.2.1", "10.0.1.1", "2001:db8:0:1::1", "fe80::1", "fe80::2"];
        let given = given(&all);
        assert!(all.iter().all(|address| !given.contains(&(*address).to_string())), "{given:?}");
    }

    #[test]
    fn what_says_nothing_about_anybody_stays() {
        let all = ["127.0.0.1", "0.0.0.0", "::", "::1", "224.0.0.1", "ff02::1", "169.254.169.254", "255.255.255.255"];
        assert_eq!(given(&all), all);
    }

    #[test]
    fn a_whole_network_of_hosts_has_a_whole_network_of_pseudonyms() {
        let all: Vec<String> = (0..256).map(|host| format!("9.9.9.{host}")).collect();
        let mut given = given(&all.iter().map(String::as_str).collect::<Vec<_>>());
        given.sort();
        given.dedup();
        assert_eq!(given.len(), 256);
    }
}

//! The network interfaces of this machine.
//!
//! `getifaddrs` and, on Linux, a few small files under `/sys` and `/proc`: a fraction of a
//! millisecond, where asking netlink for everything takes several.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use super::CannotRun;
use super::kinds::InterfaceKind;

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    pub name: String,
    pub index: u32,
    pub mtu: Option<u32>,
    /// Administratively up.
    pub up: bool,
    /// Has a carrier.
    pub running: bool,
    pub loopback: bool,
    pub point_to_point: bool,
    pub kind: InterfaceKind,
    /// In the system's order.
    pub addresses: Vec<InterfaceAddress>,
}

/// An address of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceAddress {
    pub address: IpAddr,
    pub prefix_length: Option<u8>,
    /// IPv6 privacy address (RFC 8981).
    pub temporary: bool,
    /// IPv6 address past its preferred lifetime: not to be used for new connections.
    pub deprecated: bool,
    /// IPv6 address still in duplicate address detection, or that failed it.
    pub tentative: bool,
}

/// All interfaces, up or not, in the order of their index.
pub fn interfaces() -> Result<Vec<Interface>, CannotRun> {
    #[cfg(unix)]
    {
        unix::interfaces().map_err(|why| CannotRun::Other(format!("cannot list the network interfaces: {why}")))
    }
    #[cfg(not(unix))]
    Err(CannotRun::Other("cannot list the network interfaces on this system".to_owned()))
}

/// The address that the system would send from to reach `to`; `None` without a route. Nothing is sent.
#[must_use]
pub fn source_address(to: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    let mut to = to;
    if to.port() == 0 {
        // Some systems do not connect to port 0; which one does not matter.
        to.set_port(9);
    }
    socket.connect(to).ok()?;
    socket.local_addr().ok().map(|local| local.ip()).filter(|source| !source.is_unspecified())
}

#[cfg(unix)]
mod unix {
    use std::collections::BTreeMap;

    use nix::ifaddrs::{InterfaceAddress as Found, getifaddrs};
    use nix::net::if_::{InterfaceFlags, if_nametoindex};

    use super::*;
    use crate::drive::kinds::{Description, kind_of};

    pub fn interfaces() -> nix::Result<Vec<Interface>> {
        let mut by_name: BTreeMap<String, (Interface, Option<u16>)> = BTreeMap::new();
        for found in getifaddrs()? {
            let entry = by_name.entry(found.interface_name.clone()).or_insert_with(|| (empty(&found), None));
            let (interface, hardware) = entry;
            if let Some((index, kind)) = link(&found) {
                interface.index = index;
                *hardware = kind;
            }
            interface.addresses.extend(address(&found));
        }
        let v6 = system::v6_flags();
        let mut interfaces: Vec<Interface> =
            by_name.into_values().map(|(interface, hardware)| completed(interface, hardware, &v6)).collect();
        interfaces.sort_by_key(|interface| interface.index);
        Ok(interfaces)
    }

    fn empty(found: &Found) -> Interface {
        let has = |flag| found.flags.contains(flag);
        Interface {
            name: found.interface_name.clone(),
            index: 0,
            mtu: None,
            up: has(InterfaceFlags::IFF_UP),
            running: has(InterfaceFlags::IFF_RUNNING),
            loopback: has(InterfaceFlags::IFF_LOOPBACK),
            point_to_point: has(InterfaceFlags::IFF_POINTOPOINT),
            kind: InterfaceKind::Unknown,
            addresses: Vec::new(),
        }
    }

    /// Adds what `getifaddrs` does not tell.
    fn completed(mut interface: Interface, hardware: Option<u16>, v6: &system::V6Flags) -> Interface {
        if interface.index == 0 {
            interface.index = if_nametoindex(interface.name.as_str()).unwrap_or(0);
        }
        let mut description = Description {
            name: interface.name.clone(),
            loopback: interface.loopback,
            point_to_point: interface.point_to_point,
            hardware,
            ..Description::default()
        };
        system::describe(&mut description);
        interface.kind = kind_of(&description);
        interface.mtu = system::mtu(&interface.name);
        for address in &mut interface.addresses {
            system::mark(address, interface.index, v6);
        }
        interface
    }

    /// Index and hardware type, from the entry that describes the link.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn link(found: &Found) -> Option<(u32, Option<u16>)> {
        let link = found.address.as_ref()?.as_link_addr().copied()?;
        Some((u32::try_from(link.ifindex()).ok()?, Some(link.hatype())))
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn link(_found: &Found) -> Option<(u32, Option<u16>)> {
        None
    }

    fn address(found: &Found) -> Option<InterfaceAddress> {
        let storage = found.address.as_ref()?;
        let mask = found.netmask.as_ref();
        let (address, prefix_length) = if let Some(v4) = storage.as_sockaddr_in() {
            let mask = mask.and_then(|mask| mask.as_sockaddr_in()).map(|mask| u32::from(mask.ip()).count_ones());
            (IpAddr::from(v4.ip()), mask)
        } else {
            let v6 = storage.as_sockaddr_in6()?;
            let mask = mask.and_then(|mask| mask.as_sockaddr_in6()).map(|mask| u128::from(mask.ip()).count_ones());
            (IpAddr::from(v6.ip()), mask)
        };
        Some(InterfaceAddress {
            address,
            prefix_length: prefix_length.and_then(|length| u8::try_from(length).ok()),
            temporary: false,
            deprecated: false,
            tentative: false,
        })
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    mod system {
        use std::collections::HashMap;
        use std::fs;
        use std::net::{IpAddr, Ipv6Addr};
        use std::path::{Path, PathBuf};

        use crate::drive::interfaces::InterfaceAddress;
        use crate::drive::kinds::Description;

        /// By interface index and address.
        pub type V6Flags = HashMap<(u32, Ipv6Addr), u32>;

        // linux/if_addr.h
        const TEMPORARY: u32 = 0x01;
        const DAD_FAILED: u32 = 0x08;
        const DEPRECATED: u32 = 0x20;
        const TENTATIVE: u32 = 0x40;

        pub fn v6_flags() -> V6Flags {
            parse(&fs::read_to_string("/proc/net/if_inet6").unwrap_or_default())
        }

        /// Lines of address, index, prefix length, scope, flags (all hexadecimal) and name.
        pub fn parse(text: &str) -> V6Flags {
            let line = |line: &str| {
                let mut fields = line.split_ascii_whitespace();
                let address = u128::from_str_radix(fields.next()?, 16).ok()?;
                let index = u32::from_str_radix(fields.next()?, 16).ok()?;
                let flags = u32::from_str_radix(fields.nth(2)?, 16).ok()?;
                Some(((index, Ipv6Addr::from(address)), flags))
            };
            text.lines().filter_map(line).collect()
        }

        pub fn mark(address: &mut InterfaceAddress, index: u32, flags: &V6Flags) {
            let IpAddr::V6(v6) = address.address else { return };
            let flags = flags.get(&(index, v6)).copied().unwrap_or(0);
            address.temporary = flags & TEMPORARY != 0;
            address.deprecated = flags & DEPRECATED != 0;
            address.tentative = flags & (TENTATIVE | DAD_FAILED) != 0;
        }

        pub fn mtu(name: &str) -> Option<u32> {
            fs::read_to_string(directory(name)?.join("mtu")).ok()?.trim().parse().ok()
        }

        pub fn describe(description: &mut Description) {
            let Some(directory) = directory(&description.name) else {
                return;
            };
            let uevent = fs::read_to_string(directory.join("uevent")).unwrap_or_default();
            let device_type = uevent.lines().find_map(|line| line.strip_prefix("DEVTYPE="));
            description.device_type = device_type.map(str::to_owned);
            description.tun = directory.join("tun_flags").exists();
            description.wireless = directory.join("wireless").exists() || directory.join("phy80211").exists();
        }

        /// Aliases (`eth0:1`) have none of their own.
        fn directory(name: &str) -> Option<PathBuf> {
            let name = name.split(':').next().filter(|name| !name.is_empty() && !name.contains('/'))?;
            Some(Path::new("/sys/class/net").join(name))
        }
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    mod system {
        use crate::drive::interfaces::InterfaceAddress;
        use crate::drive::kinds::Description;

        pub struct V6Flags;

        pub fn v6_flags() -> V6Flags {
            V6Flags
        }

        pub fn mark(_address: &mut InterfaceAddress, _index: u32, _flags: &V6Flags) {}

        pub fn mtu(_name: &str) -> Option<u32> {
            None
        }

        pub fn describe(_description: &mut Description) {}
    }

    #[cfg(all(test, any(target_os = "linux", target_os = "android")))]
    mod tests {
        use super::*;

        #[test]
        fn reads_the_flags_of_ipv6_addresses() {
            let text = "20010db8000000000000000000000001 02 40 00 21     eth0\n\
                        fe800000000000000000000000000001 02 40 20 c0     eth0\n\
                        rubbish\n";
            let flags = system::parse(text);
            assert_eq!(flags.len(), 2);
            let mut address = InterfaceAddress {
                address: "2001:db8::1".parse().unwrap(),
                prefix_length: Some(64),
                temporary: false,
                deprecated: false,
                tentative: false,
            };
            system::mark(&mut address, 2, &flags);
            assert!(address.temporary && address.deprecated && !address.tentative);
            address.address = "fe80::1".parse().unwrap();
            system::mark(&mut address, 2, &flags);
            assert!(!address.temporary && !address.deprecated && address.tentative);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn lists_the_loopback() {
        let all = interfaces().unwrap();
        let loopback = all.iter().find(|interface| interface.loopback).unwrap();
        assert_eq!(loopback.kind, InterfaceKind::Loopback);
        assert!(loopback.index > 0);
        let address = loopback.addresses.iter().find(|address| address.address.is_ipv4()).unwrap();
        assert_eq!((address.address, address.prefix_length), (Ipv4Addr::LOCALHOST.into(), Some(8)));
        assert!(all.is_sorted_by_key(|interface| interface.index));
    }

    #[test]
    fn knows_the_source_of_a_route() {
        let to = "127.0.0.1:0".parse().unwrap();
        assert_eq!(source_address(to), Some(Ipv4Addr::LOCALHOST.into()));
    }
}

//! The routers that packets for everywhere else go to.

use std::net::SocketAddr;

use super::CannotRun;

/// A default gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// Of the interface that leads to it.
    pub interface: String,
    /// With port 0; a link-local IPv6 address carries its scope.
    pub address: SocketAddr,
    /// The smaller, the sooner it is taken.
    pub metric: u32,
}

/// The default gateways of both families, the one that is taken first of each family first. Nothing
/// is sent.
pub fn gateways() -> Result<Vec<Gateway>, CannotRun> {
    system::gateways()
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod system {
    use std::fs;
    use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

    use nix::net::if_::if_nametoindex;

    use super::Gateway;
    use crate::drive::CannotRun;

    // linux/route.h
    const UP: u32 = 0x1;
    const THROUGH_GATEWAY: u32 = 0x2;
    const REJECTS: u32 = 0x200;

    pub fn gateways() -> Result<Vec<Gateway>, CannotRun> {
        // Without IPv6 there is no such file.
        let v6 = fs::read_to_string("/proc/net/ipv6_route").unwrap_or_default();
        let v4 = fs::read_to_string("/proc/net/route");
        let v4 = v4.map_err(|why| CannotRun::Other(format!("cannot read the routes in /proc/net/route: {why}")))?;
        let mut found = read_v4(&v4);
        found.extend(read_v6(&v6, |name| if_nametoindex(name).unwrap_or(0)));
        found.sort_by_key(|gateway| (gateway.address.is_ipv6(), gateway.metric));
        Ok(found)
    }

    /// Lines of interface, destination, gateway, flags, two counters, metric, mask and more. Addresses
    /// are in the machine's own order.
    pub fn read_v4(text: &str) -> Vec<Gateway> {
        let line = |line: &str| {
            let fields: Vec<&str> = line.split_ascii_whitespace().collect();
            let &[interface, destination, gateway, flags, _, _, metric, mask, ..] = fields.as_slice() else {
                return None;
            };
            let number = |text| u32::from_str_radix(text, 16).ok();
            let leads = is_default_route(number(flags)?) && number(destination)? == 0 && number(mask)? == 0;
            let address = Ipv4Addr::from(number(gateway)?.to_ne_bytes());
            let interface = interface.to_owned();
            leads.then_some(Gateway { interface, address: (address, 0).into(), metric: metric.parse().ok()? })
        };
        text.lines().filter_map(line).collect()
    }

    /// Lines of destination, its prefix length, source, its prefix length, gateway, metric, two
    /// counters, flags (all hexadecimal) and interface.
    pub fn read_v6(text: &str, index: impl Fn(&str) -> u32) -> Vec<Gateway> {
        let line = |line: &str| {
            let fields: Vec<&str> = line.split_ascii_whitespace().collect();
            let &[destination, length, _, source_length, gateway, metric, _, _, flags, interface] = fields.as_slice()
            else {
                return None;
            };
            let number = |text| u32::from_str_radix(text, 16).ok();
            let address = |text| u128::from_str_radix(text, 16).map(Ipv6Addr::from).ok();
            let everywhere = address(destination)?.is_unspecified() && number(length)? == 0;
            let gateway = address(gateway)?;
            let scope = if gateway.is_unicast_link_local() { index(interface) } else { 0 };
            let leads = is_default_route(number(flags)?) && everywhere && number(source_length)? == 0;
            leads.then_some(Gateway {
                interface: interface.to_owned(),
                address: SocketAddr::V6(SocketAddrV6::new(gateway, 0, 0, scope)),
                metric: number(metric)?,
            })
        };
        text.lines().filter_map(line).collect()
    }

    fn is_default_route(flags: u32) -> bool {
        flags & UP != 0 && flags & THROUGH_GATEWAY != 0 && flags & REJECTS == 0
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod system {
    use super::Gateway;
    use crate::drive::CannotRun;

    pub fn gateways() -> Result<Vec<Gateway>, CannotRun> {
        Err(CannotRun::Other("rtcprobe cannot find the default gateway on this system".to_owned()))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn reads_the_default_route_and_no_other() {
        let text = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
                    eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n\
                    eth0\t0000000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n\
                    wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n\
                    dead0\t00000000\t00000000\t0201\t0\t0\t0\t00000000\t0\t0\t0\n\
                    rubbish\n";
        let found = system::read_v4(text);
        let expected = if cfg!(target_endian = "little") { "10.0.0.1:0" } else { "1.0.0.10:0" };
        assert_eq!(found[0].address.to_string(), expected);
        assert_eq!(found.iter().map(|gateway| gateway.interface.as_str()).collect::<Vec<_>>(), ["eth0", "wlan0"]);
        assert_eq!(found[1].metric, 600);
    }

    #[test]
    fn reads_a_link_local_gateway_with_its_scope() {
        let none = "00000000000000000000000000000000";
        let router = "fe8000000000000000000000000000aa";
        let text = format!(
            "{none} 00 {none} 00 {router} 00000400 00000001 00000000 00000003 eth0\n\
             {none} 00 {none} 00 {none} ffffffff 00000001 00000000 00200200 lo\n\
             20010db8000000000000000000000000 40 {none} 00 {none} 00000100 00000001 00000000 00000001 eth0\n"
        );
        let found = system::read_v6(&text, |name| if name == "eth0" { 7 } else { 0 });
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].address.to_string(), "[fe80::aa%7]:0");
        assert_eq!(found[0].metric, 1024);
    }
}

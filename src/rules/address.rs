//! What kind of address it is, and addresses in sentences.

use std::net::{IpAddr, SocketAddr};

/// Not reachable from the Internet: RFC 1918, shared (RFC 6598), link-local, loopback, unique local.
pub(super) fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// The block that a private address belongs to.
pub(super) fn block(ip: IpAddr) -> &'static str {
    match ip.to_canonical() {
        IpAddr::V4(ip) => match ip.octets() {
            [10, ..] => "10.0.0.0/8",
            [172, 16..=31, ..] => "172.16.0.0/12",
            [192, 168, ..] => "192.168.0.0/16",
            [100, 64..=127, ..] => "100.64.0.0/10",
            [169, 254, ..] => "169.254.0.0/16",
            [127, ..] => "127.0.0.0/8",
            _ => "public address space",
        },
        IpAddr::V6(ip) if ip.is_loopback() => "::1",
        IpAddr::V6(ip) if ip.is_unique_local() => "fc00::/7",
        IpAddr::V6(ip) if ip.is_unicast_link_local() => "fe80::/10",
        IpAddr::V6(_) => "public address space",
    }
}

/// `the answer came from 198.51.100.10:3478 instead of …`: the address that answered.
pub(super) fn wrong_source(text: &str) -> Option<SocketAddr> {
    let (_, after) = text.split_once("came from ")?;
    let (from, _) = after.split_once(" instead of ")?;
    from.parse().ok()
}

//! Which local addresses to probe from (RFC 8445 §5.1.1.1).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::stop::{Stop, usage};
use crate::probes::gather::Local;
use crate::report::{Interface, InterfaceAddress, InterfaceKind};
use crate::wire::uri::{Host, IceUri};

/// What the command line says about local addresses.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// These interfaces only; `all` or nothing for every one.
    pub interfaces: Vec<String>,
    /// These addresses only.
    pub addresses: Vec<IpAddr>,
    pub ipv4: bool,
    pub ipv6: bool,
    /// A server is on this machine, so loopback addresses are wanted too.
    pub loopback: bool,
}

impl Wish {
    /// For the demo: its inside is loopback, and it speaks IPv4.
    pub fn demo() -> Wish {
        Wish { addresses: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)], ..Wish::default() }
    }
}

/// The local addresses to use, most likely ones first: `routed` are the source addresses that the
/// system itself would choose, then physical interfaces come before tunnels, and those before the
/// bridges of containers and virtual machines.
pub fn choose(interfaces: &[Interface], wish: &Wish, routed: &[IpAddr]) -> Result<Vec<Local>, Stop> {
    check_names(interfaces, wish)?;
    check_addresses(interfaces, wish)?;
    let mut found: Vec<(u8, Local)> = Vec::new();
    for interface in interfaces.iter().filter(|interface| interface.up && interface.running) {
        if !wants_interface(wish, interface) {
            continue;
        }
        let usable: Vec<(&InterfaceAddress, IpAddr)> = interface.details.iter().filter_map(usable).collect();
        for (details, address) in &usable {
            let hidden = usable.iter().any(|(other, other_address)| shadows(other, *other_address, details, *address));
            let asked_for = wish.addresses.contains(address);
            if (!hidden || asked_for) && wants_address(wish, *address) {
                found.push((rank(interface.kind), Local { interface: interface.name.clone(), address: *address }));
            }
        }
    }
    let routed = |local: &Local| routed.iter().position(|address| *address == local.address).unwrap_or(routed.len());
    found.sort_by_key(|(rank, local)| (local.address.is_loopback(), routed(local), *rank));
    if found.is_empty() {
        return Err(Stop::CannotRun(nothing_usable(interfaces, wish)));
    }
    Ok(found.into_iter().map(|(_, local)| local).collect())
}

/// Whether a server is on this machine, so that loopback addresses are the way to it.
pub fn is_here(uri: &IceUri) -> bool {
    match &uri.host {
        Host::Ip(ip) => ip.is_loopback(),
        Host::Name(name) => name == "localhost" || name.ends_with(".localhost"),
    }
}

/// Refuses servers that are named by an address of the family that -4 or -6 rules out.
pub fn check_family<'a>(servers: impl IntoIterator<Item = &'a IceUri>, wish: &Wish) -> Result<(), Stop> {
    for uri in servers {
        if let Host::Ip(ip) = &uri.host
            && let Some((flag, family)) = ruled_out(wish, *ip)
        {
            return usage(format!("{uri}: {flag} leaves this server out, its address is {family}; drop one of them"));
        }
    }
    Ok(())
}

/// The flag that rules an address out, and the address's family.
fn ruled_out(wish: &Wish, address: IpAddr) -> Option<(&'static str, &'static str)> {
    match address {
        IpAddr::V6(_) if wish.ipv4 => Some(("-4", "IPv6")),
        IpAddr::V4(_) if wish.ipv6 => Some(("-6", "IPv4")),
        _ => None,
    }
}

fn wants_interface(wish: &Wish, interface: &Interface) -> bool {
    let named = wish.interfaces.contains(&interface.name);
    let any = wish.interfaces.is_empty() || wish.interfaces.iter().any(|name| name == "all");
    let asked_for =
        wish.addresses.iter().any(|address| interface.details.iter().any(|own| parsed(own) == Some(*address)));
    named || (any && (!interface.loopback || wish.loopback || asked_for))
}

fn wants_address(wish: &Wish, address: IpAddr) -> bool {
    (wish.addresses.is_empty() || wish.addresses.contains(&address))
        && (!wish.ipv4 || address.is_ipv4())
        && (!wish.ipv6 || address.is_ipv6())
}

/// An address that may become a candidate at all.
fn usable(details: &InterfaceAddress) -> Option<(&InterfaceAddress, IpAddr)> {
    let address = parsed(details)?;
    let fit = match address {
        IpAddr::V4(v4) => !v4.is_unspecified() && !v4.is_multicast() && !v4.is_broadcast(),
        IpAddr::V6(v6) => !details.deprecated && !details.tentative && is_fit(v6),
    };
    fit.then_some((details, address))
}

fn is_fit(v6: Ipv6Addr) -> bool {
    let site_local = v6.segments()[0] & 0xffc0 == 0xfec0;
    // ::/96, IPv4-compatible; ::1 is in it, and means something else.
    let compatible = v6.segments()[..6] == [0; 6] && !v6.is_loopback();
    !v6.is_unicast_link_local() && !site_local && !compatible && v6.to_ipv4_mapped().is_none() && !v6.is_multicast()
}

/// Whether a privacy address stands for a stable one of the same prefix on the same interface.
fn shadows(other: &InterfaceAddress, other_address: IpAddr, stable: &InterfaceAddress, address: IpAddr) -> bool {
    let (IpAddr::V6(temporary), IpAddr::V6(address)) = (other_address, address) else { return false };
    let length = u32::from(stable.prefix_length.unwrap_or(64)).min(128);
    let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
    other.temporary && !stable.temporary && temporary.to_bits() & mask == address.to_bits() & mask
}

fn rank(kind: InterfaceKind) -> u8 {
    match kind {
        InterfaceKind::Ethernet
        | InterfaceKind::Wifi
        | InterfaceKind::Cellular
        | InterfaceKind::Bridge
        | InterfaceKind::Loopback
        | InterfaceKind::Unknown => 0,
        InterfaceKind::Vpn => 1,
        InterfaceKind::Container | InterfaceKind::VirtualMachine => 2,
    }
}

fn parsed(details: &InterfaceAddress) -> Option<IpAddr> {
    details.address.parse().ok()
}

fn check_names(interfaces: &[Interface], wish: &Wish) -> Result<(), Stop> {
    let known = |name: &&String| *name == "all" || interfaces.iter().any(|interface| interface.name == **name);
    let Some(unknown) = wish.interfaces.iter().find(|name| !known(name)) else { return Ok(()) };
    let names: Vec<&str> = interfaces.iter().map(|interface| interface.name.as_str()).collect();
    usage(format!("--interface {unknown}: there is no such interface; there are {}", list(&names)))
}

fn check_addresses(interfaces: &[Interface], wish: &Wish) -> Result<(), Stop> {
    for address in &wish.addresses {
        if let Some((flag, family)) = ruled_out(wish, *address) {
            return usage(format!(
                "--local-address {address}: it is {family}, and {flag} rules that out; drop one of them"
            ));
        }
    }
    let own: Vec<IpAddr> = interfaces.iter().flat_map(|interface| &interface.details).filter_map(parsed).collect();
    let Some(foreign) = wish.addresses.iter().find(|address| !own.contains(address)) else { return Ok(()) };
    let own: Vec<String> = own.iter().map(ToString::to_string).collect();
    usage(format!("--local-address {foreign}: no interface has this address; there are {}", list(&own)))
}

fn nothing_usable(interfaces: &[Interface], wish: &Wish) -> String {
    let family = match (wish.ipv4, wish.ipv6) {
        (true, _) => "IPv4 ",
        (_, true) => "IPv6 ",
        _ => "",
    };
    let picked: Vec<&Interface> = interfaces.iter().filter(|interface| wants_interface(wish, interface)).collect();
    if let [one] = picked[..]
        && !(one.up && one.running)
    {
        let state = if one.up { "has no carrier" } else { "is down" };
        return format!("no usable interface: {} {state}", one.name);
    }
    let names: Vec<&str> = picked.iter().map(|interface| interface.name.as_str()).collect();
    match names[..] {
        [] => "no usable interface: there is none but loopback; --interface lo uses that".into(),
        _ => format!("no usable interface: no {family}address to probe from on {}", list(&names)),
    }
}

fn list<T: AsRef<str>>(names: &[T]) -> String {
    match names {
        [] => "none".into(),
        [one] => one.as_ref().into(),
        [most @ .., last] => {
            let most: Vec<&str> = most.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", most.join(", "), last.as_ref())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(name: &str, kind: InterfaceKind, addresses: &[&str]) -> Interface {
        let details = |address: &&str| InterfaceAddress {
            address: address.trim_end_matches(['t', 'd', 'n', '!']).into(),
            prefix_length: Some(if address.contains(':') { 64 } else { 24 }),
            temporary: address.ends_with("!t"),
            deprecated: address.ends_with("!d"),
            tentative: address.ends_with("!n"),
        };
        Interface {
            name: name.into(),
            index: 1,
            addresses: Vec::new(),
            details: addresses.iter().map(details).collect(),
            mtu: Some(1500),
            up: true,
            running: true,
            loopback: kind == InterfaceKind::Loopback,
            point_to_point: false,
            kind,
        }
    }

    fn house() -> Vec<Interface> {
        vec![
            interface("lo", InterfaceKind::Loopback, &["127.0.0.1", "::1"]),
            interface("docker0", InterfaceKind::Container, &["172.17.0.1"]),
            interface("wg0", InterfaceKind::Vpn, &["10.9.0.2"]),
            interface("eth0", InterfaceKind::Ethernet, &["10.0.0.2", "2001:db8::2", "2001:db8::77!t", "fe80::1"]),
        ]
    }

    fn addresses(interfaces: &[Interface], wish: &Wish, routed: &[&str]) -> Vec<String> {
        let routed: Vec<IpAddr> = routed.iter().map(|address| address.parse().unwrap()).collect();
        choose(interfaces, wish, &routed).unwrap().iter().map(|local| local.address.to_string()).collect()
    }

    #[test]
    fn takes_physical_interfaces_before_tunnels_and_containers_and_never_loopback() {
        let found = addresses(&house(), &Wish::default(), &[]);
        assert_eq!(found, ["10.0.0.2", "2001:db8::77", "10.9.0.2", "172.17.0.1"]);
    }

    #[test]
    fn takes_the_address_of_the_default_route_first() {
        let found = addresses(&house(), &Wish::default(), &["10.9.0.2"]);
        assert_eq!(found[0], "10.9.0.2");
    }

    #[test]
    fn leaves_out_what_rfc_8445_leaves_out() {
        let odd =
            ["2001:db8::1!d", "2001:db8::2!n", "fe80::1", "fec0::1", "::192.0.2.1", "::ffff:192.0.2.1", "2001:db8::3"];
        assert_eq!(
            addresses(&[interface("eth0", InterfaceKind::Ethernet, &odd)], &Wish::default(), &[]),
            ["2001:db8::3"]
        );
    }

    #[test]
    fn keeps_a_stable_address_whose_privacy_address_is_in_another_prefix_or_unusable() {
        let eth0 = interface("eth0", InterfaceKind::Ethernet, &["2001:db8:1::2", "2001:db8:2::3!t"]);
        assert_eq!(addresses(&[eth0], &Wish::default(), &[]), ["2001:db8:1::2", "2001:db8:2::3"]);
    }

    #[test]
    fn uses_loopback_when_it_is_asked_for() {
        let wish = Wish { interfaces: vec!["lo".into()], ..Wish::default() };
        assert_eq!(addresses(&house(), &wish, &[]), ["127.0.0.1", "::1"]);
        let wish = Wish { addresses: vec!["127.0.0.1".parse().unwrap()], ..Wish::default() };
        assert_eq!(addresses(&house(), &wish, &[]), ["127.0.0.1"]);
        let wish = Wish { loopback: true, ipv4: true, ..Wish::default() };
        assert_eq!(addresses(&house(), &wish, &["127.0.0.1"]), ["10.0.0.2", "10.9.0.2", "172.17.0.1", "127.0.0.1"]);
    }

    #[test]
    fn keeps_to_a_family_and_to_what_was_named() {
        assert_eq!(addresses(&house(), &Wish { ipv6: true, ..Wish::default() }, &[]), ["2001:db8::77"]);
        let wish = Wish { interfaces: vec!["wg0".into(), "eth0".into()], ipv4: true, ..Wish::default() };
        assert_eq!(addresses(&house(), &wish, &[]), ["10.0.0.2", "10.9.0.2"]);
        // Named, so its privacy address does not stand for it.
        let wish = Wish { addresses: vec!["2001:db8::2".parse().unwrap()], ..Wish::default() };
        assert_eq!(addresses(&house(), &wish, &[]), ["2001:db8::2"]);
    }

    #[test]
    fn says_what_there_is_when_it_is_asked_for_something_else() {
        let wish = Wish { interfaces: vec!["eth9".into()], ..Wish::default() };
        let why = choose(&house(), &wish, &[]).unwrap_err();
        assert_eq!(
            why.to_string(),
            "--interface eth9: there is no such interface; there are lo, docker0, wg0 and eth0"
        );
        assert_eq!(why.code(), 2);
        let wish = Wish { addresses: vec!["192.0.2.1".parse().unwrap()], ..Wish::default() };
        assert!(choose(&house(), &wish, &[]).unwrap_err().to_string().contains("no interface has this address"));
    }

    #[test]
    fn refuses_what_a_family_flag_rules_out() {
        let only_v6 = Wish { addresses: vec!["127.0.0.1".parse().unwrap()], ipv6: true, ..Wish::default() };
        let why = choose(&house(), &only_v6, &[]).unwrap_err();
        assert_eq!((why.to_string().contains("-6"), why.code()), (true, 2), "{why}");
        let uri = |text| crate::wire::uri::parse(text).unwrap().uri;
        let servers = [uri("stun:example.org"), uri("stun:[::1]")];
        let only_v4 = Wish { ipv4: true, ..Wish::default() };
        assert!(check_family(&servers, &only_v4).unwrap_err().to_string().starts_with("stun:[::1]:3478: -4"));
        assert_eq!(check_family(&servers, &Wish { ipv6: true, ..Wish::default() }), Ok(()));
        assert_eq!(check_family(&servers, &Wish::default()), Ok(()));
    }

    #[test]
    fn cannot_run_without_an_address() {
        let mut down = interface("eth0", InterfaceKind::Ethernet, &["10.0.0.2"]);
        down.up = false;
        let why = choose(&[down], &Wish::default(), &[]).unwrap_err();
        assert_eq!((why.to_string().as_str(), why.code()), ("no usable interface: eth0 is down", 3));
        let lo = interface("lo", InterfaceKind::Loopback, &["127.0.0.1"]);
        assert_eq!(choose(&[lo], &Wish::default(), &[]).unwrap_err().code(), 3);
        let wish = Wish { interfaces: vec!["wg0".into()], ipv6: true, ..Wish::default() };
        let why = choose(&house(), &wish, &[]).unwrap_err().to_string();
        assert_eq!(why, "no usable interface: no IPv6 address to probe from on wg0");
    }
}

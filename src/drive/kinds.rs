//! What an interface is, as far as its name and driver tell.

/// What an interface is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InterfaceKind {
    Loopback,
    Ethernet,
    Wifi,
    Cellular,
    /// tun, tap, WireGuard, PPP, IPsec.
    Vpn,
    /// Docker, Podman, LXC, Kubernetes: bridges and their veth ends.
    Container,
    /// Bridges and taps of libvirt, VirtualBox, VMware, Hyper-V.
    VirtualMachine,
    Bridge,
    Unknown,
}

/// What is known about an interface before it is named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Description {
    pub name: String,
    pub loopback: bool,
    pub point_to_point: bool,
    /// The hardware type (Linux `ARPHRD_…`); `None` where the system does not tell.
    pub hardware: Option<u16>,
    /// Made by the tun/tap driver.
    pub tun: bool,
    /// Has a radio for wireless LAN.
    pub wireless: bool,
    /// What the driver says it is (Linux `DEVTYPE`): `wlan`, `wwan`, `bridge`, `wireguard` …
    pub device_type: Option<String>,
}

const ETHERNET: u16 = 1;
const PPP: u16 = 512;
const RAW_IP: u16 = 519;
/// No link layer at all: WireGuard, tun.
const NONE: u16 = 65534;

/// Classifies an interface. Names of containers and virtual machines come first, because their
/// bridges and cables are bridges and Ethernet to the system.
#[must_use]
pub fn kind_of(interface: &Description) -> InterfaceKind {
    let name = interface.name.as_str();
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    let device_type = interface.device_type.as_deref();
    let is = |hardware: u16| interface.hardware == Some(hardware);
    if interface.loopback {
        InterfaceKind::Loopback
    } else if starts(CONTAINERS) || is_docker_network(name) {
        InterfaceKind::Container
    } else if starts(VIRTUAL_MACHINES) {
        InterfaceKind::VirtualMachine
    } else if starts(CELLULAR) || device_type == Some("wwan") || is(RAW_IP) {
        InterfaceKind::Cellular
    } else if interface.tun || starts(VPNS) || device_type == Some("wireguard") || is(NONE) || is(PPP) {
        InterfaceKind::Vpn
    } else if interface.wireless || device_type == Some("wlan") || starts(WIFI) {
        InterfaceKind::Wifi
    } else if device_type == Some("bridge") || starts(BRIDGES) {
        InterfaceKind::Bridge
    } else if is(ETHERNET) || (interface.hardware.is_none() && starts(ETHERNETS)) {
        InterfaceKind::Ethernet
    } else {
        InterfaceKind::Unknown
    }
}

const CONTAINERS: &[&str] =
    &["docker", "veth", "cni", "flannel", "cali", "lxc", "lxdbr", "podman", "cilium", "weave", "kube-", "incusbr"];
const VIRTUAL_MACHINES: &[&str] = &["virbr", "vmnet", "vboxnet", "vnet", "vmenet", "vEthernet"];
const VPNS: &[&str] = &["tun", "tap", "wg", "ppp", "utun", "ipsec", "tailscale", "zt", "nordlynx"];
const CELLULAR: &[&str] = &["wwan", "rmnet", "pdp_ip"];
/// The last two are Apple's radio links between devices.
const WIFI: &[&str] = &["wl", "awdl", "llw"];
const BRIDGES: &[&str] = &["bridge"];
/// Where the system does not tell the hardware type: BSD and macOS.
const ETHERNETS: &[&str] = &["en", "eth", "em", "igb", "ix", "re", "bge"];

/// `br-` and the beginning of a network's id: a user-defined Docker network.
fn is_docker_network(name: &str) -> bool {
    name.strip_prefix("br-").is_some_and(|id| {
        id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Description {
        Description { name: name.to_owned(), hardware: Some(ETHERNET), ..Description::default() }
    }

    #[test]
    fn knows_interfaces_by_name() {
        let expected = [
            ("eth0", InterfaceKind::Ethernet),
            ("enp3s0", InterfaceKind::Ethernet),
            ("wlp2s0", InterfaceKind::Wifi),
            ("wwan0", InterfaceKind::Cellular),
            ("rmnet_data1", InterfaceKind::Cellular),
            ("docker0", InterfaceKind::Container),
            ("br-0123456789ab", InterfaceKind::Container),
            ("br-lan", InterfaceKind::Ethernet),
            ("vethab12", InterfaceKind::Container),
            ("cali0", InterfaceKind::Container),
            ("lxdbr0", InterfaceKind::Container),
            ("virbr0", InterfaceKind::VirtualMachine),
            ("vnet3", InterfaceKind::VirtualMachine),
            ("vboxnet0", InterfaceKind::VirtualMachine),
            ("tailscale0", InterfaceKind::Vpn),
            ("ztabcdef", InterfaceKind::Vpn),
            ("nordlynx", InterfaceKind::Vpn),
            ("tap0", InterfaceKind::Vpn),
        ];
        for (name, kind) in expected {
            assert_eq!(kind_of(&named(name)), kind, "{name}");
        }
    }

    #[test]
    fn knows_tunnels_by_their_driver() {
        assert_eq!(kind_of(&Description { tun: true, ..named("office") }), InterfaceKind::Vpn);
        assert_eq!(kind_of(&Description { hardware: Some(NONE), ..named("office") }), InterfaceKind::Vpn);
        assert_eq!(kind_of(&Description { hardware: Some(PPP), ..named("dsl") }), InterfaceKind::Vpn);
        let wireguard = Description { device_type: Some("wireguard".to_owned()), ..named("office") };
        assert_eq!(kind_of(&wireguard), InterfaceKind::Vpn);
    }

    #[test]
    fn knows_radios_and_bridges_by_their_driver() {
        assert_eq!(kind_of(&Description { wireless: true, ..named("lan0") }), InterfaceKind::Wifi);
        let bridge = Description { device_type: Some("bridge".to_owned()), ..named("br-lan") };
        assert_eq!(kind_of(&bridge), InterfaceKind::Bridge);
        assert_eq!(kind_of(&Description { loopback: true, ..named("wl0") }), InterfaceKind::Loopback);
    }

    #[test]
    fn does_not_guess() {
        assert_eq!(kind_of(&Description { hardware: Some(776), ..named("sit0") }), InterfaceKind::Unknown);
        assert_eq!(kind_of(&Description { hardware: None, ..named("gif0") }), InterfaceKind::Unknown);
        assert_eq!(kind_of(&Description { hardware: None, ..named("en0") }), InterfaceKind::Ethernet);
        assert_eq!(kind_of(&Description { hardware: None, ..named("utun4") }), InterfaceKind::Vpn);
    }
}

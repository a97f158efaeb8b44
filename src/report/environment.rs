use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the run took place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Environment {
    /// `linux`, `macos` …
    pub os: String,
    /// `x86_64`, `aarch64` …
    pub arch: String,
    pub interfaces: Vec<Interface>,
}

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Interface {
    pub name: String,
    pub index: u32,
    /// IP addresses without prefix length.
    pub addresses: Vec<String>,
    /// The same addresses with what is known about each.
    pub details: Vec<InterfaceAddress>,
    pub mtu: Option<u32>,
    /// Administratively up.
    pub up: bool,
    /// Has a carrier.
    pub running: bool,
    pub loopback: bool,
    pub point_to_point: bool,
    pub kind: InterfaceKind,
}

/// An address of an interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InterfaceAddress {
    pub address: String,
    pub prefix_length: Option<u8>,
    /// IPv6 privacy address (RFC 8981).
    pub temporary: bool,
    /// IPv6 address past its preferred lifetime: not to be used for new connections.
    pub deprecated: bool,
    /// IPv6 address still in duplicate address detection, or that failed it.
    pub tentative: bool,
}

/// What an interface is, as far as its name and driver tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
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

//! The machine we stand on, in the words of the report.

use std::net::{IpAddr, SocketAddr};

use super::record::World;
use super::stop::Stop;
use crate::drive;
use crate::report::{Environment, Interface, InterfaceAddress, InterfaceKind};

/// System, architecture and interfaces.
pub fn look(world: &World) -> Result<Environment, Stop> {
    world.fact("environment", || {
        let interfaces = drive::interfaces().map_err(|why| Stop::CannotRun(why.to_string()))?;
        Ok(Environment {
            os: std::env::consts::OS.into(),
            arch: std::env::consts::ARCH.into(),
            interfaces: interfaces.into_iter().map(interface).collect(),
        })
    })
}

/// The addresses that the system itself would send from, IPv4 first.
pub fn routed(world: &World) -> Result<Vec<IpAddr>, Stop> {
    // Any global addresses will do: nothing is sent.
    let far = [SocketAddr::from(([1, 1, 1, 1], 9)), SocketAddr::from(([0x2606, 0x4700, 0, 0, 0, 0, 0, 0x1111], 9))];
    world.fact("routed", || Ok(far.into_iter().filter_map(drive::source_address).collect()))
}

fn interface(found: drive::Interface) -> Interface {
    Interface {
        addresses: found.addresses.iter().map(|address| address.address.to_string()).collect(),
        details: found.addresses.iter().map(address).collect(),
        name: found.name,
        index: found.index,
        mtu: found.mtu,
        up: found.up,
        running: found.running,
        loopback: found.loopback,
        point_to_point: found.point_to_point,
        kind: kind(found.kind),
    }
}

fn address(found: &drive::InterfaceAddress) -> InterfaceAddress {
    InterfaceAddress {
        address: found.address.to_string(),
        prefix_length: found.prefix_length,
        temporary: found.temporary,
        deprecated: found.deprecated,
        tentative: found.tentative,
    }
}

fn kind(found: drive::InterfaceKind) -> InterfaceKind {
    match found {
        drive::InterfaceKind::Loopback => InterfaceKind::Loopback,
        drive::InterfaceKind::Ethernet => InterfaceKind::Ethernet,
        drive::InterfaceKind::Wifi => InterfaceKind::Wifi,
        drive::InterfaceKind::Cellular => InterfaceKind::Cellular,
        drive::InterfaceKind::Vpn => InterfaceKind::Vpn,
        drive::InterfaceKind::Container => InterfaceKind::Container,
        drive::InterfaceKind::VirtualMachine => InterfaceKind::VirtualMachine,
        drive::InterfaceKind::Bridge => InterfaceKind::Bridge,
        drive::InterfaceKind::Unknown => InterfaceKind::Unknown,
    }
}

//! Sockets that hear what is sent to a group.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

use super::refusals;
use super::shared::Shared;
use super::udp::Udp;
use crate::machine::Refusal;

/// Joins the group on the interface that has that address. Others of this machine may listen on the same port.
pub fn open(shared: &Shared, group: SocketAddr, local: IpAddr) -> Result<Udp, Refusal> {
    let open = || -> io::Result<Udp> {
        let socket = Socket::new(Domain::for_address(group), Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_nonblocking(true)?;
        share(&socket)?;
        match (group.ip(), local) {
            (IpAddr::V4(to), IpAddr::V4(local)) => {
                bind(&socket, group)?;
                socket.join_multicast_v4(&to, &local)?;
                socket.set_multicast_if_v4(&local)?;
            }
            (IpAddr::V6(to), IpAddr::V6(_)) => {
                let index = index_of(local)?;
                socket.set_only_v6(true)?;
                bind(&socket, SocketAddr::V6(SocketAddrV6::new(to, group.port(), 0, index)))?;
                socket.join_multicast_v6(&to, index)?;
                socket.set_multicast_if_v6(index)?;
            }
            _ => return Err(io::Error::new(io::ErrorKind::InvalidInput, "the group is of another address family")),
        }
        shared.bind_device(&socket)?;
        let socket = UdpSocket::from_std(socket.into())?;
        Ok(Udp { socket, local: SocketAddr::new(local, group.port()), connected: None })
    };
    open().map_err(|error| refusals::while_binding(&error, Some(SocketAddr::new(local, group.port()))))
}

fn share(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_address(true)?;
    // Elsewhere that is not enough; on Linux it would share the port among processes of one user only.
    #[cfg(any(target_vendor = "apple", target_os = "freebsd", target_os = "netbsd", target_os = "openbsd"))]
    socket.set_reuse_port(true)?;
    Ok(())
}

/// To the group itself, so that nothing else comes in; where that cannot be, to the port.
fn bind(socket: &Socket, group: SocketAddr) -> io::Result<()> {
    let any = match group {
        SocketAddr::V4(_) => SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), group.port()),
        SocketAddr::V6(_) => SocketAddr::new(std::net::Ipv6Addr::UNSPECIFIED.into(), group.port()),
    };
    socket.bind(&if cfg!(windows) { any } else { group }.into())
}

fn index_of(local: IpAddr) -> io::Result<u32> {
    let unknown = || io::Error::new(io::ErrorKind::AddrNotAvailable, "no interface has that address");
    let interfaces = super::interfaces().map_err(|_| unknown())?;
    let mut having = interfaces.iter().filter(|it| it.addresses.iter().any(|own| own.address == local));
    having.next().map(|interface| interface.index).ok_or_else(unknown)
}

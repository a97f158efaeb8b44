//! ICMP errors, as the system tells of them.
//!
//! Linux keeps them in a queue beside the socket (`IP_RECVERR`), with type, code, sender and the
//! destination that they are about. While one waits there, the next send fails with its error,
//! whomever it is for, so the queue is emptied before a failed send is believed.

use std::net::SocketAddr;

use crate::machine::Icmp;

/// An entry of a socket's error queue.
#[derive(Debug, Clone, Copy)]
pub struct Returned {
    /// Where the datagram went that caused it.
    pub to: Option<SocketAddr>,
    pub icmp: Icmp,
    /// This machine said it of itself, no ICMP message came.
    pub local: bool,
}

#[cfg(any(target_os = "linux", target_os = "android"))]
pub use linux::{drain, report};

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux {
    use std::io::IoSliceMut;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
    use std::os::fd::{AsFd, AsRawFd};

    use nix::libc;
    use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt};

    use super::Returned;
    use crate::machine::{Icmp, Unreachability};

    /// Asks the system to keep ICMP errors for this socket, or to stop.
    pub fn report(socket: &impl AsFd, v6: bool, on: bool) {
        // Where it cannot, errors just come without their particulars.
        let _ = if v6 {
            setsockopt(&socket.as_fd(), sockopt::Ipv6RecvErr, &on)
        } else {
            setsockopt(&socket.as_fd(), sockopt::Ipv4RecvErr, &on)
        };
    }

    /// Takes everything from the error queue.
    pub fn drain(socket: &impl AsFd) -> Vec<Returned> {
        let mut found = Vec::new();
        // The kernel bounds the queue by the receive buffer; this bounds us against a flood.
        while found.len() < 64 {
            let Some(entry) = next(socket) else { break };
            found.extend(entry);
        }
        found
    }

    /// The next entry; the inner `None` is one that says nothing about a datagram.
    fn next(socket: &impl AsFd) -> Option<Option<Returned>> {
        let mut control = nix::cmsg_space!([u8; 256]);
        let mut datagram = [0; 64];
        let mut parts = [IoSliceMut::new(&mut datagram)];
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        let descriptor = socket.as_fd().as_raw_fd();
        let message = recvmsg::<SockaddrStorage>(descriptor, &mut parts, Some(&mut control), flags).ok()?;
        let to = message.address.as_ref().and_then(socket_address);
        let entry = message.cmsgs().ok()?.find_map(|control| match control {
            ControlMessageOwned::Ipv4RecvErr(error, from) => {
                returned(to, &error, from.map(|from| v4(from.sin_family, from.sin_addr)))
            }
            ControlMessageOwned::Ipv6RecvErr(error, from) => {
                returned(to, &error, from.map(|from| v6(from.sin6_family, from.sin6_addr)))
            }
            _ => None,
        });
        Some(entry)
    }

    fn returned(
        to: Option<SocketAddr>,
        error: &libc::sock_extended_err,
        from: Option<Option<IpAddr>>,
    ) -> Option<Returned> {
        let v6 = error.ee_origin == libc::SO_EE_ORIGIN_ICMP6;
        let local = error.ee_origin == libc::SO_EE_ORIGIN_LOCAL;
        if !v6 && !local && error.ee_origin != libc::SO_EE_ORIGIN_ICMP {
            return None;
        }
        let meaning = if !local {
            Unreachability::of(v6, error.ee_type, error.ee_code)
        } else if error.ee_errno == libc::EMSGSIZE.unsigned_abs() {
            Unreachability::TooLarge
        } else {
            Unreachability::Other
        };
        let icmp = Icmp {
            kind: (!local).then_some(error.ee_type),
            code: (!local).then_some(error.ee_code),
            v6,
            offender: from.flatten(),
            mtu: (meaning == Unreachability::TooLarge && error.ee_info > 0).then_some(error.ee_info),
            meaning,
        };
        Some(Returned { to, icmp, local })
    }

    fn socket_address(address: &SockaddrStorage) -> Option<SocketAddr> {
        if let Some(v4) = address.as_sockaddr_in() {
            return Some(SocketAddrV4::from(*v4).into());
        }
        address.as_sockaddr_in6().map(|v6| SocketAddrV6::from(*v6).into())
    }

    fn v4(family: libc::sa_family_t, address: libc::in_addr) -> Option<IpAddr> {
        // The bytes stand in network order whatever the machine.
        (i32::from(family) == libc::AF_INET).then(|| Ipv4Addr::from(address.s_addr.to_ne_bytes()).into())
    }

    fn v6(family: libc::sa_family_t, address: libc::in6_addr) -> Option<IpAddr> {
        (i32::from(family) == libc::AF_INET6).then(|| Ipv6Addr::from(address.s6_addr).into())
    }
}

/// Elsewhere the system keeps nothing.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod elsewhere {
    use super::Returned;

    pub fn report<S>(_socket: &S, _v6: bool, _on: bool) {}

    pub fn drain<S>(_socket: &S) -> Vec<Returned> {
        Vec::new()
    }
}
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub use elsewhere::{drain, report};

//! What the system's error numbers mean to a machine.

use std::io;
use std::net::SocketAddr;

use crate::machine::{Icmp, Phase, Refusal, Unreachability};

/// The system's words without the number at their end.
pub fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let end = text.find(" (os error ").unwrap_or(text.len());
    let mut letters = text[..end].chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Why a socket could not be made or bound.
pub fn while_binding(error: &io::Error, local: Option<SocketAddr>) -> Refusal {
    let text = match local {
        Some(local) => format!("{local}: {}", plain(error)),
        None => plain(error),
    };
    if is_exhaustion(error) {
        return Refusal::Exhausted { text };
    }
    match code(error) {
        Some(libc_number::EAFNOSUPPORT) => Refusal::Unsupported { text },
        _ if local.is_some() => Refusal::Bind { text },
        _ => Refusal::Other { text },
    }
}

/// Why a connection could not be had; `icmp` when a router's word was found for it.
pub fn while_connecting(error: &io::Error, icmp: Option<Icmp>) -> Refusal {
    if is_exhaustion(error) {
        return Refusal::Exhausted { text: plain(error) };
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => return Refusal::ConnectionRefused,
        io::ErrorKind::TimedOut => return Refusal::TimedOut { during: Phase::Connect },
        // Without IPv6 on this machine, or without a free port: no way in either case.
        io::ErrorKind::AddrNotAvailable => {
            return Refusal::Unreachable { icmp, text: plain(error) };
        }
        _ => {}
    }
    match meaning(error) {
        Unreachability::Network | Unreachability::Host | Unreachability::Prohibited => {
            Refusal::Unreachable { icmp, text: plain(error) }
        }
        _ => Refusal::Other { text: plain(error) },
    }
}

/// What it amounts to when a datagram cannot be sent.
pub fn meaning(error: &io::Error) -> Unreachability {
    match code(error) {
        Some(libc_number::ENETUNREACH | libc_number::ENETDOWN) => Unreachability::Network,
        Some(libc_number::EHOSTUNREACH | libc_number::EHOSTDOWN) => Unreachability::Host,
        Some(libc_number::EACCES | libc_number::EPERM) => Unreachability::Prohibited,
        Some(libc_number::EMSGSIZE) => Unreachability::TooLarge,
        Some(libc_number::ECONNREFUSED) => Unreachability::Port,
        _ => match error.kind() {
            io::ErrorKind::NetworkUnreachable => Unreachability::Network,
            io::ErrorKind::HostUnreachable => Unreachability::Host,
            io::ErrorKind::PermissionDenied => Unreachability::Prohibited,
            io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => Unreachability::Port,
            _ => Unreachability::Other,
        },
    }
}

/// The local counterpart of an ICMP error: nobody sent one, the system refused by itself.
pub fn local(error: &io::Error, to: SocketAddr, mtu: Option<u32>) -> Icmp {
    Icmp { kind: None, code: None, v6: to.is_ipv6(), offender: None, mtu, meaning: meaning(error) }
}

/// Whether this machine ran out of descriptors or memory.
pub fn is_exhaustion(error: &io::Error) -> bool {
    matches!(code(error), Some(libc_number::EMFILE | libc_number::ENFILE | libc_number::ENOBUFS | libc_number::ENOMEM))
}

fn code(error: &io::Error) -> Option<i32> {
    error.raw_os_error()
}

#[cfg(unix)]
mod libc_number {
    pub use nix::libc::{
        EACCES, EAFNOSUPPORT, ECONNREFUSED, EHOSTDOWN, EHOSTUNREACH, EMFILE, EMSGSIZE, ENETDOWN, ENETUNREACH, ENFILE,
        ENOBUFS, ENOMEM, EPERM,
    };
}

/// Winsock's numbers.
#[cfg(not(unix))]
mod libc_number {
    pub const EACCES: i32 = 10013;
    pub const EMFILE: i32 = 10024;
    pub const EMSGSIZE: i32 = 10040;
    pub const EAFNOSUPPORT: i32 = 10047;
    pub const ENETDOWN: i32 = 10050;
    pub const ENETUNREACH: i32 = 10051;
    pub const ENOBUFS: i32 = 10055;
    pub const ECONNREFUSED: i32 = 10061;
    pub const EHOSTDOWN: i32 = 10064;
    pub const EHOSTUNREACH: i32 = 10065;
    // No counterparts; numbers that Winsock does not use.
    pub const ENFILE: i32 = -1;
    pub const ENOMEM: i32 = -2;
    pub const EPERM: i32 = -3;
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn error(number: i32) -> io::Error {
        io::Error::from_raw_os_error(number)
    }

    #[test]
    fn speaks_plainly() {
        assert_eq!(plain(&error(libc_number::ENETUNREACH)), "network is unreachable");
    }

    #[test]
    fn tells_no_route_from_a_firewall() {
        assert_eq!(meaning(&error(libc_number::ENETUNREACH)), Unreachability::Network);
        assert_eq!(meaning(&error(libc_number::EHOSTUNREACH)), Unreachability::Host);
        assert_eq!(meaning(&error(libc_number::EPERM)), Unreachability::Prohibited);
        assert_eq!(meaning(&error(libc_number::EACCES)), Unreachability::Prohibited);
        assert_eq!(meaning(&error(libc_number::EMSGSIZE)), Unreachability::TooLarge);
    }

    #[test]
    fn names_exhaustion() {
        let text = "127.0.0.1:80: too many open files".to_owned();
        let local = "127.0.0.1:80".parse().ok();
        assert_eq!(while_binding(&error(libc_number::EMFILE), local), Refusal::Exhausted { text });
    }
}

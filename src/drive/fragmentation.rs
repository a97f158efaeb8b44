//! Whether the datagrams of a socket may be cut into fragments.

use socket2::Socket;

use crate::machine::{Fragments, Refusal};

/// Sets DF, or clears it.
pub fn choose(socket: &Socket, v6: bool, fragments: Fragments) -> Result<(), Refusal> {
    match fragments {
        Fragments::System => Ok(()),
        Fragments::Allowed => system::allow(socket, v6),
        Fragments::Forbidden => system::forbid(socket, v6),
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod system {
    use nix::libc;
    use nix::sys::socket::setsockopt;
    use nix::{setsockopt_impl, sockopt_impl};
    use socket2::Socket;

    use crate::drive::refusals;
    use crate::machine::Refusal;

    sockopt_impl!(
        /// How the system finds out what the path takes (ip(7)).
        Ipv4MtuDiscover,
        SetOnly,
        libc::IPPROTO_IP,
        libc::IP_MTU_DISCOVER,
        libc::c_int
    );
    sockopt_impl!(
        /// The same for IPv6.
        Ipv6MtuDiscover,
        SetOnly,
        libc::IPPROTO_IPV6,
        libc::IPV6_MTU_DISCOVER,
        libc::c_int
    );

    pub fn allow(socket: &Socket, v6: bool) -> Result<(), Refusal> {
        set(socket, v6, libc::IP_PMTUDISC_DONT)
    }

    /// DF on everything; the path MTU that the system remembers is not looked at, the interface's is.
    pub fn forbid(socket: &Socket, v6: bool) -> Result<(), Refusal> {
        set(socket, v6, libc::IP_PMTUDISC_PROBE)
    }

    /// The values of both families are the same (linux/in.h, linux/in6.h).
    fn set(socket: &Socket, v6: bool, how: libc::c_int) -> Result<(), Refusal> {
        let set =
            if v6 { setsockopt(socket, Ipv6MtuDiscover, &how) } else { setsockopt(socket, Ipv4MtuDiscover, &how) };
        set.map_err(|error| {
            let text = refusals::plain(&std::io::Error::from(error));
            Refusal::Unsupported { text: format!("cannot choose how datagrams are fragmented: {text}") }
        })
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod system {
    use socket2::Socket;

    use crate::machine::Refusal;

    /// No DF is what every other system begins with.
    pub fn allow(_socket: &Socket, _v6: bool) -> Result<(), Refusal> {
        Ok(())
    }

    pub fn forbid(_socket: &Socket, _v6: bool) -> Result<(), Refusal> {
        Err(Refusal::Unsupported { text: "rtcprobe cannot forbid fragments on this system".to_owned() })
    }
}

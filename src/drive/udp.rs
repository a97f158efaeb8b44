//! UDP sockets.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use super::arrivals::Teller;
use super::fragmentation;
use super::icmp::{self, Returned};
use super::refusals;
use super::shared::Shared;
use crate::machine::{Fragments, Refusal, Time, Unreachability};

/// Larger than any datagram.
const LARGEST: usize = 64 * 1024;
/// How long a datagram waits for room in the system's send buffer before it is given up, as a
/// router would.
const SEND_PATIENCE: Duration = Duration::from_millis(100);

thread_local! {
    /// One buffer for every socket: it is used between readiness and copying only.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A bound UDP socket.
pub struct Udp {
    pub socket: UdpSocket,
    pub local: SocketAddr,
    pub connected: Option<SocketAddr>,
}

impl Udp {
    /// Binds, and connects if asked to.
    pub fn open(
        shared: &Shared,
        local: SocketAddr,
        connect: Option<SocketAddr>,
        fragments: Fragments,
    ) -> Result<Udp, Refusal> {
        let range = shared.options.port_range.filter(|_| local.port() == 0);
        let socket = match range {
            Some(range) => bind_in(shared, local, range)?,
            None => bind(shared, local).map_err(|error| refusals::while_binding(&error, Some(local)))?,
        };
        fragmentation::choose(&socket, local.is_ipv6(), fragments)?;
        icmp::report(&socket, local.is_ipv6(), true);
        if let Some(to) = connect {
            socket.connect(&to.into()).map_err(|error| refusals::while_connecting(&error, None))?;
        }
        let open = || -> io::Result<Udp> {
            let socket = UdpSocket::from_std(socket.into())?;
            let local = socket.local_addr()?;
            Ok(Udp { socket, local, connected: connect })
        };
        open().map_err(|error| refusals::while_binding(&error, Some(local)))
    }

    /// Sends a datagram at once. What came back for earlier ones is pushed to `returned`; so is what
    /// the system itself has to say against this one.
    pub async fn send(&self, to: SocketAddr, bytes: &[u8], returned: &mut Vec<Returned>) {
        let to = self.connected.unwrap_or(to);
        // Every attempt takes what stands in its way; more than the queue holds is a flood.
        for _ in 0..8 {
            let Err(error) = self.send_now(to, bytes).await else {
                return;
            };
            let earlier = icmp::drain(&self.socket);
            let mtu = earlier.iter().filter(|entry| entry.local).find_map(|entry| entry.icmp.mtu);
            let stale = earlier.iter().any(|entry| !entry.local);
            returned.extend(earlier.into_iter().filter(|entry| !entry.local));
            // Nothing on its way out is refused, so this is about an earlier datagram.
            if stale || refusals::meaning(&error) == Unreachability::Port {
                continue;
            }
            let icmp = refusals::local(&error, to, mtu);
            returned.push(Returned { to: Some(to), icmp, local: true });
            return;
        }
    }

    async fn send_now(&self, to: SocketAddr, bytes: &[u8]) -> io::Result<()> {
        // Straight to the system: tokio would first wait for its own news that the socket is ready.
        let socket = SockRef::from(&self.socket);
        let sent = match self.connected {
            Some(_) => socket.send(bytes),
            None => socket.send_to(bytes, &to.into()),
        };
        match sent {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            sent => return sent.map(drop),
        }
        let patient = async {
            match self.connected {
                Some(_) => self.socket.send(bytes).await,
                None => self.socket.send_to(bytes, to).await,
            }
        };
        match tokio::time::timeout(SEND_PATIENCE, patient).await {
            Ok(sent) => sent.map(drop),
            Err(_) => Ok(()),
        }
    }

    /// The next datagram, if one waits.
    pub fn take(&self) -> io::Result<(SocketAddr, Vec<u8>)> {
        BUFFER.with_borrow_mut(|buffer| {
            buffer.resize(LARGEST, 0);
            let (size, from) = self.socket.try_recv_from(buffer)?;
            Ok((from, buffer[..size].to_vec()))
        })
    }

    /// The next datagram, or what came back for those sent earlier.
    #[cfg(feature = "dtls")]
    pub async fn next(&self) -> Result<(SocketAddr, Vec<u8>), Vec<Returned>> {
        loop {
            match self.take() {
                Ok(datagram) => return Ok(datagram),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(self.returned(&error)),
            }
            match self.socket.ready(WAKES).await {
                Ok(ready) if ready.is_error() => {
                    let returned = self.take_returned();
                    if !returned.is_empty() {
                        return Err(returned);
                    }
                }
                Ok(_) => {}
                Err(_) => std::future::pending().await,
            }
        }
    }

    /// What a failed receive is about: something sent earlier. The socket stays as good as it was.
    fn returned(&self, error: &io::Error) -> Vec<Returned> {
        let mut returned = icmp::drain(&self.socket);
        if returned.is_empty()
            && let Some(to) = self.connected
        {
            returned.push(Returned { to: Some(to), icmp: refusals::local(error, to, None), local: false });
        }
        returned
    }

    /// ICMP errors that wait.
    fn take_returned(&self) -> Vec<Returned> {
        let mut found = Vec::new();
        let _ = self.socket.try_io(Interest::ERROR, || {
            found = icmp::drain(&self.socket);
            // Taken for "nothing left", so that the next one wakes us again.
            Err::<(), _>(io::ErrorKind::WouldBlock.into())
        });
        found
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
const WAKES: Interest = Interest::READABLE.add(Interest::ERROR);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const WAKES: Interest = Interest::READABLE;

/// Reads datagrams and ICMP errors as long as the task lives.
pub async fn read(udp: Arc<Udp>, teller: Teller) {
    loop {
        // An error here would be about the runtime; without it there is nothing to wait for.
        let Ok(ready) = udp.socket.ready(WAKES).await else { break };
        if ready.is_error() {
            let at = teller.now();
            tell(&udp, &teller, at, udp.take_returned()).await;
        }
        if ready.is_readable() {
            read_all(&udp, &teller).await;
        }
    }
    teller.silent();
}

async fn read_all(udp: &Udp, teller: &Teller) {
    loop {
        let taken = udp.take();
        let at = teller.now();
        match taken {
            Ok((from, bytes)) => teller.received(at, from, bytes).await,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            Err(error) => {
                tell(udp, teller, at, udp.returned(&error)).await;
                tokio::task::yield_now().await;
            }
        }
    }
}

async fn tell(udp: &Udp, teller: &Teller, at: Time, returned: Vec<Returned>) {
    for entry in returned.into_iter().filter(|entry| !entry.local) {
        if let Some(to) = entry.to.or(udp.connected) {
            teller.unreachable(at, to, entry.icmp).await;
        }
    }
}

/// A socket on the first free port of the range, beginning anywhere in it.
fn bind_in(shared: &Shared, local: SocketAddr, (first, last): (u16, u16)) -> Result<Socket, Refusal> {
    let (first, last) = (first.min(last), first.max(last));
    let count = u32::from(last - first) + 1;
    let begin = shared.draw() % count;
    for step in 0..count {
        let offset = u16::try_from((begin + step) % count).unwrap_or(0);
        let mut local = local;
        local.set_port(first + offset);
        match bind(shared, local) {
            Ok(socket) => return Ok(socket),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(refusals::while_binding(&error, Some(local))),
        }
    }
    Err(Refusal::Bind { text: format!("{}: every port from {first} to {last} is in use", local.ip()) })
}

/// A bound socket that does not block.
pub fn bind(shared: &Shared, local: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(local), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    if local.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    shared.bind_device(&socket)?;
    socket.bind(&local.into())?;
    Ok(socket)
}

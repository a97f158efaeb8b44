//! TCP connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::TcpStream;

use super::arrivals::Teller;
use super::icmp;
use super::refusals;
use super::shared::Shared;
use super::stream::{Outbox, carry};
use crate::machine::{Ending, Phase, Refusal};

/// Connects and carries.
pub async fn client(
    shared: Arc<Shared>,
    mut teller: Teller,
    outbox: Outbox,
    local: Option<SocketAddr>,
    to: SocketAddr,
) {
    match connect(&shared, local, to).await {
        Ok(Connected { local, reset: true, .. }) => {
            teller.opened(teller.now(), local, None);
            teller.closed(Ending::Reset);
        }
        Ok(Connected { stream, local, .. }) => {
            teller.opened(teller.now(), local, None);
            carry(stream, to, teller, outbox).await;
        }
        Err(why) => teller.refused(why),
    }
}

/// A TCP connection that stands, or stood.
pub struct Connected {
    pub stream: TcpStream,
    pub local: SocketAddr,
    /// The other side let us in and threw us out again before we looked.
    pub reset: bool,
}

/// A connection, in the time allowed.
pub async fn connect(shared: &Shared, local: Option<SocketAddr>, to: SocketAddr) -> Result<Connected, Refusal> {
    let socket = socket(shared, local, to).map_err(|error| refusals::while_binding(&error, local))?;
    // Routers' answers to the SYN are worth their particulars.
    icmp::report(&socket, to.is_ipv6(), true);
    match socket.connect(&to.into()) {
        Err(error) if !is_in_progress(&error) => return Err(refusals::while_connecting(&error, None)),
        _ => {}
    }
    let stream = TcpStream::from_std(socket.into()).map_err(|error| refusals::while_connecting(&error, None))?;
    match tokio::time::timeout(shared.connect_timeout(), finish(&stream)).await {
        Err(_) => Err(Refusal::TimedOut { during: Phase::Connect }),
        Ok(Err(error)) => {
            let icmp = icmp::drain(&stream).into_iter().find(|entry| !entry.local).map(|entry| entry.icmp);
            Err(refusals::while_connecting(&error, icmp))
        }
        Ok(Ok((local, reset))) => {
            // A connection that stands survives them (RFC 1122 §4.2.3.9).
            icmp::report(&stream, to.is_ipv6(), false);
            Ok(Connected { stream, local, reset })
        }
    }
}

fn socket(shared: &Shared, local: Option<SocketAddr>, to: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    // Two small writes would wait for each other's acknowledgement otherwise.
    socket.set_tcp_nodelay(true)?;
    shared.bind_device(&socket)?;
    if let Some(local) = local {
        if local.port() != 0 {
            share_port(&socket)?;
        }
        socket.bind(&local.into())?;
    }
    Ok(socket)
}

/// Lets several connections leave from one port, to different places.
fn share_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    Ok(())
}

/// Waits for the connection; tells its local address, and whether it has been reset already.
async fn finish(stream: &TcpStream) -> io::Result<(SocketAddr, bool)> {
    loop {
        stream.writable().await?;
        if stream.peer_addr().is_ok() {
            return Ok((stream.local_addr()?, false));
        }
        match SockRef::from(stream).take_error()? {
            // A RST in answer to the SYN is called "refused"; this one came later.
            Some(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok((stream.local_addr()?, true)),
            Some(error) => return Err(error),
            None => tokio::task::yield_now().await,
        }
    }
}

fn is_in_progress(error: &io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(nix::libc::EINPROGRESS) {
        return true;
    }
    error.kind() == io::ErrorKind::WouldBlock
}

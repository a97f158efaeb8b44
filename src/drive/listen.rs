//! Listeners for TCP and TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};

use super::arrivals::Teller;
use super::refusals;
use super::run::Hand;
use super::shared::Shared;
use super::stream::{carry, outbox};
use crate::machine::Refusal;

/// Connections that wait to be let in.
const BACKLOG: i32 = 1024;
/// For the system to have descriptors again.
const BREATHER: Duration = Duration::from_millis(20);

/// Lets TCP connections in.
pub async fn tcp(shared: Arc<Shared>, mut teller: Teller, local: SocketAddr) {
    let listener = match bind(&shared, local).and_then(|listener| Ok((listener.local_addr()?, listener))) {
        Ok((local, listener)) => {
            teller.opened(teller.now(), local, None);
            listener
        }
        Err(error) => return teller.refused(refusals::while_binding(&error, Some(local))),
    };
    loop {
        let (stream, from, local) = accept(&listener).await;
        let (key, from) = (shared.key(), from);
        let (writer, outbox) = outbox(shared.leaving());
        let mut newcomer = shared.teller(key);
        newcomer.is_open();
        let (go, wait) = tokio::sync::oneshot::channel();
        let task = shared.spawn(async move {
            // Nothing is heard of it before it was announced.
            if wait.await.is_ok() {
                carry(stream, from, newcomer, outbox).await;
            }
        });
        teller.accepted(key, Hand::Connection(writer), task, local, from).await;
        let _ = go.send(());
    }
}

pub async fn tls(_shared: Arc<Shared>, teller: Teller, _local: SocketAddr) {
    teller.refused(Refusal::Unsupported { text: "not yet".to_owned() });
}

fn bind(shared: &Shared, local: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(local), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if local.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    shared.bind_device(&socket)?;
    socket.bind(&local.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// The next connection, whatever goes wrong before it: one that went away, or no descriptors.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, from)) => {
                let _ = stream.set_nodelay(true);
                if let Ok(local) = stream.local_addr() {
                    return (stream, from, local);
                }
            }
            Err(_) => tokio::time::sleep(BREATHER).await,
        }
    }
}

//! Listeners for TCP and TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::arrivals::Teller;
use super::refusals;
use super::run::Hand;
use super::shared::Shared;
use super::stream::{Outbox, carry, outbox};
use super::tls;
use crate::machine::Refusal;

/// Connections that wait to be let in.
const BACKLOG: i32 = 1024;
/// For the system to have descriptors again.
const BREATHER: Duration = Duration::from_millis(20);

/// Handshakes at a time; who comes later waits in the backlog.
const HANDSHAKES: usize = 256;

/// Lets TCP connections in.
pub async fn tcp(shared: Arc<Shared>, mut teller: Teller, local: SocketAddr) {
    let listener = match open(&shared, local) {
        Ok((local, listener)) => {
            teller.opened(teller.now(), local, None);
            listener
        }
        Err(why) => return teller.refused(why),
    };
    let newcomers = Newcomers { shared, teller: Arc::new(teller) };
    loop {
        let (stream, from, local) = accept(&listener).await;
        newcomers.admit(local, from, |teller, outbox| carry(stream, from, teller, outbox)).await;
    }
}

/// Lets TLS connections in, each after its handshake.
pub async fn tls(shared: Arc<Shared>, mut teller: Teller, local: SocketAddr) {
    let opened = tls::server_config(&shared).and_then(|config| Ok((config, open(&shared, local)?)));
    let (config, listener) = match opened {
        Ok((config, (local, listener))) => {
            teller.opened(teller.now(), local, None);
            (config, listener)
        }
        Err(why) => return teller.refused(why),
    };
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let turns = Arc::new(Semaphore::new(HANDSHAKES));
    let newcomers = Newcomers { shared, teller: Arc::new(teller) };
    // Handshakes end with the listener.
    let mut handshakes = JoinSet::new();
    loop {
        let Ok(turn) = Arc::clone(&turns).acquire_owned().await else { return };
        let (stream, from, local) = accept(&listener).await;
        while handshakes.try_join_next().is_some() {}
        let (acceptor, newcomers) = (acceptor.clone(), newcomers.clone());
        handshakes.spawn(async move {
            let patience = newcomers.shared.connect_timeout();
            // Who cannot shake hands is none of the machine's business.
            let Ok(Ok(stream)) = tokio::time::timeout(patience, acceptor.accept(stream)).await else { return };
            drop(turn);
            newcomers.admit(local, from, |teller, outbox| carry(stream, from, teller, outbox)).await;
        });
    }
}

/// Introduces connections to the machine.
#[derive(Clone)]
pub struct Newcomers {
    pub shared: Arc<Shared>,
    pub teller: Arc<Teller>,
}

impl Newcomers {
    /// Announces a connection and starts the task that serves it; nothing is heard of it before.
    pub async fn admit<T>(&self, local: SocketAddr, from: SocketAddr, serve: impl FnOnce(Teller, Outbox) -> T)
    where
        T: Future<Output = ()> + Send + 'static,
    {
        let key = self.shared.key();
        let (writer, outbox) = outbox(self.shared.leaving());
        let mut teller = self.shared.teller(key);
        teller.is_open();
        let serve = serve(teller, outbox);
        let (announced, wait) = oneshot::channel();
        let task = self.shared.spawn(async move {
            if wait.await.is_ok() {
                serve.await;
            }
        });
        self.teller.accepted(key, Hand::Connection(writer), task, local, from).await;
        let _ = announced.send(());
    }
}

fn open(shared: &Shared, local: SocketAddr) -> Result<(SocketAddr, TcpListener), Refusal> {
    let bound = bind(shared, local).and_then(|listener| Ok((listener.local_addr()?, listener)));
    bound.map_err(|error| refusals::while_binding(&error, Some(local)))
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

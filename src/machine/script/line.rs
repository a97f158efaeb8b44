use std::future::poll_fn;
use std::net::SocketAddr;
use std::task::Poll;

use super::Hands;
use crate::machine::{Ending, Icmp, Output, Secure, Socket, Time};

/// A socket in the hands of a story. Closes when it is dropped.
pub struct Line<E: 'static> {
    hands: Hands<E>,
    socket: Socket,
    to: Option<SocketAddr>,
    local: SocketAddr,
    secure: Option<Secure>,
    stream: bool,
}

/// What came in on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    Bytes {
        from: SocketAddr,
        bytes: Vec<u8>,
        at: Time,
    },
    Unreachable {
        to: SocketAddr,
        icmp: Icmp,
        at: Time,
    },
    /// Nothing comes after this.
    Closed {
        why: Ending,
        at: Time,
    },
}

impl<E: 'static> Line<E> {
    pub(super) fn new(hands: Hands<E>, socket: Socket, to: Option<SocketAddr>, stream: bool) -> Line<E> {
        let local = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 0);
        Line { hands, socket, to, local, secure: None, stream }
    }

    pub(super) fn opened(&mut self, local: SocketAddr, secure: Option<Secure>) {
        self.local = local;
        self.secure = secure;
    }

    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// What the TLS or DTLS handshake agreed on.
    #[must_use]
    pub fn secure(&self) -> Option<&Secure> {
        self.secure.as_ref()
    }

    /// A stream, without boundaries of its own.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        self.stream
    }

    /// Sends to the far end of a connection, or nowhere.
    pub fn send(&self, bytes: Vec<u8>) {
        if let Some(to) = self.to {
            self.send_to(to, bytes);
        }
    }

    pub fn send_to(&self, to: SocketAddr, bytes: Vec<u8>) {
        let mut world = self.hands.0.borrow_mut();
        if world.sockets.get(&self.socket).is_some_and(|port| !port.closed) {
            world.out.push_back(Output::Send { socket: self.socket, to, bytes });
        }
    }

    /// What has come in already.
    #[must_use]
    pub fn try_next(&self) -> Option<Incoming> {
        let mut world = self.hands.0.borrow_mut();
        world.sockets.get_mut(&self.socket).and_then(|port| port.inbox.pop_front())
    }

    /// The next thing that comes in. After [`Incoming::Closed`] it waits for ever.
    pub async fn next(&self) -> Incoming {
        poll_fn(|_| {
            let mut world = self.hands.0.borrow_mut();
            let next = world.sockets.get_mut(&self.socket).and_then(|port| port.inbox.pop_front());
            next.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

impl<E: 'static> Drop for Line<E> {
    fn drop(&mut self) {
        let mut world = self.hands.0.borrow_mut();
        let port = world.sockets.remove(&self.socket);
        if port.is_some_and(|port| !port.closed) {
            world.out.push_back(Output::Close { socket: self.socket });
        }
    }
}

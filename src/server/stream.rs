//! Connections of clients: TCP, TLS and DTLS.

use std::net::SocketAddr;
use std::time::Duration;

use super::event::End;
use super::faults::StreamFault;
use super::{Due, Later, Role, Route, Server};
use crate::machine::{Output, Socket, Time};
use crate::wire::framing::{Deframer, Frame};
use crate::wire::uri::Transport;

/// A client's connection.
pub(super) struct Stream {
    pub transport: Transport,
    pub local: SocketAddr,
    pub client: SocketAddr,
    deframer: Deframer,
    /// When it was last heard of.
    heard: Time,
    /// It is the data connection of this peer (RFC 6062 §4.3): raw bytes from now on.
    pub peer: Option<Socket>,
}

/// How much an endless stream sends, how often.
const FLOOD: (usize, Duration) = (4096, Duration::from_millis(10));

impl Server {
    pub(super) fn accepted(
        &mut self,
        now: Time,
        listener: Socket,
        socket: Socket,
        local: SocketAddr,
        client: SocketAddr,
    ) {
        let transport = match self.roles.get(&listener) {
            Some(Role::Listener { transport, .. }) => *transport,
            Some(Role::Relay(tuple)) => {
                let tuple = *tuple;
                self.peer_accepted(now, tuple, socket, client);
                return;
            }
            _ => return self.out.push_back(Output::Close { socket }),
        };
        let stream = Stream { transport, local, client, deframer: Deframer::new(), heard: now, peer: None };
        self.roles.insert(socket, Role::Client(stream));
        self.streams += 1;
        if self.streams > self.config.limits.streams {
            return self.close(socket);
        }
        self.dues.insert((now + self.config.lifetimes.idle, Due::Idle(socket)));
        match self.config.faults.streams.clone() {
            StreamFault::Close => self.close(socket),
            StreamFault::Greeting(bytes) => self.send(socket, client, bytes),
            StreamFault::None | StreamFault::Silent | StreamFault::Endless => {}
        }
    }

    pub(super) fn take_stream(&mut self, now: Time, socket: Socket, bytes: &[u8]) {
        match self.config.faults.streams {
            StreamFault::Silent => return,
            StreamFault::Endless => {
                let begun = self.later.values().any(|later| matches!(later, Later::Flood(other) if *other == socket));
                if !begun {
                    self.flood(now, socket);
                }
                return;
            }
            _ => {}
        }
        let Some(Role::Client(stream)) = self.roles.get_mut(&socket) else { return };
        stream.heard = now;
        let route = Route { socket, transport: stream.transport, client: stream.client, local: stream.local };
        if stream.transport == Transport::Dtls {
            return self.datagram(now, route, bytes);
        }
        if let Some(peer) = stream.peer {
            return self.pass_to_peer(peer, bytes.to_vec());
        }
        stream.deframer.push(bytes);
        // What a frame does may end the stream, so it is looked up anew for each.
        while let Some(Role::Client(stream)) = self.roles.get_mut(&socket) {
            if stream.peer.is_some() {
                // Nothing may follow a ConnectionBind before its answer (RFC 6062 §4.3).
                return;
            }
            match stream.deframer.next_frame() {
                Some(Frame::Stun(bytes) | Frame::ChannelData(bytes)) => self.datagram(now, route, &bytes),
                Some(Frame::Garbage(_)) => return self.stream_failed(socket),
                None => return,
            }
        }
    }

    /// Closes a stream that makes no sense, and what hangs on it.
    fn stream_failed(&mut self, socket: Socket) {
        self.stream_ended(socket);
        self.out.push_back(Output::Close { socket });
    }

    /// A stream is gone: its allocation goes with it (RFC 8656 §3.1).
    pub(super) fn stream_ended(&mut self, socket: Socket) {
        let Some(Role::Client(stream)) = self.roles.remove(&socket) else { return };
        self.streams = self.streams.saturating_sub(1);
        let tuple = (socket, stream.client);
        self.release(tuple, End::Disconnected);
        self.abandon(tuple);
        if let Some(peer) = stream.peer {
            self.close_peer(peer);
        }
    }

    /// A stream may have been silent for too long.
    pub(super) fn idle_due(&mut self, now: Time, socket: Socket) {
        let Some(Role::Client(stream)) = self.roles.get(&socket) else { return };
        let tuple = (socket, stream.client);
        let busy = stream.peer.is_some() || self.allocations.contains_key(&tuple);
        let until = if busy { now } else { stream.heard } + self.config.lifetimes.idle;
        if until > now {
            self.dues.insert((until, Due::Idle(socket)));
        } else {
            self.stream_ended(socket);
            self.out.push_back(Output::Close { socket });
        }
    }

    /// More of an endless stream.
    pub(super) fn flood(&mut self, now: Time, socket: Socket) {
        let Some(Role::Client(stream)) = self.roles.get(&socket) else { return };
        let (much, often) = FLOOD;
        self.send(socket, stream.client, vec![0; much]);
        self.put_off(now + often, Later::Flood(socket));
    }
}

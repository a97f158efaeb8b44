//! TCP allocations (RFC 6062): Connect, ConnectionBind, ConnectionAttempt.

use std::net::SocketAddr;

use super::answer::{Asked, Problem, Step};
use super::auth::{Denied, Identity};
use super::faults::Fault;
use super::request::success;
use super::{Due, FiveTuple, Role, Server};
use crate::machine::{Output, Socket, Time, Want};
use crate::wire::attribute::{self, Family, Value};
use crate::wire::message::{Message, Method};
use crate::wire::uri::Transport;

/// Bytes from a peer that are held until the client's data connection is there.
const HELD: usize = 65_536;

/// A peer's connection.
pub(super) struct PeerLink {
    tuple: FiveTuple,
    peer: SocketAddr,
    id: u32,
    /// A Connect that waits for it.
    connect: Option<Waiting>,
    /// The client's data connection.
    data: Option<Socket>,
    held: Vec<u8>,
}

struct Waiting {
    message: Message,
    identity: Identity,
    faults: Vec<Fault>,
}

impl Server {
    /// Connect (RFC 6062 §5.2).
    pub(super) fn connect(&mut self, _now: Time, asked: &Asked<'_>, identity: Identity) -> Result<Step, Problem> {
        let tuple = asked.route.tuple();
        let limit = self.config.limits.permissions;
        let allocation = self.owned(tuple, &identity)?;
        let peer = asked.message.address(attribute::XOR_PEER_ADDRESS);
        let (Some(peer), true) = (peer, allocation.tcp) else { return Err(Problem::new(400, "Bad Request")) };
        if allocation.peers.contains_key(&peer) {
            return Err(Problem::new(446, "Connection Already Exists"));
        }
        if allocation.peers.len() >= limit {
            return Err(Problem::new(508, "Insufficient Capacity"));
        }
        let relay = allocation.relay(Family::of(peer));
        self.check_peer(tuple, peer)?;
        let Some(relay) = relay else { return Err(Problem::new(443, "Peer Address Family Mismatch")) };
        let connect = Waiting { message: asked.message.clone(), identity, faults: asked.faults.clone() };
        let id = self.connection_id();
        let link = PeerLink { tuple, peer, id, connect: Some(connect), data: None, held: Vec::new() };
        let socket = self.name(Role::Peer(link));
        if let Some(allocation) = self.allocations.get_mut(&tuple) {
            allocation.peers.insert(peer, socket);
        }
        // The RFC wants the relayed port as the source. The listener has it, and few systems share a
        // port between a listener and a connection without being asked; the address is the same.
        let local = Some(SocketAddr::new(relay.local.ip(), 0));
        self.out.push_back(Output::Open { socket, want: Want::Tcp { local, to: peer } });
        Ok(Step::Later)
    }

    pub(super) fn peer_connected(&mut self, now: Time, socket: Socket) {
        let Some(Role::Peer(link)) = self.roles.get_mut(&socket) else { return };
        let Some(Waiting { message, identity, faults }) = link.connect.take() else { return };
        let (tuple, id) = (link.tuple, link.id);
        self.expect_claim(now, id, socket);
        let Some(route) = self.allocations.get(&tuple).map(|allocation| allocation.route) else { return };
        let answer = success(&message, identity.signature).with(Value::ConnectionId(id));
        self.reply(now, &route, answer, &faults);
    }

    pub(super) fn peer_refused(&mut self, now: Time, socket: Socket) {
        let Some(Role::Peer(link)) = self.roles.remove(&socket) else { return };
        let Some(allocation) = self.allocations.get_mut(&link.tuple) else { return };
        allocation.peers.remove(&link.peer);
        let route = allocation.route;
        if let Some(Waiting { message, identity, faults }) = link.connect {
            let problem = Problem::new(447, "Connection Timeout or Failure");
            let answer = self.refusal(now, &route, &message, Denied { problem, signature: identity.signature });
            self.reply(now, &route, answer, &faults);
        }
    }

    /// A peer came to the relayed address (RFC 6062 §5.3).
    pub(super) fn peer_accepted(&mut self, now: Time, tuple: FiveTuple, socket: Socket, peer: SocketAddr) {
        let id = self.connection_id();
        let limit = self.config.limits.permissions;
        let allowed = self.allocations.get_mut(&tuple).filter(|allocation| {
            let known = allocation.peers.contains_key(&peer) || allocation.peers.len() >= limit;
            allocation.permits(now, peer.ip()) && !known
        });
        let Some(allocation) = allowed else { return self.out.push_back(Output::Close { socket }) };
        allocation.peers.insert(peer, socket);
        let route = allocation.route;
        let link = PeerLink { tuple, peer, id, connect: None, data: None, held: Vec::new() };
        self.roles.insert(socket, Role::Peer(link));
        self.expect_claim(now, id, socket);
        let values = [Value::XorPeerAddress(peer), Value::ConnectionId(id)];
        let bytes = self.indication(Method::CONNECTION_ATTEMPT, values);
        self.send(route.socket, route.client, bytes);
    }

    /// ConnectionBind (RFC 6062 §5.4), on a connection of its own.
    pub(super) fn bind_connection(
        &mut self,
        now: Time,
        asked: &Asked<'_>,
        identity: Identity,
    ) -> Result<Step, Problem> {
        let bad = || Problem::new(400, "Bad Request");
        let route = asked.route;
        let id = asked.message.connection_id().ok_or_else(bad)?;
        if !matches!(route.transport, Transport::Tcp | Transport::Tls) || self.allocations.contains_key(&route.tuple())
        {
            return Err(bad());
        }
        let socket = *self.unclaimed.get(&id).ok_or_else(bad)?;
        let Some(Role::Peer(link)) = self.roles.get_mut(&socket) else { return Err(bad()) };
        let owner = self.allocations.get(&link.tuple).map(|allocation| &allocation.user);
        if owner != Some(&identity.user) {
            return Err(Problem::new(441, "Wrong Credentials"));
        }
        self.unclaimed.remove(&id);
        link.data = Some(route.socket);
        let held = std::mem::take(&mut link.held);
        if let Some(Role::Client(stream)) = self.roles.get_mut(&route.socket) {
            stream.peer = Some(socket);
        }
        let answer = success(asked.message, identity.signature).with(Value::ConnectionId(id));
        self.reply(now, &route, answer, &asked.faults);
        if !held.is_empty() {
            self.send(route.socket, route.client, held);
        }
        Ok(Step::Later)
    }

    /// For a ConnectionBind, the client of the control connection: a client has the nonce from there
    /// and cannot be blamed for using it on the data connection (RFC 6062 §4.3).
    pub(super) fn control_client(&self, message: &Message) -> Option<SocketAddr> {
        let id = message.connection_id().filter(|_| message.method == Method::CONNECTION_BIND)?;
        match self.roles.get(self.unclaimed.get(&id)?) {
            Some(Role::Peer(link)) => Some(link.tuple.1),
            _ => None,
        }
    }

    pub(super) fn take_peer_bytes(&mut self, socket: Socket, bytes: &[u8]) {
        let Some(Role::Peer(link)) = self.roles.get_mut(&socket) else { return };
        match link.data {
            Some(data) => {
                if let Some(Role::Client(stream)) = self.roles.get(&data) {
                    self.send(data, stream.client, bytes.to_vec());
                }
            }
            None if link.held.len() + bytes.len() <= HELD => link.held.extend_from_slice(bytes),
            None => self.close_peer(socket),
        }
    }

    pub(super) fn pass_to_peer(&mut self, socket: Socket, bytes: Vec<u8>) {
        if let Some(Role::Peer(link)) = self.roles.get(&socket) {
            self.send(socket, link.peer, bytes);
        }
    }

    /// Ends a peer's connection and all that belongs to it.
    pub(super) fn close_peer(&mut self, socket: Socket) {
        if self.peer_ended(socket) {
            self.out.push_back(Output::Close { socket });
        }
    }

    /// A peer's connection is over: so is the client's data connection. False when there was none.
    pub(super) fn peer_ended(&mut self, socket: Socket) -> bool {
        if !matches!(self.roles.get(&socket), Some(Role::Peer(_))) {
            return false;
        }
        let Some(Role::Peer(link)) = self.roles.remove(&socket) else { return false };
        self.unclaimed.remove(&link.id);
        if let Some(allocation) = self.allocations.get_mut(&link.tuple) {
            allocation.peers.remove(&link.peer);
        }
        if let Some(data) = link.data {
            self.close(data);
        }
        true
    }

    pub(super) fn unclaimed_due(&mut self, id: u32) {
        if let Some(socket) = self.unclaimed.get(&id).copied() {
            self.close_peer(socket);
        }
    }

    fn expect_claim(&mut self, now: Time, id: u32, socket: Socket) {
        self.unclaimed.insert(id, socket);
        self.dues.insert((now + self.config.lifetimes.unclaimed, Due::Unclaimed(id)));
    }

    fn connection_id(&mut self) -> u32 {
        u32::from_be_bytes(self.chance.bytes())
    }
}

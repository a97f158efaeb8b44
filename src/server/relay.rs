//! Permissions, channels and the data that goes through them (RFC 8656 §9 to §12).

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, SocketAddr};

use super::allocation::Allocation;
use super::answer::{Asked, Problem, Step};
use super::auth::Identity;
use super::request::success;
use super::{FiveTuple, Role, Route, Server};
use crate::machine::{Icmp, Socket, Time, Unreachability};
use crate::wire::attribute::{self, Family, IcmpError, Value};
use crate::wire::channel_data;
use crate::wire::message::{Builder, Class, Message, Method, TransactionId};
use crate::wire::uri::Transport;

/// A channel of an allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Channel {
    pub peer: SocketAddr,
    pub expires: Time,
}

impl Allocation {
    /// Permissions are for addresses, whatever the port (RFC 8656 §9).
    pub fn permits(&self, now: Time, peer: IpAddr) -> bool {
        self.permissions.get(&peer).is_some_and(|until| *until > now)
    }
}

impl Server {
    /// CreatePermission: all of its peers or none (RFC 8656 §10.2).
    pub(super) fn create_permission(
        &mut self,
        now: Time,
        asked: &Asked<'_>,
        identity: Identity,
    ) -> Result<Step, Problem> {
        let tuple = asked.route.tuple();
        let peers = asked.message.addresses(attribute::XOR_PEER_ADDRESS);
        self.owned(tuple, &identity)?;
        if peers.is_empty() {
            return Err(Problem::new(400, "Bad Request"));
        }
        for peer in &peers {
            self.check_peer(tuple, *peer)?;
        }
        self.permit(now, tuple, &peers)?;
        Ok(Step::Answer(success(asked.message, identity.signature)))
    }

    /// ChannelBind (RFC 8656 §12.2).
    pub(super) fn bind_channel(&mut self, now: Time, asked: &Asked<'_>, identity: Identity) -> Result<Step, Problem> {
        let bad = || Problem::new(400, "Bad Request");
        let tuple = asked.route.tuple();
        let allocation = self.owned(tuple, &identity)?;
        let number = asked.message.channel();
        let peer = asked.message.address(attribute::XOR_PEER_ADDRESS);
        let (Some(number), Some(peer)) = (number, peer) else { return Err(bad()) };
        if allocation.tcp || !channel_data::CHANNELS.contains(&number) {
            return Err(bad());
        }
        let taken = allocation
            .channels
            .iter()
            .any(|(other, channel)| channel.expires > now && (*other == number) != (channel.peer == peer));
        if taken {
            // The channel has another peer, or the peer another channel.
            return Err(bad());
        }
        self.check_peer(tuple, peer)?;
        self.permit(now, tuple, &[peer])?;
        let limit = self.config.limits.channels;
        let expires = now + self.config.lifetimes.channel;
        if let Some(allocation) = self.allocations.get_mut(&tuple) {
            make_room(&mut allocation.channels, limit, |channel| channel.expires > now, &number)?;
            allocation.channels.insert(number, Channel { peer, expires });
        }
        Ok(Step::Answer(success(asked.message, identity.signature)))
    }

    /// Of a family that is relayed, and nobody who must not be reached.
    pub(super) fn check_peer(&self, tuple: FiveTuple, peer: SocketAddr) -> Result<(), Problem> {
        let relay = self.allocations.get(&tuple).and_then(|allocation| allocation.relay(Family::of(peer)));
        if relay.is_none() {
            return Err(Problem::new(443, "Peer Address Family Mismatch"));
        }
        if self.config.forbidden_peers.iter().any(|network| network.contains(peer.ip())) {
            return Err(Problem::new(403, "Forbidden"));
        }
        Ok(())
    }

    fn permit(&mut self, now: Time, tuple: FiveTuple, peers: &[SocketAddr]) -> Result<(), Problem> {
        let limit = self.config.limits.permissions;
        let until = now + self.config.lifetimes.permission;
        let Some(allocation) = self.allocations.get_mut(&tuple) else { return Ok(()) };
        for peer in peers {
            make_room(&mut allocation.permissions, limit, |until| *until > now, &peer.ip())?;
            allocation.permissions.insert(peer.ip(), until);
        }
        Ok(())
    }

    /// Send indication (RFC 8656 §11.2): never answered, whatever is wrong with it.
    pub(super) fn send_indication(&mut self, now: Time, route: Route, message: &Message) {
        if !message.not_understood().is_empty() {
            return;
        }
        let peer = message.address(attribute::XOR_PEER_ADDRESS);
        if let (Some(peer), Some(data)) = (peer, message.get(attribute::DATA)) {
            self.relay_to(now, route.tuple(), peer, data.to_vec());
        }
    }

    /// ChannelData from a client.
    pub(super) fn take_channel_data(&mut self, now: Time, route: Route, bytes: &[u8]) {
        let Some(message) = channel_data::decode(bytes) else { return };
        let Some(allocation) = self.allocations.get(&route.tuple()) else { return };
        let channel = allocation.channels.get(&message.channel).filter(|channel| channel.expires > now);
        if let Some(Channel { peer, .. }) = channel.copied() {
            self.relay_to(now, route.tuple(), peer, message.data.to_vec());
        }
    }

    /// Sends to a peer, if that is permitted.
    fn relay_to(&mut self, now: Time, tuple: FiveTuple, peer: SocketAddr, data: Vec<u8>) {
        let Some(allocation) = self.allocations.get(&tuple) else { return };
        let permitted = self.config.faults.server_relay || allocation.permits(now, peer.ip());
        if allocation.tcp || !permitted {
            return;
        }
        if let Some(relay) = allocation.relay(Family::of(peer)) {
            self.send(relay.socket, peer, data);
        }
    }

    /// A datagram arrived at a relayed transport address (RFC 8656 §11.3, §12.7).
    pub(super) fn take_datagram(&mut self, now: Time, tuple: FiveTuple, peer: SocketAddr, data: &[u8]) {
        let Some(allocation) = self.allocations.get(&tuple) else { return };
        if !allocation.permits(now, peer.ip()) {
            return;
        }
        let Route { socket, client, transport, .. } = allocation.route;
        let mut channels = allocation.channels.iter();
        let channel = channels.find(|(_, channel)| channel.peer == peer && channel.expires > now);
        let bytes = match channel {
            Some((number, _)) => {
                let stream = matches!(transport, Transport::Tcp | Transport::Tls);
                channel_data::encode(*number, data, stream)
            }
            None => {
                let values = [Value::XorPeerAddress(peer), Value::Data(data.to_vec())];
                Some(self.indication(Method::DATA, values))
            }
        };
        if let Some(bytes) = bytes {
            self.send(socket, client, bytes);
        }
    }

    /// An ICMP error came back: for a peer, the client is told (RFC 8656 §11.5).
    pub(super) fn unreachable(&mut self, now: Time, socket: Socket, peer: SocketAddr, icmp: Icmp) {
        let Some(Role::Relay(tuple)) = self.roles.get(&socket) else { return };
        let Some(allocation) = self.allocations.get(tuple) else { return };
        if !allocation.permits(now, peer.ip()) {
            return;
        }
        let Route { socket, client, .. } = allocation.route;
        let icmp = Value::Icmp(icmp_error(peer, &icmp));
        let bytes = self.indication(Method::DATA, [Value::XorPeerAddress(peer), icmp]);
        self.send(socket, client, bytes);
    }

    pub(super) fn indication(&mut self, method: Method, values: impl IntoIterator<Item = Value>) -> Vec<u8> {
        let builder = Builder::new(Class::Indication, method, TransactionId(self.chance.bytes()));
        values.into_iter().fold(builder, Builder::with).build()
    }
}

/// Makes room for one more entry, at the cost of those that are over; 508 when there is none.
fn make_room<K: Eq + Hash, V>(
    table: &mut HashMap<K, V>,
    limit: usize,
    lives: impl Fn(&V) -> bool,
    new: &K,
) -> Result<(), Problem> {
    if table.len() >= limit && !table.contains_key(new) {
        table.retain(|_, value| lives(value));
        if table.len() >= limit {
            return Err(Problem::new(508, "Insufficient Capacity"));
        }
    }
    Ok(())
}

/// ICMP type and code; where the system told only the meaning, those that mean it.
fn icmp_error(peer: SocketAddr, icmp: &Icmp) -> IcmpError {
    let (v4, v6) = match icmp.meaning {
        Unreachability::Port => ((3, 3), (1, 4)),
        Unreachability::Host => ((3, 1), (1, 3)),
        Unreachability::Prohibited => ((3, 13), (1, 1)),
        Unreachability::TooLarge => ((3, 4), (2, 0)),
        Unreachability::Network | Unreachability::Other => ((3, 0), (1, 0)),
    };
    let (kind, code) = if peer.is_ipv4() { v4 } else { v6 };
    IcmpError { kind: icmp.kind.unwrap_or(kind), code: icmp.code.unwrap_or(code), data: icmp.mtu.unwrap_or(0) }
}

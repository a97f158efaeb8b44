//! Allocate and Refresh (RFC 8656 §7, §8): the life of an allocation.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::answer::{Answer, Asked, Problem, Signature, Step};
use super::auth::Identity;
use super::event::{End, Event};
use super::making::Making;
use super::relay::Channel;
use super::request::success;
use super::{Due, FiveTuple, Role, Route, Server};
use crate::machine::{Socket, Time};
use crate::wire::attribute::{self, AddressError, Family, Value};
use crate::wire::message::{Message, TransactionId};
use crate::wire::uri::Transport;

/// REQUESTED-TRANSPORT (IANA protocol numbers).
const UDP: u8 = 17;
const TCP: u8 = 6;

/// An allocation.
pub(super) struct Allocation {
    pub route: Route,
    pub user: Option<String>,
    pub relays: Vec<Relay>,
    /// RFC 6062: relays TCP.
    pub tcp: bool,
    pub expires: Time,
    /// Peer address → end.
    pub permissions: HashMap<IpAddr, Time>,
    pub channels: HashMap<u16, Channel>,
    /// TCP peers: address → connection.
    pub peers: HashMap<SocketAddr, Socket>,
    /// The answer once more, for a request that was sent again (RFC 8656 §7.2).
    answered: (TransactionId, Answer),
}

/// A relayed transport address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Relay {
    pub socket: Socket,
    pub local: SocketAddr,
}

/// A port that waits for its RESERVATION-TOKEN.
pub(super) struct Reservation {
    pub relay: Relay,
}

impl Allocation {
    /// The relay of that family.
    pub fn relay(&self, family: Family) -> Option<Relay> {
        self.relays.iter().copied().find(|relay| Family::of(relay.local) == family)
    }
}

impl Server {
    /// The checks of RFC 8656 §7.2, in its order.
    pub(super) fn allocate(&mut self, now: Time, asked: &Asked<'_>, identity: Identity) -> Result<Step, Problem> {
        let (route, message) = (asked.route, asked.message);
        let tuple = route.tuple();
        if self.making.contains_key(&tuple) {
            return Ok(Step::Silence);
        }
        if let Some(allocation) = self.allocations.get(&tuple) {
            let (transaction, answer) = &allocation.answered;
            if *transaction == message.transaction {
                return Ok(Step::Answer(answer.clone()));
            }
            return Err(Problem::new(437, "Allocation Mismatch"));
        }
        let bad = || Problem::new(400, "Bad Request");
        let tcp = match message.get(attribute::REQUESTED_TRANSPORT) {
            Some([UDP, ..]) => false,
            // RFC 6062 §5.1: TCP to peers only over TCP to the server.
            Some([TCP, ..]) if self.config.tcp_relay => match route.transport {
                Transport::Tcp | Transport::Tls => true,
                Transport::Udp | Transport::Dtls => return Err(bad()),
            },
            Some([_, ..]) => return Err(Problem::new(442, "Unsupported Transport Protocol")),
            Some([]) | None => return Err(bad()),
        };
        let token = message.get(attribute::RESERVATION_TOKEN);
        let requested = message.get(attribute::REQUESTED_ADDRESS_FAMILY);
        let additional = message.get(attribute::ADDITIONAL_ADDRESS_FAMILY);
        let even = message.get(attribute::EVEN_PORT).map(|value| value.first().is_some_and(|bits| bits & 0x80 != 0));
        let forbidden = token.is_some() && (even.is_some() || requested.is_some() || additional.is_some())
            || requested.is_some() && additional.is_some()
            || additional.is_some() && even == Some(true)
            || tcp && (token.is_some() || even.is_some() || message.has(attribute::DONT_FRAGMENT));
        if forbidden {
            return Err(bad());
        }
        self.check_quota(&identity)?;
        if let Some(token) = token {
            return self.claim(now, asked, identity, token);
        }
        let (families, refused_families) = self.families(requested, additional)?;
        let making = Making {
            route,
            message: message.clone(),
            identity,
            faults: asked.faults.clone(),
            families,
            relays: Vec::new(),
            tcp,
            even,
            pair: None,
            attempts: 0,
            refused_families,
        };
        self.making.insert(tuple, making);
        self.open_relay(tuple, None);
        Ok(Step::Later)
    }

    fn check_quota(&self, identity: &Identity) -> Result<(), Problem> {
        let users = self.allocations.values().map(|allocation| &allocation.user);
        let users = users.chain(self.making.values().map(|making| &making.identity.user));
        if users.filter(|user| **user == identity.user).count() >= self.config.limits.allocations_per_user {
            return Err(Problem::new(486, "Allocation Quota Reached"));
        }
        // Reserved ports are held as well, and would else be a way round.
        let held = self.allocations.len() + self.making.len() + self.reservations.len();
        if held >= self.config.limits.allocations {
            return Err(Problem::new(508, "Insufficient Capacity"));
        }
        Ok(())
    }

    /// The families to relay, and those that were asked for in addition but cannot be had.
    fn families(
        &self,
        requested: Option<&[u8]>,
        additional: Option<&[u8]>,
    ) -> Result<(Vec<Family>, Vec<AddressError>), Problem> {
        let unsupported = || Problem::new(440, "Address Family not Supported");
        let has = |family| self.relay_address(family).is_some();
        if let Some(additional) = additional {
            if additional.first() != Some(&2) {
                return Err(Problem::new(400, "Bad Request"));
            }
            let (had, refused): (Vec<Family>, Vec<Family>) =
                [Family::V4, Family::V6].into_iter().partition(|family| has(*family));
            let error = |family| AddressError { family, code: 440, reason: "Address Family not Supported".into() };
            if had.is_empty() {
                return Err(unsupported());
            }
            return Ok((had, refused.into_iter().map(error).collect()));
        }
        let family = match requested.map(|value| value.first()) {
            None | Some(Some(1)) => Family::V4,
            Some(Some(2)) => Family::V6,
            Some(_) => return Err(unsupported()),
        };
        if has(family) { Ok((vec![family], Vec::new())) } else { Err(unsupported()) }
    }

    /// Takes over a reserved port.
    fn claim(&mut self, now: Time, asked: &Asked<'_>, identity: Identity, token: &[u8]) -> Result<Step, Problem> {
        let reservation = <[u8; 8]>::try_from(token).ok().and_then(|token| self.reservations.remove(&token));
        let Some(Reservation { relay }) = reservation else {
            return Err(Problem::new(508, "Insufficient Capacity"));
        };
        self.roles.insert(relay.socket, Role::Relay(asked.route.tuple()));
        let relays = vec![relay];
        let answer = self.establish(now, asked.route, asked.message, identity, relays, false, Vec::new());
        Ok(Step::Answer(answer))
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of an allocation")]
    pub(super) fn establish(
        &mut self,
        now: Time,
        route: Route,
        message: &Message,
        identity: Identity,
        relays: Vec<Relay>,
        tcp: bool,
        extra: Vec<Value>,
    ) -> Answer {
        let lifetime = self.lifetime(message.lifetime());
        let announced: Vec<SocketAddr> = relays.iter().map(|relay| self.announced(relay.local)).collect();
        let mut answer = success(message, identity.signature);
        answer.values.extend(announced.iter().map(|address| Value::XorRelayedAddress(*address)));
        answer.values.push(Value::Lifetime(seconds(lifetime)));
        answer.values.push(Value::XorMappedAddress(route.seen()));
        answer.values.extend(extra);
        let expires = now + lifetime;
        self.dues.insert((expires, Due::Allocation(route.tuple())));
        self.say(Event::Allocated {
            client: route.client,
            transport: route.transport,
            user: identity.user.clone(),
            relayed: announced,
            lifetime,
        });
        let allocation = Allocation {
            route,
            user: identity.user,
            relays,
            tcp,
            expires,
            permissions: HashMap::new(),
            channels: HashMap::new(),
            peers: HashMap::new(),
            answered: (message.transaction, answer.clone()),
        };
        self.allocations.insert(route.tuple(), allocation);
        answer
    }

    /// The relayed address as the client is told.
    fn announced(&self, local: SocketAddr) -> SocketAddr {
        match self.config.external {
            Some(external) if external.is_ipv4() == local.is_ipv4() => SocketAddr::new(external, local.port()),
            _ => local,
        }
    }

    /// A longer lifetime may be asked for, never a shorter one (RFC 8656 §7.2).
    fn lifetime(&self, asked: Option<u32>) -> Duration {
        let lifetimes = &self.config.lifetimes;
        let asked = asked.map_or(Duration::ZERO, |asked| Duration::from_secs(asked.into()));
        asked.max(lifetimes.default).min(lifetimes.longest.max(lifetimes.default))
    }

    /// Refresh (RFC 8656 §8.2): longer, or over.
    pub(super) fn refresh(&mut self, now: Time, asked: &Asked<'_>, identity: Identity) -> Result<Step, Problem> {
        let message = asked.message;
        let tuple = asked.route.tuple();
        let family = match message.get(attribute::REQUESTED_ADDRESS_FAMILY).map(|value| value.first()) {
            None => None,
            Some(Some(1)) => Some(Family::V4),
            Some(Some(2)) => Some(Family::V6),
            Some(_) => return Err(Problem::new(400, "Bad Request")),
        };
        let allocation = self.owned(tuple, &identity)?;
        if family.is_some_and(|family| allocation.relay(family).is_none()) {
            return Err(Problem::new(443, "Peer Address Family Mismatch"));
        }
        let signature = identity.signature;
        if message.lifetime() == Some(0) {
            self.delete(tuple, family);
            return Ok(Step::Answer(refreshed(message, signature, Duration::ZERO)));
        }
        let lifetime = self.lifetime(message.lifetime());
        if let Some(allocation) = self.allocations.get_mut(&tuple) {
            allocation.expires = now + lifetime;
        }
        Ok(Step::Answer(refreshed(message, signature, lifetime)))
    }

    /// Ends an allocation, or one family of a dual one.
    fn delete(&mut self, tuple: FiveTuple, family: Option<Family>) {
        let Some(allocation) = self.allocations.get_mut(&tuple) else { return };
        let goes = |relay: &Relay| family.is_none_or(|family| Family::of(relay.local) == family);
        if allocation.relays.iter().all(goes) {
            return self.release(tuple, End::Deleted);
        }
        let gone: Vec<Relay> = allocation.relays.iter().copied().filter(goes).collect();
        allocation.relays.retain(|relay| !goes(relay));
        for relay in gone {
            self.close(relay.socket);
        }
    }

    /// The allocation of this five-tuple, if it is this user's (RFC 8656 §5).
    pub(super) fn owned(&mut self, tuple: FiveTuple, identity: &Identity) -> Result<&mut Allocation, Problem> {
        let allocation = self.allocations.get_mut(&tuple).ok_or_else(|| Problem::new(437, "Allocation Mismatch"))?;
        if allocation.user != identity.user {
            return Err(Problem::new(441, "Wrong Credentials"));
        }
        Ok(allocation)
    }

    /// Ends an allocation and everything that hangs on it.
    pub(super) fn release(&mut self, tuple: FiveTuple, why: End) {
        let Some(allocation) = self.allocations.remove(&tuple) else { return };
        let relayed = allocation.relays.iter().map(|relay| self.announced(relay.local)).collect();
        for relay in &allocation.relays {
            self.close(relay.socket);
        }
        for peer in allocation.peers.into_values() {
            self.close_peer(peer);
        }
        let Route { client, transport, .. } = allocation.route;
        self.say(Event::Released { client, transport, relayed, why });
    }

    pub(super) fn allocation_due(&mut self, now: Time, tuple: FiveTuple) {
        match self.allocations.get(&tuple).map(|allocation| allocation.expires) {
            Some(expires) if expires > now => {
                self.dues.insert((expires, Due::Allocation(tuple)));
            }
            Some(_) => self.release(tuple, End::Expired),
            None => {}
        }
    }

    pub(super) fn reservation_due(&mut self, token: [u8; 8]) {
        if let Some(Reservation { relay }) = self.reservations.remove(&token) {
            self.close(relay.socket);
        }
    }
}

fn refreshed(message: &Message, signature: Option<Signature>, lifetime: Duration) -> Answer {
    success(message, signature).with(Value::Lifetime(seconds(lifetime)))
}

fn seconds(lifetime: Duration) -> u32 {
    u32::try_from(lifetime.as_secs()).unwrap_or(u32::MAX)
}

//! An allocation that stands: its permissions, channels and lifetimes.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::{Event, Wish};
use crate::machine::{Chance, Time};
use crate::proto::auth::{Credentials, Session};
use crate::proto::exchange::{Answer, Exchange, Next, Request, Route};
use crate::wire::attribute::{self, Value};
use crate::wire::channel_data::CHANNELS;
use crate::wire::message::{Builder, Class, Message, Method, TransactionId};

/// A permission lives 300 s (RFC 8656 §9); refreshed this long before.
const PERMISSION_REFRESH: Duration = Duration::from_secs(240);

/// Peers that one refresh names, so that it fits a packet.
const PEERS_AT_ONCE: usize = 16;

/// What the server granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// XOR-RELAYED-ADDRESS; two for a dual allocation.
    pub relayed: Vec<SocketAddr>,
    /// XOR-MAPPED-ADDRESS: where the server sees us.
    pub mapped: Option<SocketAddr>,
    pub lifetime: Duration,
    /// Granted without credentials: an open relay.
    pub unauthenticated: bool,
    pub address_errors: Vec<attribute::AddressError>,
    pub reservation: Option<Vec<u8>>,
    pub mobility_ticket: Option<Vec<u8>>,
}

/// Lifetimes of RFC 8656, for whoever has to explain them.
#[derive(Debug, Clone, Copy)]
pub struct Lifetimes;

impl Lifetimes {
    /// §9.
    pub const PERMISSION: Duration = Duration::from_secs(300);
    /// §12.
    pub const CHANNEL: Duration = Duration::from_secs(600);
}

impl Grant {
    /// Reads an Allocate success; the error says what makes it unusable (RFC 8656 §7.3).
    pub(super) fn read(message: &Message, signed: bool, wish: &Wish) -> Result<Grant, String> {
        let relayed = message.addresses(attribute::XOR_RELAYED_ADDRESS);
        let Some(first) = relayed.first() else {
            return Err("the Allocate success has no XOR-RELAYED-ADDRESS".into());
        };
        let Some(lifetime) = message.lifetime() else {
            return Err("the Allocate success has no LIFETIME".into());
        };
        if let Some(family) = wish.family
            && attribute::Family::of(*first) != family
        {
            return Err(format!("the relayed address {first} is of another family than the one asked for"));
        }
        let nobody = matches!(first.ip(), IpAddr::V4(ip) if ip.is_broadcast()) || first.ip().is_multicast();
        if first.ip().is_unspecified() || first.port() == 0 || nobody {
            return Err(format!("the relayed address {first} is no address at all"));
        }
        Ok(Grant {
            relayed,
            mapped: message.mapped(),
            lifetime: Duration::from_secs(lifetime.into()),
            unauthenticated: !signed,
            address_errors: message.address_errors(),
            reservation: message.get(attribute::RESERVATION_TOKEN).map(<[u8]>::to_vec),
            mobility_ticket: message.get(attribute::MOBILITY_TICKET).map(<[u8]>::to_vec),
        })
    }
}

/// What a request under way is for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Purpose {
    Permit(Vec<SocketAddr>),
    Bind(u16, SocketAddr),
    Refresh,
}

pub(super) struct Held {
    route: Route,
    credentials: Option<Credentials>,
    session: Option<Session>,
    software: Option<String>,
    chance: Chance,
    refresh_at: Time,
    /// Peer addresses to keep permitted, with the time of the next refresh.
    permissions: BTreeMap<IpAddr, Time>,
    channels: BTreeMap<u16, Channel>,
    next_channel: u16,
    running: Vec<(Purpose, Exchange)>,
    pub(super) lost: bool,
}

struct Channel {
    peer: SocketAddr,
    /// ChannelBind succeeded.
    bound: bool,
    refresh_at: Time,
}

impl Held {
    pub(super) fn new(
        now: Time,
        route: Route,
        (credentials, session, software): (Option<Credentials>, Option<Session>, Option<String>),
        lifetime: Duration,
        chance: Chance,
    ) -> Held {
        Held {
            route,
            credentials,
            session,
            software,
            chance,
            refresh_at: now + refresh_after(lifetime),
            permissions: BTreeMap::new(),
            channels: BTreeMap::new(),
            next_channel: *CHANNELS.start(),
            running: Vec::new(),
            lost: false,
        }
    }

    pub(super) fn permit(&mut self, peers: &[SocketAddr]) {
        let mut request = Request::new(Method::CREATE_PERMISSION);
        for peer in peers {
            request = request.with(Value::XorPeerAddress(*peer));
        }
        self.start(Purpose::Permit(peers.to_vec()), request);
    }

    pub(super) fn bind(&mut self, peer: SocketAddr) -> Option<u16> {
        if let Some((number, _)) = self.channels.iter().find(|(_, channel)| channel.peer == peer) {
            return Some(*number);
        }
        // Numbers are never handed out twice: a freed one must rest for five minutes (RFC 8656 §12).
        let number = CHANNELS.contains(&self.next_channel).then_some(self.next_channel)?;
        self.next_channel += 1;
        self.channels.insert(number, Channel { peer, bound: false, refresh_at: Time::NEVER });
        self.start_bind(number, peer);
        Some(number)
    }

    pub(super) fn refresh(&mut self, lifetime: Option<u32>) {
        let mut request = Request::new(Method::REFRESH);
        if let Some(seconds) = lifetime {
            request = request.with(Value::Lifetime(seconds));
        }
        self.start(Purpose::Refresh, request);
    }

    pub(super) fn channel_of(&self, peer: SocketAddr) -> Option<u16> {
        let mut bound = self.channels.iter().filter(|(_, channel)| channel.bound && channel.peer == peer);
        bound.next().map(|(number, _)| *number)
    }

    /// Data may overtake the ChannelBind success (RFC 8656 §12).
    pub(super) fn peer_of(&self, channel: u16) -> Option<SocketAddr> {
        self.channels.get(&channel).map(|channel| channel.peer)
    }

    pub(super) fn receive(&mut self, now: Time, from: SocketAddr, message: &Message) -> bool {
        self.running.iter_mut().any(|(_, exchange)| exchange.receive(now, from, message))
    }

    /// A Data indication; dropped without an address, or from a peer that was never permitted
    /// (RFC 8656 §11.4).
    pub(super) fn indication(&self, _now: Time, message: &Message) -> Option<Event> {
        let peer = message.address(attribute::XOR_PEER_ADDRESS)?;
        if let Some(icmp) = message.icmp() {
            return Some(Event::PeerUnreachable { peer, icmp });
        }
        let known = self.permissions.contains_key(&peer.ip())
            || self.channels.values().any(|channel| channel.peer.ip() == peer.ip())
            || self.running.iter().any(|(purpose, _)| purpose.concerns(peer.ip()));
        let data = message.get(attribute::DATA)?.to_vec();
        known.then_some(Event::Data { peer, data, channel: None })
    }

    pub(super) fn advance(&mut self, now: Time, out: &mut VecDeque<Vec<u8>>, events: &mut VecDeque<Event>) {
        self.start_due(now);
        let mut running = std::mem::take(&mut self.running);
        running.retain_mut(|(purpose, exchange)| {
            loop {
                match exchange.next(now) {
                    Next::Send(bytes) => out.push_back(bytes),
                    Next::Wait(_) => return true,
                    Next::Ended(answer) => {
                        if let Some(session) = exchange.session() {
                            self.session = Some(session.clone());
                        }
                        self.ended(now, purpose, answer, events);
                        return false;
                    }
                }
            }
        });
        running.append(&mut self.running);
        self.running = running;
    }

    pub(super) fn wake(&self) -> Time {
        let permissions = self.permissions.values().copied();
        let channels = self.channels.values().map(|channel| channel.refresh_at);
        let running = self.running.iter().map(|(_, exchange)| exchange.wake());
        permissions.chain(channels).chain(running).fold(self.refresh_at, Time::min)
    }

    fn start_due(&mut self, now: Time) {
        if now >= self.refresh_at {
            self.refresh_at = Time::NEVER;
            self.refresh(None);
        }
        let due: Vec<IpAddr> =
            self.permissions.iter().filter(|(_, at)| now >= **at).map(|(address, _)| *address).collect();
        if !due.is_empty() {
            for address in &due {
                self.permissions.insert(*address, Time::NEVER);
            }
            let peers: Vec<SocketAddr> = due.into_iter().map(|address| SocketAddr::new(address, 0)).collect();
            peers.chunks(PEERS_AT_ONCE).for_each(|peers| self.permit(peers));
        }
        let rebind: Vec<(u16, SocketAddr)> = self
            .channels
            .iter_mut()
            .filter(|(_, channel)| now >= channel.refresh_at)
            .map(|(number, channel)| {
                channel.refresh_at = Time::NEVER;
                (*number, channel.peer)
            })
            .collect();
        for (number, peer) in rebind {
            self.start_bind(number, peer);
        }
    }

    fn start_bind(&mut self, number: u16, peer: SocketAddr) {
        let request =
            Request::new(Method::CHANNEL_BIND).with(Value::ChannelNumber(number)).with(Value::XorPeerAddress(peer));
        self.start(Purpose::Bind(number, peer), request);
    }

    fn start(&mut self, purpose: Purpose, mut request: Request) {
        if let Some(software) = self.software.as_ref().filter(|_| purpose == Purpose::Refresh) {
            request = request.with(Value::Software(software.clone()));
        }
        let parts = (self.credentials.clone(), self.session.clone());
        let exchange = Exchange::new(request, self.route, parts.0, parts.1, &mut self.chance);
        self.running.push((purpose, exchange));
    }

    fn ended(&mut self, now: Time, purpose: &Purpose, answer: Answer, events: &mut VecDeque<Event>) {
        let (lifetime, failure) = match answer {
            Answer::Success { message, .. } => (message.lifetime(), None),
            other => (None, Some(other)),
        };
        // On any request but Allocate, 437 means that the allocation is gone (RFC 8656 §5).
        let gone = matches!(&failure, Some(Answer::Failure { error, .. }) if error.code == 437);
        let lost = failure.clone().filter(|_| gone);
        events.push_back(match purpose {
            Purpose::Permit(peers) => {
                for peer in peers.iter().filter(|_| failure.is_none()) {
                    self.permissions.insert(peer.ip(), now + PERMISSION_REFRESH);
                }
                Event::Permitted { peers: peers.clone(), failure }
            }
            Purpose::Bind(number, peer) => {
                if let Some(channel) = self.channels.get_mut(number) {
                    channel.bound = failure.is_none();
                    // The permission that comes with it ends before the channel does (RFC 8656 §12).
                    channel.refresh_at = if failure.is_none() { now + PERMISSION_REFRESH } else { Time::NEVER };
                }
                Event::Bound { channel: *number, peer: *peer, failure }
            }
            Purpose::Refresh => {
                let lifetime = lifetime.map(|seconds| Duration::from_secs(seconds.into()));
                if let Some(lifetime) = lifetime {
                    self.refresh_at = now + refresh_after(lifetime);
                }
                Event::Refreshed { lifetime, failure }
            }
        });
        if let Some(answer) = lost {
            self.lost = true;
            events.push_back(Event::Lost(answer));
        }
    }
}

impl Purpose {
    fn concerns(&self, address: IpAddr) -> bool {
        match self {
            Purpose::Permit(peers) => peers.iter().any(|peer| peer.ip() == address),
            Purpose::Bind(_, peer) => peer.ip() == address,
            Purpose::Refresh => false,
        }
    }
}

/// One minute before the end, or at half time of a short one (RFC 8656 §8).
fn refresh_after(lifetime: Duration) -> Duration {
    let minute = Duration::from_secs(60);
    if lifetime > 2 * minute { lifetime - minute } else { lifetime / 2 }
}

/// A Send indication, never signed (RFC 8489 §9.2). `None` when the data does not fit.
pub(super) fn send_indication(peer: SocketAddr, data: &[u8], chance: &mut Chance) -> Option<Vec<u8>> {
    // 65535 bytes of length, less the address attribute and the header of DATA.
    (data.len() <= 65_500).then(|| {
        Builder::new(Class::Indication, Method::SEND, TransactionId(chance.bytes()))
            .with(Value::XorPeerAddress(peer))
            .with(Value::Data(data.to_vec()))
            .build()
    })
}

//! An allocation in use: whom it may send to, and by which messages.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};

use super::{Heard, Way};
use crate::machine::{Icmp, Unreachability};
use crate::proto::allocation::{Allocation, Event};
use crate::proto::exchange::Answer;
use crate::wire::attribute;

/// Datagrams that wait for permissions, and how large they may be together.
const WAITING: usize = 64;
const WAITING_BYTES: usize = 128 << 10;
/// Peers that one request names, so that it fits a packet.
const AT_ONCE: usize = 16;
/// Addresses that permissions are asked for.
const PEERS: usize = 256;
/// Peers that get a channel.
const CHANNELS: usize = 32;
/// A code of our own making where the server said none: the one of WebRTC for "could not be reached".
const NO_CODE: u16 = 701;

/// What is known of one peer address (permissions know no ports, RFC 8656 §9).
#[derive(Debug, Clone, PartialEq)]
enum Permission {
    /// To be asked for, or asked for.
    Pending,
    Granted,
    Refused(u16, String),
}

/// Data with one transport address.
#[derive(Debug, Clone, Copy, Default)]
struct Link {
    sent: bool,
    heard: bool,
    bound: bool,
}

pub(in crate::probes::gather) struct Relay {
    way: Way,
    permissions: BTreeMap<IpAddr, Permission>,
    /// Peers to ask for, in one request.
    wanted: Vec<SocketAddr>,
    waiting: VecDeque<(SocketAddr, Vec<u8>)>,
    links: BTreeMap<SocketAddr, Link>,
    channels: usize,
    /// Peers whose refusal was told.
    told: BTreeSet<SocketAddr>,
    heard: VecDeque<Heard>,
}

impl Relay {
    pub(in crate::probes::gather) fn new(way: Way) -> Relay {
        Relay {
            way,
            permissions: BTreeMap::new(),
            wanted: Vec::new(),
            waiting: VecDeque::new(),
            links: BTreeMap::new(),
            channels: 0,
            told: BTreeSet::new(),
            heard: VecDeque::new(),
        }
    }

    /// What came, in order.
    pub(in crate::probes::gather) fn heard(&mut self) -> Option<Heard> {
        self.heard.pop_front()
    }

    /// Asks for permission to send to that peer, unless it was asked for already.
    pub(in crate::probes::gather) fn permit(&mut self, to: SocketAddr) {
        if self.permissions.contains_key(&to.ip()) {
            return;
        }
        if self.permissions.len() >= PEERS {
            self.refused(to, NO_CODE, format!("not asked: permissions for {PEERS} addresses were asked for already"));
            return;
        }
        self.permissions.insert(to.ip(), Permission::Pending);
        self.wanted.push(to);
    }

    /// Sends, or keeps what is to be sent until it is permitted.
    pub(in crate::probes::gather) fn send(&mut self, allocation: &mut Allocation, to: SocketAddr, bytes: Vec<u8>) {
        self.permit(to);
        match self.permissions.get(&to.ip()) {
            Some(Permission::Granted) => self.pass(allocation, to, &bytes),
            Some(Permission::Pending) => self.wait(to, bytes),
            Some(Permission::Refused(code, reason)) => self.refused(to, *code, reason.clone()),
            None => {}
        }
    }

    /// Gives that peer a channel: less is sent around every datagram.
    pub(in crate::probes::gather) fn settle(&mut self, allocation: &mut Allocation, peer: SocketAddr) {
        let granted = self.permissions.get(&peer.ip()) == Some(&Permission::Granted);
        if !granted || self.links.get(&peer).is_some_and(|link| link.bound) || self.channels >= CHANNELS {
            return;
        }
        if let Some(link) = self.link(peer) {
            link.bound = true;
            self.channels += 1;
            allocation.bind(peer);
        }
    }

    /// Asks for what is to be asked for by now, in one request (RFC 8656 §10.1).
    pub(in crate::probes::gather) fn flush(&mut self, allocation: &mut Allocation) {
        for peers in std::mem::take(&mut self.wanted).chunks(AT_ONCE) {
            allocation.permit(peers);
        }
    }

    /// Takes in what the allocation says; true when nothing comes or goes here any more.
    pub(in crate::probes::gather) fn learned(&mut self, allocation: &mut Allocation, event: Event) -> bool {
        match event {
            Event::Permitted { peers, failure: None } => self.permitted(allocation, &peers),
            Event::Permitted { peers, failure: Some(answer) } => self.not_permitted(allocation, &peers, &answer),
            Event::Data { peer, data, .. } => self.data(allocation, peer, data),
            Event::PeerUnreachable { peer, icmp } => self.unreachable(peer, icmp),
            Event::Refreshed { failure: Some(answer), .. } => {
                return self.lost(format!("the relay was not prolonged: {}", said(&answer)));
            }
            Event::Lost(answer) => return self.lost(format!("the relay is gone: {}", said(&answer))),
            // Without its channel data goes as indications.
            Event::Bound { .. }
            | Event::Refreshed { failure: None, .. }
            | Event::Allocated(_)
            | Event::Failed(_)
            | Event::Released(_) => {}
        }
        false
    }

    /// Nothing comes or goes here any more; said once.
    pub(in crate::probes::gather) fn lost(&mut self, why: String) -> bool {
        self.waiting.clear();
        self.wanted.clear();
        self.heard.push_back(Heard::Lost { way: self.way, why });
        true
    }

    fn permitted(&mut self, allocation: &mut Allocation, peers: &[SocketAddr]) {
        for peer in peers {
            self.permissions.insert(peer.ip(), Permission::Granted);
        }
        let allowed = |to: &SocketAddr| peers.iter().any(|peer| peer.ip() == to.ip());
        let (now, later) = std::mem::take(&mut self.waiting).into_iter().partition(|(to, _)| allowed(to));
        self.waiting = later;
        let now: VecDeque<(SocketAddr, Vec<u8>)> = now;
        for (to, bytes) in now {
            self.pass(allocation, to, &bytes);
        }
    }

    fn not_permitted(&mut self, allocation: &mut Allocation, peers: &[SocketAddr], answer: &Answer) {
        // The allocation is gone (RFC 8656 §5), which is said next.
        if matches!(answer, Answer::Failure { error, .. } if error.code == 437) {
            return;
        }
        // One address that is forbidden spoils the request for all (RFC 8656 §10.2): who it is shows when each is
        // asked for alone.
        if let (true, Answer::Failure { .. }) = (peers.len() > 1, answer) {
            for peer in peers {
                allocation.permit(&[*peer]);
            }
            return;
        }
        let refusal = match answer {
            Answer::Failure { error, .. } => Some((error.code, error.reason.clone())),
            _ => None,
        };
        for peer in peers {
            let ip = peer.ip();
            let (code, reason) = refusal.clone().unwrap_or_else(|| (NO_CODE, said(answer)));
            // A refresh names no port; those that were sent to are meant.
            let mut concerned: BTreeSet<SocketAddr> = self.links.keys().filter(|to| to.ip() == ip).copied().collect();
            concerned.extend(self.waiting.iter().map(|(to, _)| *to).filter(|to| to.ip() == ip));
            concerned.extend((peer.port() != 0).then_some(*peer));
            self.waiting.retain(|(to, _)| to.ip() != ip);
            match &refusal {
                Some((code, reason)) => {
                    self.permissions.insert(ip, Permission::Refused(*code, reason.clone()));
                }
                // Silence may have been the network's: what is sent next asks again.
                None => {
                    self.permissions.remove(&ip);
                }
            }
            for to in concerned {
                self.refused(to, code, reason.clone());
            }
        }
    }

    fn data(&mut self, allocation: &mut Allocation, peer: SocketAddr, data: Vec<u8>) {
        if let Some(link) = self.link(peer) {
            link.heard = true;
            if link.sent {
                self.settle(allocation, peer);
            }
        }
        self.heard.push_back(Heard::Bytes { way: self.way, from: peer, bytes: data });
    }

    fn unreachable(&mut self, peer: SocketAddr, icmp: attribute::IcmpError) {
        // Only what was sent to can come back.
        if !self.links.get(&peer).is_some_and(|link| link.sent) {
            return;
        }
        let v6 = peer.is_ipv6();
        let meaning = Unreachability::of(v6, icmp.kind, icmp.code);
        let mtu = (meaning == Unreachability::TooLarge && icmp.data > 0).then_some(icmp.data);
        let icmp = Icmp { kind: Some(icmp.kind), code: Some(icmp.code), v6, offender: None, mtu, meaning };
        self.heard.push_back(Heard::Unreachable { way: self.way, to: peer, icmp });
    }

    fn pass(&mut self, allocation: &mut Allocation, to: SocketAddr, bytes: &[u8]) {
        allocation.send(to, bytes);
        if let Some(link) = self.link(to) {
            link.sent = true;
            if link.heard {
                self.settle(allocation, to);
            }
        }
    }

    fn wait(&mut self, to: SocketAddr, bytes: Vec<u8>) {
        let held: usize = self.waiting.iter().map(|(_, bytes)| bytes.len()).sum();
        // A copy of what waits already says nothing new.
        let copy = self.waiting.iter().any(|waiting| waiting.0 == to && waiting.1 == bytes);
        if !copy && self.waiting.len() < WAITING && held + bytes.len() <= WAITING_BYTES {
            self.waiting.push_back((to, bytes));
        }
    }

    fn refused(&mut self, to: SocketAddr, code: u16, reason: String) {
        if self.told.len() < 2 * PEERS && self.told.insert(to) {
            self.heard.push_back(Heard::Refused { way: self.way, to, code, reason });
        }
    }

    /// The peer's entry; none for more peers than anybody needs.
    fn link(&mut self, peer: SocketAddr) -> Option<&mut Link> {
        if self.links.len() >= 2 * PEERS && !self.links.contains_key(&peer) {
            return None;
        }
        Some(self.links.entry(peer).or_default())
    }
}

/// How a request ended, in few words.
fn said(answer: &Answer) -> String {
    match answer {
        Answer::Success { .. } => "granted".into(),
        Answer::Failure { error, .. } => crate::probes::explain::said(error),
        Answer::IntegrityFailed { .. } => "the server's answer cannot be verified".into(),
        Answer::BadChallenge(_) | Answer::Malformed(_) => "the server's answer breaks the protocol".into(),
        Answer::NonceLoop => "438 Stale Nonce again and again".into(),
        Answer::Silence => "the server does not answer any more".into(),
        Answer::Unreachable(_) => "the server cannot be reached any more".into(),
    }
}

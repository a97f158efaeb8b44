//! Which peers a server would relay to, asked by CreatePermission alone: no data is sent.

use std::cell::{Cell, RefCell};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::check::{Check, Held};
use super::proofs::permission;
use super::record::Ending;
use crate::machine::script::{Part, all, both};
use crate::probes::station::{Reply, Station};
use crate::proto::resolution::Target;
use crate::report::{Audited, Cause, StepName};
use crate::wire::attribute::{self, Family, Value};
use crate::wire::uri::Transport;

/// Requests under way at a time.
const LANES: usize = 4;
/// After so many requests without an answer no more are sent.
const SILENCES: u32 = 2;
/// The port that is asked for; a permission is for all of them (RFC 8656 §9).
const PORT: u16 = 9;

/// Peers over IPv4. The public one must be an address that a careful server allows: whatever stands
/// in the registry of special addresses (documentation, 6to4 anycast) is denied by good
/// configurations, so it is one that everybody knows. Nothing is sent to it.
const IPV4: [(&str, &str); 11] = [
    ("loopback", "127.0.0.1"),
    ("unspecified", "0.0.0.0"),
    ("private", "10.0.0.1"),
    ("private", "172.16.0.1"),
    ("private", "192.168.0.1"),
    ("cgnat", "100.64.0.1"),
    ("link-local", "169.254.1.1"),
    ("metadata", "169.254.169.254"),
    ("multicast", "224.0.0.251"),
    ("broadcast", "255.255.255.255"),
    ("public", "8.8.8.8"),
];

/// Peers over IPv6: 127.0.0.1 in each of its disguises among them (CVE-2026-27624).
const IPV6: [(&str, &str); 11] = [
    ("loopback", "::1"),
    ("unspecified", "::"),
    ("link-local", "fe80::1"),
    ("unique-local", "fd00::1"),
    ("multicast", "ff02::fb"),
    ("ipv4-mapped", "::ffff:127.0.0.1"),
    ("ipv4-mapped", "::ffff:10.0.0.1"),
    ("nat64", "64:ff9b::7f00:1"),
    ("6to4", "2002:7f00:1::"),
    // Server 192.0.2.1, client 127.0.0.1, its bits turned (RFC 4380 §4).
    ("teredo", "2001:0:c000:201:0:ffff:80ff:fffe"),
    ("public", "2001:4860:4860::8888"),
];

/// A peer to ask for.
struct Question {
    class: &'static str,
    peer: IpAddr,
}

impl Check {
    /// Asks for permissions for addresses that a careful server forbids, and for some that it must not.
    pub(super) async fn audit(&self, held: &Held) {
        if !self.config.audit {
            return;
        }
        let began = self.hands.now();
        let own = [("server", held.target.address.ip()), ("relay", held.relayed.ip())];
        let main = self.inquire(&held.station, questions(held.relayed, &own), "udp");
        let (mut found, (tcp, other)) = both(main, both(self.audit_tcp(held, &own), self.audit_ipv6(held, &own))).await;
        found.extend(tcp);
        found.extend(other);
        both(self.exposure(held), Box::pin(self.unpermitted(held))).await;
        let ending = verdict(&found, self.hands.now() - began);
        self.record.note(|turn| turn.audit = found);
        self.record.step(StepName::Audit, ending);
    }

    /// The same over a TCP allocation (RFC 6062), where the server grants one.
    async fn audit_tcp(&self, held: &Held, own: &[(&'static str, IpAddr)]) -> Vec<Audited> {
        if matches!(held.target.transport, Transport::Udp | Transport::Dtls) {
            return Vec::new();
        }
        self.audit_with(held.target, self.allocate_tcp(), own, "tcp").await
    }

    /// The IPv6 forms over an IPv6 allocation, where the server grants one.
    async fn audit_ipv6(&self, held: &Held, own: &[(&'static str, IpAddr)]) -> Vec<Audited> {
        if held.relayed.is_ipv6() {
            return Vec::new();
        }
        let request = self.allocate().with(Value::RequestedAddressFamily(Family::V6));
        self.audit_with(held.target, request, own, "udp").await
    }

    /// Asks for the peers that calls need, each over an allocation of its family.
    pub(super) async fn needed_peers(&self, held: &Held) {
        let question = |peer: &IpAddr| Question { class: "needed", peer: *peer };
        let is_same = |peer: &&IpAddr| peer.is_ipv4() == held.relayed.is_ipv4();
        let same: Vec<Question> = self.config.peers.iter().filter(is_same).map(question).collect();
        let other: Vec<Question> = self.config.peers.iter().filter(|peer| !is_same(peer)).map(question).collect();
        let mut found = if same.is_empty() { Vec::new() } else { self.inquire(&held.station, same, "udp").await };
        if !other.is_empty() {
            found.extend(self.of_the_other_family(held, other).await);
        }
        self.record.note(|turn| turn.needed_peers = found);
    }

    async fn of_the_other_family(&self, held: &Held, questions: Vec<Question>) -> Vec<Audited> {
        let family = if held.relayed.is_ipv4() { Family::V6 } else { Family::V4 };
        let request = self.allocate().with(Value::RequestedAddressFamily(family));
        let answered = self.ask_for(held.target, request).await;
        let code = answered.as_ref().and_then(|(_, reply)| reply.error().map(|(code, ..)| code));
        match answered.filter(|(_, reply)| reply.success().is_some()) {
            Some((station, _)) => {
                let found = self.inquire(&station, questions, "udp").await;
                self.give_back(&station).await;
                found
            }
            // Without a relay of its family nobody knows.
            None => questions.iter().map(|question| audited(question, "udp", ("unknown", code))).collect(),
        }
    }

    async fn audit_with(
        &self,
        target: Target,
        request: crate::proto::exchange::Request,
        own: &[(&'static str, IpAddr)],
        relay: &str,
    ) -> Vec<Audited> {
        let Some((station, reply)) = self.ask_for(target, request).await else { return Vec::new() };
        let Some(relayed) = reply.success().and_then(|message| message.address(attribute::XOR_RELAYED_ADDRESS)) else {
            return Vec::new();
        };
        let own: Vec<_> = own.iter().copied().filter(|(class, _)| *class != "relay").collect();
        let own = [own, vec![("relay", relayed.ip())]].concat();
        let found = self.inquire(&station, questions(relayed, &own), relay).await;
        self.give_back(&station).await;
        found
    }

    /// Asks for one peer at a time, because a request for several is refused as a whole.
    async fn inquire(&self, station: &Station, questions: Vec<Question>, relay: &str) -> Vec<Audited> {
        let next = Cell::new(0);
        let silences = Cell::new(0);
        let outcomes = RefCell::new(vec![("unknown", None); questions.len()]);
        let lane = async || {
            while silences.get() < SILENCES {
                let index = next.replace(next.get() + 1);
                let Some(question) = questions.get(index) else { return };
                let reply = station.ask_briefly(permission(&[SocketAddr::new(question.peer, PORT)])).await;
                outcomes.borrow_mut()[index] = outcome(&reply);
                if reply.success().is_none() && reply.error().is_none() {
                    silences.set(silences.get() + 1);
                    return;
                }
            }
        };
        all((0..LANES).map(|_| Box::pin(lane()) as Part<'_, ()>).collect()).await;
        questions.iter().zip(outcomes.into_inner()).map(|(question, said)| audited(question, relay, said)).collect()
    }
}

fn audited(question: &Question, relay: &str, (outcome, error_code): (&str, Option<u16>)) -> Audited {
    Audited {
        peer: question.peer.to_string(),
        class: question.class.into(),
        relay: relay.into(),
        outcome: outcome.into(),
        error_code,
    }
}

/// What is asked of an allocation of that family.
fn questions(relayed: SocketAddr, own: &[(&'static str, IpAddr)]) -> Vec<Question> {
    let list: &[(&'static str, &str)] = if relayed.is_ipv4() { &IPV4 } else { &IPV6 };
    let listed = list.iter().filter_map(|(class, peer)| Some(Question { class, peer: peer.parse().ok()? }));
    let own = own.iter().filter(|(_, peer)| peer.is_ipv4() == relayed.is_ipv4());
    listed.chain(own.map(|(class, peer)| Question { class, peer: *peer })).collect()
}

/// What an answer says about the peer. Errors that say something about the request, the
/// allocation or the credentials leave it open.
fn outcome(reply: &Reply) -> (&'static str, Option<u16>) {
    match (reply.success(), reply.error()) {
        (Some(_), _) => ("allowed", None),
        (None, Some((403 | 443, ..))) => ("denied", reply.error().map(|(code, ..)| code)),
        // coturn says so of what it cannot take for an address.
        (None, Some((400, phrase, _))) if phrase.contains("Peer Address") => ("denied", Some(400)),
        (None, Some((code, ..))) => ("unknown", Some(code)),
        (None, None) => ("unknown", None),
    }
}

fn verdict(found: &[Audited], took: Duration) -> Ending {
    let of = |outcome: &str| found.iter().filter(|audited| audited.outcome == outcome).count();
    let (denied, allowed, unknown) = (of("denied"), of("allowed"), of("unknown"));
    if denied + allowed == 0 {
        return Ending::failed(Cause::NoAnswer, took, "no CreatePermission request was answered");
    }
    let rest = if unknown > 0 { format!(", {unknown} without a clear answer") } else { String::new() };
    Ending::ok(took, format!("{} peers asked for: {denied} denied, {allowed} allowed{rest}", found.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_peer_can_be_read_and_is_of_its_family() {
        for (relayed, count) in [("192.0.2.1:9", IPV4.len()), ("[2001:db8::1]:9", IPV6.len())] {
            let relayed: SocketAddr = relayed.parse().unwrap();
            let own = [("server", "192.0.2.1".parse().unwrap()), ("relay", relayed.ip())];
            let questions = questions(relayed, &own);
            assert!(questions.iter().all(|question| question.peer.is_ipv4() == relayed.is_ipv4()));
            assert_eq!(questions.len(), count + if relayed.is_ipv4() { 2 } else { 1 });
        }
    }

    #[test]
    fn the_disguises_are_those_of_loopback() {
        let octets = |text: &str| text.parse::<std::net::Ipv6Addr>().unwrap().octets();
        assert_eq!(octets("64:ff9b::7f00:1")[12..], [127, 0, 0, 1]);
        assert_eq!(octets("2002:7f00:1::")[2..6], [127, 0, 0, 1]);
        let teredo = octets("2001:0:c000:201:0:ffff:80ff:fffe");
        assert_eq!(teredo[12..].iter().map(|byte| !byte).collect::<Vec<u8>>(), [127, 0, 0, 1]);
    }
}

//! What all proofs together say about the relay.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::check::{Check, Held};
use super::ground::Ground;
use super::proofs::{COPIES, PATIENCE};
use super::record::Ending;
use crate::probes::explain::span;
use crate::report::{Cause, Proof, StepName, Way};

impl Check {
    /// The steps `relay-send` and `relay-receive`, from all proofs together.
    pub(super) fn judge(&self, held: &Held, ground: &Ground, proofs: &[Proof]) {
        let best = |way: Way| proofs.iter().filter(|proof| proof.way == way).max_by_key(|proof| proof.received);
        let works = |way: Way| best(way).is_some_and(|proof| proof.received > 0);
        let took = Duration::ZERO;
        let relayed = held.relayed;
        let server = held.target.address.ip();
        // What the server's own host reflects has not left it.
        let elsewhere = ground.stun.is_some_and(|stun| stun.ip() != server && stun.ip() != relayed.ip());
        let ways = [(Way::Outbound, true), (Way::Reflection, elsewhere)];
        let seen: Vec<SocketAddr> = ways
            .into_iter()
            .filter(|(_, outside)| *outside)
            .filter_map(|(way, _)| best(way)?.seen_as.as_deref()?.parse().ok())
            // A STUN server beside the relay does not see it as the world does.
            .filter(|seen: &SocketAddr| !is_private(seen.ip()) || is_private(server))
            .collect();
        let stray = seen.iter().find(|seen| **seen != relayed).copied();
        let seen = stray.or_else(|| seen.first().copied());
        let wrong = address_cause(server, relayed, seen);
        let reflected = works(Way::Reflection);
        let outbound = works(Way::Outbound);
        let send = if outbound || reflected && elsewhere {
            match &wrong {
                // Peers can send to the relay, but do not recognise what comes from it.
                Some((cause @ (Cause::RelayAddressWrong | Cause::RelayPortRewritten), text)) if works(Way::Inbound) => {
                    Ending::failed(*cause, took, text.clone())
                }
                _ => Ending::ok(took, seen.map_or(String::new(), |seen| format!("the world sees {seen}"))),
            }
        } else if ground.witness.is_none() {
            // A STUN server that does not answer us either proves nothing, nor does one beside the relay.
            Ending::skipped(format!("not testable from here: {}", ground.why_no_witness))
        } else if !self.permitted() {
            Ending::skipped("no permission for a peer")
        } else if reflected && wrong.is_none() && !works(Way::Inbound) && self.behind_nat(ground) {
            let text = "not testable from here: nothing comes back through our NAT, and no STUN server elsewhere was \
                        asked (--stun names one)";
            Ending::skipped(text)
        } else if works(Way::RelayToRelay) {
            let text = format!(
                "nothing that the relay {relayed} sends reaches the outside, only its own server: outgoing UDP is blocked there, or no answer finds back"
            );
            Ending::failed(wrong.as_ref().map_or(Cause::RelayEgressBlocked, |(cause, _)| *cause), PATIENCE, text)
        } else {
            let text = format!("nothing that was sent through the relay {relayed} arrived, {}", attempts(proofs));
            Ending::failed(wrong.as_ref().map_or(Cause::RelayEgressBlocked, |(cause, _)| *cause), PATIENCE, text)
        };
        self.record.step(StepName::RelaySend, send);
        let receive = match (works(Way::Inbound), best(Way::Inbound)) {
            (true, _) => match wrong {
                Some((Cause::RelayAddressPrivate, text)) => Ending::failed(Cause::RelayAddressPrivate, took, text),
                _ => Ending::ok(took, format!("unasked data reaches {relayed}")),
            },
            (false, Some(_)) if wrong.is_none() && shares_address(ground, relayed) => {
                let text = format!(
                    "not testable from here: the world sees us and the relay at {}, so what we send there turns round in \
                     our own router",
                    relayed.ip()
                );
                Ending::skipped(text)
            }
            (false, Some(_)) => {
                let (cause, text) = wrong.unwrap_or_else(|| {
                    let text = format!(
                        "nothing sent to {relayed} arrives ({} copies, {}): the relay ports are closed from outside, or not forwarded to the server",
                        COPIES.len(),
                        span(PATIENCE)
                    );
                    (Cause::RelayPortsUnreachable, text)
                });
                Ending::failed(cause, PATIENCE, text)
            }
            (false, None) => match wrong {
                Some((cause, text)) => Ending::failed(cause, took, text),
                None if !self.permitted() => Ending::skipped("no permission for a peer"),
                None => Ending::skipped(format!("not testable from here: {}", ground.why_no_witness)),
            },
        };
        self.record.step(StepName::RelayReceive, receive);
        self.say_why(ground);
    }

    fn behind_nat(&self, ground: &Ground) -> bool {
        ground.witness.as_ref().is_some_and(|(station, mapped)| station.local().ip() != mapped.ip())
    }

    fn say_why(&self, ground: &Ground) {
        if !ground.why_no_second.is_empty() {
            let text = ground.why_no_second.clone();
            let elapsed_ms = self.hands.now().millis();
            self.hands.tell(crate::report::Event::Note { elapsed_ms, text });
        }
    }
}

/// The server stands behind the same NAT as we do, so that the way to it is none that others take.
fn shares_address(ground: &Ground, relayed: SocketAddr) -> bool {
    ground
        .witness
        .as_ref()
        .is_some_and(|(station, mapped)| mapped.ip() == relayed.ip() && station.local().ip() != mapped.ip())
}

/// What is wrong with the relayed address itself.
fn address_cause(server: IpAddr, relayed: SocketAddr, seen: Option<SocketAddr>) -> Option<(Cause, String)> {
    if is_private(relayed.ip()) && !is_private(server) {
        let text = format!(
            "the relayed address {relayed} is private, but the server is reached at {server}: nobody outside can send there"
        );
        return Some((Cause::RelayAddressPrivate, text));
    }
    let seen = seen?;
    if seen.ip() != relayed.ip() {
        let text = format!("the server hands out {relayed}, but the world sees its packets come from {seen}");
        return Some((Cause::RelayAddressWrong, text));
    }
    (seen.port() != relayed.port()).then(|| {
        let text =
            format!("the server hands out {relayed}, but the world sees its packets come from port {}", seen.port());
        (Cause::RelayPortRewritten, text)
    })
}

/// Not reachable from the Internet: RFC 1918, shared (RFC 6598), link-local, loopback, unique local.
pub(super) fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

fn attempts(proofs: &[Proof]) -> String {
    let ways = proofs.iter().map(|proof| match proof.way {
        Way::Inbound => "to it",
        Way::Outbound => "from it to a second socket",
        Way::Reflection => "from it to a STUN server",
        Way::RelayToRelay => "from it to a second relay",
    });
    let mut ways: Vec<&str> = ways.collect();
    ways.dedup();
    format!("tried {}", ways.join(", "))
}

use std::net::SocketAddr;

use crate::report::{Report, Way};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// Data goes out through a NAT gateway or a second address. Clients that accept a peer reflexive
    /// candidate cope; strict peers and firewalls drop it.
    ///
    /// # How it is told apart
    ///
    /// Unasked data reaches the relayed address, and what the relay sends is seen from another one.
    ///
    /// # What to do
    ///
    /// Give the TURN server a public address of its own, or translate outgoing packets to the same
    /// address and port.
    ///
    /// # References
    ///
    /// RFC 8656 section 7.2; RFC 8445 section 7.3.1.3
    "relay-egress-ip-mismatch", Error, "The relay sends from another address than it receives at", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        let relayed: SocketAddr = turn.allocation.as_ref()?.relayed.parse().ok()?;
        turn.proofs.iter().find(|proof| proof.way == Way::Inbound && proof.received > 0)?;
        let (number, seen) = turn.proofs.iter().enumerate().find_map(|(number, proof)| {
            let seen: SocketAddr = proof.seen_as.as_deref()?.parse().ok()?;
            (matches!(proof.way, Way::Outbound | Way::Reflection) && seen.ip() != relayed.ip())
                .then_some((number, seen))
        })?;
        let detail = format!("The relay {} is reached at that address, but sends from {}.", relayed.ip(), seen.ip());
        let fix = format!(
            "Translate what {} sends to {} with the same port, or give it that address itself.",
            contact.ip(),
            relayed.ip()
        );
        Some(
            Diagnosis::of(contact, detail)
                .fact(format!("{at}/proofs/{number}/seenAs"), format!("seen as {seen}"))
                .fact(format!("{at}/allocation/relayed"), format!("relayed {relayed}"))
                .fix(fix),
        )
    };
    contacts(report).iter().filter_map(say).collect()
}

use std::net::SocketAddr;

use crate::report::{Cause, Report, Way};
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// `external-ip` is stale or wrong: the address changed at a restart, or the address of a NAT
    /// gateway was written down.
    ///
    /// # How it is told apart
    ///
    /// What the relay sends comes from another address than the relayed one, and nothing that is sent
    /// to the relayed address arrives. When it does arrive, only the way out differs:
    /// `relay-egress-ip-mismatch`.
    ///
    /// # What to do
    ///
    /// Write the address that the world sees, and keep it up to date when it can change:
    ///
    ///     external-ip=203.0.113.9
    ///
    /// # References
    ///
    /// RFC 8656 section 7.2; coturn: external-ip
    "relay-address-wrong-public", Error, "The TURN server hands out an address that is not its own", check,
    over ["relay-ports-unreachable", "relay-egress-ip-mismatch"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::RelayAddressWrong, |contact, trouble| {
        let (turn, at) = contact.turn.as_ref()?;
        let relayed: SocketAddr = turn.allocation.as_ref()?.relayed.parse().ok()?;
        let seen = turn.proofs.iter().enumerate().find_map(|(number, proof)| {
            let seen: SocketAddr = proof.seen_as.as_deref()?.parse().ok()?;
            (matches!(proof.way, Way::Outbound | Way::Reflection) && seen.ip() != relayed.ip())
                .then_some((number, seen))
        });
        let handed = relayed.ip();
        // What is sent there arrives: it is its own, and only the way out is another.
        if turn.proofs.iter().any(|proof| proof.way == Way::Inbound && proof.received > 0) {
            return None;
        }
        let inbound = turn.proofs.iter().any(|proof| proof.way == Way::Inbound);
        let reached = match inbound {
            true => "nothing sent there from here arrives",
            false => "whether anything sent there arrives could not be tried from here",
        };
        let detail = match seen {
            Some((_, seen)) => {
                format!("{} hands out {handed}, but sends from {}, and {reached}.", contact.ip(), seen.ip())
            }
            None => format!("{} hands out {handed}, which is not where the world finds the relay.", contact.ip()),
        };
        let right = seen.map_or("PUBLIC".to_string(), |(_, seen)| seen.ip().to_string());
        let fix = format!(
            "Set external-ip={right} in turnserver.conf (behind a 1:1 NAT external-ip={right}/PRIVATE) and \
             restart coturn."
        );
        let diagnosis = Diagnosis::by(contact, trouble, detail)
            .fact(format!("{at}/allocation/relayed"), format!("relayed {relayed}"));
        Some(
            match seen {
                Some((number, seen)) => {
                    diagnosis.fact(format!("{at}/proofs/{number}/seenAs"), format!("seen from outside: {seen}"))
                }
                None => diagnosis,
            }
            .fix(fix),
        )
    })
}

use std::net::SocketAddr;

use crate::report::{Report, Severity, Way};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// The server hands out one port, the world sees another, so answers to the one that was handed
    /// out need not arrive. Container bridges with masquerading do this.
    ///
    /// # How it is told apart
    ///
    /// What the relay sends comes from the relayed address, but from another port. When unasked data
    /// still arrives at the relayed port, it is only a warning.
    ///
    /// # What to do
    ///
    /// Use the host's network, or publish the relay ports one to one:
    ///
    ///     docker run --network host
    ///     -p 49152-49252:49152-49252/udp --min-port=49152 --max-port=49252
    ///
    /// # References
    ///
    /// RFC 8656 section 7.2; RFC 4787 section 4.2; coturn: min-port, max-port
    "relay-port-rewritten", Error, "A NAT in front of the server changes the relay's port", check,
    over ["relay-ports-unreachable"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        let relayed: SocketAddr = turn.allocation.as_ref()?.relayed.parse().ok()?;
        let (number, seen) = turn.proofs.iter().enumerate().find_map(|(number, proof)| {
            let seen: SocketAddr = proof.seen_as.as_deref()?.parse().ok()?;
            let rewritten = seen.ip() == relayed.ip() && seen.port() != relayed.port();
            (matches!(proof.way, Way::Outbound | Way::Reflection) && rewritten).then_some((number, seen))
        })?;
        let open = turn.proofs.iter().any(|proof| proof.way == Way::Inbound && proof.received > 0);
        let detail =
            format!("{} hands out ports that the world sees changed: relayed {relayed}, seen {seen}.", contact.ip());
        let fix = "Run coturn on the host's network (--network host), or forward min-port to max-port one to one \
                   in both directions.";
        let diagnosis = Diagnosis::of(contact, detail)
            .fact(format!("{at}/allocation/relayed"), format!("relayed {relayed}"))
            .fact(format!("{at}/proofs/{number}/seenAs"), format!("seen as {seen}"))
            .fix(fix);
        Some(if open { diagnosis.at_most(Severity::Warning) } else { diagnosis })
    };
    contacts(report).iter().filter_map(say).collect()
}

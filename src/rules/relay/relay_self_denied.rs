use crate::report::{Report, Severity, Way};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// Two clients that both use this server's relay, as with the policy `relay`, cannot reach each
    /// other over it; others can.
    ///
    /// # How it is told apart
    ///
    /// A permission for the relayed or the server's address is refused with 403. Without that, data
    /// to a second relay of the same server that gets lost while all other ways work is a suspicion: a
    /// gateway that does not send back what the server sends to its own public address (hairpinning) looks
    /// the same. coturn checks its own private address behind `external-ip`.
    ///
    /// # What to do
    ///
    /// Allow the server's own addresses:
    ///
    ///     allowed-peer-ip=10.0.0.5
    ///     allowed-peer-ip=203.0.113.9
    ///
    /// # References
    ///
    /// RFC 8656 section 9; coturn: allowed-peer-ip, denied-peer-ip
    "relay-self-denied", Warning, "The server does not relay to its own relay addresses", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        let fix = format!(
            "Add allowed-peer-ip={} (and the private address behind external-ip) to turnserver.conf.",
            contact.ip()
        );
        if let Some((number, audited)) = turn
            .audit
            .iter()
            .enumerate()
            .find(|(_, one)| matches!(one.class.as_str(), "relay" | "server") && one.outcome == "denied")
        {
            let detail = format!("{} refuses its own address {} as a peer.", contact.ip(), audited.peer);
            return Some(Diagnosis::of(contact, detail).fact(format!("{at}/audit/{number}"), "denied").fix(fix));
        }
        let refused = turn.clues.denied_peers.iter().position(|denied| denied.class == "relay");
        if let Some(number) = refused {
            let peer = &turn.clues.denied_peers[number].peer;
            let detail = format!(
                "{} refuses its own relayed address {peer} as a peer: two people who both use this relay cannot talk.",
                contact.ip()
            );
            let fact = format!("{at}/clues/deniedPeers/{number}");
            return Some(Diagnosis::of(contact, detail).fact(fact, "403 to a relayed address of its own").fix(fix));
        }
        let works = |way| turn.proofs.iter().any(|proof| proof.way == way && proof.received > 0);
        let lost = turn.proofs.iter().position(|proof| proof.way == Way::RelayToRelay && proof.received == 0)?;
        if works(Way::RelayToRelay) || !works(Way::Inbound) || !works(Way::Outbound) {
            return None;
        }
        let detail = format!(
            "Data from one relay of {} to another is lost, all other ways work; probably its own address is \
             denied.",
            contact.ip()
        );
        Some(
            Diagnosis::of(contact, detail)
                .fact(format!("{at}/proofs/{lost}"), "relay to relay does not arrive")
                .fix(fix)
                .at_most(Severity::Info)
                .suspected("rtcprobe turn --audit asks for that permission, and 403 is the answer"),
        )
    };
    contacts(report).iter().filter_map(say).collect()
}

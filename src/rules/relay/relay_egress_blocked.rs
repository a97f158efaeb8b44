use crate::report::{Cause, Report, Way};
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// The server cannot send from its relay ports: a firewall blocks its outgoing UDP. One packet to
    /// an address without a route can also close coturn's relay socket.
    ///
    /// # How it is told apart
    ///
    /// What is sent through the relay reaches neither a second socket here nor a STUN server. When
    /// the relay of a second allocation gets it, the server relays and the way out is closed.
    ///
    /// # What to do
    ///
    /// Allow outgoing UDP from the server; in network ACLs, the ephemeral ports in both directions.
    /// Forbid peers with `denied-peer-ip`, not with rules for outgoing packets.
    ///
    /// # References
    ///
    /// RFC 8656 section 11; coturn: denied-peer-ip
    "relay-egress-blocked", Error, "Nothing gets out of the relay", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::RelayEgressBlocked, |contact, trouble| {
        let (turn, at) = contact.turn.as_ref()?;
        let relays = turn.proofs.iter().any(|proof| proof.way == Way::RelayToRelay && proof.received > 0);
        let more = if relays { " A second relay on the same server does get it." } else { "" };
        let detail = format!("What is sent through the relay of {} reaches nobody outside.{more}", contact.ip());
        let fix = format!(
            "Allow outgoing UDP on {}: ufw default allow outgoing, and the cloud's egress rules and network ACL.",
            contact.ip()
        );
        let diagnosis = Diagnosis::by(contact, trouble, detail).fix(fix);
        let proof = turn.proofs.iter().position(|proof| proof.way == Way::Outbound);
        Some(match proof {
            Some(number) => diagnosis.fact(
                format!("{at}/proofs/{number}"),
                "data from the relay does not arrive \
                 here",
            ),
            None => diagnosis,
        })
    })
}

use crate::report::{Cause, Report, Way};
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// Allocations succeed, but nothing that peers send to them arrives: the firewall is open for
    /// 3478 and not for the relay ports. Calls fail as soon as both sides are behind NATs.
    ///
    /// # How it is told apart
    ///
    /// Unasked datagrams from a second socket here to the relayed address do not arrive. Tests from
    /// relay to relay, and echoes, pass all the same. A network here that lets UDP out to few ports
    /// only looks the same: run it from another network to be sure.
    ///
    /// # What to do
    ///
    /// Open UDP from `min-port` to `max-port` for everybody, in the cloud's security group as well:
    ///
    ///     ufw allow 49152:65535/udp
    ///     min-port=49152
    ///     max-port=65535
    ///
    /// In a container use the host's network, or publish the range.
    ///
    /// # References
    ///
    /// RFC 8656 sections 3.1 and 11.3; coturn: min-port, max-port
    "relay-ports-unreachable", Error, "The relay ports cannot be reached from outside", check,
    like ["docker-port-range"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::RelayPortsUnreachable, |contact, trouble| {
        let (turn, at) = contact.turn.as_ref()?;
        let relayed = turn.allocation.as_ref()?.relayed.as_str();
        let outside =
            turn.proofs.iter().any(|proof| matches!(proof.way, Way::Outbound | Way::Reflection) && proof.received > 0);
        let more = if outside { " Data from the relay does get out." } else { "" };
        let ip = relayed.rsplit_once(':').map_or(relayed, |(ip, _)| ip);
        let detail = format!("Nothing that is sent from here to the relay ports of {ip} arrives.{more}");
        let fix = format!(
            "Open UDP min-port to max-port at {ip} for everybody: ufw allow 49152:65535/udp, and in the cloud's \
             security group. In a container: --network host, or publish the range."
        );
        let diagnosis = Diagnosis::by(contact, trouble, detail)
            .fact(format!("{at}/allocation/relayed"), format!("relayed {relayed}"));
        let proof = turn.proofs.iter().position(|proof| proof.way == Way::Inbound);
        Some(
            match proof {
                Some(number) => diagnosis
                    .fact(format!("{at}/proofs/{number}"), "unasked data to the relayed address does not arrive"),
                None => diagnosis,
            }
            .fix(fix),
        )
    })
}

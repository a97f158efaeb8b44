use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// The TURN server does not relay to a peer that calls need: the media server (SFU, MCU) of the
    /// conference. Whoever is behind a strict firewall reaches TURN, and has no media.
    ///
    /// # How it is told apart
    ///
    /// The peer was named with `--peer`, and a permission for it is answered with 403 (or 443, of the
    /// other address family). Nothing is sent to it. Without `--peer` nobody can know which addresses
    /// are needed, and 403 for a private one is usually right.
    ///
    /// # What to do
    ///
    /// Allow this address beside the ranges that are denied:
    ///
    ///     denied-peer-ip=10.0.0.0-10.255.255.255
    ///     allowed-peer-ip=10.0.0.7
    ///
    /// eturnal: `whitelist` beside `blacklist`, in newer versions `whitelist_peers`. STUNner: name the
    /// Service of the media server in the `UDPRoute`.
    ///
    /// # References
    ///
    /// RFC 8656 section 9.2; coturn: allowed-peer-ip, denied-peer-ip
    "peer-needed-but-denied", Error, "The server refuses to relay to a peer that is needed", check,
    over ["peer-private-denied"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        let denied = turn.needed_peers.iter().enumerate().filter(|(_, peer)| peer.outcome == "denied");
        let denied: Vec<_> = denied.collect();
        let peers: Vec<&str> = denied.iter().map(|(_, peer)| peer.peer.as_str()).collect();
        if peers.is_empty() {
            return None;
        }
        let detail = format!("{} gives no permission for {}.", contact.ip(), peers.join(", "));
        let lines: Vec<String> = peers.iter().map(|peer| format!("allowed-peer-ip={peer}")).collect();
        let fix = format!(
            "Add {} to turnserver.conf and restart coturn; eturnal: whitelist; STUNner: the media server's Service in \
             the UDPRoute.",
            lines.join(", ")
        );
        let mut diagnosis = Diagnosis::of(contact, detail).fix(fix);
        for (number, peer) in denied {
            let code = peer.error_code.map_or_else(String::new, |code| format!("{code} "));
            let says = format!("{code}to a permission for {}", peer.peer);
            diagnosis = diagnosis.fact(format!("{at}/neededPeers/{number}"), says);
        }
        Some(diagnosis)
    };
    contacts(report).iter().filter_map(say).collect()
}

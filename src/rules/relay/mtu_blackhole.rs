use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// Somewhere on the way to the relay large datagrams vanish, and nobody says so. ICE and audio,
    /// whose packets are small, look well; the DTLS handshake or video is lost.
    ///
    /// # How it is told apart
    ///
    /// Datagrams of several sizes are sent through the relay at once. From a certain size on, none of
    /// six copies arrives, and every smaller one does. Where ICMP \"fragmentation needed\" gets through,
    /// the later copies arrive in fragments, and there is no finding. Loss by chance takes small ones
    /// as well as large ones.
    ///
    /// # What to do
    ///
    /// Look for a tunnel (VPN, PPPoE, WireGuard) on the way here or at the server, set the MTU of its
    /// interface, and let ICMP \"fragmentation needed\" and ICMPv6 \"packet too big\" pass:
    ///
    ///     ip link set dev wg0 mtu 1280
    ///     nft add rule inet filter forward icmp type destination-unreachable accept
    ///
    /// A relay over TCP or TLS is not concerned.
    ///
    /// # References
    ///
    /// RFC 8899 section 1; RFC 8200 section 5
    "mtu-blackhole", Warning, "Large datagrams vanish on the way to the relay", check,
    over ["relay-lossy"]
}

/// Payloads of browsers are not larger.
const NEEDED: u32 = 1200;

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (clues, at) = contact.clues()?;
        let sizes = clues.relay_sizes.as_ref()?;
        let (largest, lost) = (sizes.largest_bytes?, sizes.lost_from_bytes.filter(|lost| *lost <= NEEDED)?);
        let detail = format!(
            "Payloads of {largest} bytes get through the relay of {}, those of {lost} and more never do: none of {} \
             copies, and no ICMP.",
            contact.ip(),
            sizes.copies
        );
        let fix = "Set the MTU of the tunnel (VPN, PPPoE) on the way, let ICMP \"fragmentation needed\" pass, or use \
                   turns: over TCP.";
        let diagnosis = Diagnosis::of(contact, detail)
            .fact(format!("{at}/relaySizes/lostFromBytes"), format!("{lost} bytes and more are lost"))
            .fact(format!("{at}/relaySizes/largestBytes"), format!("{largest} bytes arrive"));
        Some(diagnosis.fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

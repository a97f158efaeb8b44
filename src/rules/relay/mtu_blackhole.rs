use crate::report::{Cause, Report, Severity};
use crate::rules::{Contact, Diagnosis, contacts, rule, same_place};

rule! {
    /// # What it means
    ///
    /// Somewhere on the way to the relay large datagrams vanish, and nobody says so. ICE and audio,
    /// whose packets are small, look well; the DTLS handshake or video is lost.
    ///
    /// # How it is told apart
    ///
    /// Datagrams of several sizes are sent through the relay at once. From a certain size on, none of
    /// six copies arrives, and every smaller one does. Where ICMP "fragmentation needed" gets through,
    /// the later copies arrive in fragments, and there is no finding. Loss by chance takes small ones
    /// as well as large ones. Where the server's part of a TLS handshake is as large, it is lost as well,
    /// and the handshake stays without answer.
    ///
    /// # What to do
    ///
    /// Look for a tunnel (VPN, PPPoE, WireGuard) on the way here or at the server, set the MTU of its
    /// interface, and let ICMP "fragmentation needed" and ICMPv6 "packet too big" pass:
    ///
    ///     ip link set dev wg0 mtu 1280
    ///     nft add rule inet filter forward icmp type destination-unreachable accept
    ///
    /// TCP is helped by a smaller segment size:
    ///
    ///     iptables -t mangle -A FORWARD -p tcp --syn -j TCPMSS --clamp-mss-to-pmtu
    ///
    /// # References
    ///
    /// RFC 8899 section 1; RFC 8200 section 5
    "mtu-blackhole", Error, "Large packets vanish between here and the server", check,
    over ["relay-lossy", "tls-all-versions-disabled", "tls-on-plain-port-hang"]
}

/// Payloads of browsers are not larger.
const NEEDED: u32 = 1200;

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let say = |contact: &Contact<'_>| {
        let (clues, at) = contact.clues()?;
        let sizes = clues.relay_sizes.as_ref()?;
        let (largest, lost) = (sizes.largest_bytes?, sizes.lost_from_bytes?);
        let same = same_place(&all, contact);
        let hung = |other: &&&Contact<'_>| other.cause(Cause::HandshakeTimeout).is_some() && !other.is_datagram();
        let hung: Vec<_> = same.iter().filter(hung).collect();
        if lost > NEEDED && hung.is_empty() {
            return None;
        }
        let mut detail = format!(
            "Payloads of {largest} bytes get through the relay of {}, those of {lost} and more never do: none of {} \
             copies, and no ICMP.",
            contact.ip(),
            sizes.copies
        );
        if let Some(tls) = hung.first() {
            detail += &format!(" The TLS handshake of {}, which is as large, is not answered either.", tls.place());
        }
        let fix = "Set the MTU of the tunnel (VPN, PPPoE) on the way, clamp TCP's MSS to it, and let ICMP \
                   \"fragmentation needed\" pass.";
        let mut diagnosis = Diagnosis::of(contact, detail)
            .fact(format!("{at}/relaySizes/lostFromBytes"), format!("{lost} bytes and more are lost"))
            .fact(format!("{at}/relaySizes/largestBytes"), format!("{largest} bytes arrive"));
        for tls in &hung {
            diagnosis = diagnosis.also(tls);
            if let Some(trouble) = tls.cause(Cause::HandshakeTimeout) {
                diagnosis = diagnosis.shown(trouble);
            }
        }
        // Audio is smaller; a handshake that does not end is the end.
        let weight = if hung.is_empty() { Severity::Warning } else { Severity::Error };
        Some(diagnosis.fix(fix).at_most(weight))
    };
    all.iter().filter_map(say).collect()
}

use crate::report::Report;
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// IP packets as large as WebRTC sends them do not pass whole: up to about 1230 bytes, and up to
    /// about 1280 through a relay. The DTLS handshake or video is lost while ICE, whose packets are
    /// small, looks well.
    ///
    /// # How it is told apart
    ///
    /// Packets that must not be fragmented are lost from a certain size on, and smaller ones arrive.
    ///
    /// # What to do
    ///
    /// Look for a tunnel (VPN, PPPoE, WireGuard) with a small MTU, and let ICMP "fragmentation needed"
    /// pass. A relay over TCP or TLS is not concerned.
    ///
    /// # References
    ///
    /// RFC 8200 section 5; RFC 4787 section 10 (REQ-13)
    "path-mtu-small", Warning, "The path takes only small packets", check
}

/// What IPv6 asks of every link, and what WebRTC through a relay just fits into.
const ENOUGH: u32 = 1280;

fn check(report: &Report) -> Vec<Diagnosis> {
    let small = report.nat.as_ref().and_then(|nat| nat.path_mtu).filter(|mtu| *mtu < ENOUGH);
    let Some(mtu) = small else { return Vec::new() };
    let vanish = report.nat.as_ref().and_then(|nat| nat.path_mtu_black_hole);
    let how = match vanish {
        Some(true) => ", and nothing says so: no ICMP message comes back",
        Some(false) => ", as a router says by ICMP",
        None => "",
    };
    let detail =
        format!("IP packets of more than {mtu} bytes do not pass unfragmented{how}; media packets have up to 1280.");
    let fix = match vanish {
        Some(false) => "Raise the MTU of the tunnel on the way, or use turns: over TCP.",
        _ => "Raise the MTU of the tunnel on the way, let ICMP pass, or use turns: over TCP.",
    };
    let diagnosis = Diagnosis::of_the_network(report, detail).fact("/nat/pathMtu", format!("{mtu} bytes")).fix(fix);
    vec![match vanish {
        Some(vanish) => diagnosis.fact(
            "/nat/pathMtuBlackHole",
            if vanish { "larger packets vanish without a word" } else { "a router says what is too large" },
        ),
        None => diagnosis,
    }]
}

use crate::report::Report;
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// UDP packets that are larger than the path are lost, as their fragments do not pass. WebRTC keeps
    /// its packets small and does not notice; SIP over UDP with large messages, DTLS with large
    /// certificates and some VPNs do.
    ///
    /// # How it is told apart
    ///
    /// A request and an answer that both come in fragments do not make it there and back, while small
    /// ones do. Whether the NAT or something behind it drops them cannot be told from here.
    ///
    /// # What to do
    ///
    /// Let the firewall reassemble or pass fragments; keep datagrams below 1200 bytes.
    ///
    /// # References
    ///
    /// RFC 4787 section 11 (REQ-14); RFC 5780 section 3.5
    "fragments-dropped", Info, "Large datagrams are lost on the way", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let Some(_) = report.nat.as_ref().filter(|nat| nat.fragments == Some(false)) else { return Vec::new() };
    let detail = "A datagram in fragments was not answered by a server that answers small ones.";
    let fix = "Nothing for WebRTC; keep other datagrams below 1200 bytes, or let fragments pass the firewall.";
    vec![Diagnosis::of_the_network(report, detail).fact("/nat/fragments", "fragments are lost").fix(fix)]
}

use crate::report::Report;
use crate::report::nat::Pooling;
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// Sockets of one host get different public addresses. Applications that expect all their traffic
    /// to come from one address break: RTP and RTCP on two ports, servers that tie a session to an
    /// address. WebRTC on one port (BUNDLE and rtcp-mux) does not notice.
    ///
    /// # How it is told apart
    ///
    /// Several sockets asked the same server and were seen at different addresses. Two lines of an
    /// Internet connection look the same.
    ///
    /// # What to do
    ///
    /// Let the NAT pair addresses (sticky, or persistent, source NAT); use BUNDLE and rtcp-mux.
    ///
    /// # References
    ///
    /// RFC 4787 section 4.1 (REQ-2)
    "nat-pooling-arbitrary", Info, "Sockets of this host get different public addresses", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let arbitrary = report.nat.as_ref().filter(|nat| nat.address_pooling == Some(Pooling::Arbitrary));
    let Some(nat) = arbitrary else { return Vec::new() };
    let detail = format!("This host is seen as {}.", nat.public_addresses.join(" and "));
    let fix = "Make the NAT pair addresses where traffic on several ports has to come from one address; calls with \
               BUNDLE and rtcp-mux need nothing.";
    vec![Diagnosis::of_the_network(report, detail).fact("/nat/addressPooling", "pooling is arbitrary").fix(fix)]
}

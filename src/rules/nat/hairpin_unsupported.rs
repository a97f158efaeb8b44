use crate::report::Report;
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// Packets from inside to the NAT's own public address do not come back in. Two peers behind this
    /// NAT that know only each other's public addresses do not find each other: browsers that hide host
    /// candidates, subnets without a route between them, a TURN server inside that is named by its
    /// public address.
    ///
    /// # How it is told apart
    ///
    /// Two sockets, each with its public address known and its filter opened by the other, hear nothing
    /// of each other by these addresses. Peers on one network usually have their host candidates.
    ///
    /// # What to do
    ///
    /// Switch on NAT loopback (NAT reflection) in the router, or let such peers use a relay outside. For
    /// a server inside, let its name resolve to its inside address there (split DNS).
    ///
    /// # References
    ///
    /// RFC 4787 section 6 (REQ-9); RFC 5780 section 3.4
    "hairpin-unsupported", Info, "The NAT does not turn packets to its own address back in", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let Some(nat) = report.nat.as_ref().filter(|nat| nat.hairpinning == Some(false)) else { return Vec::new() };
    let address = nat.public_addresses.first().map_or("its public address", String::as_str);
    let detail = format!(
        "Nothing came back in that was sent from here to {address}: two peers behind this NAT meet by host candidates \
         or by relay."
    );
    let fix = "Harmless where peers here see each other's host candidates; else switch on NAT loopback in the router.";
    vec![Diagnosis::of_the_network(report, detail).fact("/nat/hairpinning", "hairpinning does not work").fix(fix)]
}

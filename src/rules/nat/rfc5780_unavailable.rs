use crate::report::Report;
use crate::report::nat::{Behaviour, Method, Udp};
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// None of the servers can send from a second address, so whom the NAT lets in could not be tested.
    /// Most public STUN servers are like that. It is no fault of the network.
    ///
    /// # How it is told apart
    ///
    /// No answer had an OTHER-ADDRESS that is true, and no TURN server gave a relayed address to test
    /// from. Mapping does not need it: two plain servers are enough.
    ///
    /// # What to do
    ///
    /// Name a TURN server with credentials beside a STUN server: its relayed addresses do as well. Or run
    /// coturn with two addresses:
    ///
    ///     listening-ip=203.0.113.9
    ///     listening-ip=203.0.113.10
    ///     rfc5780
    ///
    /// # References
    ///
    /// RFC 5780 section 7.4; coturn rfc5780 (off by default since 4.7)
    "rfc5780-unavailable", Info, "No server can tell whom the NAT lets in", check
}

/// Where the reason stands why filtering is not known.
const WHY: &str = "/nat/filtering";

fn check(report: &Report) -> Vec<Diagnosis> {
    let Some(nat) = report.nat.as_ref().filter(|nat| nat.udp == Udp::Open) else { return Vec::new() };
    let by_rfc5780 = [nat.mapping_method, nat.filtering_method].contains(&Some(Method::Rfc5780));
    let lacking = |why: &&String| why.starts_with("needs-") || why.starts_with("server-");
    let why = report.unknown.get(WHY).filter(lacking);
    let (Behaviour::Unknown, false, Some(why)) = (nat.filtering, by_rfc5780, why) else { return Vec::new() };
    let detail =
        "No server has a second address to send from, and no relayed address was there: filtering is not known.";
    let fix = "Name a TURN server with --turn and its credentials, or a STUN server that speaks RFC 5780.";
    let says = format!("filtering is not known: {}", why.replace('-', " "));
    vec![Diagnosis::of_the_network(report, detail).fact("/unknown/~1nat~1filtering", says).fix(fix)]
}

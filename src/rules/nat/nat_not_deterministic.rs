use crate::report::Report;
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// The NAT behaves in different ways with different sockets. Mostly it keeps ports while they are
    /// free, and becomes stricter where two hosts want the same one; or two NATs share the load.
    ///
    /// # How it is told apart
    ///
    /// The same test was repeated from other sockets, and came out differently, loss ruled out.
    ///
    /// # What to do
    ///
    /// Reckon with the stricter behaviour: have a TURN server.
    ///
    /// # References
    ///
    /// RFC 4787 section 8 (REQ-11)
    "nat-not-deterministic", Warning, "The NAT behaves differently from socket to socket", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let Some(_) = report.nat.as_ref().filter(|nat| nat.deterministic == Some(false)) else { return Vec::new() };
    let detail = "The same test with other sockets came out differently; calls go direct with luck where only the better \
                  behaviour allows it.";
    let says = "not the same with other sockets";
    let fix = "Have a TURN server; the next call may meet the stricter behaviour.";
    vec![Diagnosis::of_the_network(report, detail).fact("/nat/deterministic", says).fix(fix)]
}

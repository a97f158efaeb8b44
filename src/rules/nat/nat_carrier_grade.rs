use crate::report::Report;
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// The provider shares one public address among several customers. Nothing that is opened in the
    /// router at home (port forwarding, UPnP) makes this host reachable, and two customers of the same
    /// provider meet only if its NAT turns packets back in.
    ///
    /// # How it is told apart
    ///
    /// An address of 100.64.0.0/10, which is set apart for providers, stands between here and the
    /// Internet.
    ///
    /// # What to do
    ///
    /// Use IPv6 where the provider has it, ask for a public address, or run servers elsewhere. For
    /// calls have a TURN server.
    ///
    /// # References
    ///
    /// RFC 6598; RFC 6888
    "nat-carrier-grade", Info, "The provider has a NAT of its own (carrier-grade)", check,
    over ["nat-double"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let Some(_) = report.nat.as_ref().filter(|nat| nat.carrier_grade_nat == Some(true)) else { return Vec::new() };
    let detail = "An address of 100.64.0.0/10 was seen on the way: several customers share one public address.";
    let fix = "For calls have a TURN server; to be reachable use IPv6 or ask the provider for a public address.";
    vec![Diagnosis::of_the_network(report, detail).fact("/nat/carrierGradeNat", "100.64.0.0/10 was seen").fix(fix)]
}

use crate::report::Report;
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// There is more than one NAT between here and the Internet, such as a router behind the
    /// provider's router. Calls work as with one NAT that is as strict as the stricter of the two; what
    /// is opened in the inner one (port forwarding, UPnP) stays closed in the outer.
    ///
    /// # How it is told apart
    ///
    /// The router says that its outside address is another one than servers see, or a private one.
    ///
    /// # What to do
    ///
    /// Put the router that is not needed into bridge mode, where calls or servers suffer from it.
    ///
    /// # References
    ///
    /// RFC 5780 section 7.3; RFC 6887 section 1
    "nat-double", Info, "There is more than one NAT on the way", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let Some(nat) = report.nat.as_ref().filter(|nat| nat.double_nat == Some(true)) else { return Vec::new() };
    let mut diagnosis = Diagnosis::of_the_network(report, "Packets go through more than one NAT.")
        .fact("/nat/doubleNat", "more than one NAT")
        .fix("Nothing for calls; to open ports, put the outer router into bridge mode or open them in both.");
    if let Some(gateway) = &nat.gateway
        && let Some(own) = &gateway.external
    {
        diagnosis.detail =
            format!("The router {} says that its outside address is {own}; servers see another one.", gateway.address);
        diagnosis = diagnosis.fact("/nat/gateway/external", format!("{own} is not what servers see"));
    }
    vec![diagnosis]
}

use crate::report::Report;
use crate::rules::certificate::{Flaw, flaws};
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// Clients without that authority's certificate refuse the server.
    ///
    /// # How it is told apart
    ///
    /// The chain is complete or ends at an authority that the system does not trust; a certificate
    /// alone whose issuer is unknown is `tls-cert-incomplete-chain`.
    ///
    /// # What to do
    ///
    /// Use a public authority, or install the private one's certificate on the clients; here,
    /// `--ca-file`.
    ///
    /// # References
    ///
    /// RFC 5280 section 6
    "tls-cert-untrusted-ca", Error, "The server's certificate comes from an authority that is not trusted", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    flaws(report, Flaw::UnknownAuthority, |contact, tls, at| {
        let issuer = tls.chain.last().map(|last| last.issuer.as_str()).or(tls.issuer.as_deref());
        let detail = format!("The chain of {} ends at {}.", contact.place(), issuer.unwrap_or("an unknown authority"));
        let fix = "Use a certificate of a public authority, or install the authority's certificate on every \
                   client (here: --ca-file).";
        let why = tls.distrust.as_deref().unwrap_or("not trusted");
        Diagnosis::of(contact, detail).fact(format!("{at}/distrust"), why).fix(fix)
    })
}

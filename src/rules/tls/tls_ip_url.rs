use crate::report::Report;
use crate::rules::certificate::{Flaw, flaws};
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// Public authorities seldom certify addresses, so the certificate cannot match what the client
    /// connects to.
    ///
    /// # How it is told apart
    ///
    /// The host of the URL is an address, and the certificate does not name it.
    ///
    /// # What to do
    ///
    /// Write the server's name into the URL.
    ///
    ///     turns:turn.example.org:5349?transport=tcp
    ///
    /// # References
    ///
    /// RFC 9525 section 6.3; RFC 5280 section 4.2.1.6
    "tls-ip-url", Error, "A turns: URL with an address instead of a name", check,
    over ["tls-cert-hostname-mismatch"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let mut found = flaws(report, Flaw::WrongName, |contact, tls, at| {
        let name = tls.subject_alt_names.iter().find(|name| !name.starts_with('*')).map_or("HOST", String::as_str);
        let detail = format!("{} is an address; the certificate there is for {name}.", contact.url.host);
        let fix = format!("Write turns:{name}:{}?transport=tcp instead.", contact.port());
        let diagnosis = Diagnosis::of(contact, detail).fact(format!("{at}/subjectAltNames"), format!("names {name}"));
        diagnosis.fix(if contact.url.is_address() { fix } else { String::new() })
    });
    // A name in the URL is a matter of another rule.
    found.retain(|diagnosis| !diagnosis.fix.is_empty());
    found
}

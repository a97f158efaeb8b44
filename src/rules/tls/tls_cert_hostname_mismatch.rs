use crate::report::Report;
use crate::rules::certificate::{Flaw, flaws};
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// Clients refuse it, because the name in the URL is not among the certificate's names.
    ///
    /// # How it is told apart
    ///
    /// The chain is checked and the subjectAltName does not cover the host. When the URL has an
    /// address instead of a name, it is `tls-ip-url`.
    ///
    /// # What to do
    ///
    /// Use a name of the certificate in the URL, or have one issued that covers the host:
    ///
    ///     certbot certonly -d turn.example.org
    ///
    /// # References
    ///
    /// RFC 9525 section 6.3; RFC 8489 section 6.2.3
    "tls-cert-hostname-mismatch", Error, "The server's certificate is for another name", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    flaws(report, Flaw::WrongName, |contact, tls, at| {
        let host = contact.url.host;
        let names: Vec<&str> = tls.subject_alt_names.iter().take(3).map(String::as_str).collect();
        let names = if names.is_empty() { "no host at all".to_string() } else { names.join(", ") };
        let detail = format!("The certificate of {} is for {names}, the URL says {host}.", contact.place());
        let fix = format!(
            "Use a name of the certificate in the URL, or issue one for {host} (certbot certonly -d \
             {host})."
        );
        Diagnosis::of(contact, detail).fact(format!("{at}/subjectAltNames"), format!("names {names}")).fix(fix)
    })
}

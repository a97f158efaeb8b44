use crate::report::Report;
use crate::rules::certificate::{Flaw, flaws};
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// No browser accepts it, and none asks the user about it for TURN.
    ///
    /// # How it is told apart
    ///
    /// Issuer and subject are the same, and it is not among the trusted roots.
    ///
    /// # What to do
    ///
    /// Use a certificate of a public authority, or give the certificate to every client that you
    /// manage. To check such a server, name it with `--ca-file`.
    ///
    ///     certbot certonly --standalone -d turn.example.org
    ///
    /// # References
    ///
    /// RFC 5280 section 6; coturn: cert, pkey
    "tls-cert-self-signed", Error, "The server's certificate is signed by itself", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    flaws(report, Flaw::SelfSigned, |contact, tls, at| {
        let subject = tls.chain.first().map_or("", |leaf| leaf.subject.as_str());
        let detail = format!("The certificate of {} vouches for itself.", contact.place());
        let fix = format!(
            "Get one from a public authority (certbot certonly -d {}) and set cert= and pkey= in \
             turnserver.conf; for managed clients, --ca-file.",
            contact.url.host
        );
        let fact = if tls.chain.is_empty() { at.to_string() } else { format!("{at}/chain/0") };
        Diagnosis::of(contact, detail).fact(fact, format!("issued by itself {subject}").trim_end().to_string()).fix(fix)
    })
}

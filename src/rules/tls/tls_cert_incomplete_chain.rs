use crate::report::Report;
use crate::rules::certificate::{Flaw, flaws};
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// Clients that do not know the intermediate certificate by chance refuse the server. Desktop
    /// browsers often hide the mistake.
    ///
    /// # How it is told apart
    ///
    /// One certificate is sent, and its issuer is not trusted. It has two readings that look the
    /// same: the intermediate certificate is missing, or a private authority signed the server
    /// directly (`tls-cert-untrusted-ca`).
    ///
    /// # What to do
    ///
    /// Serve the whole chain; Let's Encrypt calls the file fullchain.pem:
    ///
    ///     cert=/etc/letsencrypt/live/turn.example.org/fullchain.pem
    ///
    /// With a private authority, give its certificate to the clients (`--ca-file` here).
    ///
    /// # References
    ///
    /// RFC 8446 section 4.4.2; RFC 5280 section 6; coturn: cert
    "tls-cert-incomplete-chain", Error, "The server sends its certificate without the intermediate one", check,
    like ["tls-cert-untrusted-ca"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    flaws(report, Flaw::IncompleteChain, |contact, tls, at| {
        let issuer = tls.issuer.as_deref().unwrap_or("an unknown authority");
        let detail = format!(
            "{} sends one certificate, issued by {issuer}, which is not trusted: the intermediate certificate is \
             missing, or the authority is a private one.",
            contact.place()
        );
        let fix = format!(
            "Set cert=/etc/letsencrypt/live/{}/fullchain.pem (not cert.pem) and load it: systemctl kill -s USR2 \
             coturn. For a private authority: --ca-file.",
            contact.url.host
        );
        Diagnosis::of(contact, detail).fact(format!("{at}/chain"), "1 certificate").fix(fix)
    })
}

use crate::report::{Cause, RelayProtocol, Report};
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// The server cannot agree to anything: usually the key does not belong to the certificate, the
    /// PEM file is empty, or `cipher-list` leaves nothing.
    ///
    /// # How it is told apart
    ///
    /// Alert 40 (handshake failure) comes at once, before a certificate. Which of the reasons it is,
    /// the wire does not tell.
    ///
    /// # What to do
    ///
    /// Compare the public keys; remove `cipher-list`:
    ///
    ///     openssl x509 -in fullchain.pem -noout -pubkey
    ///     openssl pkey -in privkey.pem -pubout
    ///
    /// # References
    ///
    /// RFC 8446 section 6.2; coturn: pkey, cipher-list
    "tls-key-mismatch", Error, "The server ends the TLS handshake with an alert", check,
    over ["tls-handshake-failed"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::HandshakeFailed, |contact, trouble| {
        let text = trouble.text.to_ascii_lowercase().replace(['_', ' '], "");
        if contact.transport != RelayProtocol::Tls || !text.contains("handshakefailure") {
            return None;
        }
        let detail = format!(
            "{} refuses every handshake; a key that does not belong to the certificate, or an empty cipher-list, \
             is likely.",
            contact.place()
        );
        let fix = "Compare openssl x509 -in CERT -noout -pubkey with openssl pkey -in KEY -pubout; remove \
                   cipher-list; restart coturn.";
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    })
}

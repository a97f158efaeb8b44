use crate::report::{Cause, RelayProtocol, Report};
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// Client and server found no common version or cipher, or what listens there is no TLS server.
    ///
    /// # How it is told apart
    ///
    /// The alert or the error of the handshake is in the evidence; a certificate that is not trusted
    /// has findings of its own.
    ///
    /// # What to do
    ///
    /// Allow TLS 1.2 and 1.3, and see what the port answers:
    ///
    ///     openssl s_client -connect turn.example.org:5349
    ///
    /// # References
    ///
    /// RFC 8446 section 6
    "tls-handshake-failed", Error, "The TLS handshake fails", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::HandshakeFailed, |contact, trouble| {
        if contact.transport != RelayProtocol::Tls {
            return None;
        }
        let place = contact.place();
        let closed = trouble.text.contains("closed the connection");
        let detail = match closed {
            true => format!("{place} closes the connection during the handshake, as a port without TLS may do."),
            false => format!("The handshake with {place} fails."),
        };
        let fix = format!(
            "See what answers: openssl s_client -connect {place}; allow TLS 1.2 and 1.3 on the \
             server, or write turn: for a port without TLS."
        );
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    })
}

use crate::report::{Cause, RelayProtocol, Report};
use crate::rules::tls::asks_for_certificate;
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// Client and server found no common version or cipher, or what listens there is no TLS server.
    ///
    /// # How it is told apart
    ///
    /// The alert or the error of the handshake is in the evidence; a certificate that is not trusted
    /// has findings of its own. An alert "certificate required", which TLS 1.3 sends after the
    /// handshake, says that the server wants to see a certificate of the client's; browsers show none.
    ///
    /// # What to do
    ///
    /// Allow TLS 1.2 and 1.3, and see what the port answers:
    ///
    ///     openssl s_client -connect turn.example.org:5349
    ///
    /// Do not ask clients for certificates (nginx: `ssl_verify_client off`; haproxy: no `verify
    /// required`; coturn: no `CA-file`).
    ///
    /// # References
    ///
    /// RFC 8446 section 6; RFC 8446 section 4.4.2.4
    "tls-handshake-failed", Error, "The TLS handshake fails", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let mut found = each(report, Cause::ConnectionClosed, |contact, trouble| {
        let wanted = asks_for_certificate(trouble) && contact.transport == RelayProtocol::Tls;
        let detail = format!("{} asks clients for a certificate, and browsers have none for TURN.", contact.place());
        let fix = "Do not ask clients for certificates: ssl_verify_client off in nginx, no \"verify required\" in haproxy, \
                   no CA-file in turnserver.conf.";
        wanted.then(|| Diagnosis::by(contact, trouble, detail).fix(fix))
    });
    found.extend(failed(report));
    found
}

fn failed(report: &Report) -> Vec<Diagnosis> {
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

use crate::report::{Cause, Report};
use crate::rules::tls::asks_for_certificate;
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// The TCP connection stands and ends before any answer.
    ///
    /// # How it is told apart
    ///
    /// The end comes without bytes. Suspects: coturn's `tcp-proxy-port`, which wants a PROXY
    /// protocol header first; a port that speaks TLS only; a balancer without a healthy server behind
    /// it, which often ends the connection only when it has given up trying. Behind TLS a web server that
    /// answers a request makes it `tls-terminated-by-http`.
    ///
    /// # What to do
    ///
    /// Use the plain port, or send the PROXY header that the port expects. See whether the server behind
    /// the balancer runs, and at the port that the balancer is told.
    ///
    /// # References
    ///
    /// coturn: tcp-proxy-port
    "stream-closed", Error, "The server closes the connection without an answer", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::ConnectionClosed, |contact, trouble| {
        if contact.answered.is_some() || asks_for_certificate(trouble) {
            return None;
        }
        let place = contact.place();
        if contact.is_secure() {
            let (_, at) = contact.tls.as_ref()?;
            let detail = format!(
                "{place} completes the TLS handshake and ends the connection before it answers: a balancer does so that \
                 has no healthy server behind it, or whose server expects a PROXY header."
            );
            let fix = "See whether the TURN server behind the balancer runs, and at the port that the balancer sends to; \
                       send the PROXY header where coturn's tcp-proxy-port is behind it, and nowhere else.";
            let diagnosis = Diagnosis::by(contact, trouble, detail).fact(at.clone(), "the TLS handshake works");
            return Some(diagnosis.fix(fix));
        }
        let detail = format!(
            "{place} ends the connection before it answers: a port that expects a PROXY protocol header or TLS \
             behaves so, and a balancer that has no healthy server behind it."
        );
        let fix = "Use the port of coturn's plain listener (listening-port), or turns: where the port speaks TLS; \
                   behind a balancer, see whether the server runs.";
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    })
}

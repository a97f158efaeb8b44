use crate::report::{Cause, Report};
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// The TCP connection stands and ends before any answer.
    ///
    /// # How it is told apart
    ///
    /// The end comes at once, without bytes. Suspects: coturn's `tcp-proxy-port`, which wants a PROXY
    /// protocol header first; a port that speaks TLS only; a balancer without a healthy server behind
    /// it.
    ///
    /// # What to do
    ///
    /// Use the plain port, or send the PROXY header that the port expects.
    ///
    /// # References
    ///
    /// coturn: tcp-proxy-port
    "stream-closed", Error, "The server closes the connection without an answer", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::ConnectionClosed, |contact, trouble| {
        if contact.answered.is_some() || contact.is_secure() {
            return None;
        }
        let detail = format!(
            "{} ends the connection before it answers; a port that expects a PROXY protocol header or TLS \
             behaves so.",
            contact.place()
        );
        let fix = "Use the port of coturn's plain listener (listening-port), or turns: where the port speaks TLS.";
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    })
}

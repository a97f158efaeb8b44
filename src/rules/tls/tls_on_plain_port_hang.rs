use crate::report::{Cause, RelayProtocol, Report, StepOutcome};
use crate::rules::{Contact, Diagnosis, contacts, rule, same_place};

rule! {
    /// # What it means
    ///
    /// The port speaks no TLS, or coturn 4.6 has every TLS version switched off (`no-tlsv1_2` leaves
    /// it none).
    ///
    /// # How it is told apart
    ///
    /// TCP connects, the ClientHello stays without answer. A plain request to the same port that is
    /// answered shows that the port has no TLS.
    ///
    /// # What to do
    ///
    /// Use `turn:` with `transport=tcp` at that port, or let TLS in: set `cert` and `pkey`, delete
    /// `no-tlsv1_2`, restart.
    ///
    /// # References
    ///
    /// RFC 8446 section 4.1.2; coturn: no-tlsv1_2, tls-listening-port
    "tls-on-plain-port-hang", Error, "The server takes the connection, but does not answer the TLS handshake", check,
    over ["server-silent", "stream-silent", "tls-handshake-failed"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let say = |contact: &Contact<'_>| {
        let place = contact.place();
        let same = same_place(&all, contact);
        let plain = same.iter().find(|other| {
            other.transport == RelayProtocol::Tcp && other.port() == contact.port() && other.answered.is_some()
        });
        let asked = contact.clues().and_then(|(clues, at)| {
            let answered = clues.plain.as_ref().is_some_and(|plain| plain.outcome == StepOutcome::Ok);
            answered.then(|| format!("{at}/plain"))
        });
        let known = plain.is_some() || asked.is_some();
        // What is broken off in the middle says so only beside a plain answer; an alert is said in TLS.
        let broken = contact.cause(Cause::HandshakeFailed).filter(|trouble| {
            let text = trouble.text.to_ascii_lowercase().replace(['_', ' '], "");
            known && contact.is_secure() && !text.contains("alert") && !text.contains("handshakefailure")
        });
        let trouble = contact.cause(Cause::HandshakeTimeout).or(broken)?;
        let why = if known { "and answers without TLS there" } else { "as a port without TLS does" };
        let detail = format!("{place} connects and does not answer the TLS handshake, {why}.");
        let fix =
            "Use turn:…?transport=tcp for this port, or set cert= and pkey=, delete no-tlsv1_2 and restart coturn.";
        let diagnosis = Diagnosis::by(contact, trouble, detail).fix(fix);
        Some(match asked.or_else(|| plain.and_then(|other| other.answered.clone())) {
            Some(proof) => diagnosis.fact(proof, "the same port answers without TLS"),
            None => diagnosis,
        })
    };
    all.iter().filter_map(say).collect()
}

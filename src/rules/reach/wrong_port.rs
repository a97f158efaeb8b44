use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, rule, same_place};

rule! {
    /// # What it means
    ///
    /// The server runs, but not at the port that clients are given.
    ///
    /// # How it is told apart
    ///
    /// The port of the URL refuses, and the same address answers over the same protocol at another
    /// port that was tried.
    ///
    /// # What to do
    ///
    /// Write the answering port into the URL, or set `listening-port` and `tls-listening-port`.
    ///
    /// # References
    ///
    /// RFC 7065 section 3.1; coturn: listening-port, tls-listening-port
    "wrong-port", Warning, "The URL names a port where nothing listens, another port answers", check,
    over ["turn-udp-not-listening", "turn-tcp-not-listening", "tls-listener-missing"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let say = |contact: &Contact<'_>| {
        let trouble = contact.refused()?;
        let same = same_place(&all, contact);
        let other = same.iter().find(|other| {
            other.transport == contact.transport && other.port() != contact.port() && other.answered.is_some()
        })?;
        let detail = format!("{} refuses {}, {} answers it.", contact.place(), contact.over(), other.place());
        let proof = other.answered.clone()?;
        let fix = format!(
            "Use port {} in the URL, or set listening-port={} in turnserver.conf.",
            other.port(),
            contact.port()
        );
        Some(Diagnosis::by(contact, trouble, detail).fact(proof, "this port answers").fix(fix))
    };
    all.iter().filter_map(say).collect()
}

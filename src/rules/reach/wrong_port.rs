use crate::report::{Report, Severity};
use crate::rules::{Contact, Diagnosis, contacts, rule, same_place};

rule! {
    /// # What it means
    ///
    /// The server runs, but not at the port that clients are given.
    ///
    /// # How it is told apart
    ///
    /// The port of the URL refuses, and the same address answers over the same protocol at another
    /// port: of another URL, or one of 3478, 5349, 443, 80 and 3479, where an Allocate request without
    /// credentials was sent because nobody answered where it should (`--no-other-ports` leaves that
    /// out). Where the port of the URL is silent and another one answers, a firewall that knows the
    /// other one only looks the same, and it is suspected.
    ///
    /// # What to do
    ///
    /// Write the answering port into the URL, or set `listening-port` and `tls-listening-port`.
    ///
    /// # References
    ///
    /// RFC 7065 section 3.1; coturn: listening-port, tls-listening-port
    "wrong-port", Error, "The URL names a port where nothing listens, another port answers", check,
    over ["turn-udp-not-listening", "turn-tcp-not-listening", "tls-listener-missing", "server-silent", "turn-udp-filtered", "turn-tcp-filtered"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let say = |contact: &Contact<'_>| {
        let refused = contact.refused();
        let trouble = refused.or(contact.silent())?;
        let same = same_place(&all, contact);
        let other = same.iter().find(|other| {
            other.transport == contact.transport
                && other.port() != contact.port()
                && other.answered.is_some()
                && (refused.is_some() || other.unnamed)
        })?;
        // One that is known at this port is no stranger to it.
        let known = same.iter().any(|known| known.port() == contact.port() && known.answered.is_some());
        if known && other.unnamed {
            return None;
        }
        let does = if refused.is_some() { "refuses" } else { "is silent over" };
        let detail = format!("{} {does} {}, {} answers it.", contact.place(), contact.over(), other.place());
        let proof = other.answered.clone()?;
        let option = if contact.is_secure() { "tls-listening-port" } else { "listening-port" };
        let fix =
            format!("Use port {} in the URL, or set {option}={} in turnserver.conf.", other.port(), contact.port());
        let diagnosis = Diagnosis::by(contact, trouble, detail).fact(proof, "this port answers").fix(fix);
        // Where another URL leads there, clients find it.
        let diagnosis = if other.unnamed { diagnosis } else { diagnosis.at_most(Severity::Warning) };
        Some(match refused {
            Some(_) => diagnosis,
            None => diagnosis.suspected(format!("on the server: ss -lunpt | grep {}", contact.port())),
        })
    };
    all.iter().filter_map(say).collect()
}

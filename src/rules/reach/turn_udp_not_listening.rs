use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, rule, same_place};

rule! {
    /// # What it means
    ///
    /// The TURN server runs, but has no UDP listener; browsers prefer UDP and media over TCP suffers.
    ///
    /// # How it is told apart
    ///
    /// UDP is answered with ICMP port unreachable while TCP or TLS of the same address answers. A
    /// firewall that rejects with port unreachable sends the same bytes; the configuration is the
    /// likelier cause.
    ///
    /// # What to do
    ///
    /// Remove `no-udp`. In a container publish `-p 3478:3478/udp` (the suffix is needed); in
    /// Kubernetes add a UDP port to the Service. eturnal: a `listen` entry with `transport: udp`.
    ///
    /// # References
    ///
    /// RFC 8656 section 3.1; coturn: no-udp
    "turn-udp-not-listening", Error, "The server does not listen on UDP", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let say = |contact: &Contact<'_>| {
        let trouble = contact.refused().filter(|_| contact.is_udp())?;
        let same = same_place(&all, contact);
        let other = same.iter().find(|other| !other.is_datagram() && other.answered.is_some())?;
        let proof = other.answered.clone()?;
        let detail = format!(
            "{} answers over {}, but says that nothing listens on UDP port {}.",
            contact.ip(),
            other.over(),
            contact.port()
        );
        let fix = "Remove no-udp from turnserver.conf and restart coturn. In a container: -p 3478:3478/udp.";
        Some(Diagnosis::by(contact, trouble, detail).fact(proof, format!("{} is answered", other.over())).fix(fix))
    };
    all.iter().filter_map(say).collect()
}

use crate::report::{Cause, RelayProtocol, Report};
use crate::rules::{Contact, Diagnosis, contacts, rule, same_place};

rule! {
    /// # What it means
    ///
    /// TURN over DTLS is missing. Browsers never use it.
    ///
    /// # How it is told apart
    ///
    /// DTLS is silent, refused or fails while another transport of the same address answers.
    ///
    /// # What to do
    ///
    /// Nothing, unless native clients need it; coturn 4.17 and later want `dtls` in the
    /// configuration.
    ///
    /// # References
    ///
    /// RFC 7350; coturn: no-dtls, dtls
    "dtls-listener-off", Info, "The server does not offer DTLS", check,
    over ["server-silent", "server-not-running", "turn-udp-filtered", "wrong-port"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let say = |contact: &Contact<'_>| {
        if contact.transport != RelayProtocol::Dtls || contact.answered.is_some() {
            return None;
        }
        let trouble = contact.troubles.iter().find(|trouble| {
            matches!(trouble.cause, Cause::NoAnswer | Cause::Refused | Cause::HandshakeFailed | Cause::HandshakeTimeout)
        })?;
        let same = same_place(&all, contact);
        // Where all UDP to that host is silent, it need not be DTLS that is missing.
        let udp_silent = same.iter().any(|other| other.is_udp() && other.silent().is_some());
        if trouble.cause == Cause::NoAnswer && udp_silent {
            return None;
        }
        let other = same.iter().find(|other| other.answered.is_some())?;
        let detail = format!("{} answers over {}, not over DTLS.", contact.ip(), other.over());
        let proof = other.answered.clone()?;
        let fix = "Leave it so for browsers; remove no-dtls (coturn before 4.17) or add dtls for native clients.";
        Some(Diagnosis::by(contact, trouble, detail).fact(proof, format!("{} is answered", other.over())).fix(fix))
    };
    all.iter().filter_map(say).collect()
}

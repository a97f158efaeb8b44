use crate::report::{Cause, Report, StepName};
use crate::rules::{Contact, Diagnosis, contacts, rule, same_place};

rule! {
    /// # What it means
    ///
    /// STUN is switched off on purpose; it is no firewall. Clients that use TURN learn their address
    /// from Allocate all the same.
    ///
    /// # How it is told apart
    ///
    /// Binding is silent, Allocate on the same socket is answered.
    ///
    /// # What to do
    ///
    /// Remove `no-stun`, or point `stun:` URLs elsewhere.
    ///
    /// # References
    ///
    /// RFC 8489 section 12; coturn: no-stun
    "stun-binding-silent-no-stun", Info, "The server relays, but does not answer STUN", check,
    over ["server-silent"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let say = |contact: &Contact<'_>| {
        let trouble = contact.at(StepName::Binding, Cause::NoAnswer)?;
        let proof = contact.answered.clone()?;
        let detail = format!("{} answers Allocate, but not Binding.", contact.place());
        let fix = "Remove no-stun from turnserver.conf, or name another server in stun: URLs.";
        let mut diagnosis = Diagnosis::by(contact, trouble, detail).fact(proof, "Allocate is answered").fix(fix);
        let same = same_place(&all, contact);
        let asked = |other: &&&Contact<'_>| !other.url.is_turn() && other.address == contact.address;
        for stun in same.iter().filter(asked).filter(|other| other.is_udp() && other.silent().is_some()) {
            diagnosis = diagnosis.also(stun);
        }
        Some(diagnosis)
    };
    all.iter().filter_map(say).collect()
}

use crate::report::{Cause, Report, StepName};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// It tells clients their address, but does not relay.
    ///
    /// # How it is told apart
    ///
    /// Binding is answered, Allocate on the same socket is not, not even with an error. A TURN server
    /// answers 401. A server that rations answers to unauthenticated requests is silent for a second
    /// and then answers again.
    ///
    /// # What to do
    ///
    /// Use a TURN server, or remove `stun-only` from turnserver.conf.
    ///
    /// # References
    ///
    /// RFC 8489 section 12; RFC 8656 section 7.2; coturn: stun-only
    "stun-only-no-turn", Error, "The server does STUN only", check,
    like ["unauthorized-ratelimit-silence"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let bound = !contact.troubles.iter().any(|trouble| trouble.step == StepName::Binding);
        let silent = contact.at(StepName::Challenge, Cause::NoAnswer).filter(|_| contact.answered.is_some() && bound);
        // Somebody else answered the Binding.
        if contact.clues().is_some_and(|(clues, _)| !clues.redirects.is_empty()) {
            return None;
        }
        let trouble = contact.cause(Cause::StunOnly).or(silent).filter(|_| contact.url.is_turn())?;
        let detail =
            format!("{} answers Binding requests over {} and ignores Allocate.", contact.place(), contact.over());
        let fix = "Remove stun-only from turnserver.conf and restart coturn, or name a server that relays.";
        let proof = contact.answered.clone().unwrap_or_else(|| trouble.fact.clone());
        Some(Diagnosis::by(contact, trouble, detail).fact(proof, "Binding is answered").fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

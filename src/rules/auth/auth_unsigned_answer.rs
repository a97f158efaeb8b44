use crate::report::{Cause, Form, Report, Severity, StepName, StepOutcome, Turn, Way};
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// Without MESSAGE-INTEGRITY anybody could have sent the answer, so clients must discard it.
    ///
    /// # How it is told apart
    ///
    /// Success, but no MESSAGE-INTEGRITY. Where only ChannelBind is answered so and Send indications
    /// are relayed, calls get through without channels, and it is a warning.
    /// One that is there and wrong is `sip-alg-rewrite`.
    ///
    /// # What to do
    ///
    /// Update the server; look for a proxy that rewrites STUN.
    ///
    /// # References
    ///
    /// RFC 8489 section 9.2.5
    "auth-unsigned-answer", Error, "The answer to the authenticated request is not signed", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::IntegrityFailed, |contact, trouble| {
        if !trouble.text.contains("carries no MESSAGE-INTEGRITY") {
            return None;
        }
        let fix = "Update the TURN server; take STUN-aware proxies out of the path.";
        let spare = trouble.step == StepName::Channel && contact.turn.as_ref().is_some_and(|(turn, _)| sends(turn));
        let more = if spare { " Only channels are affected: what is sent without one is relayed." } else { "" };
        let detail = format!("{} grants the request without signing the answer.{more}", contact.url.host);
        let diagnosis = Diagnosis::by(contact, trouble, detail).fix(fix);
        Some(if spare { diagnosis.at_most(Severity::Warning) } else { diagnosis })
    })
}

/// Clients that get no channel go on with Send indications.
fn sends(turn: &Turn) -> bool {
    let mut proofs = turn.proofs.iter().filter(|proof| matches!(proof.way, Way::Outbound | Way::Reflection));
    proofs.any(|proof| proof.form == Form::Send && proof.outcome == StepOutcome::Ok)
}

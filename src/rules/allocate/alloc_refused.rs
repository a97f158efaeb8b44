use crate::report::{Cause, Report, StepName};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// An error that is not one of the usual ones.
    ///
    /// # How it is told apart
    ///
    /// Every code with a meaning of its own has another finding.
    ///
    /// # What to do
    ///
    /// Look the code up in RFC 8656 section 18, and look into the server's log.
    ///
    /// # References
    ///
    /// RFC 8656 section 18; RFC 8489 section 14.8
    "alloc-refused", Error, "The server refuses the allocation with an error", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let trouble = contact.troubles.iter().find(|trouble| {
            matches!(trouble.cause, Cause::OtherError | Cause::Unsupported)
                && matches!(trouble.step, StepName::Allocate | StepName::Challenge)
                && !(trouble.code == Some(400) && trouble.step == StepName::Allocate && contact.username.is_some())
        })?;
        let code = trouble.code?;
        let phrase = if trouble.phrase.is_empty() { "without a phrase" } else { trouble.phrase };
        let detail = format!("{} answers {code} to Allocate: {phrase}.", contact.url.host);
        let fix = "Look into the server's log at that moment (journalctl -u coturn).";
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

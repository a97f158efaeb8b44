use crate::report::{Report, StepName};
use crate::rules::{Contact, Diagnosis, Trouble, contacts, rule};

rule! {
    /// # What it means
    ///
    /// The server granted the allocation and refuses what follows, because it was made for somebody
    /// else: another user, or, with check-origin-consistency, another origin.
    ///
    /// # How it is told apart
    ///
    /// 441 after Allocate. To Allocate itself it is what some servers send in place of 401.
    ///
    /// # What to do
    ///
    /// Use one user for an allocation; remove check-origin-consistency.
    ///
    /// # References
    ///
    /// RFC 8656 section 19; coturn: check-origin-consistency
    "auth-441-wrong-credentials", Error, "The server takes a later request for another user's", check,
    over ["auth-bad-credentials"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let later = |trouble: &&Trouble<'_>| trouble.code == Some(441) && trouble.step > StepName::Allocate;
        let trouble = contact.troubles.iter().find(later)?;
        let detail = format!("{} answers 441 to {}.", contact.url.host, trouble.step.as_str());
        let fix = "Remove check-origin-consistency from turnserver.conf; use one user for each allocation.";
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

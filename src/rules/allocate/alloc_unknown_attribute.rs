use crate::report::{Report, StepName};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// The request carries an attribute that the server must understand and does not, so it refuses
    /// the whole.
    ///
    /// # How it is told apart
    ///
    /// 420 to Allocate; UNKNOWN-ATTRIBUTES names them. Other clients, which do not send the
    /// attribute, are not affected.
    ///
    /// # What to do
    ///
    /// Leave the option out that brings the attribute, or update the server.
    ///
    /// # References
    ///
    /// RFC 8489 section 14.9
    "alloc-unknown-attribute", Error, "The server does not understand what Allocate asks for", check,
    over ["alloc-refused"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let trouble = contact.troubles.iter().find(|trouble| {
            trouble.code == Some(420) && matches!(trouble.step, StepName::Allocate | StepName::Challenge)
        })?;
        let detail = format!("{} answers 420 to Allocate.", contact.url.host);
        let fix = "Leave out the option that brings the attribute which the server names, or update the server.";
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

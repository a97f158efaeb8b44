use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// A step fails in a way that no other finding explains: an error where none belongs, an answer
    /// that breaks the protocol, or a connection that ends in the middle.
    ///
    /// # How it is told apart
    ///
    /// A step that every client needs did not go well, and nothing else was found about that
    /// server.
    ///
    /// # What to do
    ///
    /// Look into the server's log at that moment, compare another transport, and update the server:
    ///
    ///     journalctl -u coturn
    ///
    /// # References
    ///
    /// RFC 8656; RFC 8489
    "server-misbehaves", Error, "The server does not go on as it should", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        let (number, step) = turn.failing()?;
        let fact = format!("{at}/steps/{number}");
        let trouble = contact.troubles.iter().find(|trouble| trouble.fact == fact)?;
        let why = if trouble.text.is_empty() { String::new() } else { format!(": {}", trouble.text) };
        let detail = format!("With {} over {}, {} fails{why}.", contact.place(), contact.over(), step.name.as_str());
        let fix = "Look into the server's log at that moment (journalctl -u coturn), compare another transport, and \
                   update the server.";
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// With TCP relays (RFC 6062) clients can connect to, and scan, whatever TCP services the server
    /// reaches. Browsers never use them.
    ///
    /// # How it is told apart
    ///
    /// An allocation for TCP is granted.
    ///
    /// # What to do
    ///
    /// Switch it off:
    ///
    ///     no-tcp-relay
    ///
    /// # References
    ///
    /// RFC 6062 section 6; coturn: no-tcp-relay
    "sec-tcp-relay-enabled", Warning, "The server opens TCP connections for its clients", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        let mut options = turn.options.iter().enumerate();
        let (number, _) = options.find(|(_, option)| option.name == "tcp-relay" && option.supported == Some(true))?;
        let detail = format!("{} grants TCP relays.", contact.ip());
        let fix = "Set no-tcp-relay in turnserver.conf and restart coturn.";
        Some(Diagnosis::of(contact, detail).fact(format!("{at}/options/{number}/supported"), "granted").fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// no-tcp-relay is good practice, and browsers never use such relays (RFC 6062).
    ///
    /// # How it is told apart
    ///
    /// 442 or another refusal of an Allocate request for TCP, which was asked for on purpose.
    ///
    /// # What to do
    ///
    /// Nothing. Only clients that speak RFC 6062 would miss it.
    ///
    /// # References
    ///
    /// RFC 6062 section 6; coturn: no-tcp-relay
    "tcp-relay-disabled", Info, "The server does not relay TCP, which is as it should be", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        let mut options = turn.options.iter().enumerate();
        let (number, option) =
            options.find(|(_, option)| option.name == "tcp-relay" && option.supported == Some(false))?;
        let detail = format!("{} refuses TCP relays.", contact.url.host);
        let fix = "Leave it so.";
        let says = option.detail.clone().unwrap_or_else(|| "refused".to_string());
        Some(Diagnosis::of(contact, detail).fact(format!("{at}/options/{number}"), says).fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

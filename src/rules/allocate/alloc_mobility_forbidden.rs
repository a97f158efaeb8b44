use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// A client that changes networks has to allocate anew instead of taking its allocation along.
    /// Browsers never try.
    ///
    /// # How it is told apart
    ///
    /// 405 to an Allocate request with MOBILITY-TICKET.
    ///
    /// # What to do
    ///
    /// Nothing, unless clients use it; then:
    ///
    ///     mobility
    ///
    /// # References
    ///
    /// RFC 8016; coturn: mobility
    "alloc-mobility-forbidden", Info, "The server does not let clients move to another address", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        let mut options = turn.options.iter().enumerate();
        let (number, option) =
            options.find(|(_, option)| option.name == "mobility" && option.error_code == Some(405))?;
        let detail = format!("{} answers 405 to MOBILITY-TICKET.", contact.url.host);
        let fix = "Add mobility to turnserver.conf, or leave it: browsers do not use it.";
        let says = option.detail.clone().unwrap_or_else(|| "405".to_string());
        Some(Diagnosis::of(contact, detail).fact(format!("{at}/options/{number}"), says).fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

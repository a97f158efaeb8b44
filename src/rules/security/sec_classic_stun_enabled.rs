use crate::report::{Report, SizedAnswer};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// The STUN of 2003 is answered as well: nobody needs it today, and its answers are longer.
    ///
    /// # How it is told apart
    ///
    /// A Binding request without the magic cookie is answered. Asked in an audit only.
    ///
    /// # What to do
    ///
    /// Switch it off:
    ///
    ///     no-stun-backward-compatibility
    ///
    /// # References
    ///
    /// RFC 3489; RFC 8489 section 11; coturn: no-stun-backward-compatibility
    "sec-classic-stun-enabled", Info, "The server answers requests of RFC 3489", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        let mut answers = turn.exposure.as_ref()?.answers.iter().enumerate();
        let classic = |answer: &SizedAnswer| answer.request == "classic-binding" && answer.received_bytes.is_some();
        let (number, _) = answers.find(|(_, answer)| classic(answer))?;
        let detail = format!("{} answers a Binding request without the magic cookie.", contact.ip());
        let fix = "Set no-stun-backward-compatibility in turnserver.conf (the default from 4.7 on).";
        let fact = format!("{at}/exposure/answers/{number}/receivedBytes");
        Some(Diagnosis::of(contact, detail).fact(fact, "answered").fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

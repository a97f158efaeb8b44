use crate::report::{Cause, Report, StepName};
use crate::rules::{Contact, Diagnosis, Trouble, contacts, rule};

rule! {
    /// # What it means
    ///
    /// 300 Try Alternate names no server, none of this address family, one that is dead, or one that
    /// sends us back.
    ///
    /// # How it is told apart
    ///
    /// A redirection that works is followed and no finding.
    ///
    /// # What to do
    ///
    /// Correct `alternate-server`, and see that the servers do not name each other.
    ///
    /// # References
    ///
    /// RFC 8489 section 10; RFC 8656 section 7.2; coturn: alternate-server
    "alloc-redirected-300", Error, "The server sends us to another one that does not help", check,
    over ["stun-only-no-turn", "server-silent", "server-not-running", "turn-udp-filtered", "host-unreachable"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    const FIX: &str = "Correct alternate-server in turnserver.conf; it must be reachable and must not point back.";
    let say = |contact: &Contact<'_>| {
        let redirect =
            contact.clues().and_then(|(clues, at)| Some((clues.redirects.last()?, clues.redirects.len(), at)));
        let Some((redirect, count, at)) = redirect else {
            let trouble = contact.cause(Cause::Redirected)?;
            let detail = format!("{} answers 300, and that leads nowhere.", contact.url.host);
            return Some(Diagnosis::by(contact, trouble, detail).fix(FIX));
        };
        let beyond =
            |trouble: &&Trouble<'_>| trouble.step == StepName::Challenge && trouble.cause != Cause::NoCredentials;
        let trouble = contact.troubles.iter().find(beyond)?;
        let (from, to) = (&redirect.from, &redirect.to);
        let how = match trouble.cause {
            Cause::NoAnswer => "which does not answer",
            Cause::Refused => "where nothing listens",
            Cause::Unreachable | Cause::Prohibited => "to which there is no way",
            Cause::Redirected => "which sends us back",
            _ => "which does not help",
        };
        let detail = format!("{from} sends us to {to} (300), {how}.");
        let fact = format!("{at}/redirects/{}", count - 1);
        Some(Diagnosis::by(contact, trouble, detail).fact(fact, format!("300 from {from} to {to}")).fix(FIX))
    };
    contacts(report).iter().filter_map(say).collect()
}

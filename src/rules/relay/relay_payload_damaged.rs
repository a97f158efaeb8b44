use crate::report::{Cause, Report};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// What arrives is not what was sent; media and DTLS cannot work over it.
    ///
    /// # How it is told apart
    ///
    /// The payload of a datagram differs after the relay.
    ///
    /// # What to do
    ///
    /// Switch packet inspection and ALGs off on the way; update the server.
    ///
    /// # References
    ///
    /// RFC 8656 section 11
    "relay-payload-damaged", Error, "Data changes on its way through the relay", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        let fix = "Switch packet inspection and ALGs off on the way, compare with turns:, and update the server.";
        let detail = format!("Datagrams through the relay of {} arrive changed.", contact.ip());
        if let Some(trouble) = contact.cause(Cause::PayloadDamaged) {
            return Some(Diagnosis::by(contact, trouble, detail).fix(fix));
        }
        let damaged = turn.echo.as_ref()?.damaged;
        (damaged > 0).then(|| {
            Diagnosis::of(contact, detail).fact(format!("{at}/echo/damaged"), format!("{damaged} damaged")).fix(fix)
        })
    };
    contacts(report).iter().filter_map(say).collect()
}

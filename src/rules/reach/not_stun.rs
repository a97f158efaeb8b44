use crate::report::{Cause, Report};
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// Another service has the port, or the port speaks TLS and was addressed without.
    ///
    /// # How it is told apart
    ///
    /// Bytes come back that are no STUN message.
    ///
    /// # What to do
    ///
    /// Use the port of the TURN server, or `turns:` where the port speaks TLS.
    ///
    /// # References
    ///
    /// RFC 8489 section 5; RFC 7983
    "not-stun", Error, "Something that is not STUN answers at the server's port", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::NotStun, |contact, trouble| {
        let speaks_tls = trouble.text.contains("speaks TLS");
        let place = contact.place();
        let (detail, fix) = if speaks_tls {
            (
                format!("{place} speaks TLS, but the URL says {}:.", contact.url.scheme),
                "Write turns: (or stuns:) for this port.",
            )
        } else {
            (
                format!("What answers at {place} does not speak STUN."),
                "See which service has the port (ss -lunpt on the server) and use the port of the TURN server.",
            )
        };
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    })
}

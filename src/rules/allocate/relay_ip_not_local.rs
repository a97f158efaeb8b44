use crate::report::{Cause, Report};
use crate::rules::{Contact, Diagnosis, contacts, rule, same_place};

rule! {
    /// # What it means
    ///
    /// `relay-ip` is an address that the machine does not have, usually its public one behind a 1:1
    /// NAT. coturn tries for more than a second and gives up.
    ///
    /// # How it is told apart
    ///
    /// 508 after more than a second; at once it is `relay-ports-exhausted`. A very slow network can
    /// blur the two: this one comes every time.
    ///
    /// # What to do
    ///
    /// Give the private address to `relay-ip`, or leave it out, and the public one to `external-ip`:
    ///
    ///     external-ip=203.0.113.9/10.0.0.5
    ///
    /// # References
    ///
    /// RFC 8656 section 7.2; coturn: relay-ip, external-ip
    "relay-ip-not-local", Error, "The server cannot bind its relay address", check,
    over ["relay-ports-exhausted"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let say = |contact: &Contact<'_>| {
        let trouble = contact.cause(Cause::RelayAddressNotLocal)?;
        let detail = format!("{} answers 508, and only after more than a second.", contact.url.host);
        let fix = format!(
            "Remove relay-ip from turnserver.conf (or set the private address) and set external-ip={}.",
            contact.ip()
        );
        let mut diagnosis = Diagnosis::by(contact, trouble, detail).fix(fix);
        // Nothing makes a server that has a port slow; a busy machine may hide that another answer was.
        for other in same_place(&all, contact) {
            if other.cause(Cause::PortsExhausted).is_some() {
                diagnosis = diagnosis.also(other);
            }
        }
        Some(diagnosis)
    };
    all.iter().filter_map(say).collect()
}

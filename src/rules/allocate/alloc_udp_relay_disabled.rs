use crate::report::{Cause, Report};
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// WebRTC needs UDP relays; with `no-udp-relay` nothing is left for it.
    ///
    /// # How it is told apart
    ///
    /// 442 to an Allocate request for UDP.
    ///
    /// # What to do
    ///
    /// Remove `no-udp-relay`; `no-tcp-relay` is the one to keep.
    ///
    /// # References
    ///
    /// RFC 8656 section 7.2; coturn: no-udp-relay
    "alloc-udp-relay-disabled", Error, "The server does not relay UDP", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::TransportForbidden, |contact, trouble| {
        let detail = format!("{} refuses UDP relays with 442.", contact.url.host);
        Some(Diagnosis::by(contact, trouble, detail).fix(
            "Remove no-udp-relay from turnserver.conf and restart \
             coturn.",
        ))
    })
}

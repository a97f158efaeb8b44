use std::net::SocketAddr;

use crate::report::{Cause, Report};
use crate::rules::{Contact, Diagnosis, contacts, rule, same_place, wrong_source};

rule! {
    /// # What it means
    ///
    /// No NAT lets such an answer in and no browser accepts it, so to clients the server is silent
    /// over UDP.
    ///
    /// # How it is told apart
    ///
    /// The answer to our request arrives from an address that was not asked. Behind a NAT it does not
    /// arrive at all; then TCP that works and a RESPONSE-ORIGIN of 0.0.0.0 point to it.
    ///
    /// # What to do
    ///
    /// Let the server listen at the exact address that clients use; with `listening-ip=0.0.0.0` on a
    /// machine with several addresses the system picks the primary one for the answer.
    ///
    ///     listening-ip=203.0.113.9
    ///
    /// # References
    ///
    /// RFC 8489 section 6.2.1; RFC 8656 section 7.2; coturn: listening-ip
    "reply-from-wrong-source-ip", Error, "The server answers from another address than it was asked at", check,
    over ["server-silent", "turn-udp-filtered", "stun-only-no-turn"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (trouble, from) = match contact.cause(Cause::WrongSource) {
            Some(trouble) => (trouble, wrong_source(trouble.text)),
            None => {
                // Over TCP the wildcard bind shows before anybody runs into it.
                let (turn, at) = contact.turn.as_ref()?;
                let origin: SocketAddr = turn.response_origin.as_deref()?.parse().ok()?;
                let all = contacts(report);
                let same = same_place(&all, contact);
                let silent = same.iter().find(|other| other.is_udp() && other.silent().is_some())?;
                if !origin.ip().is_unspecified() {
                    return None;
                }
                let fact = format!("{at}/responseOrigin");
                let detail = format!(
                    "{} is silent over UDP, and over {} it says that it is bound to {origin}: its answers \
                     probably leave from another address.",
                    silent.place(),
                    contact.over()
                );
                let fix = format!(
                    "Set listening-ip={} (the server's own address behind it) in turnserver.conf.",
                    contact.ip()
                );
                let diagnosis =
                    Diagnosis::of(silent, detail).fact(fact, format!("RESPONSE-ORIGIN {origin}")).fix(fix).suspected(
                        "tcpdump -ni any udp port 3478 on the server shows answers that leave from another address",
                    );
                return Some(match silent.silent() {
                    Some(trouble) => diagnosis.shown(trouble),
                    None => diagnosis,
                });
            }
        };
        let from = from.map_or("another address".to_string(), |from| from.to_string());
        let detail = format!("{} was asked, {from} answered.", contact.place());
        let fix = format!(
            "Set listening-ip={} in turnserver.conf (once for each address that clients use) and restart coturn.",
            contact.ip()
        );
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

use std::net::SocketAddr;

use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, rule, same_place};

rule! {
    /// # What it means
    ///
    /// A proxy in front of TCP or TLS connects in its own name. Relaying works, but quotas and bans
    /// hit the proxy, and addresses that clients learn over TCP are wrong.
    ///
    /// # How it is told apart
    ///
    /// The mapped addresses differ between UDP and TCP to the same server. A network here with two
    /// ways out does the same: compare from elsewhere.
    ///
    /// # What to do
    ///
    /// Let the proxy tell the client's address, and give it the port that understands it:
    ///
    ///     tcp-proxy-port=5555
    ///     send-proxy-v2
    ///
    /// # References
    ///
    /// coturn: tcp-proxy-port
    "proxy-hides-client-ip", Warning, "The server sees another address of ours over TCP than over UDP", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let mapped = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        let mapped: SocketAddr = turn.mapped.as_deref()?.parse().ok()?;
        Some((mapped.ip(), format!("{at}/mapped")))
    };
    let say = |contact: &Contact<'_>| {
        let (over_tcp, fact) = mapped(contact).filter(|_| !contact.is_datagram())?;
        let same = same_place(&all, contact);
        let (over_udp, other) = same.iter().find(|other| other.is_udp()).and_then(|other| mapped(other))?;
        if over_tcp == over_udp {
            return None;
        }
        let detail =
            format!("{} sees us as {over_tcp} over {} and as {over_udp} over UDP.", contact.ip(), contact.over());
        let fix = "Have the proxy send the PROXY protocol to coturn's tcp-proxy-port, or connect without it.";
        Some(
            Diagnosis::of(contact, detail)
                .fact(fact, format!("mapped {over_tcp}"))
                .fact(other, format!("mapped {over_udp}"))
                .fix(fix),
        )
    };
    all.iter().filter_map(say).collect()
}

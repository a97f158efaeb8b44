use std::collections::BTreeSet;

use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, rule, same_place};

rule! {
    /// # What it means
    ///
    /// Packets go out and nothing comes back. Silence has many causes: a firewall at either end, a
    /// wrong address, a server that is down.
    ///
    /// # How it is told apart
    ///
    /// Nothing else is known of this address: only this transport was tried, or the others say
    /// nothing more. Another port of the same machine that is heard of says that the machine runs, and
    /// that this port is filtered. Asking over the other transport tells a filter from a dead machine, a
    /// STUN server elsewhere tells the server's side from this network.
    ///
    /// # What to do
    ///
    /// Try the same server with `?transport=tcp`, and another server with `--stun`. On the server,
    /// `tcpdump -ni any port 3478` shows whether the packets arrive.
    ///
    /// # References
    ///
    /// RFC 8489 section 6.2.1
    "server-silent", Error, "The server does not answer", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let say = |contact: &Contact<'_>| {
        let trouble = contact.silent()?;
        let (place, over) = (contact.place(), contact.over());
        let same = same_place(&all, contact);
        // One remedy for all of them.
        let silent: Vec<_> = same.iter().filter(|other| other.silent().is_some()).collect();
        let carriers: Vec<&str> = silent.iter().map(|other| other.carrier()).collect();
        let ports: BTreeSet<u16> = silent.iter().map(|other| other.port()).collect();
        let other = same.iter().find(|other| other.refused().is_some() || other.answered.is_some());
        let Some(other) = other else {
            let detail =
                format!("Nothing comes back from {place} over {over}: a firewall drops it, or nobody is there.");
            let next = match (carriers.contains(&"udp"), carriers.contains(&"tcp")) {
                (true, false) => "?transport=tcp and ",
                (false, true) => "?transport=udp and ",
                _ => "",
            };
            let fix = format!(
                "Try {next}another server (--stun) to tell the side; on the server, tcpdump -ni any port {} shows \
                 whether packets arrive.",
                listed(ports.iter().map(ToString::to_string), " or port ")
            );
            return Some(Diagnosis::by(contact, trouble, detail).fix(fix));
        };
        let does = if other.answered.is_some() { "answers" } else { "refuses" };
        let detail = format!(
            "Nothing comes back from {place} over {over}, while {} {does} over {}: the machine is there, and a firewall \
             drops what is sent to this port.",
            other.place(),
            other.over()
        );
        let doors = silent.iter().map(|other| format!("{}/{}", other.port(), other.carrier()));
        let doors: BTreeSet<String> = doors.collect();
        let fix = format!(
            "Let {} in at {}: ufw allow {}; the same in the cloud's security group.",
            listed(doors.iter().cloned(), " and "),
            contact.ip(),
            listed(doors.iter().cloned(), "; ufw allow ")
        );
        let proof = other.answered.clone().or(other.refused().map(|refused| refused.fact.clone()))?;
        let says = format!("{} {does} over {}", other.place(), other.over());
        Some(Diagnosis::by(contact, trouble, detail).fact(proof, says).fix(fix))
    };
    all.iter().filter_map(say).collect()
}

fn listed(words: impl Iterator<Item = String>, between: &str) -> String {
    words.collect::<Vec<_>>().join(between)
}

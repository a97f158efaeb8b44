use std::net::IpAddr;

use crate::report::{Cause, Report};
use crate::rules::{Diagnosis, Trouble, each, rule};

rule! {
    /// # What it means
    ///
    /// A firewall says no aloud. The stock rules of Oracle Cloud and RHEL images end so.
    ///
    /// # How it is told apart
    ///
    /// ICMP administratively prohibited or host prohibited comes back. When it comes from the
    /// server's own address, the rule stands on that machine, and the cloud's firewall is open
    /// already; from another address it is a router on the way.
    ///
    /// # What to do
    ///
    /// Accept before the rule that rejects:
    ///
    ///     iptables -I INPUT 1 -p udp --dport 3478 -j ACCEPT
    ///     iptables -I INPUT 1 -p udp --dport 49152:65535 -j ACCEPT
    ///     firewall-cmd --permanent --add-port=3478/udp --add-port=49152-65535/udp
    ///
    /// # References
    ///
    /// RFC 1812 section 5.2.7.1; RFC 8656 section 3.1
    "turn-udp-rejected", Error, "A firewall rejects what is sent to the server", check,
    over ["server-silent", "host-unreachable"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::Prohibited, |contact, trouble| {
        if contact.answered.is_some() || trouble.text.contains("own firewall") {
            return None;
        }
        let (ip, port, carrier) = (contact.ip(), contact.port(), contact.carrier());
        let offender = offender(trouble).map(|ip| ip.to_string());
        if let Some(router) = offender.filter(|router| *router != ip) {
            let detail =
                format!("{} port {port} of {ip} is rejected by {router}, a router on the way.", carrier.to_uppercase());
            let fix = format!(
                "Ask whoever runs {router} to let {carrier} to {ip} port {port} pass; until then, URLs of another \
                 transport, best turns:HOST:443?transport=tcp."
            );
            return Some(Diagnosis::by(contact, trouble, detail).fix(fix));
        }
        let detail = format!(
            "{} port {port} of {ip} is rejected by the machine itself, so its own firewall does it.",
            carrier.to_uppercase()
        );
        let fix = format!(
            "On {ip}, before the rule that rejects: iptables -I INPUT 1 -p {carrier} --dport {port} -j ACCEPT; \
             iptables -I INPUT 1 -p udp --dport 49152:65535 -j ACCEPT; or firewall-cmd \
             --permanent --add-port={port}/{carrier}."
        );
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    })
}

/// Who sent the ICMP message.
pub(super) fn offender(trouble: &Trouble<'_>) -> Option<IpAddr> {
    trouble.text.split(" from ").nth(1)?.split(' ').next()?.parse().ok()
}

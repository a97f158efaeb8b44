use std::net::SocketAddr;

use crate::report::{Reference, Report, StepOutcome};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// TCP to port 443 (or 80) gets out, and nothing else does: neither UDP nor TCP to the ports of
    /// TURN. Calls from here need TURN over TLS at port 443.
    ///
    /// # How it is told apart
    ///
    /// The server answers over TCP or TLS at 443 or 80, and is silent over UDP and at every other
    /// TCP port. A firewall of the server's that opens 443 alone looks the same: another server
    /// that is silent as well makes it certain. Where nothing was asked at 443, a STUN server elsewhere
    /// that is as silent as the server makes it likely.
    ///
    /// # What to do
    ///
    /// Offer TURN over TLS at port 443, at an address of its own or split by server name:
    ///
    ///     tls-listening-port=443
    ///     turns:turn.example.org:443?transport=tcp
    ///
    /// # References
    ///
    /// RFC 8656 section 3.1; RFC 8835 section 3.4; coturn: tls-listening-port
    "client-egress-443-only", Error, "This network seems to let out web traffic only", check,
    over ["client-udp-blocked", "turn-udp-filtered", "turn-tcp-filtered", "server-silent", "host-unreachable", "server-not-running"],
    like ["turn-udp-filtered"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let web = |contact: &&Contact<'_>| matches!(contact.port(), 80 | 443);
    let talks = |contact: &&Contact<'_>| {
        !contact.is_datagram() && (contact.answered.is_some() || contact.tls.is_some() || contact.refused().is_some())
    };
    let Some(open) = all.iter().filter(web).find(talks) else { return nothing_else(report, &all) };
    let others: Vec<&Contact<'_>> = all.iter().filter(|contact| contact.is_datagram() || !web(contact)).collect();
    let shut = |contact: &&Contact<'_>| contact.silent().is_some();
    let streams = others.iter().filter(|contact| !contact.is_datagram()).count();
    let datagrams = others.len() - streams;
    if streams == 0 || datagrams == 0 || !others.iter().all(shut) {
        return Vec::new();
    }
    let mut hosts: Vec<String> = others.iter().map(|contact| contact.ip()).collect();
    hosts.sort();
    hosts.dedup();
    let does = if open.refused().is_some() { "refuses at once" } else { "works" };
    let detail = format!("{} {does}, and everything else is silent: UDP, and TCP to other ports.", open.place());
    let fix = "Hand out turns:HOST:443?transport=tcp (tls-listening-port=443 with \
               AmbientCapabilities=CAP_NET_BIND_SERVICE); nothing else gets out of networks like this one.";
    let mut diagnosis = Diagnosis::of(others[0], detail).fix(fix);
    if let Some(trouble) = open.refused() {
        diagnosis = diagnosis.shown(trouble).also(open);
    } else if let Some(proof) = open.answered.clone().or(open.tls.as_ref().map(|(_, at)| at.clone())) {
        diagnosis = diagnosis.fact(proof, format!("port {} answers", open.port()));
    }
    for contact in others {
        diagnosis = diagnosis.also(contact);
        if let Some(trouble) = contact.silent() {
            diagnosis = diagnosis.shown(trouble);
        }
    }
    if hosts.len() < 2 {
        diagnosis = diagnosis.suspected("another server (--stun, --turn) that is silent from here, too");
    }
    vec![diagnosis]
}

/// Nothing answers anywhere, a STUN server elsewhere included: two at once are rarely down.
fn nothing_else(report: &Report, all: &[Contact<'_>]) -> Vec<Diagnosis> {
    let streams = all.iter().filter(|contact| !contact.is_datagram()).count();
    let silent = !all.is_empty() && all.iter().all(|contact| contact.silent().is_some());
    if !silent || streams == 0 || streams == all.len() {
        return Vec::new();
    }
    let hosts: Vec<String> = all.iter().map(Contact::ip).collect();
    let elsewhere = |reference: &Reference| {
        let address: Option<SocketAddr> = reference.address.as_ref().and_then(|address| address.parse().ok());
        address.is_some_and(|address| !hosts.contains(&address.ip().to_string()))
    };
    if report.references.iter().any(|reference| reference.outcome != StepOutcome::Timeout) {
        return Vec::new();
    }
    let Some(at) = report.references.iter().position(elsewhere) else { return Vec::new() };
    let detail = format!(
        "{} is silent over UDP and TCP, and so is a STUN server elsewhere: this network lets out the web at most.",
        all[0].ip()
    );
    let fix = "Offer turns:HOST:443?transport=tcp (tls-listening-port=443 with \
               AmbientCapabilities=CAP_NET_BIND_SERVICE); from another network, see whether the server runs.";
    let mut diagnosis = Diagnosis::of(&all[0], detail)
        .fact(format!("/references/{at}"), "the STUN server asked for comparison is silent, too")
        .fix(fix)
        .suspected("a web page that opens from here (curl -I https://HOST), and the same check from another network");
    for contact in all {
        diagnosis = diagnosis.also(contact);
        if let Some(trouble) = contact.silent() {
            diagnosis = diagnosis.shown(trouble);
        }
    }
    vec![diagnosis]
}

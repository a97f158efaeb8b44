use std::net::SocketAddr;

use crate::report::{Cause, OtherPort, Reference, RelayProtocol, Report, StepOutcome};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// TCP to port 443 (or 80) gets out, and nothing else does: neither UDP nor TCP to the ports of
    /// TURN. Calls from here need TURN over TLS at port 443.
    ///
    /// # How it is told apart
    ///
    /// TCP at port 443 or 80 of the server, or of a STUN server asked for comparison, is answered or
    /// refused at once; UDP, and TCP at every other port that was tried, is silent, at other ports
    /// than those of the URLs as well. A firewall of the server's that opens 443 alone looks the
    /// same: another server that is as silent over UDP makes it certain. Where nothing comes back
    /// from port 443, either, a STUN server elsewhere that is as silent as the server makes it likely.
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
    over ["client-udp-blocked", "turn-udp-filtered", "turn-tcp-filtered", "server-silent", "host-unreachable", "server-not-running", "wrong-port"],
    like ["turn-udp-filtered"]
}

/// What shows that the web gets out.
struct Web<'a> {
    place: String,
    does: &'static str,
    fact: String,
    says: String,
    /// Where a URL names it, and it is of no use.
    refused: Option<&'a Contact<'a>>,
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all: Vec<Contact<'_>> = contacts(report).into_iter().filter(|contact| !contact.unnamed).collect();
    let elsewhere_answers = report.references.iter().any(|reference| reference.outcome == StepOutcome::Ok);
    let Some(web) = named(&all).or_else(|| unnamed(report)) else { return nothing_else(report, &all) };
    let others: Vec<&Contact<'_>> =
        all.iter().filter(|contact| contact.is_datagram() || !is_web(contact.port())).collect();
    let shut = |contact: &&Contact<'_>| contact.silent().is_some();
    let tried: Vec<&OtherPort> = report.other_ports.iter().filter(|port| !of_the_web(port)).collect();
    let is_stream = |port: &&&OtherPort| matches!(port.transport, RelayProtocol::Tcp | RelayProtocol::Tls);
    let streams =
        others.iter().filter(|contact| !contact.is_datagram()).count() + tried.iter().filter(is_stream).count();
    let datagrams = others.iter().filter(|contact| contact.is_datagram()).count();
    let all_silent = others.iter().all(shut) && tried.iter().all(|port| port.outcome == StepOutcome::Timeout);
    if streams == 0 || datagrams == 0 || !all_silent || elsewhere_answers {
        return Vec::new();
    }
    let silent = report.references.iter().enumerate().filter(|(_, one)| one.outcome == StepOutcome::Timeout);
    let silent: Vec<(usize, SocketAddr)> =
        silent.filter_map(|(at, one)| Some((at, one.address.as_ref()?.parse().ok()?))).collect();
    let mut hosts: Vec<String> = others.iter().map(|contact| contact.ip()).collect();
    hosts.extend(silent.iter().map(|(_, address)| address.ip().to_string()));
    hosts.sort();
    hosts.dedup();
    let Web { place, does, fact, says, refused } = web;
    let detail = format!("{place} {does}, and everything else is silent: UDP, and TCP to other ports.");
    let fix = "Hand out turns:HOST:443?transport=tcp (tls-listening-port=443 with \
               AmbientCapabilities=CAP_NET_BIND_SERVICE); nothing else gets out of networks like this one.";
    let mut diagnosis = Diagnosis::of(others[0], detail).fact(fact, says).fix(fix);
    if let Some(contact) = refused {
        diagnosis = diagnosis.also(contact);
    }
    for contact in others {
        diagnosis = diagnosis.also(contact);
        if let Some(trouble) = contact.silent() {
            diagnosis = diagnosis.shown(trouble);
        }
    }
    for (at, address) in silent {
        diagnosis = diagnosis.fact(format!("/references/{at}"), format!("the STUN server {address} is silent, too"));
    }
    if hosts.len() < 2 {
        diagnosis = diagnosis.suspected("another server (--stun, --turn) that is silent from here, too");
    }
    vec![diagnosis]
}

fn is_web(port: u16) -> bool {
    matches!(port, 80 | 443)
}

/// TCP at a port of the web.
fn of_the_web(port: &OtherPort) -> bool {
    let number = port.address.parse().ok().map(|address: SocketAddr| address.port());
    matches!(port.transport, RelayProtocol::Tcp | RelayProtocol::Tls) && number.is_some_and(is_web)
}

/// Of the URLs, one at a port of the web where something comes back.
fn named<'a>(all: &'a [Contact<'a>]) -> Option<Web<'a>> {
    let talks = |contact: &&Contact<'_>| {
        let something = contact.answered.is_some() || contact.tls.is_some() || contact.refused().is_some();
        is_web(contact.port()) && !contact.is_datagram() && something
    };
    let open = all.iter().find(talks)?;
    let place = open.place();
    if let Some(trouble) = open.refused() {
        let (fact, says) = (trouble.fact.clone(), trouble.text.to_string());
        return Some(Web { place, does: "refuses at once", fact, says, refused: Some(open) });
    }
    let fact = open.answered.clone().or(open.tls.as_ref().map(|(_, at)| at.clone()))?;
    let says = format!("port {} answers", open.port());
    Some(Web { place, does: "works", fact, says, refused: None })
}

/// The same where nobody named it.
fn unnamed(report: &Report) -> Option<Web<'_>> {
    let talks = |port: &OtherPort| of_the_web(port) && (port.connected || port.cause == Some(Cause::Refused));
    let at = report.other_ports.iter().position(talks)?;
    let port = &report.other_ports[at];
    let does = if port.connected { "takes TCP connections" } else { "refuses TCP at once" };
    let (place, says) = (port.address.clone(), format!("{} {does}", port.address));
    Some(Web { place, does, fact: format!("/otherPorts/{at}"), says, refused: None })
}

/// Nothing answers anywhere, a STUN server elsewhere included: two at once are rarely down.
fn nothing_else(report: &Report, all: &[Contact<'_>]) -> Vec<Diagnosis> {
    let streams = all.iter().filter(|contact| !contact.is_datagram()).count();
    let silent = !all.is_empty() && all.iter().all(|contact| contact.silent().is_some());
    let tried = !report.other_ports.is_empty();
    let nothing = report.other_ports.iter().all(|port| port.outcome == StepOutcome::Timeout);
    if !silent || !nothing || streams == 0 && !tried || streams == all.len() {
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

use std::net::SocketAddr;

use super::turn_udp_rejected::offender;
use crate::report::nat::Udp;
use crate::report::{Cause, Outcome, Reference, Report, StepOutcome, Way};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// No server answers over UDP from here, but TCP gets through: the network you are in drops UDP.
    /// Calls from here need TURN over TCP or TLS.
    ///
    /// # How it is told apart
    ///
    /// At least two servers at different addresses, STUN servers asked for comparison among them, are
    /// silent over UDP, none answers over it, and TCP or TLS is answered; or one router that is not the
    /// server forbids UDP to all of them. One silent server alone is
    /// `turn-udp-filtered`. Where other UDP gets through, and all that are silent were asked at the same
    /// port, it is that port alone. Where NAT behaviour was probed, one server that is silent over UDP and
    /// answers over TCP is enough, as it was asked both ways from here.
    ///
    /// # What to do
    ///
    /// Hand out TCP and TLS URLs beside UDP, best at port 443, and ask the network's owner to let UDP
    /// 3478 out:
    ///
    ///     turn:turn.example.org:3478?transport=tcp
    ///     turns:turn.example.org:443?transport=tcp
    ///
    /// # References
    ///
    /// RFC 8656 section 3.1; RFC 8835 section 3.4
    "client-udp-blocked", Error, "This network seems to block UDP", check,
    over ["turn-udp-filtered", "turn-udp-rejected", "server-silent"]
}

const FIX: &str = "Offer TURN over TCP and TLS as well, best turns:HOST:443?transport=tcp; let UDP port 3478 out of \
                   this network.";

fn check(report: &Report) -> Vec<Diagnosis> {
    let probed = by_nat(report);
    if !probed.is_empty() {
        return probed;
    }
    let silent = by_servers(report);
    if silent.is_empty() { by_a_router(report) } else { silent }
}

/// The same router forbids UDP to the server and to a STUN server elsewhere, and TCP gets through.
fn by_a_router(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let Some(stream) = all.iter().find(|contact| !contact.is_datagram() && contact.answered.is_some()) else {
        return Vec::new();
    };
    let mut found: Option<Diagnosis> = None;
    for contact in all.iter().filter(|contact| contact.is_datagram() && contact.answered.is_none()) {
        let Some(trouble) = contact.cause(Cause::Prohibited) else { continue };
        let Some(router) = offender(trouble).map(|ip| ip.to_string()).filter(|router| *router != contact.ip()) else {
            continue;
        };
        let same = |reference: &Reference| {
            let icmp = reference.icmp.as_ref().and_then(|icmp| icmp.offender.as_ref());
            icmp.is_some_and(|offender| *offender == router)
                && reference.address.as_ref().is_some_and(|address| !address.starts_with(&contact.ip()))
        };
        let Some(at) = report.references.iter().position(same) else { continue };
        let detail = format!(
            "{router} forbids UDP, to {} and to a STUN server elsewhere alike, and {} works from {}.",
            contact.ip(),
            stream.over(),
            stream.place()
        );
        let diagnosis = found.take().unwrap_or_else(|| {
            Diagnosis::of(contact, detail)
                .fact(format!("/references/{at}"), format!("{router} rejects that, too"))
                .fact(stream.answered.clone().unwrap_or_default(), format!("{} is answered", stream.over()))
                .fix(FIX)
        });
        found = Some(diagnosis.also(contact).shown(trouble));
    }
    found.into_iter().collect()
}

/// The NAT was probed, and nothing but silence came of it.
fn by_nat(report: &Report) -> Vec<Diagnosis> {
    if report.nat.as_ref().is_none_or(|nat| nat.udp != Udp::Blocked) {
        return Vec::new();
    }
    let mut diagnosis = Diagnosis::of_the_network(report, "").fact("/nat/udp", "UDP is blocked").fix(FIX);
    diagnosis.detail = format!("Nothing came back over UDP from {}.", diagnosis.servers.join(", "));
    for (number, server) in report.servers.iter().enumerate() {
        if let Some(error) = server.error.as_ref().filter(|_| server.outcome != Outcome::Skipped) {
            diagnosis = diagnosis.fact(format!("/servers/{number}/error"), error.clone());
        }
    }
    vec![diagnosis]
}

fn by_servers(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let silent: Vec<&Contact<'_>> = all
        .iter()
        .filter(|contact| contact.is_udp() && contact.silent().is_some() && contact.address.is_some())
        .collect();
    // Asked for nothing else than to tell.
    let asked = |reference: &Reference| reference.address.as_ref()?.parse::<SocketAddr>().ok();
    let references: Vec<(usize, SocketAddr)> = report
        .references
        .iter()
        .enumerate()
        .filter(|(_, reference)| reference.outcome == StepOutcome::Timeout)
        .filter_map(|(at, reference)| Some((at, asked(reference)?)))
        .collect();
    let mut hosts: Vec<_> = silent.iter().map(|contact| contact.ip()).collect();
    hosts.extend(references.iter().map(|(_, address)| address.ip().to_string()));
    hosts.sort();
    hosts.dedup();
    let mut heard: Vec<u16> = report
        .references
        .iter()
        .filter(|reference| reference.outcome == StepOutcome::Ok)
        .filter_map(|reference| Some(asked(reference)?.port()))
        .collect();
    heard.extend(all.iter().filter(|contact| contact.is_datagram() && contact.answered.is_some()).map(Contact::port));
    let relays = report
        .turn
        .iter()
        .any(|turn| turn.proofs.iter().any(|proof| matches!(proof.way, Way::Inbound | Way::Outbound)));
    let any_udp = relays || !heard.is_empty();
    let mut ports: Vec<u16> = silent.iter().map(|contact| contact.port()).collect();
    ports.extend(references.iter().map(|(_, address)| address.port()));
    ports.dedup();
    let port = ports.first().filter(|port| ports.len() == 1 && !heard.is_empty() && !heard.contains(port));
    let stream = all.iter().find(|contact| !contact.is_datagram() && contact.answered.is_some());
    let (Some(first), Some(stream), false) = (silent.first(), stream, (any_udp && port.is_none()) || hosts.len() < 2)
    else {
        return Vec::new();
    };
    let which = match port {
        Some(port) => format!("at UDP port {port} ({}), while other UDP gets through", hosts.join(", ")),
        None => format!("over UDP ({}), none answers", hosts.join(", ")),
    };
    let detail = format!(
        "{} servers are silent {which}, and {} works from {}. A server's own firewall would not explain all of them.",
        hosts.len(),
        stream.over(),
        stream.place()
    );
    let proof = stream.answered.clone().unwrap_or_default();
    let mut diagnosis = Diagnosis::of(first, detail).fact(proof, format!("{} is answered", stream.over())).fix(FIX);
    for contact in silent {
        diagnosis = diagnosis.also(contact);
        if let Some(trouble) = contact.silent() {
            diagnosis = diagnosis.shown(trouble);
        }
    }
    for dtls in all.iter().filter(|other| other.is_datagram() && !other.is_udp() && other.silent().is_some()) {
        diagnosis = diagnosis.also(dtls);
    }
    for (at, address) in references {
        let says = format!("the STUN server {} is silent, too", address.ip());
        diagnosis = diagnosis.fact(format!("/references/{at}"), says);
    }
    vec![diagnosis]
}

use std::net::{IpAddr, SocketAddr};

use crate::report::{Cause, Reference, Report, StepOutcome};
use crate::rules::{Contact, Diagnosis, Trouble, address::is_private, contacts, rule};

rule! {
    /// # What it means
    ///
    /// This machine has an IPv6 address, and IPv6 leads nowhere from here. Clients lose time with it, or
    /// prefer it and fail; the servers are not to blame.
    ///
    /// # How it is told apart
    ///
    /// Two hosts at least were asked over IPv6, STUN servers asked for comparison among them, none
    /// answered, and IPv4 works; or the system itself has no route. A server that alone stays silent over
    /// IPv6 is `dns-aaaa-broken`.
    ///
    /// # What to do
    ///
    /// Mend the route, or switch IPv6 off in this network:
    ///
    ///     ip -6 route show default
    ///     ping -6 ADDRESS
    ///
    /// # References
    ///
    /// RFC 8305; RFC 6724; RFC 7084
    "client-ipv6-broken", Warning, "IPv6 does not get out of this network", check,
    over ["dns-aaaa-broken", "client-path-blocked", "server-silent", "host-unreachable"],
    like ["dns-aaaa-broken"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let by_v4 = all.iter().find(|contact| contact.answered.is_some() && family(contact) == Some(false));
    let Some(works) = by_v4 else { return Vec::new() };
    let dead: Vec<(&Contact<'_>, &Trouble<'_>)> = all
        .iter()
        .filter(|contact| family(contact) == Some(true) && !is_near(contact))
        .filter_map(|contact| Some((contact, lost(contact)?)))
        .collect();
    let asked: Vec<(usize, &Reference, SocketAddr)> = report
        .references
        .iter()
        .enumerate()
        .filter_map(|(at, one)| Some((at, one, one.address.as_ref()?.parse::<SocketAddr>().ok()?)))
        .filter(|(_, _, address)| address.is_ipv6())
        .collect();
    let answered = all.iter().any(|contact| family(contact) == Some(true) && contact.answered.is_some())
        || asked.iter().any(|(_, one, _)| one.outcome == StepOutcome::Ok);
    let mut hosts: Vec<IpAddr> = dead.iter().filter_map(|(contact, _)| Some(contact.address?.ip())).collect();
    hosts.extend(asked.iter().map(|(_, _, address)| address.ip()));
    hosts.sort();
    hosts.dedup();
    let own = dead.iter().all(|(_, trouble)| trouble.text.starts_with("no route from"));
    let Some((first, _)) = dead.first().filter(|_| !answered && (own || hosts.len() > 1)) else { return Vec::new() };
    let list: Vec<String> = hosts.iter().map(ToString::to_string).collect();
    let detail = match own {
        true => {
            format!("This machine has an IPv6 address and no way to {} from it, while IPv4 works.", list.join(", "))
        }
        false => format!("Nothing comes back over IPv6, neither from {}, while IPv4 works.", list.join(" nor from ")),
    };
    let fix = "Mend this network's IPv6 (ip -6 route show default), or switch it off here; the servers need no change.";
    let mut diagnosis = Diagnosis::of(first, detail).fix(fix);
    for (contact, trouble) in &dead {
        diagnosis = diagnosis.also(contact).shown(trouble);
    }
    for (at, _, address) in asked {
        let says = format!("the STUN server {} does not answer either", address.ip());
        diagnosis = diagnosis.fact(format!("/references/{at}"), says);
    }
    vec![diagnosis.fact(works.answered.clone().unwrap_or_default(), format!("{} answers", works.place()))]
}

/// Whether the server is reached over IPv6.
fn family(contact: &Contact<'_>) -> Option<bool> {
    contact.address.map(|address| address.is_ipv6())
}

/// In a private network, the way to which says nothing of the way out.
fn is_near(contact: &Contact<'_>) -> bool {
    contact.address.is_some_and(|address| is_private(address.ip()))
}

/// Nothing that the server itself said.
fn lost<'c, 'a>(contact: &'c Contact<'a>) -> Option<&'c Trouble<'a>> {
    let lost = |trouble: &&Trouble<'_>| matches!(trouble.cause, Cause::NoAnswer | Cause::Unreachable);
    contact.troubles.iter().find(lost).filter(|_| contact.answered.is_none())
}

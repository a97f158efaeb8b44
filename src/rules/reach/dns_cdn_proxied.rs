use std::net::IpAddr;

use crate::report::{Cause, Report, StepOutcome};
use crate::rules::{Contact, Diagnosis, Trouble, contacts, rule, same_place};

rule! {
    /// # What it means
    ///
    /// The name leads to a proxy that takes web traffic only, so TURN never gets to the server.
    ///
    /// # How it is told apart
    ///
    /// The address belongs to Cloudflare's web proxies, and nothing that speaks STUN answers there. Of
    /// others it is a suspicion: a web server answers at 443, and everything else at the address is
    /// silent. A firewall that opens the ports of the web alone in front of the server looks the same.
    ///
    /// # What to do
    ///
    /// Set the record to "DNS only" (the grey cloud), so that the name leads to the server itself; or open
    /// the ports of TURN:
    ///
    ///     ufw allow 3478
    ///     ufw allow 49152:65535/udp
    ///
    /// # References
    ///
    /// RFC 8656 section 3.1
    "dns-cdn-proxied", Error, "The server's name leads to a web proxy or content delivery network", check,
    over ["host-unreachable", "server-silent", "turn-udp-filtered", "turn-tcp-filtered", "tls-terminated-by-http", "not-stun", "server-not-running", "tls-handshake-failed"],
    like ["turn-udp-filtered"]
}

/// Where Cloudflare's proxies are, as it publishes.
const PROXIES: [(&str, u8); 22] = [
    ("173.245.48.0", 20),
    ("103.21.244.0", 22),
    ("103.22.200.0", 22),
    ("103.31.4.0", 22),
    ("141.101.64.0", 18),
    ("108.162.192.0", 18),
    ("190.93.240.0", 20),
    ("188.114.96.0", 20),
    ("197.234.240.0", 22),
    ("198.41.128.0", 17),
    ("162.158.0.0", 15),
    ("104.16.0.0", 13),
    ("104.24.0.0", 14),
    ("172.64.0.0", 13),
    ("131.0.72.0", 22),
    ("2400:cb00::", 32),
    ("2606:4700::", 32),
    ("2803:f800::", 32),
    ("2405:b500::", 32),
    ("2405:8100::", 32),
    ("2a06:98c0::", 29),
    ("2c0f:f248::", 32),
];

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let address = contact.address.filter(|address| is_proxy(address.ip()) && contact.answered.is_none())?;
        let trouble = contact.troubles.first()?;
        let host = contact.url.host;
        let detail = format!("{host} leads to {}, a web proxy of Cloudflare's.", address.ip());
        let fix = format!("Set the DNS record of {host} to \"DNS only\", so that it leads to the server itself.");
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    };
    let mut found: Vec<Diagnosis> = contacts(report).iter().filter_map(say).collect();
    found.extend(web_alone(report));
    found
}

/// The web answers, and nothing else does.
fn web_alone(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let says_http = |contact: &Contact<'_>| {
        contact.tls.as_ref()?;
        let said = |trouble: &&Trouble<'_>| trouble.cause == Cause::NotStun && trouble.text.contains("\"HTTP/");
        let asked = contact.clues().and_then(|(clues, at)| {
            let web = clues.http.as_ref().filter(|web| web.outcome == StepOutcome::Ok)?;
            Some((format!("{at}/http"), web.detail.clone().unwrap_or_else(|| "a web server answers".into())))
        });
        let told = contact.troubles.iter().find(said).map(|trouble| (trouble.fact.clone(), trouble.text.to_string()));
        told.or(asked).filter(|_| contact.is_secure())
    };
    // A portal of this network's answers for the whole web, and lets nothing else out.
    if report.references.iter().any(|one| one.outcome == StepOutcome::Timeout) {
        return Vec::new();
    }
    let say = |contact: &Contact<'_>| {
        let address = contact.address.filter(|address| !is_proxy(address.ip()) && !contact.url.is_address())?;
        let (fact, says) = says_http(contact)?;
        let same = same_place(&all, contact);
        let others: Vec<_> = same.iter().filter(|other| says_http(other).is_none()).collect();
        if others.is_empty() || others.iter().any(|other| other.silent().is_none()) {
            return None;
        }
        let host = contact.url.host;
        let detail = format!(
            "{host} leads to {}, where a web server answers at port {} and everything else is silent: a proxy for the \
             web stands in front, or a firewall lets in the web alone.",
            address.ip(),
            address.port()
        );
        let fix = format!(
            "Let the DNS record of {host} lead to the TURN server itself (\"DNS only\" at Cloudflare); if it does, ufw \
             allow 3478; ufw allow 49152:65535/udp; the same in the cloud's security group."
        );
        let mut diagnosis = Diagnosis::of(contact, detail).fact(fact, says).fix(fix);
        for other in others {
            diagnosis = diagnosis.also(other);
            if let Some(trouble) = other.silent() {
                diagnosis = diagnosis.shown(trouble);
            }
        }
        Some(diagnosis.suspected(format!("dig +short {host} shows an address that is not the server's own")))
    };
    all.iter().filter_map(say).collect()
}

fn is_proxy(ip: IpAddr) -> bool {
    PROXIES.iter().any(|(network, length)| match (network.parse(), ip) {
        (Ok(IpAddr::V4(network)), IpAddr::V4(ip)) => {
            u32::from(network) >> (32 - length) == u32::from(ip) >> (32 - length)
        }
        (Ok(IpAddr::V6(network)), IpAddr::V6(ip)) => {
            u128::from(network) >> (128 - length) == u128::from(ip) >> (128 - length)
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_told_by_their_networks() {
        for (ip, is) in [("104.16.1.1", true), ("104.28.0.1", false), ("2606:4700::1", true), ("203.0.113.9", false)] {
            assert_eq!(is_proxy(ip.parse().unwrap()), is, "{ip}");
        }
    }
}

//! What is wrong with a certificate that was not trusted.

use super::{Contact, Diagnosis, clock, contacts};
use crate::report::{Cause, Report, Severity, StepName, Tls};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    Expired,
    NotYetValid,
    WrongName,
    SelfSigned,
    /// Signed by an authority that is not trusted, and sent alone.
    IncompleteChain,
    UnknownAuthority,
}

/// A diagnosis for every untrusted certificate of that flaw. Where it was ignored on purpose and
/// the server gave what it should, it is no more than a warning.
pub(super) fn flaws(
    report: &Report,
    wanted: Flaw,
    say: impl Fn(&Contact<'_>, &Tls, &str) -> Diagnosis,
) -> Vec<Diagnosis> {
    let mut found = Vec::new();
    for contact in contacts(report) {
        let Some((tls, at)) = contact.tls.as_ref().filter(|(tls, _)| !tls.trusted) else { continue };
        if flaw(&contact, tls, &report.started_at) != wanted {
            continue;
        }
        let mut diagnosis = say(&contact, tls, at);
        match contact.troubles.iter().find(|trouble| trouble.step == StepName::Tls) {
            Some(trouble) => diagnosis = diagnosis.shown(trouble),
            None => {
                let says = tls.distrust.as_deref().unwrap_or("not trusted");
                diagnosis = diagnosis.fact(format!("{at}/trusted"), says).at_most(Severity::Warning);
            }
        }
        if let Some((turn, at)) = contact.turn.as_ref().filter(|(turn, _)| turn.works_untrusted == Some(true)) {
            diagnosis.detail.push_str(" With the certificate ignored, TURN works there.");
            diagnosis = diagnosis.fact(format!("{at}/worksUntrusted"), format!("works over {}", turn.url));
        }
        found.push(diagnosis);
    }
    found
}

fn flaw(contact: &Contact<'_>, tls: &Tls, now: &str) -> Flaw {
    let step = contact.troubles.iter().find(|trouble| trouble.step == StepName::Tls).map(|trouble| trouble.cause);
    match step {
        Some(Cause::CertificateExpired) => return Flaw::Expired,
        Some(Cause::CertificateNotYetValid) => return Flaw::NotYetValid,
        Some(Cause::CertificateWrongName) => return Flaw::WrongName,
        Some(Cause::CertificateSelfSigned) => return Flaw::SelfSigned,
        Some(Cause::CertificateIncompleteChain) => return Flaw::IncompleteChain,
        Some(Cause::CertificateUntrusted) if contact.turn.is_some() => return Flaw::UnknownAuthority,
        _ => {}
    }
    let time = |text: &Option<String>| text.as_deref().and_then(clock::seconds);
    let now = clock::seconds(now);
    let alone = tls.chain.len() == 1;
    let says = |words: &str| tls.distrust.as_deref().is_some_and(|why| why.contains(words));
    if time(&tls.not_after).zip(now).is_some_and(|(end, now)| end < now) {
        Flaw::Expired
    } else if time(&tls.not_before).zip(now).is_some_and(|(begin, now)| begin > now) {
        Flaw::NotYetValid
    } else if (alone && tls.chain[0].subject == tls.chain[0].issuer) || says("signed by itself") {
        Flaw::SelfSigned
    } else if !tls.subject_alt_names.iter().any(|name| covers(name, contact.url.host)) {
        Flaw::WrongName
    } else if alone && says("no intermediate certificate") {
        Flaw::IncompleteChain
    } else {
        Flaw::UnknownAuthority
    }
}

/// Whether a name of the certificate is the host's (RFC 9525 §6.3).
fn covers(name: &str, host: &str) -> bool {
    let (name, host) = (name.to_ascii_lowercase(), host.to_ascii_lowercase());
    match name.strip_prefix("*.") {
        Some(rest) => host.split_once('.').is_some_and(|(_, parent)| parent == rest),
        None => name == host,
    }
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_star_stands_for_one_label() {
        assert!(covers("turn.example.org", "TURN.example.org"));
        assert!(covers("*.example.org", "turn.example.org"));
        assert!(!covers("*.example.org", "a.turn.example.org"));
        assert!(!covers("*.example.org", "example.org"));
    }
}

use crate::report::{Report, Tls};
use crate::rules::clock::{date, seconds};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// coturn reads its certificate when it starts and at SIGUSR2, and not when the file changes.
    ///
    /// # How it is told apart
    ///
    /// An expired certificate, and another port or address of the same name shows one for the same
    /// name that ends later. Without that, `tls-cert-expired` says that it may be so.
    ///
    /// # What to do
    ///
    /// Reload the certificate, and let the renewal do it from now on:
    ///
    ///     systemctl kill -s USR2 coturn
    ///
    /// # References
    ///
    /// coturn: cert, pkey; certbot: deploy-hook
    "tls-cert-not-reloaded", Error, "The certificate was renewed, but the server still shows the old one", check,
    over ["tls-cert-expired"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let end = |tls: &Tls| tls.not_after.as_deref().and_then(seconds);
    let now = seconds(&report.started_at).unwrap_or(i64::MAX);
    let say = |contact: &Contact<'_>| {
        let (tls, at) = contact.tls.as_ref()?;
        let old = end(tls).filter(|old| *old < now)?;
        let (newer, other) = all.iter().filter(|other| other.url.host == contact.url.host).find_map(|other| {
            let (newer, at) = other.tls.as_ref()?;
            (end(newer)? > now && end(newer)? > old).then(|| ((newer, at.clone()), other))
        })?;
        let ends = |tls: &Tls| date(tls.not_after.as_deref().unwrap_or_default()).to_string();
        let detail = format!(
            "{} shows a certificate that ended on {}, {} one that ends on {}.",
            contact.place(),
            ends(tls),
            other.place(),
            ends(newer.0)
        );
        let fix = "systemctl kill -s USR2 coturn (or restart it); a deploy hook of certbot does it after each renewal.";
        Some(
            Diagnosis::of(contact, detail)
                .fact(format!("{at}/notAfter"), format!("ended on {}", ends(tls)))
                .fact(format!("{}/notAfter", newer.1), format!("ends on {}", ends(newer.0)))
                .fix(fix),
        )
    };
    all.iter().filter_map(say).collect()
}

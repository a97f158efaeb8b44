use crate::report::Report;
use crate::rules::clock::{seconds, span};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// Automatic renewal would have replaced it by now; either it failed, or the server still serves
    /// the old file.
    ///
    /// # How it is told apart
    ///
    /// Fewer than 14 days are left by this machine's clock, and the certificate is trusted.
    ///
    /// # What to do
    ///
    /// See whether the file on disk is newer than what is served, and load it:
    ///
    ///     certbot certificates
    ///     systemctl kill -s USR2 coturn
    ///
    /// # References
    ///
    /// RFC 5280 section 4.1.2.5; coturn: cert
    "tls-cert-expires-soon", Warning, "The server's certificate ends within days", check
}

const DAYS: i64 = 14;

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (tls, at) = contact.tls.as_ref().filter(|(tls, _)| tls.trusted)?;
        let end = tls.not_after.as_deref()?;
        let left = seconds(end)? - seconds(&report.started_at)?;
        if !(0..DAYS * 86_400).contains(&left) {
            return None;
        }
        let detail = format!("The certificate of {} ends in {}.", contact.place(), span(left));
        let fix =
            "See whether it was renewed on disk (certbot certificates) and load it: systemctl kill -s USR2 coturn.";
        Some(Diagnosis::of(contact, detail).fact(format!("{at}/notAfter"), format!("valid until {end}")).fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

use crate::report::Report;
use crate::rules::certificate::{Flaw, flaws};
use crate::rules::clock::date;
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// Either the certificate was issued for later, or this machine's clock is behind.
    ///
    /// # How it is told apart
    ///
    /// The begin of its validity lies after the start of this run, by this machine's clock.
    ///
    /// # What to do
    ///
    /// Check this machine's clock (`timedatectl`), then the certificate's dates.
    ///
    /// # References
    ///
    /// RFC 5280 section 4.1.2.5
    "tls-cert-not-yet-valid", Error, "The server's certificate is not valid yet", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    flaws(report, Flaw::NotYetValid, |contact, tls, at| {
        let begin = tls.not_before.as_deref().unwrap_or_default();
        let detail = format!(
            "The certificate of {} begins on {}, by this machine's clock in the future.",
            contact.place(),
            date(begin)
        );
        let fix = "Check the clock of this machine (timedatectl); if it is right, have the certificate issued \
                   anew.";
        Diagnosis::of(contact, detail).fact(format!("{at}/notBefore"), format!("valid from {begin} on")).fix(fix)
    })
}

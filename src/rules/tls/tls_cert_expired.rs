use crate::report::Report;
use crate::rules::certificate::{Flaw, flaws};
use crate::rules::clock::{date, seconds, span};
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// Every client that checks certificates refuses `turns:` here; browsers report error 701 without
    /// a reason.
    ///
    /// # How it is told apart
    ///
    /// The end of its validity lies before the start of this run, by this machine's clock.
    ///
    /// # What to do
    ///
    /// Renew it and let the server load it; coturn reads certificates at start and on SIGUSR2, not on
    /// SIGHUP:
    ///
    ///     certbot renew --deploy-hook "systemctl kill -s USR2 coturn"
    ///
    /// # References
    ///
    /// RFC 5280 section 4.1.2.5; coturn: cert, pkey
    "tls-cert-expired", Error, "The server's certificate has expired", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    flaws(report, Flaw::Expired, |contact, tls, at| {
        let end = tls.not_after.as_deref().unwrap_or_default();
        let ago = seconds(&report.started_at).zip(seconds(end)).map(|(now, end)| format!(", {} ago", span(now - end)));
        let detail =
            format!("The certificate of {} ended on {}{}.", contact.place(), date(end), ago.unwrap_or_default());
        let fix = "Renew it (certbot renew) and load it: systemctl kill -s USR2 coturn, or restart. eturnal: \
                   eturnalctl reload.";
        Diagnosis::of(contact, detail).fact(format!("{at}/notAfter"), format!("valid until {end}")).fix(fix)
    })
}

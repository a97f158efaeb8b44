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
        let begun = seconds(&report.started_at);
        let over = |end: &str| seconds(end).zip(begun).is_some_and(|(end, now)| end < now);
        let own = tls.not_after.as_deref().unwrap_or_default();
        let old = tls.chain.iter().position(|one| over(&one.not_after)).filter(|_| !over(own));
        let (whose, end, fact) = match old {
            // Not the server's own, but one that it sends with it.
            Some(place) => {
                let one = &tls.chain[place];
                let whose = format!("The certificate of the authority {} that {} sends", one.subject, contact.place());
                (whose, one.not_after.as_str(), format!("{at}/chain/{place}/notAfter"))
            }
            None => (format!("The certificate of {}", contact.place()), own, format!("{at}/notAfter")),
        };
        let ago = begun.zip(seconds(end)).map(|(now, end)| format!(", {} ago", span(now - end)));
        let detail = format!("{whose} ended on {}{}.", date(end), ago.unwrap_or_default());
        let fix = "Renew it (certbot renew) and load it: systemctl kill -s USR2 coturn, or restart. eturnal: \
                   eturnalctl reload. If the date is wrong, see this machine's clock (timedatectl).";
        Diagnosis::of(contact, detail).fact(fact, format!("valid until {end}")).fix(fix)
    })
}

use crate::report::{Cause, Report};
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// coturn grants bandwidth with each allocation, and the sum has reached `bps-capacity`.
    ///
    /// # How it is told apart
    ///
    /// 486 with a phrase that speaks of bandwidth; without the phrase it is `alloc-quota-reached`.
    ///
    /// # What to do
    ///
    /// Raise the limits, which are in bytes per second:
    ///
    ///     bps-capacity=0
    ///     max-bps=0
    ///
    /// # References
    ///
    /// RFC 8656 section 7.2; coturn: bps-capacity, max-bps
    "alloc-bandwidth-quota", Error, "The server's bandwidth quota is used up", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::QuotaReached, |contact, trouble| {
        if !trouble.phrase.contains("Bandwidth") {
            return None;
        }
        let detail = format!("{} has no bandwidth left to grant.", contact.url.host);
        Some(
            Diagnosis::by(contact, trouble, detail)
                .fix("Raise bps-capacity and max-bps (bytes per second, 0 is no limit)."),
        )
    })
}

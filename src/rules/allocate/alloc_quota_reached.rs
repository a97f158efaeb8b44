use crate::report::{Cause, Report};
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// The user, or the server as a whole, has as many allocations as it may. Clients that crash keep
    /// theirs until the lifetime ends.
    ///
    /// # How it is told apart
    ///
    /// 486. With a second user the same: `total-quota`; otherwise `user-quota`. coturn frees a slot
    /// about a second after its release, so that a probe that hurries sees this by itself.
    ///
    /// # What to do
    ///
    /// Raise or remove the quota, and give every client a user name of its own (TURN REST):
    ///
    ///     user-quota=0
    ///     total-quota=0
    ///
    /// # References
    ///
    /// RFC 8656 section 7.2; coturn: user-quota, total-quota
    "alloc-quota-reached", Error, "The quota of allocations is used up", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::QuotaReached, |contact, trouble| {
        if trouble.phrase.contains("Bandwidth") {
            return None;
        }
        let user = contact.username.unwrap_or("this user");
        let detail = format!("{} has no allocation left for \"{user}\", or for anybody.", contact.url.host);
        let fix = "Raise user-quota and total-quota (0 is no limit) in turnserver.conf; give each client its own user \
                   name.";
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    })
}

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
    /// 486, and 486 again from another port a second and a half later: coturn goes on counting what was
    /// released for about a second, so that a probe that hurries sees the first one by itself. Where
    /// several URLs share a user, each is asked alone before it is said. With a second user the same:
    /// `total-quota`; otherwise `user-quota`.
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

/// Allocation Quota Reached.
const QUOTA: u16 = 486;

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::QuotaReached, |contact, trouble| {
        if trouble.phrase.contains("Bandwidth") {
            return None;
        }
        let user = contact.username.unwrap_or("this user");
        let second = contact.clues().and_then(|(clues, at)| Some((clues.second_try.as_ref()?, at)));
        let later = second.filter(|(second, _)| second.first_code == QUOTA && second.error_code == Some(QUOTA));
        let stays = if later.is_some() { ", not even 1.5 s later" } else { "" };
        let detail = format!("{} has no allocation left for \"{user}\", or for anybody{stays}.", contact.url.host);
        let fix = "Raise user-quota and total-quota (0 is no limit) in turnserver.conf; give each client its own user \
                   name.";
        let diagnosis = Diagnosis::by(contact, trouble, detail).fix(fix);
        Some(match later {
            Some((_, at)) => diagnosis.fact(format!("{at}/secondTry/errorCode"), "486 from another port as well"),
            None => diagnosis,
        })
    })
}

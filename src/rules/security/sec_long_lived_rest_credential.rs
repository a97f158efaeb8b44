use crate::report::Report;
use crate::rules::clock::{seconds, span};
use crate::rules::expiry::expiry;
use crate::rules::{Contact, Diagnosis, contacts, rule, user_name};

rule! {
    /// # What it means
    ///
    /// Whoever copies them can use the server until they end; two days are plenty for most
    /// applications.
    ///
    /// # How it is told apart
    ///
    /// The time in the user name lies more than 48 hours after the start of this run, and the server
    /// accepts it.
    ///
    /// # What to do
    ///
    /// Issue credentials for hours, and fetch new ones before they end.
    ///
    /// # References
    ///
    /// draft-uberti-behave-turn-rest-00 section 2.2
    "sec-long-lived-rest-credential", Info, "The time-limited credentials last for long", check
}

const LONG: i64 = 48 * 3600;

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, _) = contact.turn.as_ref()?;
        turn.allocation.as_ref()?;
        let end = expiry(contact.username?).filter(|end| !end.millis)?;
        let left = end.at - seconds(&report.started_at)?;
        if left <= LONG {
            return None;
        }
        let detail = format!("The credentials for {} last another {}.", contact.url.host, span(left));
        let fix = "Issue credentials for hours: (now + 3600):NAME.";
        Some(Diagnosis::of(contact, detail).fact(user_name(report, contact)?, "the time in the user name").fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

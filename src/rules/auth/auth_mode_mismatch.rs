use crate::report::{Cause, Report, StepName};
use crate::rules::expiry::expiry;
use crate::rules::{Contact, Diagnosis, contacts, rule, same_place};

rule! {
    /// # What it means
    ///
    /// use-auth-secret overrides user: a name without a time is refused there whatever its
    /// password, though it stands in turnserver.conf.
    ///
    /// # How it is told apart
    ///
    /// At the same server credentials with a time in the user name are accepted and others are
    /// refused. With the others alone it cannot be told from a wrong password:
    /// `auth-bad-credentials`.
    ///
    /// # What to do
    ///
    /// Choose one mechanism; with both kinds of clients, run two servers.
    ///
    ///     use-auth-secret
    ///     static-auth-secret=SECRET
    ///
    /// # References
    ///
    /// draft-uberti-behave-turn-rest-00 section 2.2; coturn: use-auth-secret, lt-cred-mech, user
    "auth-mode-mismatch", Error, "The server takes time-limited credentials only", check,
    over ["auth-bad-credentials"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let say = |contact: &Contact<'_>| {
        let trouble = contact.at(StepName::Allocate, Cause::Unauthorized)?;
        let user = contact.username.filter(|user| expiry(user).is_none())?;
        let same = same_place(&all, contact);
        let (other, (_, at)) = same.iter().find_map(|other| {
            let (turn, at) = other.turn.as_ref()?;
            turn.allocation.as_ref()?;
            expiry(other.username?)?;
            Some((other, (turn, at)))
        })?;
        let detail = format!(
            "{} accepts \"{}\", whose name carries a time, and refuses \"{user}\".",
            contact.url.host,
            other.username.unwrap_or_default()
        );
        let fix = "Remove use-auth-secret and static-auth-secret from turnserver.conf, or give this client \
                   time-limited credentials as well.";
        let says = "time-limited credentials work";
        Some(Diagnosis::by(contact, trouble, detail).fact(format!("{at}/allocation"), says).fix(fix))
    };
    all.iter().filter_map(say).collect()
}

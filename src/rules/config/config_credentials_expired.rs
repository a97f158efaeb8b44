use super::{about, configuration};
use crate::report::Report;
use crate::rules::clock::{seconds, span};
use crate::rules::expiry::expiry;
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// The user name looks like that of time-limited credentials (TURN REST), and their time is over by
    /// this machine's clock. No server refused them yet, because none was reached so far.
    ///
    /// # How it is told apart
    ///
    /// The number in the user name alone. Where the server says 401, it is `auth-rest-expired`; where it
    /// lets them in, the number is no time, or the server does not look at it.
    ///
    /// # What to do
    ///
    /// Fetch fresh credentials before each connection, and keep the issuer's clock right (NTP).
    ///
    /// # References
    ///
    /// draft-uberti-behave-turn-rest-00 section 2.2; coturn: use-auth-secret
    "config-credentials-expired", Warning, "The user name carries a time that is past", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let Some(configuration) = configuration(report) else { return Vec::new() };
    let Some(now) = seconds(&report.started_at) else { return Vec::new() };
    let mut found = Vec::new();
    for (place, server) in configuration.servers.iter().enumerate() {
        let Some(user) = server.username.as_deref() else { continue };
        let let_in = report.turn.iter().any(|turn| turn.username.as_deref() == Some(user) && turn.allocation.is_some());
        let Some(end) = expiry(user).filter(|end| !end.millis && end.at <= now && !let_in) else { continue };
        let detail = format!("\"{user}\" ended {} ago by this machine's clock.", span(now - end.at));
        let fix =
            "Fetch new credentials before each connection; the user name is (now + time to live):NAME in seconds.";
        let at = format!("/configuration/servers/{place}/username");
        found.push(about(report, &[place], detail).fact(at, format!("\"{user}\"")).fix(fix));
    }
    found
}

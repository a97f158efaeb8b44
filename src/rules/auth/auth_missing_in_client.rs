use crate::report::{Cause, Configured, CredentialKind, Report, Severity};
use crate::rules::{Diagnosis, contacts, each, rule};

rule! {
    /// # What it means
    ///
    /// A `turn:` URL without user name and credential; a browser does not even start with it.
    ///
    /// # How it is told apart
    ///
    /// The first 401 is normal; here there is nothing to answer it with. `check` says so of a list
    /// whatever the server answers; `turn --anonymous` asks on purpose whether strangers are refused.
    ///
    /// # What to do
    ///
    /// Fill in both, in the client's `iceServers` and here with `--username` and `--credential-file`,
    /// or `--secret-file`.
    ///
    /// # References
    ///
    /// RFC 8489 section 9.2; W3C WebRTC section 4.2.4
    "auth-missing-in-client", Error, "A TURN server is named without user name and credential", check
}

const FIX: &str =
    "Set username and credential in iceServers; here --username U --credential-file F, or --secret-file F.";

fn check(report: &Report) -> Vec<Diagnosis> {
    let listed = by_list(report);
    if !listed.is_empty() {
        return listed;
    }
    each(report, Cause::NoCredentials, |contact, trouble| {
        let detail = format!("{} asks who we are, and no user name is set for it.", contact.url.host);
        let diagnosis = Diagnosis::by(contact, trouble, detail).fix(FIX);
        // A check without credentials shows that the server is no open relay: that may be all that was asked.
        Some(if contact.turn.is_some() { diagnosis.at_most(Severity::Info) } else { diagnosis })
    })
}

/// The list of servers has none, whatever the network says.
fn by_list(report: &Report) -> Vec<Diagnosis> {
    let Some(configuration) = report.configuration.as_ref() else { return Vec::new() };
    let all = contacts(report);
    let say = |(number, server): (usize, &Configured)| {
        let bare = server.credential_kind == CredentialKind::None && server.scheme.starts_with("turn");
        let contact = all.iter().find(|contact| bare && contact.url.text == server.url)?;
        // Whoever lets strangers in wants none; that is a fault of another kind.
        if report.turn.iter().any(|turn| turn.url == server.url && turn.is_open_relay()) {
            return None;
        }
        let detail = format!("{} stands in the list without user name and credential.", server.url);
        let fact = format!("/configuration/servers/{number}/credentialKind");
        let mut diagnosis = Diagnosis::of(contact, detail).fact(fact, "no credentials").fix(FIX);
        if let Some(trouble) = contact.cause(Cause::NoCredentials) {
            diagnosis = diagnosis.shown(trouble);
        }
        Some(diagnosis)
    };
    configuration.servers.iter().enumerate().filter_map(say).collect()
}

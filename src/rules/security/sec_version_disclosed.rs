use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// Whoever asks learns which advisories may concern it. It helps people who look for a fault as
    /// well.
    ///
    /// # How it is told apart
    ///
    /// SOFTWARE names a product with a version. Told in an audit only.
    ///
    /// # What to do
    ///
    /// Leave the attribute out, and keep the server up to date:
    ///
    ///     no-software-attribute
    ///
    /// # References
    ///
    /// RFC 8489 section 14.14; coturn: no-software-attribute
    "sec-version-disclosed", Info, "The server tells its name and version", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref().filter(|(turn, _)| !turn.audit.is_empty())?;
        let software = turn.software.as_deref().filter(|name| name.bytes().any(|byte| byte.is_ascii_digit()))?;
        let detail = format!("{} calls itself \"{software}\".", contact.url.host);
        let fix = "Set no-software-attribute in turnserver.conf (the default from 4.7 on).";
        Some(Diagnosis::of(contact, detail).fact(format!("{at}/software"), "names the version").fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

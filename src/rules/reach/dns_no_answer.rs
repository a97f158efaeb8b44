use crate::report::{Cause, Report};
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// The DNS did not answer or failed; nothing is known about the name or the server.
    ///
    /// # How it is told apart
    ///
    /// A timeout or a failure of the DNS server, where `dns-no-record` has an answer that says no.
    ///
    /// # What to do
    ///
    /// Try another DNS server with `--nameserver`, or the server's address instead of its name (not
    /// for `turns:`).
    ///
    /// # References
    ///
    /// RFC 1035 section 4.1.1; RFC 8020
    "dns-no-answer", Error, "The server's name could not be looked up", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::DnsFailed, |contact, trouble| {
        let host = contact.url.host;
        let detail = format!("The DNS gave no answer for {host}, neither yes nor no.");
        let fix = format!(
            "Try another DNS server (--nameserver 9.9.9.9), and dig {host} to see whose failure it \
             is."
        );
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    })
}

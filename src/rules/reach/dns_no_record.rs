use crate::report::{Cause, Report};
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// The DNS knows no such name, or no address for it, so no client gets as far as a packet.
    ///
    /// # How it is told apart
    ///
    /// The answer is NXDOMAIN or has no A and no AAAA record. No answer at all, or a server failure,
    /// is `dns-no-answer`.
    ///
    /// # What to do
    ///
    /// Correct the name, or create the record:
    ///
    ///     turn.example.org. IN A 203.0.113.9
    ///
    /// # References
    ///
    /// RFC 1035; RFC 8308; RFC 5928
    "dns-no-record", Error, "The server's name has no address", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::NoSuchName, |contact, trouble| {
        let host = contact.url.host;
        let detail = format!("The DNS has no address for {host}.");
        let fix = format!(
            "Correct the name in the URL, or create the record (dig {host} A; dig {host} AAAA); a private name \
             needs --nameserver."
        );
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    })
}

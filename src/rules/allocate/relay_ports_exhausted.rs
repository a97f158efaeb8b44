use crate::report::{Cause, Report};
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// Every allocation takes a port between `min-port` and `max-port`; a browser makes two to six.
    ///
    /// # How it is told apart
    ///
    /// 508 at once. After more than a second it is `relay-ip-not-local`, and then it comes every
    /// time.
    ///
    /// # What to do
    ///
    /// Widen the range, in the firewall and in the container as well:
    ///
    ///     min-port=49152
    ///     max-port=65535
    ///
    /// # References
    ///
    /// RFC 8656 section 7.2; coturn: min-port, max-port; systemd: LimitNOFILE
    "relay-ports-exhausted", Error, "The server has no relay port left", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::PortsExhausted, |contact, trouble| {
        let detail = format!("{} answers 508 at once: its relay ports are used up.", contact.url.host);
        let fix = "Widen min-port=49152 max-port=65535 in turnserver.conf (and in firewall and container), raise \
                   LimitNOFILE.";
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    })
}

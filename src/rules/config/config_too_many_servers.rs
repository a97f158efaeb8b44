use super::{about, configuration};
use crate::report::Report;
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// Browsers ask every server from every interface before they are done. Firefox warns from five on.
    ///
    /// # How it is told apart
    ///
    /// The list of servers alone; URLs that stand for a bare host count once.
    ///
    /// # What to do
    ///
    /// Keep one STUN server, and one TURN server over UDP, TCP and TLS.
    ///
    /// # References
    ///
    /// RFC 8445 section 5.1.1; Firefox: "Using five or more STUN/TURN servers slows down discovery"
    "config-too-many-servers", Info, "Many servers slow gathering down", check
}

/// From here on a browser warns.
const FROM: usize = 5;

fn check(report: &Report) -> Vec<Diagnosis> {
    let Some(configuration) = configuration(report) else { return Vec::new() };
    let counted: Vec<usize> =
        (0..configuration.servers.len()).filter(|place| !configuration.servers[*place].of_bare_host).collect();
    if counted.len() < FROM {
        return Vec::new();
    }
    let detail = format!("{} URLs are configured; browsers ask each of them.", counted.len());
    let fix = "Keep one STUN server, and one TURN server over UDP, TCP and TLS.";
    vec![about(report, &counted, detail).fix(fix)]
}

use super::{about, configuration};
use crate::report::{Configured, Report};
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// Chrome takes `stuns:` for plain STUN over UDP, at that port; Firefox refuses to make an
    /// RTCPeerConnection with it (NotSupportedError).
    ///
    /// # How it is told apart
    ///
    /// The URL alone.
    ///
    /// # What to do
    ///
    /// Write `stun:` for browsers; TLS is of use with `turns:` only.
    ///
    /// # References
    ///
    /// RFC 7064 section 3.1; libwebrtc: stuns is read as stun; Firefox: NotSupportedError
    "config-stuns-plain", Warning, "Browsers do no STUN over TLS", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let Some(configuration) = configuration(report) else { return Vec::new() };
    let servers = configuration.servers.iter().enumerate().filter(|(_, server)| server.scheme == "stuns");
    let say = |(place, server): (usize, &Configured)| {
        let detail = format!("Chrome asks {} over plain UDP, and Firefox refuses the whole configuration.", server.url);
        about(report, &[place], detail).fix("Write stun: instead of stuns: in what browsers are given.")
    };
    servers.map(say).collect()
}

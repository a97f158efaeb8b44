use super::{about, configuration};
use crate::report::{Report, Severity};
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// Where neither side can be reached directly (symmetric NATs, firewalls that block UDP), a call fails
    /// without a relay.
    ///
    /// # How it is told apart
    ///
    /// The list of servers alone. Where only STUN servers were named on the command line to be checked, it
    /// is a remark.
    ///
    /// # What to do
    ///
    /// Add a TURN server, best over UDP, TCP and TLS:
    ///
    ///     turn:turn.example.org:3478
    ///     turn:turn.example.org:3478?transport=tcp
    ///     turns:turn.example.org:443?transport=tcp
    ///
    /// # References
    ///
    /// RFC 8835 section 3.4; W3C WebRTC section 4.2.4
    "config-no-turn", Warning, "No TURN server is configured", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let Some(configuration) = configuration(report) else { return Vec::new() };
    if configuration.servers.is_empty() || configuration.servers.iter().any(|server| server.scheme.starts_with("turn"))
    {
        return Vec::new();
    }
    let all: Vec<usize> = (0..configuration.servers.len()).collect();
    let detail = "All configured servers are for STUN: where no direct path can be made, there is no call.";
    let fix = "Add a TURN server: turn:HOST:3478, turn:HOST:3478?transport=tcp and turns:HOST:443?transport=tcp.";
    let asked = matches!(configuration.source.as_str(), "ice-servers" | "config");
    vec![about(report, &all, detail).fix(fix).at_most(if asked { Severity::Warning } else { Severity::Info })]
}

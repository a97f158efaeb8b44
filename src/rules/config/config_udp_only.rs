use super::{about, configuration};
use crate::report::{RelayProtocol, Report};
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// Networks that let no UDP out, as in offices and hotels, leave clients with no way to the server.
    ///
    /// # How it is told apart
    ///
    /// The list of servers alone: each turn: URL is over UDP.
    ///
    /// # What to do
    ///
    /// Add the same server over TCP, and over TLS at port 443:
    ///
    ///     turn:turn.example.org:3478?transport=tcp
    ///     turns:turn.example.org:443?transport=tcp
    ///
    /// # References
    ///
    /// RFC 8835 section 3.4; RFC 8656 section 3.1
    "config-udp-only", Info, "TURN is configured over UDP only", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let Some(configuration) = configuration(report) else { return Vec::new() };
    let servers = configuration.servers.iter().enumerate();
    let turns: Vec<(usize, _)> = servers.filter(|(_, server)| server.scheme.starts_with("turn")).collect();
    if turns.is_empty() || turns.iter().any(|(_, server)| server.transport != RelayProtocol::Udp) {
        return Vec::new();
    }
    let places: Vec<usize> = turns.iter().map(|(place, _)| *place).collect();
    let detail = "No configured TURN URL works where UDP is blocked.";
    let fix = "Add turn:HOST:3478?transport=tcp and turns:HOST:443?transport=tcp of the same server.";
    vec![about(report, &places, detail).fix(fix)]
}

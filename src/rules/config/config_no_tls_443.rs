use super::{about, configuration};
use crate::report::{RelayProtocol, Report};
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// The strictest networks let out nothing but TLS to port 443. `turns:` there is the last way that is
    /// left.
    ///
    /// # How it is told apart
    ///
    /// The list of servers alone: there are TURN URLs, and none is turns: over TCP at 443.
    ///
    /// # What to do
    ///
    /// Let the server listen at 443, at an address where no web server does, and hand it out:
    ///
    ///     tls-listening-port=443
    ///     turns:turn.example.org:443?transport=tcp
    ///
    /// # References
    ///
    /// RFC 8835 section 3.4; coturn: tls-listening-port
    "config-no-tls-443", Info, "No TURN over TLS at port 443 is configured", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let Some(configuration) = configuration(report) else { return Vec::new() };
    let servers = configuration.servers.iter().enumerate();
    let turns: Vec<(usize, _)> = servers.filter(|(_, server)| server.scheme.starts_with("turn")).collect();
    let last = turns.iter().any(|(_, server)| server.transport == RelayProtocol::Tls && server.port == 443);
    if turns.is_empty() || last {
        return Vec::new();
    }
    let places: Vec<usize> = turns.iter().map(|(place, _)| *place).collect();
    let detail = "Networks that let out nothing but TLS to port 443 leave no way to the configured TURN servers.";
    let fix = "Set tls-listening-port=443 and hand out turns:HOST:443?transport=tcp.";
    vec![about(report, &places, detail).fix(fix)]
}

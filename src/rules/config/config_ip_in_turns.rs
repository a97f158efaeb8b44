use std::net::IpAddr;

use super::{about, configuration};
use crate::report::{Configured, Report};
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// Firefox leaves out `turns:` and `stuns:` URLs whose host is an IP address, without a word; Chrome
    /// uses them if the certificate names the address, which public authorities seldom do.
    ///
    /// # How it is told apart
    ///
    /// The URL alone. A certificate that does not name the address is `tls-ip-url`.
    ///
    /// # What to do
    ///
    /// Write the server's name into the URL:
    ///
    ///     turns:turn.example.org:443?transport=tcp
    ///
    /// # References
    ///
    /// RFC 7065 section 3.1; RFC 9525 section 6.3
    "config-ip-in-turns", Info, "A turns: URL with an address instead of a name", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let Some(configuration) = configuration(report) else { return Vec::new() };
    let servers = configuration.servers.iter().enumerate();
    let literal = servers
        .filter(|(_, server)| server.scheme.ends_with('s') && server.host.parse::<IpAddr>().is_ok())
        .filter(|(_, server)| !server.of_bare_host);
    let say = |(place, server): (usize, &Configured)| {
        let detail = format!("Firefox does not use {}: its host is an address.", server.url);
        about(report, &[place], detail).fix("Write the name that stands in the server's certificate into the URL.")
    };
    literal.map(say).collect()
}

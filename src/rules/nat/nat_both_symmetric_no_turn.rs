use super::symmetric;
use crate::report::Report;
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// Behind a NAT like this one many calls need a relay, and there is none among the servers. Two
    /// people behind such NATs cannot talk at all.
    ///
    /// # How it is told apart
    ///
    /// The mapping depends on the destination, and all servers that were named are STUN servers. If the
    /// application has others, it is nothing.
    ///
    /// # What to do
    ///
    /// Run a TURN server and hand it out in `iceServers`. Free public ones come and go.
    ///
    /// # References
    ///
    /// RFC 8656 section 1; RFC 4787 section 4.1; RFC 8835 section 3.4
    "nat-both-symmetric-no-turn", Warning, "Calls need a relay here, and no TURN server is named", check,
    over ["nat-symmetric"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let Some(mapping) = report.nat.as_ref().and_then(symmetric) else { return Vec::new() };
    let any_turn = report.servers.iter().any(|server| server.url.starts_with("turn"));
    // Whoever named nobody has not shown what the application has.
    if any_turn || report.servers.is_empty() || report.default_servers {
        return Vec::new();
    }
    let detail = format!(
        "The mapping is {mapping}, so most calls need a relay; none of the servers that were named is a TURN server. \
         If these are the application's iceServers, calls between people behind such NATs fail."
    );
    let fix = "Add a TURN server to iceServers: turn:HOST:3478?transport=udp, and turns:HOST:443?transport=tcp for \
               networks that let nothing else out.";
    let mut diagnosis = Diagnosis::of_the_network(report, detail).fact("/nat/mapping", format!("mapping is {mapping}"));
    for (number, server) in report.servers.iter().enumerate() {
        diagnosis = diagnosis.fact(format!("/servers/{number}/url"), format!("{} is a STUN server", server.url));
    }
    vec![diagnosis.fix(fix)]
}

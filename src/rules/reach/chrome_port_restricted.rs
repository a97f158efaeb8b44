use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// Chrome and everything built on libwebrtc use TURN at ports 53, 80, 443 and from 1024 on only;
    /// other tools work.
    ///
    /// # How it is told apart
    ///
    /// The port of the URL alone.
    ///
    /// # What to do
    ///
    /// Move the listener to one of these ports.
    ///
    ///     listening-port=3478
    ///
    /// # References
    ///
    /// libwebrtc: TurnPort::AllowedTurnPort; coturn: listening-port, tls-listening-port
    "chrome-port-restricted", Warning, "Chrome refuses TURN at this port", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let port =
            contact.url.port.filter(|port| *port < 1024 && ![53, 80, 443].contains(port) && contact.url.is_turn())?;
        let fact = match &contact.turn {
            Some((_, at)) => format!("{at}/url"),
            None => {
                format!("/servers/{}/url", report.servers.iter().position(|server| server.url == contact.url.text)?)
            }
        };
        let detail = format!("Chrome does not use TURN at port {port}.");
        let fix = "Use port 443, 80, 53 or one from 1024 on (listening-port, tls-listening-port).";
        Some(Diagnosis::of(contact, detail).fact(fact, format!("port {port}")).fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

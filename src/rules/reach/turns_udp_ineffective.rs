use crate::report::{RelayProtocol, Report};
use crate::rules::{Contact, Diagnosis, contacts, rule, same_place};

rule! {
    /// # What it means
    ///
    /// Browsers take `turns:` with `transport=udp` for TLS over TCP. DTLS helps native clients only.
    ///
    /// # How it is told apart
    ///
    /// The URL alone, and that no `turns:` URL over TCP of the same server answers beside it.
    ///
    /// # What to do
    ///
    /// Hand out `turns:HOST:443?transport=tcp` to browsers.
    ///
    /// # References
    ///
    /// RFC 7065 section 3.1; libwebrtc: turns ignores transport=udp
    "turns-udp-ineffective", Info, "Browsers do not use TURN over DTLS", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let say = |contact: &Contact<'_>| {
        let tls = |other: &&Contact<'_>| other.transport == RelayProtocol::Tls && other.answered.is_some();
        if same_place(&all, contact).iter().any(tls) {
            return None;
        }
        if contact.assumed || contact.transport != RelayProtocol::Dtls || !contact.url.is_turn() {
            return None;
        }
        let fact = match &contact.turn {
            Some((_, at)) => format!("{at}/url"),
            None => {
                format!("/servers/{}/url", report.servers.iter().position(|server| server.url == contact.url.text)?)
            }
        };
        let detail = format!("Browsers connect to {} with TLS over TCP instead.", contact.url.text);
        let fix = "Give browsers turns:HOST:443?transport=tcp.";
        Some(Diagnosis::of(contact, detail).fact(fact, "turns: with transport=udp").fix(fix))
    };
    all.iter().filter_map(say).collect()
}

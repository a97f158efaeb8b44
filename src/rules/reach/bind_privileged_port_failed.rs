use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, rule, same_place};

rule! {
    /// # What it means
    ///
    /// coturn runs as an ordinary user and may not bind 443 or 80. Up to 4.6 it goes on trying, and
    /// does not answer at its other TCP ports in the meantime.
    ///
    /// # How it is told apart
    ///
    /// A port below 1024 refuses, and another TCP port of the same machine connects and stays
    /// silent. Its log says "Trying to bind" with errno=13; errno=98 is a port that another program
    /// has.
    ///
    /// # What to do
    ///
    /// Give the service the capability, and see who has the port:
    ///
    ///     [Service]
    ///     AmbientCapabilities=CAP_NET_BIND_SERVICE
    ///
    /// # References
    ///
    /// coturn: tls-listening-port, listening-port; capabilities(7)
    "bind-privileged-port-failed", Error, "The server seems to lack the right to bind a port below 1024", check,
    over ["server-not-running", "stream-silent", "tls-listener-missing", "turn-tcp-not-listening"],
    like ["server-not-running"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let say = |contact: &Contact<'_>| {
        let trouble = contact.refused().filter(|_| contact.port() < 1024 && !contact.is_datagram())?;
        let same = same_place(&all, contact);
        let mute = same.iter().find(|other| other.mute().is_some() && other.port() != contact.port())?;
        let port = contact.port();
        let detail = format!(
            "{} refuses, and {} connects without an answer: a server that keeps trying to bind port {port}.",
            contact.place(),
            mute.place()
        );
        let fix = format!(
            "systemctl edit coturn: [Service] AmbientCapabilities=CAP_NET_BIND_SERVICE; see who has the port with ss \
             -ltnp sport = :{port}."
        );
        let diagnosis = Diagnosis::by(contact, trouble, detail).also(mute).fix(fix);
        let diagnosis = match mute.mute() {
            Some(silence) => diagnosis.shown(silence),
            None => diagnosis,
        };
        Some(diagnosis.suspected("coturn's log: \"Trying to bind\" with errno=13"))
    };
    all.iter().filter_map(say).collect()
}

use crate::report::{Report, StepName};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// The TCP connection stands, but no request is answered over it.
    ///
    /// # How it is told apart
    ///
    /// Connecting (and TLS, where there is some) works, and every request stays without answer.
    /// Suspects: a load balancer that puts a PROXY protocol header in front, coturn 4.6 while it
    /// retries to bind a port below 1024, or a port that belongs to something else. The server's log
    /// tells which.
    ///
    /// # What to do
    ///
    /// Switch the PROXY header off, or point the balancer to `tcp-proxy-port`. For ports below 1024
    /// give the service the capability:
    ///
    ///     [Service]
    ///     AmbientCapabilities=CAP_NET_BIND_SERVICE
    ///
    /// # References
    ///
    /// coturn: tcp-proxy-port; RFC 8656 section 3.1
    "stream-silent", Error, "The server takes the connection and says nothing", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let trouble = contact.mute().filter(|trouble| trouble.step != StepName::Tls)?;
        let place = contact.place();
        let detail = format!(
            "{place} takes the {} connection and answers nothing over it; a PROXY protocol header in between, or \
             a server that is still binding its ports, are suspects.",
            contact.over()
        );
        let fix = "Switch proxy_protocol off, or point the balancer to coturn's tcp-proxy-port; look for \
                   \"Trying to bind\" in coturn's log.";
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

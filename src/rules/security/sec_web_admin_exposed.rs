use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// Whoever gets past its login makes users and secrets; before 4.12 the login itself had a hole
    /// (GHSA-v8hj-2xx7-xmp5).
    ///
    /// # How it is told apart
    ///
    /// TCP port 8080 answers an HTTP request with the page of coturn's web administration. No
    /// password was tried.
    ///
    /// # What to do
    ///
    /// Switch it off, or keep it on loopback:
    ///
    ///     web-admin-ip=127.0.0.1
    ///
    /// # References
    ///
    /// coturn: web-admin, web-admin-ip
    "sec-web-admin-exposed", Error, "The server's web administration can be reached from outside", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        let mut services = turn.exposure.as_ref()?.services.iter().enumerate();
        let (number, service) = services.find(|(_, service)| service.kind == "web-admin")?;
        let detail =
            format!("{} answers at TCP port {} with the page of its web administration.", contact.ip(), service.port);
        let fix = "Remove web-admin from turnserver.conf, or set web-admin-ip=127.0.0.1, and restart coturn.";
        let fact = format!("{at}/exposure/services/{number}");
        Some(Diagnosis::of(contact, detail).fact(fact, format!("\"{}\"", service.said)).fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// Whoever guesses the password reads the whole configuration, secrets included, and ends other
    /// people's sessions.
    ///
    /// # How it is told apart
    ///
    /// TCP port 5766 is answered with the banner of coturn's command line. No password was tried.
    ///
    /// # What to do
    ///
    /// Switch it off, or keep it on loopback:
    ///
    ///     no-cli
    ///
    /// # References
    ///
    /// coturn: no-cli, cli-ip, cli-password
    "sec-cli-exposed", Error, "The server's command line can be reached from outside", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        let mut services = turn.exposure.as_ref()?.services.iter().enumerate();
        let (number, service) = services.find(|(_, service)| service.kind == "cli")?;
        let detail =
            format!("{} answers at TCP port {} with the banner of its command line.", contact.ip(), service.port);
        let fix = "Set no-cli, or cli-ip=127.0.0.1, in turnserver.conf and restart coturn.";
        let fact = format!("{at}/exposure/services/{number}");
        Some(Diagnosis::of(contact, detail).fact(fact, format!("\"{}\"", service.said)).fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

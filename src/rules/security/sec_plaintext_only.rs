use crate::report::{RelayProtocol, Report, StepName, Turn};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// No TURN URL uses TLS. Audio and video are encrypted end to end all the same, but user names,
    /// the server's realm and the addresses of the peers are there for everybody on the way to read,
    /// and time-limited user names often carry the name of a person.
    ///
    /// # How it is told apart
    ///
    /// With `--audit`: TURN works, and none of the URLs is a `turns:` one. Where one is and does not
    /// work, `tls-listener-missing` and the findings about certificates say so.
    ///
    /// # What to do
    ///
    /// Give the server a certificate, and hand out TLS beside the others:
    ///
    ///     cert=/etc/coturn/fullchain.pem
    ///     pkey=/etc/coturn/privkey.pem
    ///     turns:turn.example.org:443?transport=tcp
    ///
    /// # References
    ///
    /// RFC 8656 section 21.1.6; RFC 7065 section 3.1; coturn: cert, pkey, tls-listening-port
    "sec-plaintext-only", Info, "TURN is offered without TLS only", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let secure = |turn: &Turn| matches!(turn.transport, RelayProtocol::Tls | RelayProtocol::Dtls);
    if report.turn.iter().any(secure) || report.turn.iter().all(|turn| turn.step(StepName::Audit).is_none()) {
        return Vec::new();
    }
    let all = contacts(report);
    let plain = all.iter().filter(|contact| contact.turn.as_ref().is_some_and(|(turn, _)| turn.works == Some(true)));
    let mut found: Option<Diagnosis> = None;
    for contact in plain {
        let Some((_, at)) = &contact.turn else { continue };
        let start = |contact: &Contact<'_>| {
            let detail = "User names and the addresses of peers travel in clear on the way to every TURN URL.";
            Diagnosis::of(contact, detail).fix(
                "Set cert= and pkey= in turnserver.conf, restart coturn, and hand out \
                 turns:HOST:443?transport=tcp as well.",
            )
        };
        let diagnosis = found.take().unwrap_or_else(|| start(contact));
        found =
            Some(diagnosis.also(contact).fact(format!("{at}/transport"), format!("{} works in clear", contact.over())));
    }
    found.into_iter().collect()
}

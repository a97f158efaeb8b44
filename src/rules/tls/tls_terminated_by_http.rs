use crate::report::{Cause, RelayProtocol, Report, StepName, StepOutcome};
use crate::rules::{Contact, Diagnosis, Trouble, contacts, rule};

rule! {
    /// # What it means
    ///
    /// nginx, Caddy, an ingress or a CDN ends TLS and waits for HTTP, so TURN never gets through.
    ///
    /// # How it is told apart
    ///
    /// TLS works, and a STUN request is answered with `HTTP/`, or it is not answered and `GET /` on a
    /// connection of its own is. Where nobody asked for a page, silence or a closed connection is a
    /// suspicion; a PROXY header that the server does not expect looks the same.
    ///
    /// # What to do
    ///
    /// Pass the TLS connection through by its server name instead of ending it:
    ///
    ///     stream { map $ssl_preread_server_name $to { turn.example.org turn; default web; }
    ///              server { listen 443; ssl_preread on; proxy_pass $to; } }
    ///
    /// haproxy: `mode tcp` with `req.ssl_sni`.
    ///
    /// # References
    ///
    /// RFC 6066 section 3; RFC 7443 (ALPN stun.turn)
    "tls-terminated-by-http", Error, "A web server seems to answer where TURN over TLS should", check,
    over ["not-stun", "stream-silent", "stream-closed", "server-silent"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (_, at) = contact.tls.as_ref().filter(|_| contact.is_secure())?;
        let http =
            contact.troubles.iter().find(|trouble| trouble.cause == Cause::NotStun && trouble.text.contains("\"HTTP/"));
        let asked = contact.clues().and_then(|(clues, at)| {
            let web = clues.http.as_ref().filter(|web| web.outcome == StepOutcome::Ok)?;
            Some((web.detail.clone().unwrap_or_default(), format!("{at}/http")))
        });
        let suspect = |trouble: &&Trouble<'_>| {
            matches!(trouble.step, StepName::Binding | StepName::Challenge)
                && matches!(trouble.cause, Cause::ConnectionClosed | Cause::NoAnswer)
        };
        // Where a web server was looked for and not found, there is none.
        let evident = http.is_some() || asked.is_some();
        let unasked = contact.clues().is_none_or(|(clues, _)| clues.http.is_none());
        let over_tls = contact.transport == RelayProtocol::Tls && contact.answered.is_none();
        let trouble =
            http.or_else(|| contact.troubles.iter().find(suspect).filter(|_| over_tls && (evident || unasked)))?;
        let place = contact.place();
        let detail = match (http, &asked) {
            (Some(_), _) => format!("{place} ends TLS and answers STUN with HTTP."),
            (None, Some(_)) => format!("{place} ends TLS, does not answer STUN, and answers a web request."),
            (None, None) => format!(
                "TLS with {place} works, but STUN over it is not answered, as with a web server that waits for HTTP."
            ),
        };
        let fix = "Pass TLS through to the TURN server by its name (nginx: stream with ssl_preread; haproxy: \
                   mode tcp with req.ssl_sni), or give TURN an address of its own.";
        let diagnosis = Diagnosis::by(contact, trouble, detail).fact(at.clone(), "the TLS handshake works").fix(fix);
        let (host, port) = (contact.url.host, contact.port());
        Some(match asked {
            Some((line, fact)) => diagnosis.fact(fact, line),
            None if http.is_some() => diagnosis,
            None => diagnosis.suspected(format!("curl -v https://{host}:{port}/ gets an HTTP answer of any kind")),
        })
    };
    contacts(report).iter().filter_map(say).collect()
}

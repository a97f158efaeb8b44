use crate::report::{Affinity, Cause, Report};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// A load balancer, an anycast address or a Kubernetes Service hands packets of one client to
    /// different TURN servers, and each refuses the other's nonce.
    ///
    /// # How it is told apart
    ///
    /// 438 to every request, however fresh the nonce, or a check that fails elsewhere, while on one
    /// connection nonces come back after others: no server by itself does that. A stale nonce is
    /// normal and needs one retry. Where every nonce is a new one, the server's own may be broken:
    /// it is only suspected then.
    ///
    /// # What to do
    ///
    /// Give the balancer affinity by the client's address, or give clients the name of one server:
    ///
    ///     sessionAffinity: ClientIP
    ///     hash $remote_addr consistent;
    ///
    /// # References
    ///
    /// RFC 8489 section 9.2.5; coturn: stale-nonce
    "lb-no-affinity", Error, "Every nonce is stale: requests seem to reach different servers", check,
    over ["auth-bad-credentials", "alloc-lost", "relay-ports-unreachable", "relay-egress-blocked", "relay-self-denied"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    contacts(report).iter().filter_map(say).collect()
}

const FIX: &str = "Balance by the client's address (sessionAffinity: ClientIP; nginx: hash $remote_addr consistent), or \
                   hand out the names of single servers.";

fn say(contact: &Contact<'_>) -> Option<Diagnosis> {
    let host = contact.url.host;
    let several = contact.clues().and_then(|(clues, at)| Some((clues.affinity?, at)));
    let several = several.filter(|(affinity, _)| affinity.nonce_returns > 0);
    let trouble = contact.cause(Cause::NonceLoop);
    if let Some((affinity, at)) = several {
        let Affinity { nonces, nonce_returns, origins, .. } = affinity;
        let failing = contact.turn.as_ref().is_some_and(|(turn, _)| turn.works == Some(false));
        if trouble.is_none() && !failing {
            return None;
        }
        let detail = format!(
            "{host} answers one connection with {nonces} nonces in turn, each of which is stale for who gave the \
             other: several servers behind a balancer without affinity."
        );
        let diagnosis = match trouble {
            Some(trouble) => Diagnosis::by(contact, trouble, detail),
            None => Diagnosis::of(contact, detail),
        };
        let says = format!("a nonce came back after another one {nonce_returns} times");
        let diagnosis = diagnosis.fact(format!("{at}/affinity/nonceReturns"), says);
        let diagnosis = match origins {
            0 | 1 => diagnosis,
            _ => diagnosis.fact(format!("{at}/affinity/origins"), format!("{origins} RESPONSE-ORIGINs")),
        };
        return Some(diagnosis.fix(FIX));
    }
    let detail = format!(
        "{host} calls every nonce stale, the newest too: probably a balancer without affinity in front of several \
         servers."
    );
    Some(Diagnosis::by(contact, trouble?, detail).fix(FIX))
}

use crate::report::{Cause, Report};
use crate::rules::{Diagnosis, each, rule};

rule! {
    /// # What it means
    ///
    /// A load balancer, an anycast address or a Kubernetes Service hands packets of one client to
    /// different TURN servers, and each refuses the other's nonce.
    ///
    /// # How it is told apart
    ///
    /// 438 to every request, however fresh the nonce. A stale nonce by itself is normal and needs one
    /// retry. A server whose own nonces are broken looks the same; nonces that alternate between a
    /// few values would confirm the balancer.
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
    over ["auth-bad-credentials"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    each(report, Cause::NonceLoop, |contact, trouble| {
        let detail = format!(
            "{} calls every nonce stale, the newest too: probably a balancer without affinity in front of \
             several servers.",
            contact.url.host
        );
        let fix = "Balance by the client's address (sessionAffinity: ClientIP; nginx: hash $remote_addr \
                   consistent), or hand out the names of single servers.";
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    })
}

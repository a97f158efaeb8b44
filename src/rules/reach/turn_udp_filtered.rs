use crate::report::{Report, StepOutcome, Turn, Way};
use crate::rules::{Contact, Diagnosis, contacts, rule, same_place};

rule! {
    /// # What it means
    ///
    /// A firewall between here and the server drops UDP to its port, so browsers fall back to TCP or
    /// fail.
    ///
    /// # How it is told apart
    ///
    /// UDP is silent, TCP or TLS to the same address is answered. When another server answers over
    /// UDP from here, the filter is on the server's side; when no server does and several were asked,
    /// it is `client-udp-blocked`. With only this server it is undecided, and said so. An answer that
    /// comes from another address is `reply-from-wrong-source-ip`.
    ///
    /// # What to do
    ///
    /// Open UDP for the listening port and the relay ports in every firewall on the way, the cloud's
    /// security group included:
    ///
    ///     ufw allow 3478/udp
    ///     ufw allow 49152:65535/udp
    ///
    /// # References
    ///
    /// RFC 8656 section 3.1; coturn: listening-port, min-port, max-port
    "turn-udp-filtered", Error, "UDP to the server is dropped, TCP gets through", check,
    over ["server-silent"],
    like ["client-udp-blocked", "udp-not-proxied"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let elsewhere = |contact: &Contact<'_>| {
        let other =
            all.iter().find(|other| other.is_udp() && other.answered.is_some() && other.address != contact.address);
        let said =
            other.and_then(|other| Some((other.answered.clone()?, format!("{} is answered over UDP", other.place()))));
        let referred = || {
            let at = report.references.iter().position(|reference| reference.outcome == StepOutcome::Ok)?;
            let address = report.references[at].address.as_deref().unwrap_or_default();
            Some((format!("/references/{at}"), format!("the STUN server {address} answers over UDP")))
        };
        said.or_else(referred).or_else(|| {
            let proof =
                |turn: &Turn| turn.proofs.iter().position(|proof| matches!(proof.way, Way::Inbound | Way::Outbound));
            let mut found = report.turn.iter().enumerate().filter_map(|(at, turn)| Some((at, proof(turn)?)));
            let (at, proof) = found.next()?;
            Some((format!("/turn/{at}/proofs/{proof}"), "a second UDP socket here reached a STUN server".to_string()))
        })
    };
    let say = |contact: &Contact<'_>| {
        let trouble = contact.silent().filter(|_| contact.is_udp())?;
        let same = same_place(&all, contact);
        let other = same.iter().find(|other| !other.is_datagram() && other.answered.is_some())?;
        let (proof, port) = (other.answered.clone()?, contact.port());
        let heard = elsewhere(contact);
        let side = match heard {
            Some(_) => "Other UDP gets through from here, so the server's side drops it.",
            None => "Its side drops it, or this network does.",
        };
        let detail = format!("{} answers over {}, but not over UDP. {side}", contact.place(), other.over());
        let fix = format!(
            "Open UDP port {port} and the relay ports at {}: ufw allow {port}/udp; ufw allow 49152:65535/udp; the same \
             in the cloud's security group. In a container: -p {port}:3478/udp.",
            contact.ip()
        );
        let diagnosis = Diagnosis::by(contact, trouble, detail).fact(proof, format!("{} is answered", other.over()));
        let diagnosis = match heard {
            Some((fact, says)) => diagnosis.fact(fact, says),
            None => diagnosis.suspected("a STUN server elsewhere that answers over UDP from here (--stun)"),
        };
        let dtls = same.iter().find(|other| other.is_datagram() && !other.is_udp() && other.silent().is_some());
        let diagnosis = dtls.map_or(diagnosis.clone(), |dtls| diagnosis.also(dtls));
        Some(diagnosis.fix(fix))
    };
    all.iter().filter_map(say).collect()
}

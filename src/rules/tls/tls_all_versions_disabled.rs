use crate::report::{Cause, RelayProtocol, Report, StepOutcome};
use crate::rules::{Contact, Diagnosis, Trouble, contacts, rule, same_place};

rule! {
    /// # What it means
    ///
    /// coturn 4.6 with no-tlsv1_2 has no version of TLS left: it takes the connection and never
    /// answers the handshake.
    ///
    /// # How it is told apart
    ///
    /// The handshake stays without answer at a port for TLS, while the same machine answers without
    /// TLS there or at another port: coturn opens its TLS port only where it has TLS, and answers
    /// without there, too. A port that was never meant for TLS behaves the same;
    /// `tls-on-plain-port-hang` is that of a plain port. An alert "protocol version" over DTLS from
    /// the same host settles it.
    ///
    /// # What to do
    ///
    /// Delete the option, and restart:
    ///
    ///     no-tlsv1
    ///     no-tlsv1_1
    ///
    /// # References
    ///
    /// RFC 8446 section 4.1.2; coturn: no-tlsv1_2
    "tls-all-versions-disabled", Error, "The server seems to have every version of TLS switched off", check,
    over ["tls-on-plain-port-hang", "server-silent", "stream-silent"],
    like ["tls-on-plain-port-hang"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let say = |contact: &Contact<'_>| {
        let trouble = contact.cause(Cause::HandshakeTimeout).filter(|_| contact.transport == RelayProtocol::Tls)?;
        let same = same_place(&all, contact);
        let asked =
            contact.clues().and_then(|(clues, at)| Some((clues.plain.as_ref()?.outcome, format!("{at}/plain"))));
        match asked {
            Some((StepOutcome::Ok, fact)) => return at_the_port_itself(contact, trouble, &same, fact),
            // What says nothing without TLS either is no coturn.
            Some(_) => return None,
            None => {}
        }
        let plain = |other: &&&Contact<'_>| !other.is_secure() && other.answered.is_some();
        if same.iter().any(|other| plain(&other) && other.port() == contact.port()) {
            return None;
        }
        let other = same.iter().find(plain)?;
        let detail = format!(
            "{} takes the connection and does not answer the TLS handshake; {} answers without TLS.",
            contact.place(),
            other.place()
        );
        let fix = "Delete no-tlsv1_2 (and no-tlsv1_3) from turnserver.conf and restart coturn; update it to 4.6.2 or \
                   later.";
        let proof = other.answered.clone()?;
        let diagnosis = Diagnosis::by(contact, trouble, detail).fact(proof, format!("{} answers", other.place()));
        Some(diagnosis.fix(fix).suspected("coturn's log: \"no protocols available\""))
    };
    all.iter().filter_map(say).collect()
}

/// The same port was asked without TLS, and answered.
fn at_the_port_itself(
    contact: &Contact<'_>,
    trouble: &Trouble<'_>,
    same: &[&Contact<'_>],
    plain: String,
) -> Option<Diagnosis> {
    let alert = same.iter().find_map(|other| {
        let refused = other.cause(Cause::HandshakeFailed).filter(|_| other.transport == RelayProtocol::Dtls)?;
        let text = refused.text.to_ascii_lowercase().replace(['_', ' '], "");
        text.contains("protocolversion").then(|| refused.fact.clone())
    });
    if contact.port() == 3478 && alert.is_none() {
        return None;
    }
    let detail = format!("{} answers without TLS and leaves every TLS handshake without answer.", contact.place());
    let fix = "Delete no-tlsv1_2 (and no-tlsv1_3) from turnserver.conf and restart coturn; update it to 4.6.2 or later. \
               If the port is to have no TLS, write turn:…?transport=tcp.";
    let diagnosis = Diagnosis::by(contact, trouble, detail).fact(plain, "the same port answers without TLS").fix(fix);
    Some(match alert {
        Some(fact) => diagnosis.fact(fact, "over DTLS it says that it has no version of the protocol"),
        None => diagnosis.suspected("coturn's log: \"no protocols available\""),
    })
}

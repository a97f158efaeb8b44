use crate::report::{RelayProtocol, Report, Severity};
use crate::rules::{Contact, Diagnosis, contacts, rule, same_place};

rule! {
    /// # What it means
    ///
    /// Clients whose network blocks UDP cannot use this server without TLS. Harmless when no URL says
    /// `transport=tcp`.
    ///
    /// # How it is told apart
    ///
    /// TCP is answered with RST while another transport of the same address answers; silence would be
    /// `turn-tcp-filtered`.
    ///
    /// # What to do
    ///
    /// Remove `no-tcp`, or do not hand out `?transport=tcp`. With coturn 4.6 `tcp-proxy-port` removes
    /// the plain TCP listener, too. In a container publish `-p 3478:3478/tcp`.
    ///
    /// # References
    ///
    /// RFC 8656 section 3.1; coturn: no-tcp, tcp-proxy-port
    "turn-tcp-not-listening", Error, "The server does not listen on TCP", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let say = |contact: &Contact<'_>| {
        let trouble = contact.refused().filter(|_| contact.transport == RelayProtocol::Tcp)?;
        let same = same_place(&all, contact);
        let other = same.iter().find(|other| other.answered.is_some())?;
        let proof = other.answered.clone()?;
        let detail = format!("{} answers over {}, but refuses TCP.", contact.place(), other.over());
        let fix = "Remove no-tcp from turnserver.conf (or tcp-proxy-port, which takes the listener away in coturn 4.6), \
                   or do not hand out ?transport=tcp. In a container: -p 3478:3478/tcp.";
        let diagnosis =
            Diagnosis::by(contact, trouble, detail).fact(proof, format!("{} is answered", other.over())).fix(fix);
        // Nobody named what answers: then this is all that clients have.
        Some(if other.unnamed { diagnosis } else { diagnosis.at_most(Severity::Warning) })
    };
    all.iter().filter_map(say).collect()
}

use crate::report::{Report, Severity};
use crate::rules::{Contact, Diagnosis, contacts, rule, same_place};

rule! {
    /// # What it means
    ///
    /// A firewall drops TCP to the port; clients whose network blocks UDP cannot use the server.
    ///
    /// # How it is told apart
    ///
    /// The TCP connection is not answered at all while another port or protocol of the same address
    /// is. RST would be `turn-tcp-not-listening` or `tls-listener-missing`.
    ///
    /// # What to do
    ///
    /// Open the TCP port in every firewall on the way:
    ///
    ///     ufw allow 3478/tcp
    ///     ufw allow 5349/tcp
    ///
    /// # References
    ///
    /// RFC 8656 section 3.1; coturn: listening-port, tls-listening-port
    "turn-tcp-filtered", Error, "TCP to the server is dropped", check,
    over ["server-silent"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let say = |contact: &Contact<'_>| {
        let trouble = contact.silent().filter(|_| !contact.is_datagram())?;
        let same = same_place(&all, contact);
        let other = same.iter().find(|other| other.answered.is_some())?;
        let (proof, port) = (other.answered.clone()?, contact.port());
        let detail =
            format!("{} answers over {}, but TCP port {port} does not answer at all.", other.place(), other.over());
        let fix = format!(
            "Open TCP port {port} at {}: ufw allow {port}/tcp; the same in the cloud's security group.",
            contact.ip()
        );
        let diagnosis =
            Diagnosis::by(contact, trouble, detail).fact(proof, format!("{} is answered", other.over())).fix(fix);
        // Nobody named what answers: then this is all that clients have.
        Some(if other.unnamed { diagnosis } else { diagnosis.at_most(Severity::Warning) })
    };
    all.iter().filter_map(say).collect()
}

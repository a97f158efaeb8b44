use crate::report::{RelayProtocol, Report};
use crate::rules::{Contact, Diagnosis, contacts, rule, same_place};

rule! {
    /// # What it means
    ///
    /// `turns:` URLs lead nowhere. coturn starts without TLS, with a warning in its log only, when it
    /// cannot read the key or the certificate.
    ///
    /// # How it is told apart
    ///
    /// TCP to the TLS port is answered with RST, the plain port of the same address answers. Silence
    /// instead of RST is a firewall: `turn-tcp-filtered`.
    ///
    /// # What to do
    ///
    /// Give the user that the server runs as access to key and certificate, and restart it:
    ///
    ///     install -o turnserver -m 640 privkey.pem fullchain.pem /etc/coturn/certs/
    ///     cert=/etc/coturn/certs/fullchain.pem
    ///     pkey=/etc/coturn/certs/privkey.pem
    ///
    /// # References
    ///
    /// RFC 8656 section 3.1; coturn: cert, pkey, tls-listening-port, no-tls
    "tls-listener-missing", Error, "The server has no TLS listener", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = contacts(report);
    let say = |contact: &Contact<'_>| {
        let trouble = contact.refused().filter(|_| contact.transport == RelayProtocol::Tls)?;
        let same = same_place(&all, contact);
        let other = same.iter().find(|other| !other.is_secure() && other.answered.is_some())?;
        let proof = other.answered.clone()?;
        let detail = format!("{} answers, but nothing listens at {} for TLS.", other.place(), contact.place());
        let fix = "See in coturn's log whether it found key and certificate (\"cannot find private key file\"): make \
                   them readable for the user turnserver, set cert= and pkey=, remove no-tls, and restart. In a \
                   container publish the port.";
        Some(Diagnosis::by(contact, trouble, detail).fact(proof, format!("{} is answered", other.over())).fix(fix))
    };
    all.iter().filter_map(say).collect()
}

use crate::report::{Report, StepOutcome};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// coturn closes a relay socket for good when the system refuses to send to a peer (no route, a
    /// prohibited one, a firewall in OUTPUT), and still answers Refresh. Browsers try the private
    /// addresses of their peers first, so calls lose their relay at random.
    ///
    /// # How it is told apart
    ///
    /// With `--all`, on an allocation of its own: data arrives through the relay; one
    /// datagram is sent to 10.255.255.254; data no longer arrives. Where that peer is refused with 403
    /// the server is safe from it.
    ///
    /// # What to do
    ///
    /// Refuse such peers with 403, instead of or beside the firewall, and keep a default route:
    ///
    ///     denied-peer-ip=10.0.0.0-10.255.255.255
    ///     denied-peer-ip=172.16.0.0-172.31.255.255
    ///     denied-peer-ip=192.168.0.0-192.168.255.255
    ///
    /// Filter what the server may reach in FORWARD or on the gateway, not in OUTPUT.
    ///
    /// # References
    ///
    /// RFC 8656 section 11.2; coturn: denied-peer-ip
    "relay-poisoned-by-unroutable-peer", Error, "One datagram to where there is no way ends all relaying", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (clues, at) = contact.clues()?;
        let poison = clues.poison.as_ref()?;
        if poison.before != StepOutcome::Ok || poison.after != Some(StepOutcome::Timeout) {
            return None;
        }
        let detail = format!(
            "Data got through the relay of {} until one datagram was sent to {}; after that nothing did.",
            contact.ip(),
            poison.peer
        );
        let fix = "Add denied-peer-ip=10.0.0.0-10.255.255.255 (and 172.16.0.0-172.31.255.255, \
                   192.168.0.0-192.168.255.255) to turnserver.conf, or give the machine a default route; do not drop \
                   in OUTPUT.";
        let diagnosis = Diagnosis::of(contact, detail)
            .fact(format!("{at}/poison/before"), "data arrived")
            .fact(format!("{at}/poison/after"), "then it did not");
        Some(diagnosis.fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

use crate::report::{Report, StepOutcome};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// The server relays without permissions. Whoever has credentials sends to any address through it,
    /// also to those that `denied-peer-ip` names and to the server's own loopback, and everybody on
    /// the Internet sends to the relayed addresses of its users.
    ///
    /// # How it is told apart
    ///
    /// With `--audit`: from an allocation that has no permission, a Send indication goes to the
    /// relayed address of another allocation of ours, and arrives there. Nothing is sent to anybody
    /// else. Where it does not arrive, one with a permission is sent, which has to.
    ///
    /// # What to do
    ///
    /// Remove the option `server-relay` from turnserver.conf and restart coturn:
    ///
    ///     grep -rn server-relay /etc/turnserver.conf /etc/default/coturn
    ///
    /// # References
    ///
    /// RFC 8656 section 9; RFC 8656 section 11.2; coturn: server-relay
    "sec-server-relay", Error, "The server relays to peers without a permission", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (clues, at) = contact.clues()?;
        clues.unpermitted.filter(|data| data.without_permission == StepOutcome::Ok)?;
        let detail = format!(
            "A Send indication to a peer that no permission was asked for was relayed by {}, so its rules about peers \
             bind nobody.",
            contact.ip()
        );
        let fix = "Remove server-relay from turnserver.conf (and from the command line of the service), and restart \
                   coturn.";
        let diagnosis = Diagnosis::of(contact, detail);
        Some(
            diagnosis.fact(format!("{at}/unpermitted/withoutPermission"), "data without a permission arrived").fix(fix),
        )
    };
    contacts(report).iter().filter_map(say).collect()
}

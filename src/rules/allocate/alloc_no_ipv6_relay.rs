use crate::report::{Cause, Report, Severity};
use crate::rules::{Contact, Diagnosis, contacts, each, rule};

rule! {
    /// # What it means
    ///
    /// Allocations of the family that was asked for, usually IPv6, are refused; the other family
    /// works.
    ///
    /// # How it is told apart
    ///
    /// 440. Where the plain request is refused so, nothing is relayed at all; where it was one for the
    /// other family besides, it is a warning.
    ///
    /// # What to do
    ///
    /// Add a relay address of the family, or leave it: IPv4 peers are not affected.
    ///
    ///     relay-ip=2001:db8::9
    ///     allocation-default-address-family=keep
    ///
    /// # References
    ///
    /// RFC 8656 section 7.2; coturn: relay-ip, allocation-default-address-family
    "alloc-no-ipv6-relay", Error, "The server has no relay address of that family", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let fix = "Add relay-ip=ADDRESS of that family in turnserver.conf; harmless where peers have the other family.";
    let tried = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        let mut options = turn.options.iter().enumerate();
        let (number, _) = options.find(|(_, option)| option.name == "ipv6-relay" && option.error_code == Some(440))?;
        let detail = format!("{} answers 440 to a request for an IPv6 relay.", contact.url.host);
        let fact = format!("{at}/options/{number}/errorCode");
        Some(Diagnosis::of(contact, detail).fact(fact, "440").fix(fix).at_most(Severity::Warning))
    };
    let mut found = each(report, Cause::FamilyUnsupported, |contact, trouble| {
        let detail = format!(
            "{} answers 440: it has no relay address of the family that is asked for, which is IPv4 where a client \
             names none.",
            contact.url.host
        );
        let fix = "Add relay-ip=ADDRESS of that family in turnserver.conf; on a server with IPv6 alone, \
                   allocation-default-address-family=keep.";
        Some(Diagnosis::by(contact, trouble, detail).fix(fix))
    });
    found.extend(contacts(report).iter().filter_map(tried));
    found
}

use crate::report::{Burst, Report, Severity};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// Something in front of the server counts packets and drops those that come too fast: a
    /// `hashlimit` or `limit` of iptables, a `limit rate` of nftables, the flood protection of a
    /// cloud or a router. Single requests pass, and a call over this port, which sends hundreds of
    /// packets a second, loses most of them.
    ///
    /// # How it is told apart
    ///
    /// Asked only where something was lost after a first answer. Of 60 Binding requests sent at once
    /// next to none of the later half is answered; of 8 sent one every 300 ms at least 7 are. Loss
    /// by chance, `relay-lossy`, takes early and late, fast and slow ones alike. Where after the
    /// first answers nothing comes back any more, at no pace, something may have shut us out for a
    /// while: that is suspected only, as a server that died meanwhile looks the same.
    ///
    /// # What to do
    ///
    /// Take TURN's ports out of the limit, or raise it far beyond what a video call needs, say 2000
    /// packets per second and client:
    ///
    ///     iptables -L INPUT -v -n | grep -E 'limit|recent'
    ///     nft list ruleset | grep 'limit rate'
    ///     iptables -I INPUT 1 -p udp --dport 3478 -j ACCEPT
    ///
    /// # References
    ///
    /// RFC 8489 section 6.2.1; RFC 8656 section 21.2; iptables-extensions: hashlimit, recent
    "firewall-rate-limited", Error, "Something counts packets to the server and drops fast ones", check,
    over ["relay-lossy", "relay-egress-blocked", "relay-ports-unreachable", "alloc-no-answer", "stun-only-no-turn", "stun-binding-silent-no-stun"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, _) = contact.turn.as_ref()?;
        let (clues, at) = contact.clues()?;
        let burst = clues.burst.as_ref().filter(|burst| burst.tail_is_lost() && burst.paced_sent > 0)?;
        let Burst { sent, answered, paced_sent, paced_answered, .. } = *burst;
        let counts = answered > 0 && paced_answered + 1 >= paced_sent;
        let shut = answered == 0 && paced_answered == 0;
        let detail = if counts {
            format!(
                "Of {sent} Binding requests sent to {} at once {answered} were answered, of {paced_sent} sent slowly \
                 {paced_answered}.",
                contact.place()
            )
        } else if shut {
            format!(
                "{} answered at first, and then nothing any more: neither {sent} Binding requests sent at once nor \
                 {paced_sent} sent slowly.",
                contact.place()
            )
        } else {
            return None;
        };
        let port = contact.port();
        let fix = format!(
            "On {} and in front of it, let UDP port {port} through without a limit, or with one of 2000 packets per \
             second and client: iptables -I INPUT 1 -p udp --dport {port} -j ACCEPT; nft list ruleset | grep limit \
             shows others.",
            contact.ip()
        );
        let diagnosis = Diagnosis::of(contact, detail)
            .fact(format!("{at}/burst/answered"), format!("{answered} of {sent} sent at once"))
            .fact(format!("{at}/burst/pacedAnswered"), format!("{paced_answered} of {paced_sent} sent slowly"))
            .fix(fix);
        let weight = if turn.works == Some(true) { Severity::Warning } else { Severity::Error };
        let confirm = "the same check some minutes later, and the counters of the firewall (nft list ruleset)";
        let diagnosis = if shut { diagnosis.suspected(confirm) } else { diagnosis };
        Some(diagnosis.at_most(weight))
    };
    contacts(report).iter().filter_map(say).collect()
}

use crate::report::{Report, SizedAnswer};
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// Who forges the sender's address lets the server send a multiple of what he sends to somebody
    /// else.
    ///
    /// # How it is told apart
    ///
    /// The answer to a request of 20 bytes is more than four times as long. Every TURN server
    /// answers with a challenge of some 70 bytes, so that a factor below that is left alone. Asked
    /// in an audit only.
    ///
    /// # What to do
    ///
    /// Leave out what nobody needs in the answers, and ration answers to strangers:
    ///
    ///     no-software-attribute
    ///     no-rfc5780
    ///     no-stun-backward-compatibility
    ///
    /// # References
    ///
    /// RFC 8489 section 16.1.2; coturn: no-software-attribute, no-rfc5780, unauthorized-ratelimit
    "sec-stun-amplification", Info, "The server's answers over UDP are much longer than the requests", check
}

/// What a challenge alone comes to.
const USUAL: f64 = 4.0;

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        let answers = turn.exposure.as_ref()?.answers.iter().enumerate();
        let factor = |answer: &SizedAnswer| {
            answer.received_bytes.map_or(0.0, |received| f64::from(received) / f64::from(answer.sent_bytes.max(1)))
        };
        let (number, most) = answers.max_by(|(_, a), (_, b)| factor(a).total_cmp(&factor(b)))?;
        if factor(most) <= USUAL {
            return None;
        }
        let detail = format!(
            "{} answers {} bytes ({}) with {}, {:.1} times as many.",
            contact.ip(),
            most.sent_bytes,
            most.request,
            most.received_bytes.unwrap_or_default(),
            factor(most)
        );
        let fix = "Set no-software-attribute, no-rfc5780 and no-stun-backward-compatibility in turnserver.conf; from \
                   coturn 4.13.1 on unauthorized-ratelimit as well.";
        let fact = format!("{at}/exposure/answers/{number}/receivedBytes");
        let says = format!("{} bytes", most.received_bytes.unwrap_or_default());
        Some(Diagnosis::of(contact, detail).fact(fact, says).fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

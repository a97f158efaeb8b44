use crate::report::Report;
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// A server names a second address (OTHER-ADDRESS) that is none, or promises to answer from it and
    /// does not. Tools that believe such a server find NATs that are not there. Nothing of it was
    /// believed here; what could not be tested because of it is unknown.
    ///
    /// # How it is told apart
    ///
    /// The second address is asked directly, and answers count only from where they should come.
    ///
    /// # What to do
    ///
    /// coturn names its own address when it is asked at the second of its listening addresses: ask it
    /// at the first. Behind a NAT it names a private address, the only one that it knows: give it
    /// external-ip for both, or switch the promise off (`no-rfc5780`).
    ///
    /// # References
    ///
    /// RFC 5780 sections 6.1 and 7.4
    "rfc5780-untrue", Info, "A STUN server claims what is not so", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let sentences = report.nat.as_ref().map_or(&[][..], |nat| &nat.disbelieved);
    let say = |(number, sentence): (usize, &String)| {
        let detail = format!("{}. It was not believed.", sentence.trim_end_matches('.'));
        Diagnosis::of_the_network(report, detail)
            .fact(format!("/nat/disbelieved/{number}"), sentence.clone())
            .fix("Ask coturn at the first of its listening addresses; without a second address, set no-rfc5780.")
    };
    sentences.iter().enumerate().filter(|(_, sentence)| !sentence.is_empty()).map(say).collect()
}

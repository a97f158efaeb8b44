use crate::report::Report;
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// Two tests of the same thing came out differently: a balancer or NAT in front of a server, two
    /// ways to the Internet, or a NAT that changes its mind. What the tests do not agree on is
    /// reported as unknown.
    ///
    /// # How it is told apart
    ///
    /// The sentences name the tests; `-v` shows all of them with the addresses that answered.
    ///
    /// # What to do
    ///
    /// Run it again, and with one server at a time: the one that is alone with what it says is to blame.
    ///
    /// # References
    ///
    /// RFC 5780 section 7.3; RFC 4787 section 8
    "nat-contradictory", Warning, "Tests of the NAT contradict each other", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let sentences = report.nat.as_ref().map_or(&[][..], |nat| &nat.contradictions);
    let say = |(number, sentence): (usize, &String)| {
        // A sentence of its own, whatever it ends in.
        let detail = format!("{}.", sentence.trim_end_matches('.'));
        Diagnosis::of_the_network(report, detail)
            .fact(format!("/nat/contradictions/{number}"), sentence.clone())
            .fix("Run it again with one server at a time, and with -v: what only one server says is that server's.")
    };
    sentences.iter().enumerate().filter(|(_, sentence)| !sentence.is_empty()).map(say).collect()
}

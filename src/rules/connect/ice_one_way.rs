use super::{failed, named};
use crate::report::connect::FailureReason;
use crate::report::{Report, Severity};
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// Packets pass in one direction only: the other side's checks arrive here, and what leaves from
    /// here is lost or blocked.
    ///
    /// # How it is told apart
    ///
    /// On the same pair requests were received and none of our own was answered, though each was sent
    /// several times.
    ///
    /// # What to do
    ///
    /// Look at what this side's network lets out, and at the firewall in front of the other side. A NAT
    /// that maps the way back to another port shows as a candidate of its own (prflx).
    ///
    /// # References
    ///
    /// RFC 8445 section 7.2.5, 7.3.1
    "ice-one-way", Warning, "A path works in one direction only", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let pairs = failed(report, FailureReason::OneWay);
    let Some((first, pair)) = pairs.first() else { return Vec::new() };
    let connected = report.connect.as_ref().is_some_and(|connect| connect.selected.is_some());
    let detail = format!("Checks of the other side arrive on {}, and ours are not answered.", named(&pairs));
    let diagnosis = Diagnosis::of_the_path(detail)
        .fact(format!("/connect/pairs/{first}/requestsReceived"), format!("{} of its checks came", pair.requests_received))
        .fact(format!("/connect/pairs/{first}/responsesReceived"), format!("{} of {} were answered", pair.responses_received, pair.requests_sent))
        .fix("Let UDP from this host out to the other side's address, and let it in there; compare with the other side's report.");
    vec![if connected { diagnosis.at_most(Severity::Info) } else { diagnosis }]
}

use crate::report::connect::ConnectState;
use crate::report::{Report, Severity};
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// The path worked, and then nothing came over it any more. A call would freeze, and end after half
    /// a minute unless ICE is restarted.
    ///
    /// # How it is told apart
    ///
    /// Questions for consent were not answered: disconnected after the first, failed after 30 seconds
    /// without any answer.
    ///
    /// # What to do
    ///
    /// If it happens after a constant time, look for a NAT or a firewall that forgets (`rtcprobe nat
    /// --lifetime`), or for the lifetime of credentials and allocations. Otherwise look at the network
    /// of the side that changed.
    ///
    /// # References
    ///
    /// RFC 7675 section 5.1; RFC 8445 section 9
    "ice-path-lost", Error, "The path was lost", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let Some(connect) = report.connect.as_ref().filter(|connect| !connect.cuts.is_empty()) else { return Vec::new() };
    let lost = connect.state == ConnectState::Failed && connect.selected.is_some();
    let mut diagnosis = Diagnosis::of_the_path(sentence(report, lost)).fix(
        "Look for a NAT or firewall that forgets the flow (rtcprobe nat --lifetime), and at the network that changed.",
    );
    for (number, cut) in connect.cuts.iter().enumerate().take(3) {
        let says = format!("last heard after {:.1} s", cut.last_heard_ms / 1e3);
        diagnosis = diagnosis.fact(format!("/connect/cuts/{number}/lastHeardMs"), says);
    }
    vec![if lost { diagnosis } else { diagnosis.at_most(Severity::Warning) }]
}

fn sentence(report: &Report, lost: bool) -> String {
    let cuts = report.connect.as_ref().map(|connect| connect.cuts.as_slice()).unwrap_or_default();
    let Some(last) = cuts.last() else { return String::new() };
    let seconds = |ms: f64| format!("{:.1} s", ms / 1e3);
    match (lost, last.restored_ms) {
        (true, _) => format!("Nothing was heard after {}, and consent expired.", seconds(last.last_heard_ms)),
        (false, Some(restored)) if cuts.len() == 1 => {
            format!("For {} nothing came, then the path was back.", seconds(restored - last.last_heard_ms))
        }
        (false, Some(_)) => format!("The path was gone {} times, and came back each time.", cuts.len()),
        (false, None) => format!("At the end nothing had been heard since {}.", seconds(last.last_heard_ms)),
    }
}

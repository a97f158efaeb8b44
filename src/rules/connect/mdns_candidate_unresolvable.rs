use crate::report::{Report, Severity};
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// The other side hides its address behind a name that only its own network can resolve. As long as
    /// the two are in different networks nothing is lost; in the same one, the call takes a detour.
    ///
    /// # How it is told apart
    ///
    /// A candidate's address ends in `.local`, and nobody answered to that name by multicast DNS.
    ///
    /// # What to do
    ///
    /// Nothing, if there is another pair. Else let multicast (UDP port 5353) pass between the two, or
    /// give the page access to the camera or microphone, upon which browsers show addresses.
    ///
    /// # References
    ///
    /// RFC 6762 section 5; RFC 8828 section 3
    "mdns-candidate-unresolvable", Warning, "The other side's .local candidate cannot be resolved", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let Some(connect) = report.connect.as_ref() else { return Vec::new() };
    let hidden = connect.remote.unused.iter().enumerate();
    let hidden: Vec<_> = hidden.filter(|(_, unused)| unused.candidate.contains(".local ")).collect();
    let Some((first, unused)) = hidden.first() else { return Vec::new() };
    let many = if hidden.len() == 1 {
        "A candidate of the other side has".into()
    } else {
        format!("{} candidates of the other side have", hidden.len())
    };
    let detail = format!("{many} a name in .local that was not resolved here.");
    let diagnosis = Diagnosis::of_the_path(detail)
        .fact(format!("/connect/remote/unused/{first}/reason"), unused.reason.clone())
        .fix("If both are in one network, let multicast DNS (UDP port 5353) pass between them.");
    vec![if connect.selected.is_some() { diagnosis.at_most(Severity::Info) } else { diagnosis }]
}

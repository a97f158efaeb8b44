use crate::report::Report;
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// No description of the other side came: the two never met, and nothing could be checked.
    ///
    /// # How it is told apart
    ///
    /// The time for it was over, or the way to the other side ended, before a description was read.
    ///
    /// # What to do
    ///
    /// Start the other side, carry its answer back, or give it more time (`--wait`). With `--exec`, run
    /// the command by hand and see what it says.
    ///
    /// # References
    ///
    /// RFC 8839 section 4; RFC 3264 section 5
    "ice-other-side-silent", Error, "The other side did not say anything", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let Some(connect) = report.connect.as_ref() else { return Vec::new() };
    if connect.remote.ufrag.is_some() || report.interrupted {
        return Vec::new();
    }
    let way = if connect.signalling.is_empty() { "the signalling".to_string() } else { connect.signalling.clone() };
    let detail = format!("No description of the other side came by {way}, so nothing was checked.");
    let fix = "Start the other side and carry its description over; --wait gives it more time.";
    vec![Diagnosis::of_the_path(detail).fact("/connect/state", "the other side is not known").fix(fix)]
}

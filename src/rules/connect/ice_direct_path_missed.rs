use crate::report::Report;
use crate::report::connect::ConnectPath;
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// By what is known of both NATs, the two sides should reach each other directly, and they do not:
    /// the call costs a relay, or fails.
    ///
    /// # How it is told apart
    ///
    /// The forecast is played with each NAT's mapping and filtering, as measured from both sides. What
    /// it cannot know: firewalls that treat servers and peers differently, and NATs that behave
    /// otherwise under load.
    ///
    /// # What to do
    ///
    /// Look at the pairs of host and server-reflexive candidates: why they failed tells which side's
    /// firewall it is.
    ///
    /// # References
    ///
    /// RFC 4787 section 4, 5; RFC 5128 section 3.3; RFC 8445 section 7.3.1
    "ice-direct-path-missed", Warning, "A direct path should have worked and did not", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let forecast = report.connect.as_ref().and_then(|connect| connect.forecast.as_ref());
    let missed = |forecast: &&crate::report::connect::PathForecast| {
        forecast.expected == Some(ConnectPath::Direct) && forecast.got != ConnectPath::Direct
    };
    let Some(forecast) = forecast.filter(missed).filter(|_| !report.interrupted) else { return Vec::new() };
    let mut detail = forecast.detail.trim_end_matches('.').to_string();
    detail.push('.');
    let diagnosis = Diagnosis::of_the_path(detail)
        .fact("/connect/forecast/expected", "the NATs let a direct path through")
        .fact("/connect/forecast/got", "there is none");
    vec![diagnosis.fix(
        "Compare both sides' tables of pairs; look for a firewall that lets answers of servers in, but not those of \
         peers.",
    )]
}

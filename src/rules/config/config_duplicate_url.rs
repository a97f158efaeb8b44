use super::{about, configuration};
use crate::report::Report;
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// Each copy costs requests and time, and gives the same candidates again.
    ///
    /// # How it is told apart
    ///
    /// The same URL with the same credentials stands in the list more than once.
    ///
    /// # What to do
    ///
    /// Remove the copies.
    ///
    /// # References
    ///
    /// RFC 8445 section 5.1.3
    "config-duplicate-url", Info, "A server is configured twice", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let Some(configuration) = configuration(report) else { return Vec::new() };
    let mut places: Vec<usize> = Vec::new();
    for url in &configuration.repeated {
        let place = configuration.servers.iter().position(|server| server.url == *url);
        places.extend(place.filter(|place| !places.contains(place)));
    }
    let say = |place: &usize| {
        let url = &configuration.servers[*place].url;
        about(report, &[*place], format!("{url} stands in the list more than once.")).fix("Remove the copies.")
    };
    places.iter().map(say).collect()
}

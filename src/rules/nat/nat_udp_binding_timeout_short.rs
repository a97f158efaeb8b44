use crate::report::{Report, Severity};
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// The NAT forgets an idle UDP mapping sooner than the two minutes that RFC 4787 asks for. Whoever
    /// is silent for longer gets a new public port: incoming packets are lost, and a TURN allocation
    /// answers 438 or 437 at its next refresh.
    ///
    /// # How it is told apart
    ///
    /// Mappings that were idle for different times side by side are asked for, each once: some are
    /// alive, those that waited longer are gone.
    ///
    /// # What to do
    ///
    /// Let the application send something more often than that. ICE does so every 15 seconds at least;
    /// SIP, idle TURN allocations and data channels of other stacks may not. Where the NAT is your own,
    /// raise its UDP timeout, on Linux:
    ///
    ///     sysctl net.netfilter.nf_conntrack_udp_timeout=120
    ///     sysctl net.netfilter.nf_conntrack_udp_timeout_stream=300
    ///
    /// # References
    ///
    /// RFC 4787 section 4.3 (REQ-5); RFC 8445 section 11
    "nat-udp-binding-timeout-short", Warning, "The NAT forgets idle UDP mappings early", check
}

/// RFC 4787 REQ-5.
const ASKED_FOR_MS: f64 = 120_000.0;
/// Keepalives of applications other than ICE come as seldom as that.
const KEEPALIVE_MS: f64 = 30_000.0;

fn check(report: &Report) -> Vec<Diagnosis> {
    let range = report.nat.as_ref().and_then(|nat| nat.mapping_lifetime_range_ms);
    let Some((alive, Some(gone))) = range.filter(|(_, gone)| gone.is_some_and(|gone| gone < ASKED_FOR_MS)) else {
        return Vec::new();
    };
    let seconds = |ms: f64| format!("{:.0}", ms / 1e3);
    let detail = format!(
        "An idle mapping was alive after {} s and gone after {} s; RFC 4787 asks for 120 s.",
        seconds(alive),
        seconds(gone)
    );
    // ICE itself keeps alive every 15 s (RFC 8445 section 11).
    let often = seconds((alive / 2.0).clamp(1000.0, 15_000.0));
    let fix = format!("Let whatever keeps connections open send something every {often} s; ICE does so every 15 s.");
    let weight = if gone <= KEEPALIVE_MS { Severity::Warning } else { Severity::Info };
    let says = format!("between {} s and {} s", seconds(alive), seconds(gone));
    vec![Diagnosis::of_the_network(report, detail).fact("/nat/mappingLifetimeRangeMs", says).fix(fix).at_most(weight)]
}

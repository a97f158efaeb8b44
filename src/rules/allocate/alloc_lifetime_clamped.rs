use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// Allocations end after less than the ten minutes that RFC 8656 gives them, so clients have to
    /// refresh more often, and a client that sleeps for a moment loses its call.
    ///
    /// # How it is told apart
    ///
    /// LIFETIME in the answer to Allocate is below 600 s, though nothing shorter was asked for.
    ///
    /// # What to do
    ///
    /// Let allocations live for ten minutes or more:
    ///
    ///     max-allocate-lifetime=3600
    ///
    /// # References
    ///
    /// RFC 8656 section 7.2; coturn: max-allocate-lifetime
    "alloc-lifetime-clamped", Info, "The server lets allocations live for a short time", check
}

const USUAL_MS: f64 = 600_000.0;
/// A repeated answer may count from the first one.
const SLACK_MS: f64 = 30_000.0;

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        let allocation = turn.allocation.as_ref().filter(|allocation| allocation.lifetime_ms < USUAL_MS - SLACK_MS)?;
        let seconds = allocation.lifetime_ms / 1e3;
        let detail = format!("{} grants allocations for {seconds:.0} s, where 600 s are usual.", contact.url.host);
        let fix = "Remove max-allocate-lifetime from turnserver.conf, or set it to 600 or more.";
        let fact = format!("{at}/allocation/lifetimeMs");
        Some(Diagnosis::of(contact, detail).fact(fact, format!("{seconds:.0} s")).fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

use super::relay_lossy::{ENOUGH, MOST};
use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// max-bps is in bytes a second, for each session and direction; who takes it for bits sets it
    /// eight times too low. Audio may pass where video freezes.
    ///
    /// # How it is told apart
    ///
    /// More than 5 percent of the datagrams through the relay are lost, and the answer to Allocate
    /// announces a limit (NEW-BANDWIDTH). Without the limit in the answer it is `relay-lossy`.
    ///
    /// # What to do
    ///
    /// Raise the limit, or take it away; 3 Mbit/s are:
    ///
    ///     max-bps=375000
    ///
    /// # References
    ///
    /// coturn: max-bps, bps-capacity
    "relay-bandwidth-capped", Warning, "The server limits what a client may relay, and data is lost above it", check,
    over ["relay-lossy"]
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        let limit = turn.allocation.as_ref()?.bandwidth_kbps?;
        let echo = turn.echo.as_ref().filter(|echo| echo.loss_ratio > MOST && echo.sent >= ENOUGH)?;
        let sent = echo.rate_per_second * f64::from(echo.size_bytes) * 8.0 / 1e3;
        let detail = format!(
            "{} allows {limit} kbit/s, and {:.0} % of {} datagrams were lost at {sent:.0} kbit/s.",
            contact.ip(),
            echo.loss_ratio * 100.0,
            echo.sent
        );
        let fix = "Set max-bps=375000 in turnserver.conf for 3 Mbit/s: it is in bytes a second; 0 is no limit.";
        let says = format!("{} of {} came back", echo.received, echo.sent);
        Some(
            Diagnosis::of(contact, detail)
                .fact(format!("{at}/echo/lossRatio"), says)
                .fact(format!("{at}/allocation/bandwidthKbps"), format!("{limit} kbit/s"))
                .fix(fix),
        )
    };
    contacts(report).iter().filter_map(say).collect()
}

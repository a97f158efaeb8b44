use crate::report::Report;
use crate::rules::{Contact, Diagnosis, contacts, rule};

rule! {
    /// # What it means
    ///
    /// Audio suffers from about 5 percent of loss on, video earlier. A limit per session (`max-bps`,
    /// in bytes) shows as loss above a fixed rate; a busy network as loss at any rate.
    ///
    /// # How it is told apart
    ///
    /// More than 5 percent of at least 20 datagrams through the relay did not come back. Loss on the
    /// way between here and the server counts as well; loss without the relay tells them apart.
    ///
    /// # What to do
    ///
    /// Compare rates (`--rate`), raise `max-bps`, look at the load of machine and network.
    ///
    /// # References
    ///
    /// RFC 3550 section 6.4.1; coturn: max-bps, bps-capacity
    "relay-lossy", Warning, "The relay loses packets", check
}

pub(in crate::rules) const MOST: f64 = 0.05;
pub(in crate::rules) const ENOUGH: u64 = 20;

fn check(report: &Report) -> Vec<Diagnosis> {
    let say = |contact: &Contact<'_>| {
        let (turn, at) = contact.turn.as_ref()?;
        let echo = turn.echo.as_ref().filter(|echo| echo.loss_ratio > MOST && echo.sent >= ENOUGH)?;
        let detail = format!(
            "{:.0} % of {} datagrams through the relay of {} were lost at {:.0} per second.",
            echo.loss_ratio * 100.0,
            echo.sent,
            contact.ip(),
            echo.rate_per_second
        );
        let fix = "Compare with a lower rate; raise max-bps (bytes per second) in turnserver.conf; look at the \
                   load of machine and network.";
        let says = format!("{} of {} came back", echo.received, echo.sent);
        Some(Diagnosis::of(contact, detail).fact(format!("{at}/echo/lossRatio"), says).fix(fix))
    };
    contacts(report).iter().filter_map(say).collect()
}

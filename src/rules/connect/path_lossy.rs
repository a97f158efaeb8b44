use crate::report::Report;
use crate::rules::relay::relay_lossy::{ENOUGH, MOST};
use crate::rules::{Diagnosis, rule};

rule! {
    /// # What it means
    ///
    /// Audio suffers from about 5 percent of loss on, video earlier.
    ///
    /// # How it is told apart
    ///
    /// More than 5 percent of at least 20 packets over the pair in use did not come back. Which
    /// direction lost them is told where the other side counts, too.
    ///
    /// # What to do
    ///
    /// Compare with another pair (`--pair`, `--policy relay`): a way that does not lose tells which part
    /// of the path does.
    ///
    /// # References
    ///
    /// RFC 3550 section 6.4.1
    "path-lossy", Warning, "The path loses packets", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let echo = report.connect.as_ref().and_then(|connect| connect.echo.as_ref());
    let Some((echo, loss)) =
        echo.filter(|echo| echo.echoed && echo.sent >= ENOUGH).and_then(|echo| Some((echo, echo.loss?)))
    else {
        return Vec::new();
    };
    if loss <= MOST {
        return Vec::new();
    }
    let ways = match (echo.loss_out, echo.loss_in) {
        (Some(out), Some(back)) => {
            format!(" ({:.0} % on the way out, {:.0} % on the way back)", out * 100.0, back * 100.0)
        }
        _ => String::new(),
    };
    let detail =
        format!("{:.0} % of {} packets over the pair in use did not come back{ways}.", loss * 100.0, echo.sent);
    let diagnosis = Diagnosis::of_the_path(detail)
        .fact("/connect/echo/loss", format!("{} of {} came back", echo.received, echo.sent));
    vec![diagnosis.fix("Compare with --policy relay and with other pairs to see which part of the way loses them.")]
}

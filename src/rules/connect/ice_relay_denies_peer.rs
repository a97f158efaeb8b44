use super::{failed, named};
use crate::report::connect::FailureReason;
use crate::report::{Report, Severity};
use crate::rules::{Diagnosis, is_private, rule};

rule! {
    /// # What it means
    ///
    /// The relay was asked to send to the other side's address and refused. Pairs of this relay and
    /// that address cannot work.
    ///
    /// # How it is told apart
    ///
    /// CreatePermission was answered with an error. 403 means that the administrator denies the
    /// address; private ones are usually denied on purpose, and their public counterparts do the work.
    ///
    /// # What to do
    ///
    /// For a public address, or for a server that TURN users must reach, allow it:
    ///
    ///     allowed-peer-ip=ADDRESS
    ///
    /// # References
    ///
    /// RFC 8656 section 10.2; coturn: denied-peer-ip, allowed-peer-ip
    "ice-relay-denies-peer", Error, "The relay refuses to send to the other side", check
}

fn check(report: &Report) -> Vec<Diagnosis> {
    let all = failed(report, FailureReason::RelayRefused);
    let private = |pair: &crate::report::connect::Pair| {
        pair.remote.parse::<std::net::SocketAddr>().is_ok_and(|address| is_private(address.ip()))
    };
    let public: Vec<_> = all.iter().filter(|(_, pair)| !private(pair)).copied().collect();
    let connected = report.connect.as_ref().is_some_and(|connect| connect.selected.is_some());
    // Private addresses are denied on purpose, as long as there is another way.
    let pairs = if public.is_empty() && !connected { all } else { public };
    let Some((first, pair)) = pairs.first() else { return Vec::new() };
    let says = pair.failure.as_ref().map(|failure| failure.detail.clone()).unwrap_or_default();
    let detail = format!("The relay refused permissions for {}.", named(&pairs));
    let ip = pair.remote.parse::<std::net::SocketAddr>().map(|address| address.ip().to_string());
    let fix = format!(
        "If TURN users are to reach it, write allowed-peer-ip={} into turnserver.conf and restart coturn.",
        ip.unwrap_or_else(|_| "ADDRESS".into())
    );
    let diagnosis = Diagnosis::of_the_path(detail).fact(format!("/connect/pairs/{first}/failure"), says).fix(fix);
    vec![if connected { diagnosis.at_most(Severity::Info) } else { diagnosis }]
}

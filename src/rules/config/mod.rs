//! The configuration itself, whatever the network says.

pub(super) mod config_credentials_expired;
pub(super) mod config_duplicate_url;
pub(super) mod config_ip_in_turns;
pub(super) mod config_no_tls_443;
pub(super) mod config_no_turn;
pub(super) mod config_stuns_plain;
pub(super) mod config_too_many_servers;
pub(super) mod config_udp_only;

use super::Diagnosis;
use crate::report::{Configuration, Report, Severity};

fn configuration(report: &Report) -> Option<&Configuration> {
    report.configuration.as_ref()
}

/// About those servers of the configuration.
fn about(report: &Report, places: &[usize], detail: impl Into<String>) -> Diagnosis {
    let servers = report.configuration.as_ref().map_or(&[][..], |configuration| &configuration.servers);
    let mut diagnosis = Diagnosis {
        detail: detail.into(),
        evidence: Vec::new(),
        fix: String::new(),
        servers: Vec::new(),
        at_most: Severity::Error,
        suspected: None,
    };
    for server in places.iter().filter_map(|place| servers.get(*place).map(|server| (place, server))) {
        diagnosis.servers.push(server.1.url.clone());
        diagnosis = diagnosis.fact(format!("/configuration/servers/{}/url", server.0), server.1.url.clone());
    }
    diagnosis
}

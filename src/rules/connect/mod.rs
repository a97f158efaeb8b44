//! The path between two agents: why there is none, or why it is not the one that it could be.

pub(super) mod ice_answers_from_elsewhere;
pub(super) mod ice_direct_path_missed;
pub(super) mod ice_no_candidate;
pub(super) mod ice_no_path;
pub(super) mod ice_one_way;
pub(super) mod ice_other_side_silent;
pub(super) mod ice_path_lost;
pub(super) mod ice_relay_denies_peer;
pub(super) mod ice_role_conflict;
pub(super) mod ice_wrong_credentials;
pub(super) mod mdns_candidate_unresolvable;
pub(super) mod path_lossy;

use crate::report::Report;
use crate::report::connect::{Connect, FailureReason, Pair};

/// The pairs that failed for that reason, with their places.
fn failed(report: &Report, cause: FailureReason) -> Vec<(usize, &Pair)> {
    let pairs = report.connect.iter().flat_map(|connect| connect.pairs.iter().enumerate());
    pairs.filter(|(_, pair)| pair.failure.as_ref().is_some_and(|failure| failure.cause == cause)).collect()
}

/// The other side was there, and it came to no pair in use. While that may still change nothing is said.
fn unconnected(report: &Report) -> Option<&Connect> {
    let connect = report.connect.as_ref()?;
    let known = connect.remote.ufrag.is_some() && !report.interrupted;
    (known && connect.selected.is_none()).then_some(connect)
}

/// Pairs by their addresses, a few of them.
fn named(pairs: &[(usize, &Pair)]) -> String {
    let mut names: Vec<String> =
        pairs.iter().take(3).map(|(_, pair)| format!("{} to {}", pair.local, pair.remote)).collect();
    if pairs.len() > 3 {
        names.push(format!("{} more", pairs.len() - 3));
    }
    names.join(", ")
}

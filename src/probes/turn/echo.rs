//! Quality through the relay: loss, round-trip times, jitter, reordering, duplicates.

use super::check::{Check, Held};
use super::proofs::Ground;
use crate::report::Proof;

impl Check {
    /// Sends datagrams to and fro, as far as the plan asks for it and the proofs show a way.
    pub(super) async fn quality(&self, _held: &Held, _ground: &Ground, _proofs: &[Proof]) {}
}

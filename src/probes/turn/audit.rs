//! Which peers a server would relay to, asked by CreatePermission alone: no data is sent.

use super::check::{Check, Held};

impl Check {
    /// Asks for permissions for addresses that a careful server forbids, and for some that it must not.
    pub(super) async fn audit(&self, _held: &Held) {}
}

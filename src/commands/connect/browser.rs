use super::means::{Aside, Means, Ours, Theirs};
use crate::commands::stop::Stop;
use crate::wire::signal::Part;

/// A browser as the other side.
pub struct Browser {}

impl Means for Browser {
    fn signalling(&self) -> &'static str {
        "browser"
    }

    fn part(&self) -> Part {
        Part::Offer
    }

    async fn carry(&mut self, _ours: Ours, _theirs: &Theirs, _aside: &Aside<'_>) -> Result<(), Stop> {
        Err(Stop::CannotRun("this way is not there yet".into()))
    }
}

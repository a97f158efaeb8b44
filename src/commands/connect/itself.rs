use super::means::{Aside, Means, Ours, Theirs};
use crate::commands::stop::Stop;
use crate::wire::signal::Part;

/// Both sides in this process: nothing has to be carried.
pub struct Itself;

impl Means for Itself {
    fn signalling(&self) -> &'static str {
        "self"
    }

    fn part(&self) -> Part {
        Part::Offer
    }

    fn is_alone(&self) -> bool {
        true
    }

    async fn carry(&mut self, mut ours: Ours, _theirs: &Theirs, _aside: &Aside<'_>) -> Result<(), Stop> {
        while ours.recv().await.is_some() {}
        Ok(())
    }
}

use super::means::{Aside, Means, Ours, Theirs};
use crate::commands::stop::Stop;
use crate::wire::signal::Part;

/// A media server as the other side: WHIP (RFC 9725) or WHEP.
pub struct Whip {
    pub url: String,
    /// WHEP: the server offers media, and this side would watch.
    pub egress: bool,
}

impl Means for Whip {
    fn signalling(&self) -> &'static str {
        "whip"
    }

    fn part(&self) -> Part {
        Part::Offer
    }

    async fn carry(&mut self, _ours: Ours, _theirs: &Theirs, _aside: &Aside<'_>) -> Result<(), Stop> {
        Err(Stop::CannotRun("this way is not there yet".into()))
    }
}

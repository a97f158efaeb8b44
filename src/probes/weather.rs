//! What the way to a server has shown of itself: whether things get lost, and whether all of a connection
//! gets to one server.

use std::cell::Cell;
use std::time::Duration;

use crate::report::Affinity;

/// Shared by all stations of a check.
#[derive(Debug, Default)]
pub(in crate::probes) struct Weather {
    lossy: Cell<bool>,
    /// The fastest answer so far.
    fastest: Cell<Option<Duration>>,
    /// Of the connection where the server changed most.
    affinity: Cell<Option<Affinity>>,
}

/// What a stream takes longer than usual by, when the system had to send a segment again.
const AGAIN: Duration = Duration::from_millis(180);

impl Weather {
    /// Something was lost: the answer came to a later copy, or a connection stood at a later attempt.
    pub(in crate::probes) fn lost(&self) {
        self.lossy.set(true);
    }

    /// A request was answered after this time.
    pub(in crate::probes) fn answered(&self, took: Duration, stream: bool) {
        let fastest = self.fastest.get().map_or(took, |fastest| fastest.min(took));
        self.fastest.set(Some(fastest));
        // Over a stream nobody tells; it shows in the time.
        if stream && took > fastest * 3 + AGAIN {
            self.lost();
        }
    }

    /// That is how the server of one connection showed itself.
    pub(in crate::probes) fn met(&self, affinity: Affinity) {
        self.affinity.set(self.affinity.get().max(Some(affinity)));
    }

    /// How the server showed itself on the connection where it changed most.
    pub(in crate::probes) fn affinity(&self) -> Option<Affinity> {
        self.affinity.get()
    }

    /// More copies, and more patience, are worth their time.
    pub(in crate::probes) fn is_lossy(&self) -> bool {
        self.lossy.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_hesitates_has_lost_something() {
        let weather = Weather::default();
        weather.answered(Duration::from_millis(20), true);
        weather.answered(Duration::from_millis(60), true);
        weather.answered(Duration::from_millis(300), false);
        assert!(!weather.is_lossy());
        weather.answered(Duration::from_millis(300), true);
        assert!(weather.is_lossy());
    }
}

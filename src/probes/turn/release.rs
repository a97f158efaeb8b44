//! The steps `refresh` and `release`.

use std::rc::Rc;

use super::check::{Check, Held};
use super::ground::Ground;
use super::record::Ending;
use crate::machine::Trust;
use crate::probes::station::{End, Reply};
use crate::report::StepName;
use crate::wire::message::Message;

impl Check {
    pub(super) async fn refresh(&self, held: &Held) {
        let mut reply = held.station.ask(self.prolong()).await;
        if self.is_broken_off(&reply) || reply.is_silence() && self.weather.is_lossy() {
            // That a connection breaks or stalls on such a network says nothing about Refresh.
            reply = self.refresh_elsewhere(held).await.unwrap_or(reply);
        }
        // coturn gives an allocation up whose socket cannot send: that is told by what failed before.
        let closed = matches!(reply.end, End::Closed(_));
        let given_up =
            (closed || matches!(reply.error(), Some((437, ..)))) && !self.record.went_well(StepName::RelaySend);
        let ending = match reply.success().and_then(Message::lifetime) {
            Some(lifetime) => Ending::ok(reply.took, format!("lifetime {lifetime} s")),
            None if given_up && closed => Ending::skipped("the server ended the connection after what failed before"),
            None if given_up => Ending::skipped("437: the server gave the allocation up after what failed before"),
            None => Ending::told(reply.explain("Refresh", held.target), reply.took),
        };
        self.record.step(StepName::Refresh, ending);
    }

    /// The answer to a Refresh request for an allocation of its own.
    async fn refresh_elsewhere(&self, held: &Held) -> Option<Reply> {
        let station = Rc::new(self.connect(held.target, Trust::Record).await.ok()?);
        self.allocate_on(&station, self.allocate()).await.success()?;
        let reply = station.ask(self.prolong()).await;
        self.give_back(&station).await;
        Some(reply)
    }

    pub(super) async fn release(&self, held: &Held, ground: Option<&Ground>) {
        let reply = self.give_back(&held.station).await;
        let ending = match (reply.success(), reply.error()) {
            (Some(_), _) => Ending::ok(reply.took, self.aftermath(held, ground, reply.took).await.unwrap_or_default()),
            (None, Some((437, ..))) => Ending::ok(reply.took, ""),
            _ if matches!(reply.end, End::Closed(_))
                && (self.weather.is_lossy() || !self.record.went_well(StepName::RelaySend)) =>
            {
                Ending::skipped("the connection ended before, and the allocation with it")
            }
            _ if reply.is_silence() && self.weather.is_lossy() => {
                Ending::skipped("not confirmed: packets are lost here, and the answer with them")
            }
            _ => Ending::told(reply.explain("Refresh", held.target), reply.took),
        };
        self.record.step(StepName::Release, ending);
    }
}

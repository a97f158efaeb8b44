//! Whether a server relays to peers that nobody asked a permission for: data from a relayed address of ours to
//! another one of ours, and to nobody else.

use super::check::{Check, Held};
use super::proofs::{payload, permission};
use crate::probes::station::Station;
use crate::report::{Form, StepName, StepOutcome, Unpermitted, Way};
use crate::wire::attribute;

impl Check {
    /// A Send indication without a permission, from an allocation that has none; and where it does not arrive,
    /// another one with a permission, which shows that it would have.
    pub(super) async fn unpermitted(&self, held: &Held) {
        if !self.record.went_well(StepName::Permission) {
            return;
        }
        let Some((station, reply)) = self.ask_for(held.target, self.allocate()).await else { return };
        let relayed = reply.success().and_then(|message| message.address(attribute::XOR_RELAYED_ADDRESS));
        let Some(relayed) = relayed else { return };
        // What it relays is let in.
        if held.station.ask(permission(&[relayed])).await.success().is_some() {
            let without_permission = self.passes(&station, held).await;
            let with_permission = match without_permission {
                StepOutcome::Ok => None,
                _ if station.ask(permission(&[held.relayed])).await.success().is_some() => {
                    Some(self.passes(&station, held).await)
                }
                _ => Some(StepOutcome::Failed),
            };
            self.record.note(|turn| turn.clues.unpermitted = Some(Unpermitted { without_permission, with_permission }));
        }
        self.give_back(&station).await;
    }

    async fn passes(&self, station: &Station, held: &Held) -> StepOutcome {
        let payload = payload(station);
        let send = || station.send(held.relayed, &payload, false);
        let way = (station, &*held.station);
        self.deliver(Way::RelayToRelay, Form::Send, send, way, |data| data.bytes == payload).await.outcome
    }
}

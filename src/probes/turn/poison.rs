//! Whether one datagram to where the server has no way ends all relaying.
//!
//! coturn closes a relay socket when sending fails at once, and says nothing: calls with a peer whose private
//! address is tried first have no relay then. It takes a datagram to find out, so this is asked on demand only,
//! and on an allocation of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use super::check::{Check, Held};
use super::ground::Ground;
use super::proofs::{payload, permission};
use crate::machine::Trust;
use crate::probes::station::Station;
use crate::report::{Form, Poison, StepOutcome, Way};
use crate::wire::attribute;

/// A private address that next to nobody has, and the port `discard`.
const NOWHERE: (Ipv4Addr, u16) = (Ipv4Addr::new(10, 255, 255, 254), 9);
/// For the server to try it, beside the way there.
const SETTLE: Duration = Duration::from_millis(50);

impl Check {
    /// Data, a datagram to nowhere, data again.
    pub(super) async fn poison(&self, held: &Held, ground: &Ground) {
        if !self.config.extras.poison || !held.relayed.is_ipv4() || !self.record.proved(Way::Inbound) {
            return;
        }
        let Some((witness, mapped)) = &ground.witness else { return };
        let Ok(station) = self.connect(held.target, Trust::Record).await else { return };
        let station = Rc::new(station);
        let reply = self.allocate_on(&station, self.allocate()).await;
        let relayed = reply.success().and_then(|message| message.address(attribute::XOR_RELAYED_ADDRESS));
        if let Some(relayed) = relayed
            && station.ask(permission(&[*mapped])).await.success().is_some()
        {
            let poison = self.sequence(&station, witness, relayed).await;
            self.record.note(|turn| turn.clues.poison = Some(poison));
        }
        if reply.success().is_some() {
            self.give_back(&station).await;
        }
    }

    async fn sequence(&self, station: &Station, witness: &Station, relayed: SocketAddr) -> Poison {
        let nowhere = SocketAddr::from(NOWHERE);
        let before = self.arrives(station, witness, relayed).await;
        let mut poison = Poison { peer: nowhere.to_string(), error_code: None, before, after: None };
        if before != StepOutcome::Ok {
            return poison;
        }
        let reply = station.ask(permission(&[nowhere])).await;
        poison.error_code = reply.error().map(|(code, ..)| code);
        if reply.success().is_some() {
            let copies = if self.weather.is_lossy() { 4 } else { 1 };
            for _ in 0..copies {
                station.send(nowhere, &payload(station), false);
            }
            self.hands.sleep(SETTLE).await;
            poison.after = Some(self.arrives(station, witness, relayed).await);
        }
        poison
    }

    async fn arrives(&self, station: &Station, witness: &Station, relayed: SocketAddr) -> StepOutcome {
        let payload = payload(witness);
        let send = || witness.send_plain(relayed, &payload);
        self.deliver(Way::Inbound, Form::Send, send, (station, station), |data| data.bytes == payload).await.outcome
    }
}

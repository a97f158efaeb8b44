//! Whether something on the way counts packets: a burst is lost then where paced requests are answered.

use std::net::SocketAddr;
use std::time::Duration;

use super::check::Check;
use crate::machine::Want;
use crate::machine::script::either;
use crate::probes::station::Station;
use crate::proto::resolution::Target;
use crate::report::{Burst, StepName};
use crate::wire::message::{Builder, Class, Method, TransactionId};
use crate::wire::uri::Transport;

/// For whatever counts to forget what came before.
const REST: Duration = Duration::from_millis(1100);
/// More than a browser sends when it begins, and as many as a second of video.
const BURST: usize = 60;
/// Slow enough for every limit that lets anybody use the server.
const PACED: usize = 8;
const PACE: Duration = Duration::from_millis(300);
/// For the last answers.
const PATIENCE: Duration = Duration::from_millis(700);

impl Check {
    /// Binding requests in a burst, each sent once, and where the later ones of them are lost, paced ones: asked
    /// only where something was lost after a first answer.
    pub(super) async fn burst(&self, target: Target) {
        let suspect = self.weather.is_lossy() || self.record.fell_silent();
        let here = self.config.extras.burst && suspect && target.transport == Transport::Udp;
        if here && self.record.went_well(StepName::Binding) {
            let _ = either(Box::pin(self.burst_and_pace(target)), self.hands.stopped()).await;
        }
    }

    async fn burst_and_pace(&self, target: Target) {
        let Ok(line) = self.hands.open(Want::udp(SocketAddr::new(self.local, 0))).await else { return };
        let station = self.station(line, target.address).with(None);
        self.hands.sleep(REST).await;
        let burst = self.bindings(&station, BURST, Duration::ZERO).await;
        let tail = burst.get(BURST / 2..).unwrap_or_default();
        let mut found = Burst {
            sent: count(&vec![true; burst.len()]),
            answered: count(&burst),
            tail_sent: count(&vec![true; tail.len()]),
            tail_answered: count(tail),
            paced_sent: 0,
            paced_answered: 0,
        };
        if found.tail_is_lost() {
            self.hands.sleep(REST).await;
            let paced = self.bindings(&station, PACED, PACE).await;
            (found.paced_sent, found.paced_answered) = (count(&vec![true; paced.len()]), count(&paced));
        }
        self.record.note(|turn| turn.clues.burst = Some(found));
    }

    /// Which of them are answered, in the order of sending.
    async fn bindings(&self, station: &Station, number: usize, gap: Duration) -> Vec<bool> {
        let ids: Vec<TransactionId> = (0..number).map(|_| TransactionId(station.random())).collect();
        for id in &ids {
            station.send_plain(station.server(), &Builder::new(Class::Request, Method::BINDING, *id).build());
            if !gap.is_zero() {
                self.hands.sleep(gap).await;
            }
        }
        let place = |id: &TransactionId| ids.iter().position(|sent| sent == id);
        let mut answered = vec![false; ids.len()];
        let until = self.hands.now() + PATIENCE;
        while answered.contains(&false) {
            let mine = |message: &crate::wire::message::Message| place(&message.transaction).is_some();
            let Some(message) = station.message(until, mine).await else { break };
            if let Some(one) = place(&message.transaction).and_then(|place| answered.get_mut(place)) {
                *one = true;
            }
        }
        answered
    }
}

fn count(answered: &[bool]) -> u32 {
    u32::try_from(answered.iter().filter(|one| **one).count()).unwrap_or(u32::MAX)
}

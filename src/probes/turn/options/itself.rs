//! Data from a relayed address to itself: a proof that needs nobody else.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use super::PATIENCE;
use crate::probes::station::Station;
use crate::probes::turn::check::Check;
use crate::probes::turn::proofs::{payload, permission};

/// Copies that are sent.
const COPIES: u32 = 3;

/// What became of data that a relayed address sent to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Itself {
    Arrived,
    /// Whether the relay is broken or there is no way to itself (a 1:1 NAT without hairpinning) is open.
    Silence,
    /// The server's policy has that code for its own address.
    Forbidden(u16),
}

impl fmt::Display for Itself {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Itself::Arrived => f.write_str("data to itself arrives"),
            Itself::Silence => f.write_str("data to itself does not arrive, which may be the way back"),
            Itself::Forbidden(code) => write!(f, "data not tried: {code} for its own address"),
        }
    }
}

impl Check {
    /// Sends through a relayed address to itself.
    pub(super) async fn to_itself(&self, station: &Station, relayed: SocketAddr, dont_fragment: bool) -> Itself {
        let reply = station.ask(permission(&[relayed])).await;
        if reply.success().is_none() {
            return reply.error().map_or(Itself::Silence, |(code, ..)| Itself::Forbidden(code));
        }
        let payload = payload(station);
        let copies = if self.weather.is_lossy() { COPIES * 5 } else { COPIES };
        for copy in 0..copies {
            station.send(relayed, &payload, dont_fragment);
            let wait = if copy + 1 == copies { PATIENCE } else { Duration::from_millis(150) };
            let until = self.hands.now() + wait;
            if station.data(until, |data| data.bytes == payload).await.is_some() {
                return Itself::Arrived;
            }
        }
        Itself::Silence
    }
}

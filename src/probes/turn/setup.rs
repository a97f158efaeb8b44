//! Connections that stand up on bad networks as well.
//!
//! One attempt is a matter of luck where every third exchange is lost: a lost SYN costs a second, then
//! two; a DTLS server does not send its part again. So while an attempt is not answered, further ones
//! begin beside it, each from a port of its own; the first that stands counts, the others are closed.

use std::time::Duration;

use crate::machine::script::{Either, Hands, Line, Part, any, either};
use crate::machine::{Phase, Refusal, Time, Want};
use crate::report::Event;

/// When further TCP and TLS connections are begun. The system repeats the SYN of each after 1 and 3 s.
const STREAMS: [u64; 3] = [600, 1200, 2000];
/// When the second DTLS handshake is begun, how much later each further one, and when the last. RFC 6347
/// §4.2.4.1 has a client repeat its own part after 1, 2 and 4 s, which does not help where the server's
/// got lost: coturn sends that once.
const DTLS: [u64; 3] = [800, 600, 9200];

/// What came of standing up.
pub(super) struct Setup {
    pub result: Result<Line<Event>, Refusal>,
    /// Connections that were begun; more than one is a sign of loss, or of a long way.
    pub attempts: u32,
}

/// Opens a socket; a connection is attempted several times, side by side.
pub(super) async fn stand_up(hands: &Hands<Event>, want: &Want) -> Setup {
    let began = hands.now();
    let begin = |number: u32| -> Part<'_, (u32, Result<Line<Event>, Refusal>)> {
        let opening = hands.open(want.clone());
        Box::pin(async move { (number, opening.await) })
    };
    let mut running = vec![begin(0)];
    let mut further = further(want).map(|millis| began + Duration::from_millis(millis));
    let mut next = further.next();
    let mut attempts = 1;
    let mut first = None;
    let decisive = loop {
        let ended = either(any(&mut running), hands.sleep_until(next.unwrap_or(Time::NEVER))).await;
        match ended {
            Either::First((_, Ok(line))) => return Setup { result: Ok(line), attempts },
            Either::First((number, Err(why))) => {
                // A port that hangs up on the second of two handshakes does not answer the first.
                let echo = number > 0 && matches!(why, Refusal::Handshake { .. });
                if !(echo || goes_on(&why, want)) || (running.is_empty() && next.is_none()) {
                    break why;
                }
                if number == 0 {
                    first = Some(why);
                }
            }
            Either::Second(()) => {
                running.push(begin(attempts));
                attempts += 1;
                next = further.next();
            }
        }
    };
    let why = if goes_on(&decisive, want) { first.unwrap_or(decisive) } else { decisive };
    Setup { result: Err(why), attempts }
}

fn further(want: &Want) -> impl Iterator<Item = u64> + use<> {
    let [second, gap, end] = DTLS;
    let (streams, datagrams) = match want {
        Want::Tcp { .. } | Want::Tls { .. } => (3, 0),
        Want::Dtls { .. } => (0, usize::MAX),
        _ => (0, 0),
    };
    let dtls = (second..=end).step_by(usize::try_from(gap).unwrap_or(1)).take(datagrams);
    STREAMS.into_iter().take(streams).chain(dtls)
}

/// Whether the other attempts may do better. What hears nothing at all in all its time, hears nothing.
fn goes_on(why: &Refusal, want: &Want) -> bool {
    match why {
        Refusal::TimedOut { during: Phase::Halfway } => true,
        // Pieces that come twice or out of order end a handshake of the `dtls` crate at times.
        Refusal::Handshake { text } => matches!(want, Want::Dtls { .. }) && !text.starts_with("the server"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_further_attempts_by_transport() {
        let to = "192.0.2.1:3478".parse().unwrap();
        let udp = Want::udp(to);
        assert_eq!(further(&udp).count(), 0);
        assert_eq!(further(&Want::Tcp { local: None, to }).collect::<Vec<_>>(), STREAMS);
        let peer = crate::machine::Peer { name: "a".into(), trust: crate::machine::Trust::Record, alpn: Vec::new() };
        let dtls: Vec<u64> = further(&Want::Dtls { local: None, to, peer }).collect();
        assert_eq!((dtls[..2].to_vec(), dtls.len()), (vec![800, 1400], 15));
    }
}

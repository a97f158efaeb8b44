//! The largest packet that passes whole towards a server, and whether routers say so when one does
//! not: a search with DF set, several sizes at once.
//!
//! Requests are made large with an attribute that servers must ignore (RFC 8489 §14), so their
//! answers stay small and only the way there is measured. What is silent may be a black hole or a
//! server that takes no large requests; the same request in fragments tells the two apart.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::beside;
use super::ground::Ground;
use super::pace::millis;
use crate::machine::script::{Either, Incoming, Line, both, either};
use crate::machine::{Fragments, Refusal, Time, Unreachability, Want};
use crate::report::Event;
use crate::report::nat::{NatTest, TestOutcome};
use crate::wire::attribute::Value;
use crate::wire::message::{Builder, Class, Message, Method, TransactionId};

/// Comprehension-optional, and nobody's.
const FILLER: u16 = 0xfffd;
/// Interfaces that take more are not searched.
const LARGEST: u32 = 9216;
/// Sizes tried at once between two that are known.
const AT_ONCE: u32 = 8;
/// Copies of a request while searching.
const COPIES: u32 = 3;
/// The whole search.
const LIMIT: Duration = Duration::from_secs(4);

pub(super) async fn measure(ground: &Rc<Ground>) {
    if !ground.config.tests.path_mtu {
        return;
    }
    let Some(server) = beside::reference(ground).await else {
        return unknown(ground, "no-server-answered");
    };
    let began = ground.hands.now();
    let ended = match either(search(ground, server), ground.hands.sleep(LIMIT)).await {
        Either::First(ended) => ended,
        Either::Second(()) => Err(("time-limit", "the search took too long".into())),
    };
    ground.test(NatTest {
        name: "path-mtu".into(),
        server: server.to_string(),
        local: None,
        mapped: None,
        from: None,
        outcome: if ended.is_ok() { TestOutcome::Answered } else { TestOutcome::Silent },
        sent: 0,
        elapsed_ms: millis(ground.hands.now() - began),
        detail: Some(ended.as_ref().map_or_else(|(_, words)| words.clone(), Found::in_words)),
    });
    match ended {
        Ok(found) => {
            let mut facts = ground.facts.borrow_mut();
            (facts.more.path_mtu, facts.more.black_hole) = (Some(found.mtu), found.black_hole);
            if found.black_hole.is_none() {
                facts.more.unknown.push(("pathMtuBlackHole", "not-applicable".into()));
            }
        }
        Err((why, _)) => unknown(ground, why),
    }
}

fn unknown(ground: &Ground, why: &'static str) {
    let mut facts = ground.facts.borrow_mut();
    facts.more.unknown.push(("pathMtuBlackHole", why.into()));
    facts.more.unknown.push(("pathMtu", why.into()));
}

/// What the search ended in.
struct Found {
    mtu: u32,
    /// `None` when nothing was too large.
    black_hole: Option<bool>,
}

impl Found {
    fn in_words(&self) -> String {
        let mtu = self.mtu;
        match self.black_hole {
            None => format!("packets of {mtu} bytes pass whole, as large as the interface takes"),
            Some(false) => format!("packets of up to {mtu} bytes pass whole; a router says so to larger ones"),
            Some(true) => format!("packets of up to {mtu} bytes pass whole; larger ones vanish without a word"),
        }
    }
}

/// Why the search found nothing: for the report, and in words.
type Failure = (&'static str, String);

async fn search(ground: &Rc<Ground>, server: SocketAddr) -> Result<Found, Failure> {
    let interface = ground.place.mtu.unwrap_or(1500);
    if interface > LARGEST {
        let words = format!("the interface takes {interface} bytes; packets that large are not tried");
        return Err(("not-applicable", words));
    }
    let mut search = Search::open(ground, server, Fragments::Forbidden).await?;
    let top = interface / 4 * 4;
    let least = if server.is_ipv4() { 576 } else { 1280 };
    search.round(&[top, 1280, least], COPIES).await;
    if search.answered.is_empty() {
        search.round(&[least], copies(ground)).await;
    }
    loop {
        let Some(low) = search.answered.last().copied() else {
            return Err(("no-answer-to-large-requests", format!("packets of {least} bytes are not answered either")));
        };
        if low == top {
            return Ok(Found { mtu: interface, black_hole: None });
        }
        if let Some(mtu) = search.ceiling.filter(|mtu| mtu / 4 * 4 >= low) {
            let fitting = mtu / 4 * 4;
            if search.answered.contains(&fitting) {
                return Ok(Found { mtu, black_hole: Some(false) });
            }
            if search.asked.values().all(|size| *size != fitting) {
                search.round(&[fitting], copies(ground)).await;
                continue;
            }
        }
        let silent = search.asked.values().filter(|size| **size > low).min().copied();
        let Some(high) = silent else { return Err(("not-found-out", "the search found no end".into())) };
        if high - low > 4 {
            search.round(&between(low, high), COPIES).await;
            continue;
        }
        // The border: is it one of packets, or of requests?
        let mut control = Search::open(ground, server, Fragments::Allowed).await?;
        let (sizes, whole) = ([high], [high]);
        both(search.round(&sizes, copies(ground)), control.round(&whole, copies(ground))).await;
        if search.answered.contains(&high) || search.ceiling.is_some_and(|mtu| mtu >= low && mtu < high) {
            continue;
        }
        return match control.answered.is_empty() {
            false => Ok(Found { mtu: low, black_hole: Some(true) }),
            true => Err((
                "no-answer-to-large-requests",
                format!(
                    "requests of more than {low} bytes are not answered, whole or in fragments: a black hole, or a \
                     server that takes none so large"
                ),
            )),
        };
    }
}

/// Copies before silence means something.
fn copies(ground: &Ground) -> u32 {
    ground.pace.borrow().copies()
}

/// Some multiples of four between those two.
fn between(low: u32, high: u32) -> Vec<u32> {
    let step = ((high - low) / (AT_ONCE + 1)).max(4).next_multiple_of(4);
    (low + step..high).step_by(step as usize).collect()
}

/// A socket on which requests of many sizes are asked.
struct Search<'a> {
    ground: &'a Ground,
    line: Line<Event>,
    server: SocketAddr,
    /// Sizes of IP packets, by request.
    asked: BTreeMap<TransactionId, u32>,
    answered: BTreeSet<u32>,
    /// What a router, or this machine, said that it takes.
    ceiling: Option<u32>,
}

impl Search<'_> {
    async fn open<'a>(ground: &'a Rc<Ground>, server: SocketAddr, fragments: Fragments) -> Result<Search<'a>, Failure> {
        let local = SocketAddr::new(ground.place.address, 0);
        let line = ground.hands.open(Want::Udp { local, connect: Some(server), fragments }).await;
        let line = line.map_err(|why| match why {
            Refusal::Unsupported { text } => ("not-supported-by-system", text),
            _ => ("not-supported-by-system", "no socket could be had".into()),
        })?;
        Ok(Search { ground, line, server, asked: BTreeMap::new(), answered: BTreeSet::new(), ceiling: None })
    }

    /// Asks with these sizes until each is answered, refused on the way, or silent.
    async fn round(&mut self, sizes: &[u32], copies: u32) {
        let (gap, last) = {
            let pace = self.ground.pace.borrow();
            (pace.again(self.server.ip(), 1).max(Duration::from_millis(40)), pace.last_wait(self.server.ip()))
        };
        let requests: Vec<(u32, Vec<u8>)> = sizes.iter().map(|size| (*size, self.request(*size))).collect();
        for copy in 1..=copies {
            for (size, bytes) in &requests {
                if self.is_open(*size) {
                    self.line.send(bytes.clone());
                }
            }
            let wait = if copy == copies { last } else { gap };
            let until = self.ground.hands.now() + wait;
            while sizes.iter().any(|size| self.is_open(*size)) && self.ground.hands.now() < until {
                self.hear(until).await;
            }
        }
    }

    fn is_open(&self, size: u32) -> bool {
        !self.answered.contains(&size) && self.ceiling.is_none_or(|ceiling| size <= ceiling)
    }

    /// A Binding request that makes an IP packet of that size, the same for each size.
    fn request(&mut self, size: u32) -> Vec<u8> {
        let known = self.asked.iter().find(|(_, other)| **other == size).map(|(id, _)| *id);
        let id = known.unwrap_or_else(|| TransactionId(self.ground.random()));
        self.asked.insert(id, size);
        // IP and UDP headers, STUN header, attribute header.
        let headers = if self.server.is_ipv4() { 28 } else { 48 } + 20 + 4;
        let filler = vec![0; usize::try_from(size.saturating_sub(headers)).unwrap_or(0)];
        Builder::new(Class::Request, Method::BINDING, id).with(Value::Raw(FILLER, filler)).build()
    }

    async fn hear(&mut self, until: Time) {
        match either(self.line.next(), self.ground.hands.sleep_until(until)).await {
            Either::First(Incoming::Bytes { from, bytes, .. }) if from == self.server => {
                // Whatever it says, the request has arrived.
                let message = Message::decode(&bytes).ok().filter(|message| message.class != Class::Request);
                if let Some(size) = message.and_then(|message| self.asked.get(&message.transaction)) {
                    self.answered.insert(*size);
                }
            }
            Either::First(Incoming::Unreachable { icmp, .. }) if icmp.meaning == Unreachability::TooLarge => {
                // Less than the least that any network must take is nothing to believe (RFC 791, RFC 8200 §5).
                let least = if self.server.is_ipv4() { 68 } else { 1280 };
                if let Some(mtu) = icmp.mtu.filter(|mtu| *mtu >= least) {
                    self.ceiling = Some(self.ceiling.map_or(mtu, |ceiling| ceiling.min(mtu)));
                }
            }
            Either::First(_) | Either::Second(()) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_between_are_multiples_of_four_and_end() {
        for (low, high) in [(576, 1280), (1280, 1500), (1280, 1292), (1280, 1288)] {
            let sizes = between(low, high);
            assert!(!sizes.is_empty() && sizes.len() <= AT_ONCE as usize + 1, "{sizes:?}");
            assert!(sizes.iter().all(|size| size % 4 == 0 && *size > low && *size < high), "{sizes:?}");
        }
    }
}
